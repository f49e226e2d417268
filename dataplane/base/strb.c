#include "base/strb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 512 }; /* a head or a line of the log: most do not grow */

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
	size_t cap = b->cap ? b->cap : FIRST_CAP;
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
strb_add_slowly(struct strb *b, struct span s)
{
	if (!strb_grow(b, s.n))
		return;
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

char *
strb_room(struct strb *b, size_t n)
{
	char *room;

	if ((b->failed || n >= b->cap - b->n) && !strb_grow(b, n))
		return NULL;
	room = b->p + b->n;
	b->n += n;
	b->p[b->n] = '\0';
	return room;
}

void
strb_number(struct strb *b, int64_t number)
{
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (number < 0)
		*--at = '-';
	strb_add(b, span_of(at, (size_t)(digits + sizeof(digits) - at)));
}

/* Most texts fit at once into the room that is there; the others are made twice. */
void
strb_printf(struct strb *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!strb_grow(b, 0))
		return;
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= b->cap - b->n && strb_grow(b, (size_t)n)) {
		va_start(ap, fmt);
		n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	if (n < 0 || b->failed) {
		b->failed = true;
		b->p[b->n] = '\0';
		return;
	}
	b->n += (size_t)n;
}

/* Visible ASCII that neither escape touches: what nearly all text consists of. */
static struct span
plain_run(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7F && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return span_take(s, n);
}

void
strb_json(struct strb *b, struct span s)
{
	while (s.n) {
		struct span run = plain_run(s);
		unsigned char c = (unsigned char)s.p[0];
		size_t n = run.n ? run.n : span_utf8_len(s);

		if (run.n)
			strb_add(b, run);
		else if (c == '"' || c == '\\')
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
	while (s.n) {
		struct span run = plain_run(s);
		unsigned char c = (unsigned char)s.p[0];

		if (run.n)
			strb_add(b, run);
		else if (c == '\\')
			strb_add(b, SPAN("\\\\"));
		else if (c == '"')
			strb_char(b, '"');
		else
			strb_printf(b, "\\x%02x", c);
		s = span_drop(s, run.n ? run.n : 1);
	}
}
