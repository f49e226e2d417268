#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/ctl_unit.h"
#include "cli/ctl_value.h"

static void
bytes_and_counts_have_three_digits_at_most(void **state)
{
	static const struct {
		double n;
		const char *bytes, *count;
	} rows[] = {
	    {0, "0 B", "0"},
	    {812, "812 B", "812"},
	    {999, "999 B", "999"},
	    {1000, "1000 B", "1.0k"},
	    {1023, "1023 B", "1.0k"},
	    {1024, "1.0 KiB", "1.0k"},
	    {1260, "1.2 KiB", "1.3k"},
	    {102350, "100 KiB", "102k"},
	    {1023.9 * 1024, "1.0 MiB", "1.0M"},
	    {34e6, "32.4 MiB", "34.0M"},
	    {1e12, "931 GiB", "1.0T"},
	    {-5, "0 B", "0"},
	};
	char text[UNIT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(unit_bytes(rows[i].n, text), rows[i].bytes);
		assert_string_equal(unit_count(rows[i].n, text), rows[i].count);
	}
}

static void
durations_show_the_two_units_that_matter(void **state)
{
	static const struct {
		double us;
		const char *text;
	} rows[] = {
	    {0, "0.0ms"},
	    {800, "0.8ms"},
	    {42e3, "42ms"},
	    {999.6e3, "1.0s"},
	    {4.2e6, "4.2s"},
	    {59.96e6, "1m00s"},
	    {192e6, "3m12s"},
	    {3599.6e6, "1h00m"},
	    {5 * 3600e6 + 7 * 60e6, "5h07m"},
	    {12 * 86400e6 + 4 * 3600e6, "12d04h"},
	    {4000 * 86400e6, "4000d"},
	    {-1, "0.0ms"},
	    {1e300, "11574074d"},
	};
	char text[UNIT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(unit_duration(rows[i].us, text), rows[i].text);
}

static void
moments_are_read_as_the_service_writes_them(void **state)
{
	static const char *const bad[] = {"", "2h", "2026-11-22", "2026-11-22T14:13:33.xZ",
	    "2026-11-22T14:13:33.042Z and much more than that"};
	char text[UNIT_TEXT_MAX];
	int64_t ms;

	(void)state;
	assert_int_equal(unit_parse_moment(SPAN("2026-11-22T14:13:33.042Z"), &ms), 0);
	assert_int_equal(ms, 1795356813042);
	assert_int_equal(unit_parse_moment(SPAN("1970-01-01T00:00:01Z"), &ms), 0);
	assert_int_equal(ms, 1000);
	assert_string_equal(unit_moment(1795356813042, text), "2026-11-22 14:13:33");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(unit_parse_moment(span_str(bad[i]), &ms), -WHT_EINVAL);
}

/* ---- values ---- */

static const int64_t now_ms = 1795356813000; /* 2026-11-22 14:13:33 */

static void
assert_shown(const char *json, enum value_kind kind, const char *expected)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	struct strb text;

	assert_non_null(value);
	strb_init(&text, 4096);
	value_text(&text, value, kind, now_ms);
	assert_string_equal(strb_cstr(&text), expected);
	strb_free(&text);
	json_decref(value);
}

static void
a_value_is_shown_as_its_kind(void **state)
{
	(void)state;
	assert_shown("\"alpha\"", VALUE_PLAIN, "alpha");
	assert_shown("17", VALUE_PLAIN, "17");
	assert_shown("true", VALUE_PLAIN, "yes");
	assert_shown("null", VALUE_PLAIN, "-");
	assert_shown("{\"a\":[1]}", VALUE_PLAIN, "{\"a\":[1]}");
	assert_shown("2048", VALUE_BYTES, "2.0 KiB");
	assert_shown("1.5", VALUE_MS, "1.5ms");
	assert_shown("90", VALUE_SECONDS, "1m30s");
	assert_shown("\"2026-11-22T14:10:21.000Z\"", VALUE_AGE, "3m12s");
	assert_shown("\"2026-11-22T14:14:33.000Z\"", VALUE_LEFT, "1m00s");
	assert_shown("\"2026-11-22T14:10:21.000Z\"", VALUE_LEFT, "over");
	assert_shown(
	    "\"2026-11-22T14:13:30.000Z\"", VALUE_AROUND, "2026-11-22 14:13:30 (3.0s ago)");
	assert_shown(
	    "\"2026-11-22T15:13:33.000Z\"", VALUE_AROUND, "2026-11-22 15:13:33 (in 1h00m)");
	assert_shown("null", VALUE_EVER, "for ever");
	assert_shown("null", VALUE_LEFT, "-");
	/* of another type than the kind's: as it is */
	assert_shown("\"soon\"", VALUE_AGE, "soon");
	assert_shown("\"many\"", VALUE_BYTES, "many");
	assert_shown("null", VALUE_MS, "-");
}

static void
a_members_name_says_what_it_measures(void **state)
{
	(void)state;
	assert_int_equal(value_kind_of("started_at"), VALUE_AROUND);
	assert_int_equal(value_kind_of("at"), VALUE_AROUND);
	assert_int_equal(value_kind_of("format"), VALUE_PLAIN);
	assert_int_equal(value_kind_of("stat"), VALUE_PLAIN);
	assert_int_equal(value_kind_of("held_max_bytes"), VALUE_BYTES);
	assert_int_equal(value_kind_of("bytes_in"), VALUE_BYTES);
	assert_int_equal(value_kind_of("rtt_ms"), VALUE_MS);
	assert_int_equal(value_kind_of("last_commit_us"), VALUE_US);
	assert_int_equal(value_kind_of("uptime_s"), VALUE_SECONDS);
	assert_int_equal(value_kind_of("streams"), VALUE_PLAIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_and_counts_have_three_digits_at_most),
	    cmocka_unit_test(durations_show_the_two_units_that_matter),
	    cmocka_unit_test(moments_are_read_as_the_service_writes_them),
	    cmocka_unit_test(a_value_is_shown_as_its_kind),
	    cmocka_unit_test(a_members_name_says_what_it_measures),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
