#include "still.h"

/* A timer or task that writes its name down when it runs. */
struct note {
	struct timer timer;
	struct task task;
	int name;
	uint64_t due_ms;
	void (*then)(struct note *);
	struct note *other;
};

static int journal[100000];
static int njournal;

static void
note_run(void *user)
{
	struct note *n = user;

	journal[njournal++] = n->name;
	if (n->then)
		n->then(n);
}

static void
note_init(struct note *n, int name)
{
	*n = (struct note){.name = name};
	timer_init(&n->timer, loop, note_run, n);
	task_init(&n->task, loop, note_run, n);
}

static void
assert_journal(int n, ...)
{
	va_list names;

	assert_int_equal(njournal, n);
	va_start(names, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(journal[i], va_arg(names, int));
	va_end(names);
}

static int
setup(void **state)
{
	njournal = 0;
	time_go_on();
	skip_mono_s = skip_wall_s = 0;
	return world_setup(state);
}

#define loop_test(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

/* ---- timers ---- */

static void
test_timers_run_in_order_and_never_early(void **state)
{
	struct note n[4];

	(void)state;
	time_stop();
	for (int i = 0; i < 4; i++)
		note_init(&n[i], i);
	timer_start(&n[3].timer, 90);
	timer_start(&n[1].timer, 30);
	timer_start(&n[2].timer, 60);
	timer_start(&n[0].timer, 0);
	live(29);
	assert_journal(1, 0);
	live(1 + LOOP_TICK_MS);
	assert_journal(2, 0, 1);
	live(89 - 30 - LOOP_TICK_MS);
	assert_journal(3, 0, 1, 2);
	live(1 + LOOP_TICK_MS);
	assert_journal(4, 0, 1, 2, 3);
}

static void
test_timers_of_one_tick_run_as_started(void **state)
{
	struct note n[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		note_init(&n[i], i);
		timer_start(&n[i].timer, 1000);
	}
	skip_mono_s += 1;
	until(njournal == 5);
	assert_journal(5, 0, 1, 2, 3, 4);
}

static void
test_timer_started_again_runs_once_and_later(void **state)
{
	struct note a, b;

	(void)state;
	note_init(&a, 1);
	note_init(&b, 2);
	timer_start(&a.timer, 20);
	timer_start(&b.timer, 60);
	timer_start(&a.timer, 100);
	assert_true(timer_armed(&a.timer));
	until(njournal >= 2);
	assert_false(timer_armed(&a.timer));
	assert_journal(2, 2, 1);
}

static void
start_again_twice(struct note *n)
{
	if (njournal < 3)
		timer_start(&n->timer, 0);
}

static void
test_timer_restarts_itself(void **state)
{
	struct note n;

	(void)state;
	note_init(&n, 7);
	n.then = start_again_twice;
	timer_start(&n.timer, 0);
	until(njournal == 3);
	assert_journal(3, 7, 7, 7);
}

static void
stop_other(struct note *n)
{
	timer_stop(&n->other->timer);
}

static void
postpone_other(struct note *n)
{
	timer_start(&n->other->timer, 50);
}

/* All three are due in the same run: what one does to the next must count. */
static void
test_timer_stops_and_postpones_others_that_are_due(void **state)
{
	struct note n[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		note_init(&n[i], i);
	n[0].then = stop_other;
	n[0].other = &n[1];
	n[2].then = postpone_other;
	n[2].other = &n[3];
	for (int i = 0; i < 4; i++)
		timer_start(&n[i].timer, 500);
	skip_mono_s += 1;
	until(njournal >= 3);
	assert_journal(3, 0, 2, 3);
	assert_false(timer_armed(&n[1].timer));
}

/* C19: the loop was stopped for longer than its wheel is round; deadlines keep their order. */
static void
test_ten_thousand_timers_over_a_long_sleep(void **state)
{
	enum { N = 10000 };
	struct note *n = calloc(N, sizeof(*n));
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < N; i++) {
		note_init(&n[i], i);
		seed = seed * 1103515245 + 12345;
		timer_start(&n[i].timer, seed / 65536 % 50000);
		n[i].due_ms = n[i].timer.due_ms;
	}
	for (int i = 0; i < N; i += 10)
		timer_stop(&n[i].timer);
	skip_mono_s += 60;
	until(njournal == N / 10 * 9);
	for (int i = 1; i < njournal; i++) /* within one tick it is the order of starting */
		assert_true(n[journal[i]].due_ms + LOOP_TICK_MS > n[journal[i - 1]].due_ms);
	free(n);
}

/* C19 */
static void
test_timer_far_beyond_the_wheel(void **state)
{
	struct note near, far;

	(void)state;
	note_init(&near, 1);
	note_init(&far, 2);
	timer_start(&far.timer, 24 * 3600 * 1000);
	timer_start(&near.timer, 40);
	until(njournal >= 1);
	skip_mono_s += 23 * 3600;
	timer_start(&near.timer, 40);
	until(njournal >= 2);
	skip_mono_s += 3600;
	until(njournal == 3);
	assert_journal(3, 1, 1, 2);
}

/* C17 C18: only the monotonic clock counts. */
static void
test_wall_clock_moves_no_timer(void **state)
{
	const int64_t jumps_s[] = {3600, -3600, -10LL * 365 * 86400, 4291747200 /* 2106 */};
	struct note late, soon;

	(void)state;
	note_init(&late, 1);
	note_init(&soon, 2);
	timer_start(&late.timer, 600000);
	for (size_t i = 0; i < 4; i++) {
		skip_wall_s = jumps_s[i];
		timer_start(&soon.timer, 20);
		until(njournal == (int)i + 1);
		assert_int_equal(journal[i], 2);
	}
	timer_stop(&late.timer);
}

/* The turn's time stands still during a callback: a deadline must not be
 * counted from its beginning. */
static void
sleep_and_start_other(struct note *n)
{
	skip_mono_s += 10;
	timer_start(&n->other->timer, 100);
	n->other->due_ms = uv_hrtime() / 1000000 + 100;
}

static void
test_timer_started_late_in_a_turn_is_not_early(void **state)
{
	struct note n, other;

	(void)state;
	note_init(&n, 1);
	note_init(&other, 2);
	n.then = sleep_and_start_other;
	n.other = &other;
	timer_start(&n.timer, 0);
	until(njournal >= 2);
	assert_true(uv_hrtime() / 1000000 >= other.due_ms);
}

/* ---- tasks ---- */

static void
ask_other(struct note *n)
{
	task_ask(&n->other->task);
}

static void
test_task_asked_twice_runs_once_at_the_end_of_the_turn(void **state)
{
	struct note n;

	(void)state;
	note_init(&n, 1);
	task_ask(&n.task);
	task_ask(&n.task);
	assert_int_equal(njournal, 0);
	turn(UV_RUN_NOWAIT);
	turn(UV_RUN_NOWAIT);
	assert_journal(1, 1);
}

/* A stream asks its session, which asks its link, which asks its conn: one turn. */
static void
test_tasks_asked_by_tasks_run_in_the_same_turn(void **state)
{
	struct note n[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		note_init(&n[i], i);
	for (int i = 0; i < 3; i++) {
		n[i].then = ask_other;
		n[i].other = &n[i + 1];
	}
	task_ask(&n[0].task);
	turn(UV_RUN_NOWAIT);
	assert_journal(4, 0, 1, 2, 3);
}

static void
test_a_task_may_go_first(void **state)
{
	struct note n[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		note_init(&n[i], i);
	for (int i = 0; i < 3; i++)
		task_ask(&n[i].task);
	task_ask_first(&n[3].task);
	task_ask_first(&n[2].task); /* asked for already */
	turn(UV_RUN_NOWAIT);
	turn(UV_RUN_NOWAIT);
	assert_journal(4, 2, 3, 0, 1);
}

static void
cancel_other(struct note *n)
{
	task_cancel(&n->other->task);
}

static void
test_task_cancels_the_next(void **state)
{
	struct note n[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		note_init(&n[i], i);
	n[0].then = cancel_other;
	n[0].other = &n[1];
	for (int i = 0; i < 3; i++)
		task_ask(&n[i].task);
	turn(UV_RUN_NOWAIT);
	assert_journal(2, 0, 2);
	task_cancel(&n[1].task); /* harmless */
}

static void
ask_self(struct note *n)
{
	task_ask(&n->task);
}

/* S07: I/O and timers get their turn however busy somebody is. */
static void
test_task_that_asks_itself_for_ever_starves_nobody(void **state)
{
	struct note greedy, timer;

	(void)state;
	note_init(&greedy, 1);
	note_init(&timer, 2);
	greedy.then = ask_self;
	task_ask(&greedy.task);
	turn(UV_RUN_NOWAIT);
	assert_in_range(njournal, 1, 16);
	njournal = 0;
	skip_mono_s += 1;
	timer_start(&timer.timer, 0);
	skip_mono_s += 1;
	for (int i = 0; i < 4; i++)
		turn(UV_RUN_ONCE); /* does not wait: somebody is busy */
	assert_in_range(njournal, 5, 100);
	assert_false(timer_armed(&timer.timer));
	task_cancel(&greedy.task);
}

/* ---- the loop ---- */

static void
stop_loop(struct note *n)
{
	(void)n;
	loop_stop(loop);
}

static void
test_loop_runs_stops_and_runs_again(void **state)
{
	struct note n;

	(void)state;
	note_init(&n, 1);
	n.then = stop_loop;
	for (int i = 1; i <= 3; i++) {
		timer_start(&n.timer, 0);
		loop_run(loop);
		assert_int_equal(njournal, i);
	}
	task_ask(&n.task); /* stopping in a task does not wait for I/O first */
	loop_run(loop);
	assert_int_equal(njournal, 4);
	loop_run_down(loop);
}

static int signalled;

static void
on_signal(void *user, int signum)
{
	(void)user;
	signalled = signum;
}

static void
test_loop_hears_signals(void **state)
{
	(void)state;
	signalled = 0;
	assert_int_equal(loop_on_signal(loop, SIGUSR1, on_signal, NULL), 0);
	assert_int_equal(loop_on_signal(loop, SIGUSR2, on_signal, NULL), 0);
	raise(SIGUSR2);
	until(signalled == SIGUSR2);
	raise(SIGUSR1);
	until(signalled == SIGUSR1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    loop_test(test_timers_run_in_order_and_never_early),
	    loop_test(test_timers_of_one_tick_run_as_started),
	    loop_test(test_timer_started_again_runs_once_and_later),
	    loop_test(test_timer_restarts_itself),
	    loop_test(test_timer_stops_and_postpones_others_that_are_due),
	    loop_test(test_ten_thousand_timers_over_a_long_sleep),
	    loop_test(test_timer_far_beyond_the_wheel),
	    loop_test(test_wall_clock_moves_no_timer),
	    loop_test(test_timer_started_late_in_a_turn_is_not_early),
	    loop_test(test_task_asked_twice_runs_once_at_the_end_of_the_turn),
	    loop_test(test_tasks_asked_by_tasks_run_in_the_same_turn),
	    loop_test(test_a_task_may_go_first),
	    loop_test(test_task_cancels_the_next),
	    loop_test(test_task_that_asks_itself_for_ever_starves_nobody),
	    loop_test(test_loop_runs_stops_and_runs_again),
	    loop_test(test_loop_hears_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
