#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/ctl_sheet.h"

static const struct sheet_column columns[] = {
    {"ID", .cut = true},
    {"PEER", .cut = true, .rank = 2},
    {"REQUESTS", .right = true},
    {"UP", .right = true, .rank = 1},
};

static const char *
print(struct sheet *sheet, const struct sheet_look *look)
{
	static struct strb out;

	strb_free(&out);
	strb_init(&out, 1 << 20);
	sheet_print(sheet, look, &out);
	return strb_cstr(&out);
}

static void
add(struct sheet *sheet, const char *id, const char *peer, const char *requests, const char *up)
{
	struct span cells[] = {span_str(id), span_str(peer), span_str(requests), span_str(up)};

	assert_true(sheet_add(sheet, cells));
}

static int
setup(void **state)
{
	static struct sheet sheet;

	sheet_init(&sheet, columns, 4, 1 << 20);
	*state = &sheet;
	return 0;
}

static int
teardown(void **state)
{
	sheet_free(*state);
	return 0;
}

static void
columns_are_aligned_and_no_line_ends_with_spaces(void **state)
{
	const struct sheet_look look = {.header = true};

	add(*state, "alpha", "10.0.0.7:51234", "12", "3m12s");
	add(*state, "b", "", "1.2k", "");
	assert_string_equal(print(*state, &look), "ID     PEER            REQUESTS     UP\n"
						  "alpha  10.0.0.7:51234        12  3m12s\n"
						  "b                          1.2k\n");
}

static void
without_a_header_the_rows_are_as_wide_as_their_cells(void **state)
{
	const struct sheet_look look = {.header = false};

	add(*state, "alpha", "p", "12", "1s");
	assert_string_equal(print(*state, &look), "alpha  p  12  1s\n");
}

static void
without_a_terminal_nothing_is_cut(void **state)
{
	char id[129];
	const struct sheet_look look = {.header = false};

	memset(id, 'x', 128);
	id[128] = '\0';
	add(*state, id, "p", "12", "1s");
	assert_memory_equal(print(*state, &look), id, 128);
}

static void
the_widest_column_that_may_be_cut_is_cut_first(void **state)
{
	struct sheet_look look = {.width = 50, .utf8 = true};

	add(*state, "a-very-long-id-that-needs-room", "10.0.0.7:51234", "12", "1s");
	assert_string_equal(
	    print(*state, &look), "a-very-long-id-that-needs…  10.0.0.7:51234  12  1s\n");
	look.utf8 = false;
	assert_string_equal(
	    print(*state, &look), "a-very-long-id-that-needs~  10.0.0.7:51234  12  1s\n");
}

static void
before_much_is_cut_off_columns_of_high_rank_go(void **state)
{
	struct sheet_look look = {.width = 40, .header = true};

	add(*state, "a-very-long-id-that-needs-room", "10.0.0.7:51234", "12", "1s");
	assert_string_equal(print(*state, &look), "ID                          REQUESTS  UP\n"
						  "a-very-long-id-that-needs~        12  1s\n");
	look.width = 36;
	assert_string_equal(print(*state, &look), "ID                          REQUESTS\n"
						  "a-very-long-id-that-needs~        12\n");
	look.width = 20;
	assert_string_equal(print(*state, &look), "ID          REQUESTS\n"
						  "a-very-lo~        12\n");
}

static void
every_width_is_kept(void **state)
{
	add(*state, "a-very-long-id-that-needs-room", "10.0.0.7:51234", "not a number at all",
	    "1s");
	for (unsigned width = 4; width < 120; width++) {
		const struct sheet_look look = {.width = width, .header = true};
		struct span rest = span_str(print(*state, &look)), line;

		while (span_cut(&rest, '\n', &line))
			assert_true(line.n <= width);
	}
}

/* A09 A20 */
static void
what_strangers_chose_is_escaped_and_stays_one_line(void **state)
{
	const struct sheet_look look = {.header = false};

	add(*state, "a\nb", "\x1b[2J\x07", "\\", "\xc3\xa9");
	assert_string_equal(print(*state, &look), "a\\x0ab  \\x1b[2J\\x07  \\\\  \\xc3\\xa9\n");
}

static void
emptied_it_keeps_its_columns_where_they_were(void **state)
{
	const struct sheet_look look = {.header = false};

	add(*state, "alpha", "10.0.0.7", "12", "1s");
	print(*state, &look);
	sheet_empty(*state);
	add(*state, "b", "c", "1", "1s");
	assert_string_equal(print(*state, &look), "b      c          1  1s\n");
}

static void
over_its_maximum_it_says_so(void **state)
{
	struct span cells[] = {SPAN("a"), SPAN("b"), SPAN("c"), SPAN("d")};
	struct sheet small;
	bool taken = true;

	(void)state;
	sheet_init(&small, columns, 4, 1000);
	for (int i = 0; i < 100; i++)
		taken = sheet_add(&small, cells);
	assert_false(taken);
	sheet_free(&small);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(columns_are_aligned_and_no_line_ends_with_spaces),
	    T(without_a_header_the_rows_are_as_wide_as_their_cells),
	    T(without_a_terminal_nothing_is_cut),
	    T(the_widest_column_that_may_be_cut_is_cut_first),
	    T(before_much_is_cut_off_columns_of_high_rank_go),
	    T(every_width_is_kept),
	    T(what_strangers_chose_is_escaped_and_stays_one_line),
	    T(emptied_it_keeps_its_columns_where_they_were),
	    T(over_its_maximum_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
