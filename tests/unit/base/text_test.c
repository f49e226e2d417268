#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/reason.h"
#include "base/strb.h"

static void
test_cut_and_trim(void **state)
{
	struct span rest = SPAN("a, b ,,c"), part;
	const char *want[] = {"a", "b", "", "c"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(span_cut(&rest, ',', &part));
		assert_true(span_eq(span_trim(part), span_str(want[i])));
	}
	assert_false(span_cut(&rest, ',', &part));
	assert_true(span_list_has(SPAN("keep-alive, Upgrade"), SPAN("upgrade")));
	assert_false(span_list_has(SPAN("keep-alive, Upgraded"), SPAN("upgrade")));
}

static void
test_numbers_do_not_wrap(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(span_u64(SPAN("18446744073709551615"), UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(span_u64(SPAN("18446744073709551616"), UINT64_MAX, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN("99999999999999999999999"), UINT64_MAX, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN("65536"), 65535, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN("9"), 8, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN("0"), 0, &v), 0);
	assert_int_equal(span_u64(SPAN("1"), 0, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN(""), 9, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN("+5"), 9, &v), -WHT_EINVAL);
	assert_int_equal(span_u64(SPAN("00005"), 9, &v), 0);
}

static void
test_strb_remembers_failure(void **state)
{
	struct strb b;

	(void)state;
	strb_init(&b, 8);
	strb_add(&b, SPAN("12345678"));
	assert_false(strb_failed(&b));
	strb_char(&b, 'x');
	assert_true(strb_failed(&b));
	assert_string_equal(strb_cstr(&b), "12345678");
	strb_reset(&b);
	strb_printf(&b, "%d", 123);
	assert_string_equal(strb_cstr(&b), "123");
	strb_printf(&b, "%s", "456789");
	assert_true(strb_failed(&b));
	strb_free(&b);
}

static void
test_escapes(void **state)
{
	struct strb b;

	(void)state;
	strb_init(&b, 1000);
	strb_json(&b, SPAN("a\"\\\n\x1b\xff\xc3\xa9\xed\xa0\x80\x7f"));
	assert_string_equal(
	    strb_cstr(&b), "a\\\"\\\\\\u000a\\u001b\\u00ff\xc3\xa9\\u00ed\\u00a0\\u0080\\u007f");
	strb_reset(&b);
	strb_visible(&b, SPAN("ok\r\n\x1b[31m\\\xc3\xa9"));
	assert_string_equal(strb_cstr(&b), "ok\\x0d\\x0a\\x1b[31m\\\\\\xc3\\xa9");
	strb_free(&b);
}

static void
test_utf8_is_cut_between_characters(void **state)
{
	struct span s = SPAN("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");

	(void)state;
	assert_int_equal(span_take_utf8(s, 100).n, s.n);
	assert_int_equal(span_take_utf8(s, s.n - 1).n, 6);
	assert_int_equal(span_take_utf8(s, 2).n, 1);
	assert_int_equal(span_take_utf8(SPAN("ab\xed\xa0\x80"), 100).n, 2);
	assert_int_equal(span_take_utf8(SPAN("\xc0\x80"), 100).n, 0);
	assert_int_equal(span_take_utf8(SPAN("\xf4\x90\x80\x80"), 100).n, 0);
	assert_int_equal(span_utf8_len(SPAN("")), 0);
}

static void
test_arena_is_bounded(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 10000);
	assert_non_null(arena_alloc(&a, 100));
	assert_non_null(arena_alloc(&a, 9000));
	assert_null(arena_alloc(&a, 2000));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_copy(&a, span_of("", SIZE_MAX)).p);
	arena_reset(&a);
	assert_true(span_eq(arena_copy(&a, SPAN("alpha")), SPAN("alpha")));
	arena_reset(&a);
}

static void
test_an_arena_begins_in_what_it_is_lent(void **state)
{
	char room[256];
	struct arena a;
	char *p;

	(void)state;
	arena_init_with(&a, room + 1, sizeof(room) - 1, 10000); /* whatever its alignment */
	p = arena_alloc(&a, 100);
	assert_true(p > room && p + 100 <= room + sizeof(room));
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	p = arena_alloc(&a, 200); /* more than is left of it */
	assert_true(p + 200 <= room || p >= room + sizeof(room));
	assert_null(arena_alloc(&a, 10000));
	arena_reset(&a);
	p = arena_alloc(&a, 10);
	assert_true(p + 10 <= room || p >= room + sizeof(room));
	arena_reset(&a);
	arena_init_with(&a, room + 1, 3, 100); /* less than aligning it takes */
	assert_non_null(arena_alloc(&a, 10));
	arena_reset(&a);
}

static void
test_a_pair_is_kept_whole_or_not(void **state)
{
	struct arena a;
	const char *kept;

	(void)state;
	arena_init(&a, 48);
	kept = arena_copy_pair(&a, SPAN("name"), SPAN("a value"));
	assert_string_equal(kept, "name");
	assert_string_equal(kept + 5, "a value");
	assert_null(
	    arena_copy_pair(&a, SPAN("name"), SPAN("one that is longer than what is left of it")));
	kept = arena_copy_pair(&a, SPAN("name"), span_of(NULL, 0));
	assert_string_equal(kept + 5, "");
	arena_reset(&a);
}

static void
test_text_has_room_or_fails(void **state)
{
	struct strb b;

	(void)state;
	strb_init(&b, 10);
	memcpy(strb_room(&b, 4), "four", 4);
	strb_add(&b, SPAN("-"));
	memcpy(strb_room(&b, 5), "fives", 5);
	assert_string_equal(strb_cstr(&b), "four-fives");
	assert_false(strb_failed(&b));
	assert_null(strb_room(&b, 1));
	assert_true(strb_failed(&b));
	assert_null(strb_room(&b, 0));
	strb_free(&b);
}

static void
test_reasons_have_unique_codes_and_words(void **state)
{
	(void)state;
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		const struct reason_info *info = reason_info((enum reason)r);

		assert_true(reason_of_code(info->code) == (enum reason)r);
		assert_true(reason_of_word(info->word, strlen(info->word)) == (enum reason)r);
		for (unsigned other = 0; other < r; other++)
			assert_string_not_equal(info->word, reason_word((enum reason)other));
	}
	assert_true(reason_of_code(0xFFFFFFFF) == R_STREAM_RESET);
}

static void
test_clock_text(void **state)
{
	char out[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_text(1795357292042, out), "2026-11-22T14:21:32.042Z");
	assert_string_equal(clock_text(-1, out), "1969-12-31T23:59:59.999Z");
	assert_true(span_eq(clock_span(1795357292042, out), SPAN("2026-11-22T14:21:32.042Z")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut_and_trim),
	    cmocka_unit_test(test_numbers_do_not_wrap),
	    cmocka_unit_test(test_strb_remembers_failure),
	    cmocka_unit_test(test_escapes),
	    cmocka_unit_test(test_utf8_is_cut_between_characters),
	    cmocka_unit_test(test_arena_is_bounded),
	    cmocka_unit_test(test_an_arena_begins_in_what_it_is_lent),
	    cmocka_unit_test(test_a_pair_is_kept_whole_or_not),
	    cmocka_unit_test(test_text_has_room_or_fails),
	    cmocka_unit_test(test_reasons_have_unique_codes_and_words),
	    cmocka_unit_test(test_clock_text),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
