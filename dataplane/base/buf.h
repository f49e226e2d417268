/* base/buf.h - a queue of bytes in pooled chunks, its maximum given at birth.
 *
 *      head                            tail
 *   [ . . D D D ] -> [ D D D D D ] -> [ D D . . . ]     D = len bytes of data
 *         ^rd                               ^wr
 *
 * An empty buf holds no chunk: an idle connection costs nothing here. Full means that appending
 * answers -WHT_EFULL and takes nothing; nobody grows past max. Every data pointer handed out is
 * valid until the next call that drops, clears or frees.
 *
 * A pool belongs to one loop, and so to one thread. Chunks may be given to another loop's pool
 * (buf_adopt); they are plain memory.
 */
#ifndef WHT_BASE_BUF_H
#define WHT_BASE_BUF_H

#include <sys/uio.h>

#include "base/err.h"
#include "base/span.h"

#define CHUNK_SIZE 4096 /* bytes of memory in one chunk, its own header included */

struct chunk;

struct chunk_pool {
	struct chunk *spare; /* private: at most a fixed number is kept for reuse */
	size_t spares;
	size_t in_use; /* read-only: chunks out in bufs */
};

struct buf {
	struct chunk *head, *tail; /* private */
	struct chunk_pool *pool;
	size_t len; /* read-only: bytes of data */
	size_t max; /* read-only */
};

void chunk_pool_init(struct chunk_pool *);
void chunk_pool_free(struct chunk_pool *);

void buf_init(struct buf *, struct chunk_pool *, size_t max);
/* Drops everything; the buf is empty and usable. */
void buf_clear(struct buf *);

static inline size_t
buf_room(const struct buf *b)
{
	return b->max - b->len;
}

/* All of s; or nothing, and -WHT_EFULL or, when no chunk is to be had, -WHT_EMEM. */
int buf_append(struct buf *, struct span s) MUST_CHECK;
/* As much of s as fits; answers how much. */
size_t buf_append_some(struct buf *, struct span s);
/* The first contiguous bytes; empty when the buf is. */
struct span buf_front(const struct buf *);
/* Fills v with up to nv runs from the front; answers how many were filled. */
int buf_vec(const struct buf *, struct iovec *v, int nv);
/* Copies up to n bytes from the front without dropping them; answers how many. */
size_t buf_peek(const struct buf *, char *out, size_t n);
/* Forgets the first n <= len bytes. */
void buf_drop(struct buf *, size_t n);
/* Moves everything in src to the end of dst without copying. All or -WHT_EFULL. */
int buf_splice(struct buf *dst, struct buf *src) MUST_CHECK;
/* From now on chunks come from and go to another pool: the buf has moved to another loop. */
void buf_adopt(struct buf *, struct chunk_pool *from, struct chunk_pool *to);

#endif
