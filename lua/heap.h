/* lua/heap.h - the memory of one VM: bounded, quick for small pieces, and dropped whole.
 *
 * A script makes garbage by the request: a dozen small pieces that live for microseconds. They come
 * from slabs, by size, and go back to lists of their size. What is larger has memory of its own. A
 * spoilt VM may hold a hundred thousand pieces, and to free them one by one would hold up its
 * worker: the slabs and the large ones go, and nobody looks at the rest.
 *
 * Slabs are kept until then, so what is bounded is what is held and not what is in use.
 *
 * Thread: its VM's.
 */
#ifndef WHT_LUA_HEAP_H
#define WHT_LUA_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#define HEAP_SMALL 256 /* bytes of the largest piece that comes from a slab */
#define HEAP_STEP  16
#define HEAP_LONG  (64 * 1024) /* bytes of a long text */

struct heap_slab;
struct heap_cell;
struct heap_large;

struct heap {
	size_t held, max;  /* bytes */
	size_t long_texts; /* that are there; the rest is private */
	struct heap_slab *slabs;
	char *at, *end; /* what is left of the last slab */
	struct heap_cell *free[HEAP_SMALL / HEAP_STEP];
	struct heap_large *large;
};

/* Holds nothing yet, and at most max bytes. */
void heap_init(struct heap *, size_t max);
/* As realloc, but the old size is told; old NULL: a new piece; want 0: frees. NULL: there is no
 * room for more, and the old piece is as it was. text: a new piece is a text, and stays one. */
void *heap_resize(struct heap *, void *old, size_t was, size_t want, bool text);
/* Everything that was given out is gone. */
void heap_drop(struct heap *);

#endif
