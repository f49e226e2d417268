#include "msg/history.h"

#include <stdlib.h>

#include "base/obj.h"

#define HISTORY_MAGIC 0x415703e5u

/* The texts of a request, in the order in which they lie behind its entry. */
#define TEXTS(X)                                                                                   \
	X(request_id)                                                                              \
	X(peer) X(host) X(built_in) X(built_in_path) X(usual_path) X(id) X(path) X(head)

/* Behind each entry its texts, up to size; the next one is aligned.
 * The spans' pointers are stale. */
struct entry {
	size_t size;
	struct request_facts facts;
};

struct half {
	char *p; /* NULL until it is needed */
	size_t n;
};

struct history {
	unsigned magic;
	size_t max;
	struct half halves[2];
	int newer;
};

struct history *
history_new(size_t max)
{
	struct history *h;

	OBJ_NEW(h, HISTORY_MAGIC);
	h->max = max;
	return h;
}

void
history_free(struct history **hp)
{
	struct history *h;

	TAKE_OBJ(h, hp, HISTORY_MAGIC);
	free(h->halves[0].p);
	free(h->halves[1].p);
	OBJ_FREE(h);
}

size_t
history_max(const struct history *h)
{
	CHECK_OBJ(h, HISTORY_MAGIC);
	return h->max;
}

/* ---- writing ---- */

/* What a half may hold. */
static size_t
room(const struct history *h)
{
	return h->max / 2;
}

static size_t
entry_size(const struct request_facts *f)
{
	const size_t align = _Alignof(struct entry);
	size_t n = sizeof(struct entry);

#define ADD(text) n += f->text.n;
	TEXTS(ADD)
#undef ADD
	return (n + align - 1) & ~(align - 1);
}

/* Room for so much in the newer half; NULL: it is too much, or there is no memory. */
static void *
take_room(struct history *h, size_t n)
{
	struct half *half = &h->halves[h->newer];

	if (n > room(h))
		return NULL;
	if (half->n + n > room(h)) {
		h->newer = !h->newer;
		half = &h->halves[h->newer];
		half->n = 0;
	}
	if (!half->p)
		half->p = malloc(room(h));
	if (!half->p)
		return NULL;
	half->n += n;
	return half->p + half->n - n;
}

static char *
copy_text(char *at, struct span text)
{
	if (text.n)
		memcpy(at, text.p, text.n);
	return at + text.n;
}

static void
blot(char *copy, struct span head, struct span part)
{
	if (part.n == 0)
		return;
	ENSURE(part.p >= head.p && part.p + part.n <= head.p + head.n);
	memset(copy + (part.p - head.p), '*', part.n);
}

void
history_put(
    struct history *h, const struct request_facts *f, const struct span *blots, size_t nblots)
{
	size_t size = entry_size(f);
	struct entry *entry;
	char *at;

	CHECK_OBJ(h, HISTORY_MAGIC);
	entry = take_room(h, size);
	if (!entry)
		return;
	entry->size = size;
	entry->facts = *f;
	at = (char *)(entry + 1);
#define COPY(text) at = copy_text(at, f->text);
	TEXTS(COPY)
#undef COPY
	for (size_t i = 0; i < nblots; i++)
		blot(at - f->head.n, f->head, blots[i]);
}

struct history *
history_copy(const struct history *h)
{
	struct history *copy;

	CHECK_OBJ(h, HISTORY_MAGIC);
	copy = history_new(history_max(h));
	copy->newer = h->newer;
	for (int i = 0; i < 2; i++) {
		const struct half *half = &h->halves[i];

		copy->halves[i].p = half->n ? malloc(half->n) : NULL;
		if (!copy->halves[i].p)
			continue;
		copy->halves[i].n = half->n;
		memcpy(copy->halves[i].p, half->p, half->n);
	}
	return copy;
}

/* ---- reading ---- */

struct history_cursor
history_begin(const struct history *h)
{
	CHECK_OBJ(h, HISTORY_MAGIC);
	return (struct history_cursor){.history = h, .half = !h->newer};
}

static void
entry_read(const struct entry *entry, struct request_facts *out)
{
	const char *at = (const char *)(entry + 1);

	*out = entry->facts;
#define POINT(text)                                                                                \
	out->text.p = at;                                                                          \
	at += out->text.n;
	TEXTS(POINT)
#undef POINT
}

bool
history_next(struct history_cursor *c, struct request_facts *out)
{
	const struct history *h = c->history;
	const struct entry *entry;

	if (c->at == h->halves[c->half].n && c->half != h->newer) {
		c->half = h->newer;
		c->at = 0;
	}
	if (c->at == h->halves[c->half].n)
		return false;
	entry = (const void *)(h->halves[c->half].p + c->at);
	c->at += entry->size;
	entry_read(entry, out);
	return true;
}
