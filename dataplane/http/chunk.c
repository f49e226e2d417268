#include "http/chunk.h"

#include "http/chars.h"

static void
size_line_begin(struct http_chunk *c)
{
	c->state = CHUNK_SIZE;
	c->left = 0;
	c->digits = 0;
	c->ext = 0;
}

void
http_chunk_init(struct http_chunk *c)
{
	c->budget = CHUNK_BUDGET;
	size_line_begin(c);
}

static enum http_chunk_state
size_byte(struct http_chunk *c, char b)
{
	int digit = hex_value(b);

	if (digit >= 0) {
		if (c->digits++ == CHUNK_DIGITS_MAX)
			return CHUNK_BAD;
		c->left = c->left << 4 | (unsigned)digit;
		return c->left <= INT64_MAX ? CHUNK_SIZE : CHUNK_BAD;
	}
	if (c->digits == 0)
		return CHUNK_BAD;
	return b == '\r' ? CHUNK_SIZE_LF : b == ';' ? CHUNK_EXT : CHUNK_BAD;
}

/* Extensions are dropped; only their end matters, and that nobody else may see it elsewhere. */
static enum http_chunk_state
ext_byte(struct http_chunk *c, char b)
{
	if (c->state == CHUNK_EXT && b == '\r')
		return CHUNK_SIZE_LF;
	if (!is_text(b) || c->ext++ == CHUNK_EXT_MAX)
		return CHUNK_BAD;
	if (c->state == CHUNK_ESCAPED)
		return CHUNK_QUOTED;
	if (c->state == CHUNK_QUOTED)
		return b == '"' ? CHUNK_EXT : b == '\\' ? CHUNK_ESCAPED : CHUNK_QUOTED;
	if (b == '"')
		return CHUNK_QUOTED;
	return is_tchar(b) || strchr(";= \t", b) ? CHUNK_EXT : CHUNK_BAD;
}

static enum http_chunk_state
framing_byte(struct http_chunk *c, char b)
{
	switch (c->state) {
	case CHUNK_SIZE:
		return size_byte(c, b);
	case CHUNK_EXT:
	case CHUNK_QUOTED:
	case CHUNK_ESCAPED:
		return ext_byte(c, b);
	case CHUNK_SIZE_LF:
		return b != '\n' ? CHUNK_BAD : c->left > 0 ? CHUNK_DATA : CHUNK_LAST;
	case CHUNK_DATA_CR:
		return b == '\r' ? CHUNK_DATA_LF : CHUNK_BAD;
	case CHUNK_DATA_LF:
		return b == '\n' ? CHUNK_SIZE : CHUNK_BAD;
	case CHUNK_DATA:
	case CHUNK_LAST:
	case CHUNK_BAD:
		break;
	}
	return CHUNK_BAD;
}

static void
take_framing(struct http_chunk *c, struct span *in)
{
	while (in->n && c->state != CHUNK_DATA && c->state != CHUNK_LAST && c->state != CHUNK_BAD) {
		enum http_chunk_state was = c->state;

		c->state = c->budget ? framing_byte(c, in->p[0]) : CHUNK_BAD;
		if (was == CHUNK_DATA_LF && c->state == CHUNK_SIZE)
			size_line_begin(c);
		if (c->state != CHUNK_BAD)
			c->budget--;
		*in = span_drop(*in, 1);
	}
}

static void
earn(struct http_chunk *c, size_t data)
{
	if (data >= CHUNK_BUDGET / CHUNK_RATE || c->budget + data * CHUNK_RATE > CHUNK_BUDGET)
		c->budget = CHUNK_BUDGET;
	else
		c->budget += data * CHUNK_RATE;
}

struct span
http_chunk_feed(struct http_chunk *c, struct span *in)
{
	struct span data;

	take_framing(c, in);
	if (c->state != CHUNK_DATA)
		return (struct span){NULL, 0};
	data = span_take(*in, c->left < SIZE_MAX ? (size_t)c->left : SIZE_MAX);
	*in = span_drop(*in, data.n);
	earn(c, data.n);
	c->left -= data.n;
	if (c->left == 0)
		c->state = CHUNK_DATA_CR;
	return data;
}
