/* tests/unit/net/still.h - a world whose time stands still (skew.h): what the machine needs for
 * anything plays no part, and only live() and time_pass() bring a timer nearer. */
#ifndef WHT_TEST_NET_STILL_H
#define WHT_TEST_NET_STILL_H

#include "tests/unit/net/world.h"

#include "tests/unit/net/skew.h"

static inline int
still_setup(void **state)
{
	skip_mono_s = skip_wall_s = 0;
	time_stop();
	return world_setup(state);
}

static inline int
still_teardown(void **state)
{
	time_go_on();
	return world_teardown(state);
}

#define still_test(f) cmocka_unit_test_setup_teardown(f, still_setup, still_teardown)

/* Time passes tick by tick, and the loop turns at each: nobody was kept from turning. */
static inline void
live(uint64_t ms)
{
	while (ms > 0) {
		uint64_t step = ms < LOOP_TICK_MS ? ms : LOOP_TICK_MS;

		time_pass(step);
		turn(UV_RUN_NOWAIT);
		turn(UV_RUN_NOWAIT);
		ms -= step;
	}
}

#endif
