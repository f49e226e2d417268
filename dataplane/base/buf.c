#include "base/buf.h"

#include <stdlib.h>

#include "base/obj.h"

struct chunk {
	struct chunk *next;
	uint32_t rd, wr; /* data is at [rd, wr) */
	char data[];
};

enum {
	CHUNK_ROOM = CHUNK_SIZE - (int)sizeof(struct chunk),
	SPARES_MAX = 256, /* one MiB kept by an idle loop at most */
};

void
chunk_pool_init(struct chunk_pool *pool)
{
	*pool = (struct chunk_pool){0};
}

void
chunk_pool_free(struct chunk_pool *pool)
{
	while (pool->spare) {
		struct chunk *c = pool->spare;

		pool->spare = c->next;
		free(c);
	}
	pool->spares = 0;
}

static struct chunk *
chunk_get(struct chunk_pool *pool)
{
	struct chunk *c = pool->spare;

	if (c) {
		pool->spare = c->next;
		pool->spares--;
	} else {
		c = malloc(CHUNK_SIZE);
		if (!c)
			return NULL;
	}
	pool->in_use++;
	c->next = NULL;
	c->rd = c->wr = 0;
	return c;
}

static void
chunk_put(struct chunk_pool *pool, struct chunk *c)
{
	pool->in_use--;
	if (pool->spares >= SPARES_MAX) {
		free(c);
		return;
	}
	c->next = pool->spare;
	pool->spare = c;
	pool->spares++;
}

void
buf_init(struct buf *b, struct chunk_pool *pool, size_t max)
{
	*b = (struct buf){.pool = pool, .max = max};
}

void
buf_clear(struct buf *b)
{
	while (b->head) {
		struct chunk *c = b->head;

		b->head = c->next;
		chunk_put(b->pool, c);
	}
	b->tail = NULL;
	b->len = 0;
}

static bool
buf_grow(struct buf *b)
{
	struct chunk *c = chunk_get(b->pool);

	if (!c)
		return false;
	if (b->tail)
		b->tail->next = c;
	else
		b->head = c;
	b->tail = c;
	return true;
}

size_t
buf_append_some(struct buf *b, struct span s)
{
	size_t want = s.n < buf_room(b) ? s.n : buf_room(b);
	size_t done = 0;

	while (done < want) {
		size_t n;

		if ((!b->tail || b->tail->wr == CHUNK_ROOM) && !buf_grow(b))
			break;
		n = CHUNK_ROOM - b->tail->wr;
		if (n > want - done)
			n = want - done;
		memcpy(b->tail->data + b->tail->wr, s.p + done, n);
		b->tail->wr += (uint32_t)n;
		b->len += n;
		done += n;
	}
	return done;
}

/* Takes back what lies behind the first len bytes, which end in chunk last at wr. */
static void
buf_cut_back(struct buf *b, struct chunk *last, uint32_t wr, size_t len)
{
	struct chunk *c = last ? last->next : b->head, *next;

	for (; c; c = next) {
		next = c->next;
		chunk_put(b->pool, c);
	}
	b->tail = last;
	b->len = len;
	if (last) {
		last->next = NULL;
		last->wr = wr;
	} else {
		b->head = NULL;
	}
}

int
buf_append(struct buf *b, struct span s)
{
	struct chunk *last = b->tail;
	uint32_t wr = last ? last->wr : 0;
	size_t len = b->len;

	if (s.n > buf_room(b))
		return -WHT_EFULL;
	if (buf_append_some(b, s) == s.n)
		return 0;
	buf_cut_back(b, last, wr, len);
	return -WHT_EMEM;
}

struct span
buf_front(const struct buf *b)
{
	if (!b->head)
		return (struct span){NULL, 0};
	return span_of(b->head->data + b->head->rd, b->head->wr - b->head->rd);
}

int
buf_vec(const struct buf *b, struct iovec *v, int nv)
{
	int i = 0;

	for (struct chunk *c = b->head; c && i < nv; c = c->next) {
		if (c->wr > c->rd)
			v[i++] = (struct iovec){c->data + c->rd, c->wr - c->rd};
	}
	return i;
}

size_t
buf_peek(const struct buf *b, char *out, size_t n)
{
	size_t done = 0;

	for (struct chunk *c = b->head; c && done < n; c = c->next) {
		struct span part = span_take(span_of(c->data + c->rd, c->wr - c->rd), n - done);

		memcpy(out + done, part.p, part.n);
		done += part.n;
	}
	return done;
}

void
buf_drop(struct buf *b, size_t n)
{
	ENSURE(n <= b->len);
	b->len -= n;
	while (b->head) {
		struct chunk *c = b->head;
		size_t here = c->wr - c->rd;

		if (n < here) {
			c->rd += (uint32_t)n;
			return;
		}
		n -= here;
		b->head = c->next;
		if (!b->head)
			b->tail = NULL;
		chunk_put(b->pool, c);
	}
}

int
buf_splice(struct buf *dst, struct buf *src)
{
	if (src->len > buf_room(dst))
		return -WHT_EFULL;
	if (!src->head)
		return 0;
	ENSURE(dst->pool == src->pool);
	if (dst->tail)
		dst->tail->next = src->head;
	else
		dst->head = src->head;
	dst->tail = src->tail;
	dst->len += src->len;
	src->head = src->tail = NULL;
	src->len = 0;
	return 0;
}

void
buf_adopt(struct buf *b, struct chunk_pool *from, struct chunk_pool *to)
{
	size_t n = 0;

	for (struct chunk *c = b->head; c; c = c->next)
		n++;
	if (from)
		from->in_use -= n;
	if (to)
		to->in_use += n;
	b->pool = to;
}
