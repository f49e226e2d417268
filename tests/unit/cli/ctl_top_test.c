#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/ctl_top.h"

static struct top top;

static int
setup(void **state)
{
	(void)state;
	top_init(&top);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	top_free(&top);
	return 0;
}

struct counts {
	int session;
	const char *id;
	int requests, in, out, streams, stalled;
};

static json_t *
tunnels_of(const struct counts *rows, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    array, json_pack("{si ss si si si si si sf}", "session", rows[i].session, "id",
			       rows[i].id, "requests", rows[i].requests, "bytes_in", rows[i].in,
			       "bytes_out", rows[i].out, "streams", rows[i].streams, "stalled",
			       rows[i].stalled, "rtt_ms", 1.5));
	return array;
}

static void
feed(uint64_t ms, const struct counts *rows, size_t n)
{
	json_t *array = tunnels_of(rows, n);
	json_t *status = json_pack("{ss ss sf si}", "version", "1.2", "state", "serving",
	    "uptime_s", 192.0, "tunnels", (int)n);

	top_begin(&top, ms);
	top_add(&top, array);
	top_end(&top, status);
	json_decref(array);
	json_decref(status);
}

#define FEED(ms, ...)                                                                              \
	feed(ms, (struct counts[]){__VA_ARGS__},                                                   \
	    sizeof((struct counts[]){__VA_ARGS__}) / sizeof(struct counts))

/* What the screen shows: lines without the escape sequences. */
static char lines[128][512];
static unsigned nlines;

static void
draw(unsigned width, unsigned height)
{
	struct strb out;
	const char *p;
	size_t n = 0;

	strb_init(&out, 1 << 20);
	top_draw(&top, &out, width, height, false);
	assert_false(strb_failed(&out));
	memset(lines, 0, sizeof(lines));
	nlines = 0;
	for (p = strb_cstr(&out); *p; p++) {
		if (*p == '\x1b') {
			while (!strchr("HKJmlh", *p))
				p++;
		} else if (*p == '\n') {
			nlines++;
			n = 0;
		} else if (*p != '\r') {
			lines[nlines][n++] = *p;
		}
	}
	nlines++;
	strb_free(&out);
}

static unsigned
line_with(const char *text)
{
	for (unsigned i = 0; i < nlines; i++) {
		if (strstr(lines[i], text))
			return i;
	}
	fail_msg("no line with %s", text);
	return 0;
}

static void
rates_are_differences_by_the_second(void **state)
{
	(void)state;
	FEED(1000, {1, "alpha", 100, 0, 0, 3, 1});
	draw(80, 24);
	assert_non_null(strstr(lines[line_with("alpha")], " 0 "));
	FEED(3000, {1, "alpha", 150, 4096, 2048, 3, 1});
	draw(80, 24);
	assert_string_equal(lines[line_with("alpha")],
	    "alpha     25  2.0 KiB  1.0 KiB        3        1   0 B  1.5ms  0.0ms");
}

static void
a_client_that_came_back_begins_anew(void **state)
{
	(void)state;
	FEED(1000, {1, "alpha", 100, 0, 0, 1, 0});
	FEED(2000, {2, "alpha", 5, 0, 0, 1, 0});
	draw(80, 24);
	assert_non_null(strstr(lines[line_with("alpha")], "alpha      0"));
	FEED(3000, {3, "beta", 5, 0, 0, 1, 0});
	draw(80, 24);
	for (unsigned i = 0; i < nlines; i++)
		assert_null(strstr(lines[i], "alpha"));
}

static void
keys_sort(void **state)
{
	(void)state;
	FEED(1000, {1, "a", 0, 0, 0, 1, 5}, {2, "b", 0, 0, 0, 9, 1}, {3, "c", 0, 0, 0, 2, 2});
	FEED(2000, {1, "a", 1, 50, 0, 1, 5}, {2, "b", 2, 10, 0, 9, 1}, {3, "c", 3, 20, 5, 2, 2});
	draw(80, 24);
	assert_true(line_with("c  ") < line_with("b  ") && line_with("b  ") < line_with("a  "));
	assert_true(top_key(&top, 'b'));
	draw(80, 24);
	assert_true(line_with("a  ") < line_with("c  ") && line_with("c  ") < line_with("b  "));
	assert_true(top_key(&top, 's'));
	draw(80, 24);
	assert_true(line_with("b  ") < line_with("c  ") && line_with("c  ") < line_with("a  "));
	assert_true(top_key(&top, 't'));
	draw(80, 24);
	assert_true(line_with("a  ") < line_with("c  ") && line_with("c  ") < line_with("b  "));
	assert_true(top_key(&top, 'i'));
	draw(80, 24);
	assert_true(line_with("a  ") < line_with("b  ") && line_with("b  ") < line_with("c  "));
	assert_false(top_key(&top, 'q'));
}

static void
it_fits_every_screen(void **state)
{
	static char ids[300][129];
	static struct counts rows[300];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%0*d", 1 + i % 128, i);
		rows[i] = (struct counts){i, ids[i], 1000000 * i, i, i, i, i};
	}
	feed(1000, rows, 300);
	for (unsigned width = 20; width < 220; width += 13) {
		for (unsigned height = 1; height < 100; height += 7) {
			draw(width, height);
			assert_int_equal(nlines, height < 6 ? 1 : height);
			for (unsigned i = 0; i < nlines; i++)
				assert_true(strlen(lines[i]) <= (width < 40 ? 40 : width));
		}
	}
	draw(80, 24);
	line_with("STALLED");
	line_with("by requests/s; r requests/s");
	line_with("q quit");
	top_key(&top, 'h');
	draw(80, 24);
	line_with("sort by bytes/s");
	assert_int_equal(nlines, 24);
}

static void
when_there_is_no_news_the_foot_says_why(void **state)
{
	(void)state;
	FEED(1000, {1, "alpha", 100, 0, 0, 3, 1});
	top_fail(&top, "/s: nobody listens there\nwhtd is not running");
	draw(80, 24);
	assert_string_equal(lines[23], "NO NEWS: /s: nobody listens there");
	line_with("alpha");
	FEED(2000, {1, "alpha", 100, 0, 0, 3, 1});
	draw(80, 24);
	line_with("q quit");
}

/* A09 */
static void
a_hostile_id_cannot_draw(void **state)
{
	(void)state;
	FEED(1000, {1, "a\x1b[2J\nb", 0, 0, 0, 0, 0});
	draw(80, 24);
	line_with("a\\x1b[2J\\x0ab");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(rates_are_differences_by_the_second),
	    T(a_client_that_came_back_begins_anew),
	    T(keys_sort),
	    T(it_fits_every_screen),
	    T(when_there_is_no_news_the_foot_says_why),
	    T(a_hostile_id_cannot_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
