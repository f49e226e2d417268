#include "base/span.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/obj.h"

bool
span_cut(struct span *rest, char sep, struct span *part)
{
	ptrdiff_t at;

	if (!rest->p)
		return false;
	at = span_find(*rest, sep);
	if (at < 0) {
		*part = *rest;
		*rest = (struct span){NULL, 0};
		return true;
	}
	*part = span_take(*rest, (size_t)at);
	*rest = (struct span){rest->p + at + 1, rest->n - (size_t)at - 1};
	return true;
}

static bool
is_ows(char c)
{
	return c == ' ' || c == '\t';
}

struct span
span_trim(struct span s)
{
	while (s.n && is_ows(s.p[0]))
		s = span_drop(s, 1);
	while (s.n && is_ows(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
span_list_has(struct span list, struct span token)
{
	struct span part;

	while (span_cut(&list, ',', &part)) {
		if (span_ieq(span_trim(part), token))
			return true;
	}
	return false;
}

int
span_u64(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return -WHT_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9 || digit > max || v > (max - digit) / 10)
			return -WHT_EINVAL;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

char *
span_dup(struct span s)
{
	char *copy = must_alloc(s.n + 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}
