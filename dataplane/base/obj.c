#include "base/obj.h"

#include <stdio.h>

void
wht_panic(const char *file, int line, const char *what)
{
	fprintf(stderr, "panic: %s:%d: %s\n", file, line, what);
	abort();
}

void *
must_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	ENSURE(p != NULL);
	return p;
}
