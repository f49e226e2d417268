#include "base/strb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
strb_init(struct strb *b, size_t max)
{
	*b = (struct strb){.max = max};
}

void
strb_free(struct strb *b)
{
	free(b->p);
	*b = (struct strb){.max = b->max};
}

void
strb_reset(struct strb *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

/* Room for n more bytes and the NUL. */
static bool
strb_grow(struct strb *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 64;
	char *p;

	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return false;
	}
	if (b->n + n + 1 <= b->cap)
		return true;
	while (cap < b->n + n + 1)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void
strb_add(struct strb *b, struct span s)
{
	if (!strb_grow(b, s.n))
		return;
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

void
strb_char(struct strb *b, char c)
{
	strb_add(b, span_of(&c, 1));
}

void
strb_printf(struct strb *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !strb_grow(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void
strb_json(struct strb *b, struct span s)
{
	while (s.n) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = span_utf8_len(s);

		if (c == '"' || c == '\\')
			strb_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7F || n == 0)
			strb_printf(b, "\\u%04x", c);
		else
			strb_add(b, span_take(s, n));
		s = span_drop(s, n ? n : 1);
	}
}

void
strb_visible(struct strb *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\\')
			strb_add(b, SPAN("\\\\"));
		else if (c < 0x20 || c > 0x7E)
			strb_printf(b, "\\x%02x", c);
		else
			strb_char(b, (char)c);
	}
}
