#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/http/every_split.h"

#define BEFORE "GET / HTTP/1.1\r\nHost: h\r\n"

/* The defaults of the service. */
static const struct http_limits defaults = {
    .head_max = 32768, .target_max = 8192, .fields_max = 100};

/* Whole and in a few sizes of piece: what is told, without its fields. */
static void
expect_verdict(struct span in, const char *end)
{
	static const size_t cuts[] = {SIZE_MAX, 1, 7, 1448, 4096, 32767, 32768, 32769};
	struct telling t = {HTTP_REQUEST, &defaults, false, HTTP_GO};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct story s;
		struct span told, want = span_str(end);

		tell(&t, in, &cuts[i], 1, &s);
		told = strb_span(&s.text);
		assert_true(told.n >= want.n);
		assert_memory_equal(told.p + told.n - want.n, want.p, want.n);
		strb_free(&s.text);
	}
}

/* A head of exactly n bytes. */
static struct span
head_of(size_t n)
{
	static char text[2 << 20];
	struct span before = SPAN(BEFORE "A: ");

	memset(text, 'a', n);
	memcpy(text, before.p, before.n);
	memcpy(text + n - 4, "\r\n\r\n", 4);
	return span_of(text, n);
}

/* H40 J33 */
static void
test_a_head_may_fill_its_limit(void **state)
{
	(void)state;
	expect_verdict(head_of(8192), "| end  eof");
	expect_verdict(head_of(defaults.head_max), "| end  eof");
	expect_verdict(head_of(defaults.head_max + 1), " fault(head_too_large)");
	expect_verdict(head_of(defaults.head_max + 2), " fault(head_too_large)");
	expect_verdict(head_of(1 << 20), " fault(head_too_large)");
	expect_verdict(span_take(head_of(1 << 20), defaults.head_max), " fault(head_too_large)");
	expect_verdict(span_take(head_of(1 << 20), defaults.head_max - 1), " fault(bad_request)");
}

/* H40 */
static void
test_a_name_may_not_go_on_for_ever(void **state)
{
	static char text[70000] = BEFORE;

	(void)state;
	memset(text + strlen(text), 'n', 65536);
	strcat(text, ": v\r\n\r\n");
	expect_verdict(span_str(text), " fault(head_too_large)");
}

static void
expect_fields(size_t n, const char *want)
{
	struct strb b;

	strb_init(&b, 1 << 20);
	strb_add(&b, SPAN(BEFORE));
	for (size_t i = 1; i < n; i++)
		strb_add(&b, SPAN("A:\r\n"));
	strb_add(&b, SPAN("\r\n"));
	expect_verdict(strb_span(&b), want);
	strb_free(&b);
}

/* H40 */
static void
test_fields_are_counted(void **state)
{
	(void)state;
	expect_fields(100, "|A: | end  eof");
	expect_fields(101, " fault(head_too_large)");
	expect_fields(10000, " fault(head_too_large)");
}

static void
expect_target(size_t n, const char *want)
{
	struct strb b;

	strb_init(&b, 1 << 20);
	strb_add(&b, SPAN("GET /"));
	for (size_t i = 1; i < n; i++)
		strb_char(&b, 'x');
	strb_add(&b, SPAN(" HTTP/1.1\r\nHost: h\r\n\r\n"));
	expect_verdict(strb_span(&b), want);
	strb_free(&b);
}

/* H41 */
static void
test_a_target_may_fill_its_limit(void **state)
{
	(void)state;
	expect_target(8000, "|Host: h| end  eof");
	expect_target(8192, "|Host: h| end  eof");
	expect_target(8193, " fault(target_too_long)");
	expect_target(100000, " fault(target_too_long)");
}

/* H40: refused with the byte that makes it sure, and the rest is not taken. */
static void
test_a_refusal_does_not_wait(void **state)
{
	struct story s = {0};
	struct http_parser *p;
	struct span long_head = head_of(1 << 20);
	size_t used, fed;

	(void)state;
	strb_init(&s.text, 1000);
	p = http_parser_new(HTTP_REQUEST, &defaults, &story_ops, &s);
	assert_int_equal(
	    http_parser_feed(p, span_take(long_head, defaults.head_max - 1), &used), 0);
	fed = used;
	assert_int_equal(http_parser_gathered(p).n, fed);
	assert_int_equal(http_parser_feed(p, SPAN("a"), &used), -WHT_EPROTO);
	assert_int_equal(http_parser_fault(p), R_HEAD_TOO_LARGE);
	assert_int_equal(http_parser_gathered(p).n, 0);
	assert_int_equal(http_parser_feed(p, SPAN("GET / HTTP/1.0\r\n\r\n"), &used), -WHT_EPROTO);
	assert_int_equal(used, 0);
	http_parser_free(&p);
	strb_free(&s.text);
}

/* A held head leaves its body with the caller, and between messages a parser is idle. */
static void
test_a_head_may_be_held(void **state)
{
	struct story s = {.hold = HTTP_HOLD};
	struct http_parser *p;
	struct span in = SPAN("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab");
	size_t used;

	(void)state;
	strb_init(&s.text, 1000);
	p = http_parser_new(HTTP_REQUEST, &defaults, &story_ops, &s);
	assert_true(http_parser_idle(p));
	assert_int_equal(http_parser_feed(p, SPAN("\r\n"), &used), 0);
	assert_true(http_parser_idle(p));
	assert_int_equal(http_parser_feed(p, in, &used), 0);
	assert_int_equal(used, in.n - 2);
	assert_false(http_parser_idle(p));
	assert_int_equal(http_parser_feed(p, span_drop(in, used), &used), 0);
	assert_int_equal(used, 2);
	assert_true(http_parser_done(p));
	http_parser_next(p);
	assert_true(http_parser_idle(p));

	assert_int_equal(http_parser_feed(p, SPAN("GET / HTTP/1.0\r\n\r\n"), &used), 0);
	assert_false(http_parser_done(p));
	assert_int_equal(http_parser_feed(p, SPAN(""), &used), 0);
	assert_true(http_parser_done(p));
	http_parser_free(&p);
	strb_free(&s.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_head_may_fill_its_limit),
	    cmocka_unit_test(test_a_name_may_not_go_on_for_ever),
	    cmocka_unit_test(test_fields_are_counted),
	    cmocka_unit_test(test_a_target_may_fill_its_limit),
	    cmocka_unit_test(test_a_refusal_does_not_wait),
	    cmocka_unit_test(test_a_head_may_be_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
