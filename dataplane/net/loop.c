/* The loop: a timer wheel, a list of end-of-turn tasks, and scratch memory around one uv_loop_t.
 *
 * The wheel has one slot a tick. A timer lies in the slot of its due tick and may be passed over by
 * earlier rounds; libuv is woken only for the next slot that holds anything. */
#include "net/loop_uv.h"

#include "base/clock.h"
#include "base/obj.h"

#define LOOP_MAGIC 0x10092001u

enum {
	WHEEL_SLOTS = 512,
	TASK_ROUNDS = 8, /* tasks that tasks ask for; then I/O gets its turn again */
	SIGNALS_MAX = 8,
};

LIST_HEAD(timer_list, timer);
TAILQ_HEAD(task_list, task);

struct loop_signal {
	uv_signal_t handle;
	void (*fn)(void *user, int signum);
	void *user;
};

struct loop {
	unsigned magic;
	uv_loop_t uv;
	uv_prepare_t turn_end;
	uv_timer_t wake;
	uv_idle_t busy; /* tasks are left: poll without waiting */
	struct timer_list wheel[WHEEL_SLOTS];
	uint64_t wheel_tick; /* every earlier tick has been run */
	uint64_t wake_tick;  /* the tick that libuv wakes us for; 0: none */
	size_t timers;
	struct task_list tasks;
	struct task round_end; /* in the list while a round runs, and never run itself */
	struct chunk_pool pool;
	struct loop_signal signals[SIGNALS_MAX];
	int nsignals;
	size_t held;
	bool stopping;
	char read_scratch[LOOP_READ_SIZE];
	char plain_scratch[LOOP_PLAIN_SIZE];
};

uv_loop_t *
loop_uv(struct loop *loop)
{
	return &loop->uv;
}

char *
loop_read_scratch(struct loop *loop)
{
	return loop->read_scratch;
}

char *
loop_plain_scratch(struct loop *loop)
{
	return loop->plain_scratch;
}

void
loop_hold(struct loop *loop)
{
	loop->held++;
}

void
loop_release(struct loop *loop)
{
	ENSURE(loop->held > 0);
	loop->held--;
}

uint64_t
loop_now_ms(const struct loop *loop)
{
	return uv_now(&loop->uv);
}

struct chunk_pool *
loop_pool(struct loop *loop)
{
	return &loop->pool;
}

/* ---- timers ---- */

static uint64_t
tick_of(uint64_t due_ms)
{
	return (due_ms + LOOP_TICK_MS - 1) / LOOP_TICK_MS;
}

static struct timer_list *
wheel_slot(struct loop *loop, uint64_t tick)
{
	return &loop->wheel[tick % WHEEL_SLOTS];
}

static void wheel_on_wake(uv_timer_t *);

static void
wheel_wake_at(struct loop *loop, uint64_t tick)
{
	uint64_t now = loop_now_ms(loop), at = tick * LOOP_TICK_MS;

	loop->wake_tick = tick;
	uv_timer_start(&loop->wake, wheel_on_wake, at > now ? at - now : 0, 0);
}

static void
wheel_sleep_until_next(struct loop *loop)
{
	loop->wake_tick = 0;
	if (loop->timers == 0)
		return;
	for (uint64_t i = 0; i < WHEEL_SLOTS; i++) {
		if (!LIST_EMPTY(wheel_slot(loop, loop->wheel_tick + i))) {
			wheel_wake_at(loop, loop->wheel_tick + i);
			return;
		}
	}
}

/* Those of the slot whose round has come, in the order in which they were started. */
static void
wheel_take_due(struct loop *loop, uint64_t tick, struct timer_list *due)
{
	struct timer *t = LIST_FIRST(wheel_slot(loop, tick)), *next;

	for (; t; t = next) {
		next = LIST_NEXT(t, entry);
		if (tick_of(t->due_ms) > tick)
			continue;
		LIST_REMOVE(t, entry);
		LIST_INSERT_HEAD(due, t, entry);
	}
}

static void
wheel_run_tick(struct loop *loop, uint64_t tick)
{
	struct timer_list due = LIST_HEAD_INITIALIZER(due);
	struct timer *t;

	wheel_take_due(loop, tick, &due);
	while ((t = LIST_FIRST(&due))) {
		timer_stop(t);
		t->fn(t->user);
	}
}

/* Tick by tick, so that after a long sleep the timers still run in the order of their deadlines. */
static void
wheel_run(struct loop *loop)
{
	uint64_t now_tick = loop_now_ms(loop) / LOOP_TICK_MS;

	while (loop->wheel_tick <= now_tick) {
		uint64_t tick = loop->wheel_tick++;

		if (loop->timers > 0)
			wheel_run_tick(loop, tick);
		else
			loop->wheel_tick = now_tick + 1;
	}
}

static void
wheel_on_wake(uv_timer_t *handle)
{
	struct loop *loop;

	CAST_OBJ(loop, handle->data, LOOP_MAGIC);
	wheel_run(loop);
	wheel_sleep_until_next(loop);
}

void
timer_init(struct timer *t, struct loop *loop, void (*fn)(void *user), void *user)
{
	*t = (struct timer){.loop = loop, .fn = fn, .user = user};
}

void
timer_start(struct timer *t, uint64_t ms)
{
	struct loop *loop = t->loop;
	uint64_t tick;

	timer_stop(t);
	/* Not the turn's time: after a long callback, or before the loop runs, that is long ago. */
	t->due_ms = clock_mono_ms() + ms;
	tick = tick_of(t->due_ms);
	if (tick < loop->wheel_tick)
		tick = loop->wheel_tick;
	LIST_INSERT_HEAD(wheel_slot(loop, tick), t, entry);
	loop->timers++;
	if (loop->wake_tick == 0 || tick < loop->wake_tick)
		wheel_wake_at(loop, tick);
}

void
timer_stop(struct timer *t)
{
	if (!timer_armed(t))
		return;
	LIST_REMOVE(t, entry);
	t->due_ms = 0;
	t->loop->timers--;
}

/* ---- tasks ---- */

void
task_init(struct task *t, struct loop *loop, void (*fn)(void *user), void *user)
{
	*t = (struct task){.loop = loop, .fn = fn, .user = user};
}

void
task_ask(struct task *t)
{
	if (t->queued)
		return;
	t->queued = true;
	TAILQ_INSERT_TAIL(&t->loop->tasks, t, entry);
}

void
task_ask_first(struct task *t)
{
	task_cancel(t);
	t->queued = true;
	TAILQ_INSERT_HEAD(&t->loop->tasks, t, entry);
}

void
task_cancel(struct task *t)
{
	if (!t->queued)
		return;
	t->queued = false;
	TAILQ_REMOVE(&t->loop->tasks, t, entry);
}

static void
loop_on_busy(uv_idle_t *handle)
{
	(void)handle;
}

/* Runs what is asked for now; what these ask for is the next round's. */
static void
tasks_run_round(struct loop *loop)
{
	struct task *t;

	TAILQ_INSERT_TAIL(&loop->tasks, &loop->round_end, entry);
	while ((t = TAILQ_FIRST(&loop->tasks)) != &loop->round_end) {
		task_cancel(t);
		t->fn(t->user);
	}
	TAILQ_REMOVE(&loop->tasks, &loop->round_end, entry);
}

static void
loop_on_turn_end(uv_prepare_t *handle)
{
	struct loop *loop;

	CAST_OBJ(loop, handle->data, LOOP_MAGIC);
	for (int i = 0; i < TASK_ROUNDS && !TAILQ_EMPTY(&loop->tasks); i++)
		tasks_run_round(loop);
	if (TAILQ_EMPTY(&loop->tasks))
		uv_idle_stop(&loop->busy);
	else
		uv_idle_start(&loop->busy, loop_on_busy);
}

/* ---- life ---- */

struct loop *
loop_new(void)
{
	struct loop *loop;

	OBJ_NEW(loop, LOOP_MAGIC);
	ENSURE(uv_loop_init(&loop->uv) == 0);
	uv_prepare_init(&loop->uv, &loop->turn_end);
	uv_timer_init(&loop->uv, &loop->wake);
	uv_idle_init(&loop->uv, &loop->busy);
	loop->turn_end.data = loop->wake.data = loop;
	uv_prepare_start(&loop->turn_end, loop_on_turn_end);
	TAILQ_INIT(&loop->tasks);
	chunk_pool_init(&loop->pool);
	loop->wheel_tick = loop_now_ms(loop) / LOOP_TICK_MS;
	return loop;
}

void
loop_free(struct loop **loopp)
{
	struct loop *loop;

	TAKE_OBJ(loop, loopp, LOOP_MAGIC);
	ENSURE(loop->held == 0);
	uv_close((uv_handle_t *)&loop->turn_end, NULL);
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_close((uv_handle_t *)&loop->busy, NULL);
	for (int i = 0; i < loop->nsignals; i++)
		uv_close((uv_handle_t *)&loop->signals[i].handle, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	ENSURE(uv_loop_close(&loop->uv) == 0);
	chunk_pool_free(&loop->pool);
	OBJ_FREE(loop);
}

void
loop_run(struct loop *loop)
{
	loop->stopping = false;
	while (!loop->stopping)
		uv_run(&loop->uv, UV_RUN_ONCE);
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
	uv_stop(&loop->uv); /* or this turn would go on to wait for I/O */
}

void
loop_run_down(struct loop *loop)
{
	while (loop->held > 0)
		uv_run(&loop->uv, UV_RUN_ONCE);
}

static void
loop_on_uv_signal(uv_signal_t *handle, int signum)
{
	struct loop_signal *s = handle->data;

	s->fn(s->user, signum);
}

int
loop_on_signal(struct loop *loop, int signum, void (*fn)(void *user, int signum), void *user)
{
	struct loop_signal *s = &loop->signals[loop->nsignals];

	ENSURE(loop->nsignals < SIGNALS_MAX);
	s->fn = fn;
	s->user = user;
	s->handle.data = s;
	uv_signal_init(&loop->uv, &s->handle);
	loop->nsignals++;
	return uv_signal_start(&s->handle, loop_on_uv_signal, signum) == 0 ? 0 : -WHT_EIO;
}
