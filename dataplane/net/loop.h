/* net/loop.h - one libuv loop and what everything on it shares: time, timers, end-of-turn work.
 *
 * A loop belongs to the thread that runs it; every call but loop_wake is for that thread (or for
 * anybody before loop_run begins and after it has returned).
 *
 * One turn: timers, then I/O callbacks (which only queue), then tasks: whoever has something to
 * flush asked for it once, and it happens once. That is where frames become one write.
 */
#ifndef WHT_NET_LOOP_H
#define WHT_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"

struct loop;

/* A deadline inside its owner; stopping it is immediate. Resolution is LOOP_TICK_MS, never early;
 * those that are due together run in the order of their ticks. */
struct timer {
	LIST_ENTRY(timer) entry; /* private, like the rest */
	struct loop *loop;
	uint64_t due_ms;
	void (*fn)(void *user);
	void *user;
};
#define LOOP_TICK_MS 20

/* Work for the end of this turn, inside its owner; asking twice before it runs does it once.
 * What a task asks for still runs in this turn, up to a few rounds: who asks for himself
 * for ever starves nobody. */
struct task {
	TAILQ_ENTRY(task) entry; /* private, like the rest */
	struct loop *loop;
	bool queued;
	void (*fn)(void *user);
	void *user;
};

struct loop *loop_new(void);
/* Closes its own handles and frees; every conn, listener and mailbox must be gone. */
void loop_free(struct loop **);
/* Turns until loop_stop; may be called again. */
void loop_run(struct loop *);
void loop_stop(struct loop *);
/* Turns until nothing but its own handles is open: closed connections finish their goodbye. */
void loop_run_down(struct loop *);

/* Milliseconds, monotonic, as of the beginning of this turn. */
uint64_t loop_now_ms(const struct loop *);
struct chunk_pool *loop_pool(struct loop *);

void timer_init(struct timer *, struct loop *, void (*fn)(void *user), void *user);
/* Runs fn once, ms from now or a little later; a running one starts anew. */
void timer_start(struct timer *, uint64_t ms);
void timer_stop(struct timer *);
static inline bool
timer_armed(const struct timer *t)
{
	return t->due_ms != 0;
}

void task_init(struct task *, struct loop *, void (*fn)(void *user), void *user);
void task_ask(struct task *);
/* The same, before all that were asked for: its outcome is what they are for. */
void task_ask_first(struct task *);
void task_cancel(struct task *);

/* Calls fn on the loop's thread for a process signal. Only one loop of the process should. */
int loop_on_signal(struct loop *, int signum, void (*fn)(void *user, int signum), void *user);

#endif
