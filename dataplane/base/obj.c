#include "base/obj.h"

#include <stdio.h>
#include <string.h>

void
wht_panic(const char *file, int line, const char *what)
{
	fprintf(stderr, "panic: %s:%d: %s\n", file, line, what);
	abort();
}

/* Not calloc: it goes past the cache that glibc keeps for each thread, and three times as far. */
void *
must_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	ENSURE(p != NULL);
	return memset(p, 0, size);
}
