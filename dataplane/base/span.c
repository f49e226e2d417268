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
span_word(struct span *rest, struct span *word)
{
	size_t n = 0;

	while (rest->n && (is_ows(rest->p[0]) || rest->p[0] == ','))
		*rest = span_drop(*rest, 1);
	while (n < rest->n && !is_ows(rest->p[n]) && rest->p[n] != ',')
		n++;
	*word = span_take(*rest, n);
	*rest = span_drop(*rest, n);
	return n > 0;
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

struct span
span_lower(struct span s, char *out)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + ('a' - 'A') : s.p[i]);
	return span_of(out, s.n);
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

static int
continuation(struct span s, size_t i)
{
	return i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80;
}

size_t
span_utf8_len(struct span s)
{
	unsigned char c = s.n > 0 ? (unsigned char)s.p[0] : 0xFF;
	unsigned char d = s.n > 1 ? (unsigned char)s.p[1] : 0;

	if (c < 0x80)
		return 1;
	if (c >= 0xC2 && c <= 0xDF)
		return continuation(s, 1) ? 2 : 0;
	if (c >= 0xE0 && c <= 0xEF) {
		if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F))
			return 0;
		return continuation(s, 1) && continuation(s, 2) ? 3 : 0;
	}
	if (c >= 0xF0 && c <= 0xF4) {
		if ((c == 0xF0 && d < 0x90) || (c == 0xF4 && d > 0x8F))
			return 0;
		return continuation(s, 1) && continuation(s, 2) && continuation(s, 3) ? 4 : 0;
	}
	return 0;
}

struct span
span_take_utf8(struct span s, size_t n)
{
	size_t done = 0, len;

	while ((len = span_utf8_len(span_drop(s, done))) > 0 && done + len <= n)
		done += len;
	return span_take(s, done);
}
