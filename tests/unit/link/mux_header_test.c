/* The header by which two ends of today find out about each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "link/mux_header.h"

static void
reads_as(struct span value, uint32_t window, bool rst)
{
	struct mux_offer offer = mux_offer_parse(value);

	assert_true(offer.present);
	assert_int_equal(offer.window, window);
	assert_int_equal(offer.rst, rst);
}

static void
test_an_offer_is_read(void **state)
{
	(void)state;
	reads_as(SPAN("window=262144, rst"), 262144, true);
	reads_as(SPAN("rst,window=1"), 1, true);
	reads_as(SPAN("  rst  ,\t window=4294967295 "), UINT32_MAX, true);
	reads_as(SPAN("window=5"), 5, false);
	reads_as(SPAN("rst"), 0, true);
	assert_false(mux_offer_parse((struct span){NULL, 0}).present);
}

/* A peer of tomorrow may say more; what makes no sense is as if unsaid. */
static void
test_what_is_not_known_is_ignored(void **state)
{
	(void)state;
	reads_as(SPAN(""), 0, false);
	reads_as(SPAN(",,,"), 0, false);
	reads_as(SPAN("zstd, window=10, priority=3, rst, RST"), 10, true);
	reads_as(SPAN("window=4294967296"), 0, false);
	reads_as(SPAN("window=-1"), 0, false);
	reads_as(SPAN("window="), 0, false);
	reads_as(SPAN("window = 5"), 0, false);
	reads_as(SPAN("window=5x, rst=1, rsta"), 0, false);
	reads_as(SPAN("Window=5"), 0, false);
}

static void
writes(uint32_t window, bool rst, const char *want)
{
	struct strb b;

	strb_init(&b, 100);
	mux_offer_write(&b, window, rst);
	assert_string_equal(strb_cstr(&b), want);
	if (want[0])
		reads_as(strb_span(&b), window, rst);
	strb_free(&b);
}

static void
test_what_is_written_is_read(void **state)
{
	(void)state;
	writes(262144, true, "window=262144, rst");
	writes(1, false, "window=1");
	writes(0, true, "rst");
	writes(0, false, "");
}

static void
test_only_what_was_offered_is_agreed_on(void **state)
{
	struct wsmux_config config = {.window = 100};

	(void)state;
	mux_offer_apply(&config, &(struct mux_offer){.present = true, .window = 7, .rst = true});
	assert_true(config.windows_agreed && config.rst_agreed);
	assert_int_equal(config.peer_window, 7);
	mux_offer_apply(&config, &(struct mux_offer){.present = true});
	assert_false(config.windows_agreed || config.rst_agreed);
	assert_int_equal(config.window, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_offer_is_read),
	    cmocka_unit_test(test_what_is_not_known_is_ignored),
	    cmocka_unit_test(test_what_is_written_is_read),
	    cmocka_unit_test(test_only_what_was_offered_is_agreed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
