/* controlplane/pace.h - how long to gather rows before a commit.
 *
 * A commit costs an fsync, however many rows are in it. Alone, a registration must not wait for
 * company that does not come; in a storm of a thousand, waiting a moment saves hundreds of fsyncs.
 * Which it is shows only afterwards: so after a burst of commits without waiting one wait is tried,
 * and as long as waiting gathers a crowd the window grows.
 */
#ifndef WHT_CONTROLPLANE_PACE_H
#define WHT_CONTROLPLANE_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_BURST     16   /* commits at once, before a wait is tried */
#define PACE_CROWD     3    /* rows that make a wait worth while */
#define PACE_STEP_MS   20   /* by which the window grows */
#define PACE_WINDOW_MS 100  /* and the most that it grows to */
#define PACE_EARN_MS   50   /* of rest earn one more commit at once */
#define PACE_CALM_MS   1000 /* without commits: the storm is over */

struct pace {
	unsigned burst;
	uint64_t window_ms, last_ms; /* private, like burst */
};

void pace_init(struct pace *);
/* Milliseconds to gather before the next commit, if it comes to one now. */
uint64_t pace_wait(struct pace *, uint64_t now_ms);
/* A commit of so many rows was made. */
void pace_committed(struct pace *, uint64_t now_ms, size_t rows);

#endif
