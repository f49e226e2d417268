#include "lua/heap.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where memory is watched for misuse, every piece has memory of its own: the watcher would see
 * nothing of what happens inside a slab. */
#if defined(__SANITIZE_ADDRESS__)
#define HEAP_HAS_SLABS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_HAS_SLABS false
#endif
#endif
#ifndef HEAP_HAS_SLABS
#define HEAP_HAS_SLABS true
#endif

struct heap_slab {
	struct heap_slab *next;
	alignas(max_align_t) char data[];
};

struct heap_cell {
	struct heap_cell *next;
};

struct heap_large {
	struct heap_large *next, **before; /* before: what points here */
	size_t size;
	bool text;
	alignas(max_align_t) char data[];
};

enum { SLAB_SIZE = 16 * 1024 - (int)sizeof(struct heap_slab) };

void
heap_init(struct heap *h, size_t max)
{
	*h = (struct heap){.max = max};
}

void
heap_drop(struct heap *h)
{
	while (h->slabs) {
		struct heap_slab *slab = h->slabs;

		h->slabs = slab->next;
		free(slab);
	}
	while (h->large) {
		struct heap_large *large = h->large;

		h->large = large->next;
		free(large);
	}
	heap_init(h, h->max);
}

/* ---- small ---- */

static bool
is_small(size_t n)
{
	return HEAP_HAS_SLABS && n <= HEAP_SMALL;
}

/* 1 to 16: 0, 17 to 32: 1, ... */
static size_t
class_of(size_t n)
{
	return (n - 1) / HEAP_STEP;
}

/* What is left of the slab before is lost until the heap is dropped: less than a large cell. */
static bool
slab_new(struct heap *h)
{
	struct heap_slab *slab;

	if (h->held + SLAB_SIZE > h->max)
		return false;
	slab = malloc(sizeof(*slab) + SLAB_SIZE);
	if (!slab)
		return false;
	slab->next = h->slabs;
	h->slabs = slab;
	h->at = slab->data;
	h->end = slab->data + SLAB_SIZE;
	h->held += SLAB_SIZE;
	return true;
}

static void *
small_new(struct heap *h, size_t n)
{
	size_t class = class_of(n), size = (class + 1) * HEAP_STEP;
	struct heap_cell *cell = h->free[class];

	if (cell) {
		h->free[class] = cell->next;
		return cell;
	}
	if ((size_t)(h->end - h->at) < size && !slab_new(h))
		return NULL;
	cell = (struct heap_cell *)(void *)h->at;
	h->at += size;
	return cell;
}

static void
small_free(struct heap *h, void *p, size_t n)
{
	struct heap_cell *cell = p;

	cell->next = h->free[class_of(n)];
	h->free[class_of(n)] = cell;
}

/* ---- large ---- */

static void
large_link(struct heap *h, struct heap_large *large)
{
	large->next = h->large;
	large->before = &h->large;
	if (large->next)
		large->next->before = &large->next;
	h->large = large;
	h->long_texts += large->text && large->size >= HEAP_LONG;
}

static void
large_unlink(struct heap *h, struct heap_large *large)
{
	*large->before = large->next;
	if (large->next)
		large->next->before = large->before;
	h->long_texts -= large->text && large->size >= HEAP_LONG;
}

/* A new one, or one that has another size from now on. */
static void *
large_resize(struct heap *h, void *old, size_t want, bool text)
{
	struct heap_large *large =
	    old ? (void *)((char *)old - offsetof(struct heap_large, data)) : NULL;
	size_t was = large ? large->size : 0;

	if (large)
		text = large->text;
	if (want > was && want - was > h->max - h->held)
		return NULL;
	if (large)
		large_unlink(h, large);
	old = large;
	large = realloc(old, sizeof(*large) + want);
	if (!large && old)
		large_link(h, old);
	if (!large)
		return NULL;
	large->size = want;
	large->text = text;
	h->held += want - was;
	large_link(h, large);
	return large->data;
}

static void
large_free(struct heap *h, void *p)
{
	struct heap_large *large = (void *)((char *)p - offsetof(struct heap_large, data));

	large_unlink(h, large);
	h->held -= large->size;
	free(large);
}

/* ---- either ---- */

static void *
piece_new(struct heap *h, size_t n, bool text)
{
	return is_small(n) ? small_new(h, n) : large_resize(h, NULL, n, text);
}

static void
piece_free(struct heap *h, void *p, size_t n)
{
	if (is_small(n))
		small_free(h, p, n);
	else
		large_free(h, p);
}

void *
heap_resize(struct heap *h, void *old, size_t was, size_t want, bool text)
{
	void *p;

	if (want == 0) {
		if (old)
			piece_free(h, old, was);
		return NULL;
	}
	if (!old)
		return piece_new(h, want, text);
	if (!is_small(was) && !is_small(want))
		return large_resize(h, old, want, text);
	if (is_small(was) && is_small(want) && class_of(was) == class_of(want))
		return old;
	p = piece_new(h, want, text);
	if (!p)
		return NULL;
	memcpy(p, old, was < want ? was : want);
	piece_free(h, old, was);
	return p;
}
