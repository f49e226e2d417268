/* base/arena.h - memory for one exchange, freed whole.
 *
 * An arena at rest holds nothing. Blocks come from malloc; the sum is bounded at birth, because
 * what is put here is sized by outsiders.
 */
#ifndef WHT_BASE_ARENA_H
#define WHT_BASE_ARENA_H

#include "base/span.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* private, as is the rest */
	char *at, *end;		    /* what is left of the last one, both ends aligned, */
	size_t left, max;	    /* and what may come behind it; of so much in all */
};

/* At most max bytes in all. */
void arena_init(struct arena *, size_t max);
/* The same, and the first of them are these, the caller's: they outlive what is put there. */
void arena_init_with(struct arena *, void *room, size_t n, size_t max);
/* Frees everything that was given out, and forgets the caller's room;
 * the arena is empty and usable. */
void arena_reset(struct arena *);
/* private: where there is no room at hand */
void *arena_room_elsewhere(struct arena *, size_t size);
/* private */
static inline size_t
arena_aligned(size_t n)
{
	return (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

/* size bytes, aligned for any object, whatever was there before; NULL when over the maximum or out
 * of memory. */
static inline void *
arena_room(struct arena *a, size_t size)
{
	char *room = a->at;

	if (size > (size_t)(a->end - room))
		return arena_room_elsewhere(a, size);
	a->at += arena_aligned(size);
	return room;
}

/* The same, zeroed. */
void *arena_alloc(struct arena *, size_t size);
/* A copy of s, NUL-terminated; p is NULL when there was no room. */
struct span arena_copy(struct arena *, struct span s);
/* Copies of both in one piece, each with a NUL behind it; NULL when there was no room. */
char *arena_copy_pair(struct arena *, struct span, struct span);

#endif
