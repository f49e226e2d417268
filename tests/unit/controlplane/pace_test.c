/* When gathering pays: simulated clients against the pace, with a commit that takes no time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "controlplane/pace.h"

struct outcome {
	unsigned commits;
	uint64_t waited_ms; /* by all rows together */
};

/* Rows come every so many ms; the timer that ends a wait may be a tick late. */
static struct outcome
play(unsigned rows, uint64_t every_ms, uint64_t late_ms)
{
	struct outcome out = {0, 0};
	struct pace p;
	uint64_t due = 0, now;
	size_t gathered = 0;
	unsigned come = 0;

	pace_init(&p);
	for (now = 5000; come < rows || gathered > 0; now++) {
		if (come < rows && now % every_ms == 0) {
			come++;
			if (gathered++ == 0) {
				uint64_t wait = pace_wait(&p, now);

				due = wait ? now + wait + late_ms : now;
			}
		}
		out.waited_ms += gathered;
		if (gathered == 0 || now < due)
			continue;
		out.waited_ms -= gathered;
		pace_committed(&p, now, gathered);
		gathered = 0;
		out.commits++;
	}
	return out;
}

static void
test_who_comes_alone_never_waits(void **state)
{
	struct outcome seldom = play(100, 1500, 20), steady = play(1000, 60, 20);

	(void)state;
	assert_int_equal(seldom.commits, 100);
	assert_int_equal(seldom.waited_ms, 0);
	assert_int_equal(steady.commits, 1000);
	assert_int_equal(steady.waited_ms, 0);
}

static void
test_one_after_the_other_hardly_waits(void **state)
{
	struct outcome steady = play(160, 30, 0);

	(void)state;
	assert_true(steady.commits >= 150);
	assert_true(steady.waited_ms <= 160 * 3);
}

static void
test_a_storm_of_a_thousand_is_fewer_than_a_hundred_commits(void **state)
{
	(void)state;
	for (uint64_t every = 1; every <= 6; every++)
		assert_true(play(1000, every, 20).commits < 100);
}

static void
test_nobody_waits_longer_than_the_window(void **state)
{
	(void)state;
	assert_true(play(10000, 1, 20).waited_ms <= 10000 * (PACE_WINDOW_MS + 20));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_comes_alone_never_waits),
	    cmocka_unit_test(test_one_after_the_other_hardly_waits),
	    cmocka_unit_test(test_a_storm_of_a_thousand_is_fewer_than_a_hundred_commits),
	    cmocka_unit_test(test_nobody_waits_longer_than_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
