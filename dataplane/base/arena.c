#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) char data[];
};

enum { BLOCK_SIZE = 4096 - (int)sizeof(struct arena_block) };

static size_t
aligned(size_t n)
{
	return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

void
arena_init_with(struct arena *a, void *room, size_t n, size_t max)
{
	size_t skip = aligned((uintptr_t)room) - (uintptr_t)room;

	arena_init(a, max);
	if (skip < n) {
		a->at = (char *)room + skip;
		a->end = (char *)room + n;
	}
}

void
arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->at = a->end = NULL;
	a->used = 0;
}

static bool
arena_grow(struct arena *a, size_t size)
{
	struct arena_block *b;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return false;
	b->next = a->blocks;
	a->blocks = b;
	a->at = b->data;
	a->end = b->data + size;
	return true;
}

void *
arena_room(struct arena *a, size_t size)
{
	size_t left = a->max - a->used;
	void *p;

	if (size > left || aligned(size) > left)
		return NULL;
	size = aligned(size);
	if (size > (size_t)(a->end - a->at) && !arena_grow(a, size))
		return NULL;
	p = a->at;
	a->at += size;
	a->used += size;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_room(a, size);

	return p ? memset(p, 0, size) : NULL;
}

struct span
arena_copy(struct arena *a, struct span s)
{
	char *p = s.n < SIZE_MAX ? arena_room(a, s.n + 1) : NULL;

	if (!p)
		return (struct span){NULL, 0};
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return span_of(p, s.n);
}
