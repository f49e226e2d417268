#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "controlplane/config.h"

static void
reads(enum value_type type, const char *text, uint64_t want)
{
	struct value v = {NULL, 0};

	assert_int_equal(value_read(type, span_str(text), &v), 0);
	assert_true(v.number == want);
}

static void
refuses(enum value_type type, const char *text)
{
	struct value v = {NULL, 77};

	assert_int_equal(value_read(type, span_str(text), &v), -WHT_EINVAL);
	assert_true(v.number == 77);
}

static void
test_sizes(void **state)
{
	(void)state;
	reads(VALUE_BYTES, "1", 1);
	reads(VALUE_BYTES, "64KiB", 65536);
	reads(VALUE_BYTES, "64K", 65536);
	reads(VALUE_BYTES, "3M", 3 << 20);
	reads(VALUE_BYTES, "1024GiB", 1ull << 40);
	reads(VALUE_BYTES_OR_0, "0", 0);
	refuses(VALUE_BYTES, "0");
	refuses(VALUE_BYTES, "1025GiB");
	refuses(VALUE_BYTES, "18446744073709551615G");
	refuses(VALUE_BYTES, "KiB");
	refuses(VALUE_BYTES, "1.5M");
	refuses(VALUE_BYTES, "-1");
	refuses(VALUE_BYTES, "64 KiB");
	refuses(VALUE_BYTES, "64kb");
	refuses(VALUE_BYTES, "0x10");
}

static void
test_times(void **state)
{
	(void)state;
	reads(VALUE_MS, "10", 10000);
	reads(VALUE_MS, "10s", 10000);
	reads(VALUE_MS, "0.5", 500);
	reads(VALUE_MS, "0.05s", 50);
	reads(VALUE_MS, "1.234", 1234);
	reads(VALUE_MS_OR_0, "0.000", 0);
	refuses(VALUE_MS, "0");
	refuses(VALUE_MS, "0.0004");
	refuses(VALUE_MS, "1.");
	refuses(VALUE_MS, ".5");
	refuses(VALUE_MS, "1.2.3");
	refuses(VALUE_MS, "s");
	refuses(VALUE_MS, "10ms");
	refuses(VALUE_MS, "1e3");
	refuses(VALUE_MS, "-1");
	refuses(VALUE_MS, "4294967295");
	refuses(VALUE_MS, "99999999999999999999");
}

static void
test_plain_numbers_and_words(void **state)
{
	(void)state;
	reads(VALUE_PORT, "0", 0);
	reads(VALUE_PORT, "65535", 65535);
	refuses(VALUE_PORT, "65536");
	refuses(VALUE_PORT, "http");
	refuses(VALUE_WORKERS, "0");
	refuses(VALUE_WORKERS, "257");
	reads(VALUE_SWITCH, "1", 1);
	refuses(VALUE_SWITCH, "true");
	refuses(VALUE_SWITCH, "2");
	reads(VALUE_LEVEL, "debug", LVL_DEBUG);
	refuses(VALUE_LEVEL, "verbose");
}

static void
test_text_has_no_control_characters(void **state)
{
	struct value v = {NULL, 0};

	(void)state;
	assert_int_equal(value_read(VALUE_TEXT, SPAN("a b"), &v), 0);
	assert_string_equal(v.text, "a b");
	assert_int_equal(value_read(VALUE_SECRET, SPAN("a\nb"), &v), -WHT_EINVAL);
	assert_int_equal(value_read(VALUE_TEXT, span_of("a\0b", 3), &v), -WHT_EINVAL);
	assert_string_equal(v.text, "a b");
	value_clear(VALUE_TEXT, &v);
	assert_int_equal(value_read(VALUE_PEM64, SPAN("YQ==\n"), &v), 0);
	value_clear(VALUE_PEM64, &v);
}

static void
test_every_default_reads_as_it_is_documented(void **state)
{
	struct strb b;

	(void)state;
	strb_init(&b, 64);
	for (int s = 0; s < SETTINGS; s++) {
		const struct setting_info *info = setting_info((enum setting)s);
		struct value v = {NULL, 0};

		assert_int_equal(setting_find(span_str(info->name)), s);
		if (info->words[0] || value_is_text(info->type))
			continue;
		strb_reset(&b);
		value_show_number(info->type, info->number, &b);
		assert_int_equal(value_read(info->type, strb_span(&b), &v), 0);
		assert_true(v.number == info->number);
	}
	strb_free(&b);
}

static void
test_misspelt_names_find_their_setting(void **state)
{
	(void)state;
	assert_int_equal(setting_nearest(SPAN("WHT_WORKER")), SET_workers);
	assert_int_equal(setting_nearest(SPAN("WHT_WOKRERS")), SET_workers);
	assert_int_equal(setting_nearest(SPAN("TASKCLUSTER_PROXY_SECRETA")), SET_secret_a);
	assert_int_equal(setting_nearest(SPAN("HOST_NAME")), SET_hostname);
	assert_int_equal(setting_nearest(SPAN("PATH")), -1);
	assert_int_equal(setting_nearest(SPAN("TERM")), -1);
	assert_int_equal(setting_nearest(SPAN("LANGUAGE")), -1);
	assert_int_equal(setting_nearest(SPAN("")), -1);
	assert_int_equal(
	    setting_nearest(SPAN("A_NAME_THAT_IS_MUCH_LONGER_THAN_ANY_SETTING_COULD_BE_HERE")), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_plain_numbers_and_words),
	    cmocka_unit_test(test_text_has_no_control_characters),
	    cmocka_unit_test(test_every_default_reads_as_it_is_documented),
	    cmocka_unit_test(test_misspelt_names_find_their_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
