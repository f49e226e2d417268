#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) char data[];
};

enum { BLOCK_SIZE = 4096 - (int)sizeof(struct arena_block) };

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max, .left = max};
}

static void
arena_lay(struct arena *a, char *room, size_t n)
{
	n = (n < a->left ? n : a->left) & ~(alignof(max_align_t) - 1);
	a->at = room;
	a->end = room + n;
	a->left -= n;
}

void
arena_init_with(struct arena *a, void *room, size_t n, size_t max)
{
	size_t skip = arena_aligned((uintptr_t)room) - (uintptr_t)room;

	arena_init(a, max);
	if (skip < n)
		arena_lay(a, (char *)room + skip, n - skip);
}

void
arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	arena_init(a, a->max);
}

/* What the last block still had is given back: nobody gets it, but somebody may have as much. */
static bool
arena_grow(struct arena *a, size_t size)
{
	size_t left = a->left + (size_t)(a->end - a->at);
	struct arena_block *b;

	if (size > left)
		return false;
	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return false;
	b->next = a->blocks;
	a->blocks = b;
	a->left = left;
	arena_lay(a, b->data, size);
	return true;
}

void *
arena_room_elsewhere(struct arena *a, size_t size)
{
	size_t fits = arena_aligned(size);
	char *room;

	if (fits < size || !arena_grow(a, fits))
		return NULL;
	room = a->at;
	a->at += fits;
	return room;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_room(a, size);

	return p ? memset(p, 0, size) : NULL;
}

static void
put(char *room, struct span s)
{
	if (s.n)
		memcpy(room, s.p, s.n);
	room[s.n] = '\0';
}

struct span
arena_copy(struct arena *a, struct span s)
{
	char *room = s.n < SIZE_MAX ? arena_room(a, s.n + 1) : NULL;

	if (!room)
		return span_of(NULL, 0);
	put(room, s);
	return span_of(room, s.n);
}

char *
arena_copy_pair(struct arena *a, struct span first, struct span second)
{
	char *room = arena_room(a, first.n + second.n + 2);

	if (!room)
		return NULL;
	put(room, first);
	put(room + first.n + 1, second);
	return room;
}
