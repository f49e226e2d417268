/* cli/lines.h - the lines of a descriptor that no loop can wait for (a terminal, a file, a pipe).
 *
 * A thread of its own reads, and posts each line to the loop; everything else happens on the loop's
 * thread. Lines may be secrets: they are wiped when the callback has returned.
 */
#ifndef WHT_CLI_LINES_H
#define WHT_CLI_LINES_H

#include "base/span.h"
#include "net/loop.h"

#define LINE_MAX_BYTES (16 * 1024) /* a longer line is skipped */

struct lines;

struct lines_ops {
	/* One line without its end and without surrounding spaces; never empty. */
	void (*on_line)(void *user, struct span line);
	/* The descriptor ended or failed. Nothing follows. */
	void (*on_end)(void *user);
};

/* Borrows the descriptor. Never NULL. */
struct lines *lines_new(struct loop *, int fd, const struct lines_ops *, void *user);
/* Ends the thread; no callback follows. */
void lines_stop(struct lines *);
/* When stopped, and the loop has run down. */
void lines_free(struct lines **);

#endif
