#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/backoff.h"

#define MIDDLE 0x80000000u

static void
test_it_grows_by_half_up_to_a_minute(void **state)
{
	static const uint64_t expected[] = {500, 750, 1125, 1687, 2530, 3795};
	struct backoff b;

	(void)state;
	backoff_reset(&b);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_in_range(backoff_next(&b, MIDDLE), expected[i] - 1, expected[i]);
	for (int i = 0; i < 1000; i++)
		backoff_next(&b, MIDDLE);
	assert_int_equal(backoff_next(&b, MIDDLE), BACKOFF_LAST_MS);
}

static void
test_each_pause_is_spread_by_half_either_way(void **state)
{
	struct backoff b;

	(void)state;
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b, 0), 250);
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b, UINT32_MAX), 749);
}

static void
test_chance_does_not_change_the_next_interval(void **state)
{
	struct backoff low, high;

	(void)state;
	backoff_reset(&low);
	backoff_reset(&high);
	for (int i = 0; i < 50; i++) {
		backoff_next(&low, 0);
		backoff_next(&high, UINT32_MAX);
		assert_int_equal(low.interval_ms, high.interval_ms);
	}
}

static void
test_a_reset_begins_anew(void **state)
{
	struct backoff b;

	(void)state;
	backoff_reset(&b);
	for (int i = 0; i < 30; i++)
		backoff_next(&b, 77);
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b, MIDDLE), BACKOFF_FIRST_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_grows_by_half_up_to_a_minute),
	    cmocka_unit_test(test_each_pause_is_spread_by_half_either_way),
	    cmocka_unit_test(test_chance_does_not_change_the_next_interval),
	    cmocka_unit_test(test_a_reset_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
