#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/http/every_split.h"

#define OK	"HTTP/1.1 200 OK\r\n"
#define BAD	" fault(bad_response)"
#define SHORT	" fault(short_response)"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static void
expect_bad_responses(const struct span *responses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_response(responses[i], BAD);
}

#define EXPECT_BAD(list) expect_bad_responses((list), sizeof(list) / sizeof(*(list)))

static void
expect_response_to_head(struct span in, const char *want)
{
	expect_story_as((struct telling){HTTP_RESPONSE, &story_limits, true, 0}, in, want);
}

/* P01 P20 B1 */
static void
test_ambiguous_responses_are_refused(void **state)
{
	static const struct span bad[] = {
	    SPAN(OK "Content-Length: 5\r\n" CHUNKED "\r\n"),
	    SPAN(OK CHUNKED "Content-Length: 5\r\n\r\n"),
	    SPAN(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
	    SPAN(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
	    SPAN(OK "Content-Length: x\r\n\r\n"),
	    SPAN(OK "Content-Length:\r\n\r\n"),
	    SPAN(OK "Content-Length: 18446744073709551615\r\n\r\n"),
	    SPAN(OK "Content-Length: 9223372036854775808\r\n\r\n"),
	    SPAN(OK "Transfer-Encoding: gzip\r\n\r\n"),
	    SPAN(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	    SPAN(OK "Transfer-Encoding:\r\nContent-Length: 5\r\n\r\n"),
	    SPAN(OK CHUNKED CHUNKED "\r\n"),
	    SPAN("HTTP/1.0 200 OK\r\n" CHUNKED "\r\n"),
	};

	(void)state;
	EXPECT_BAD(bad);
}

/* P01 B1 */
static void
test_malformed_response_fields_are_refused(void **state)
{
	static const struct span bad[] = {
	    SPAN(OK "A: b\r\n c\r\n\r\n"),
	    SPAN(OK "A: \0\r\n\r\n"),
	    SPAN(OK "A: b\rc\r\n\r\n"),
	    SPAN(OK "A: b\n\r\n"),
	    SPAN(OK "A: b\r\n\n"),
	    SPAN("HTTP/1.1 200 OK\nA: b\n\n"),
	    SPAN("HTTP/1.1 200 OK\n\r\n"),
	    SPAN(OK "A b: c\r\n\r\n"),
	    SPAN(OK "A : c\r\n\r\n"),
	    SPAN(OK ": c\r\n\r\n"),
	    SPAN(OK "A\r\n\r\n"),
	    SPAN(OK " A: b\r\n\r\n"),
	};

	(void)state;
	EXPECT_BAD(bad);
}

/* P06 B1 */
static void
test_a_status_line_has_one_shape(void **state)
{
	static const char *const bad[] = {"HTTP/1.1 000 X", "HTTP/1.1 99 X", "HTTP/1.1 099 X",
	    "HTTP/1.1 600 X", "HTTP/1.1 1000 X", "HTTP/1.1 20", "HTTP/1.1 2 0", "HTTP/1.1 2000",
	    "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 -20 OK",
	    "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.2 200 OK", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK",
	    "HTTP/1.10 200 OK", "HTTP/2 200", "ICY 200 OK", "RTSP/1.0 200 OK", "http/1.1 200 OK",
	    " HTTP/1.1 200 OK", "\r\nHTTP/1.1 200 OK", "GET / HTTP/1.1", "garbage"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[80];
		int n = snprintf(text, sizeof(text), "%s\r\nContent-Length: 0\r\n\r\n", bad[i]);

		expect_response(span_of(text, (size_t)n), BAD);
	}
	expect_response(SPAN("HTTP/1.1 599 X\r\nContent-Length: 0\r\n\r\n"),
	    "599 1.1 length=0 keep|Content-Length: 0| end  eof");
	expect_response(SPAN("HTTP/1.0 200\r\nContent-Length: 0\r\n\r\n"),
	    "200 1.0 length=0|Content-Length: 0| end  eof");
}

/* P07: whatever the phrase says, nobody is told; but a bare CR might be a line end to somebody. */
static void
test_a_reason_phrase_is_only_skipped(void **state)
{
	char longest[1800];

	(void)state;
	expect_response(SPAN("HTTP/1.1 200 \0\x01\x1b[31m\xff\r\nContent-Length: 0\r\n\r\n"),
	    "200 1.1 length=0 keep|Content-Length: 0| end  eof");
	expect_response(SPAN("HTTP/1.1 200 O\rK\r\n\r\n"), BAD);
	expect_response(SPAN("HTTP/1.1 200 \r\r\n\r\n"), BAD);
	snprintf(longest, sizeof(longest), "HTTP/1.1 200 %01700d\r\n\r\n", 0);
	expect_response(span_str(longest), "200 1.1 until-close| end  eof");
}

/* P02 P03 P04 */
static void
test_a_response_cut_short_is_known_to_be(void **state)
{
	(void)state;
	expect_response(SPAN(""), "eof");
	expect_response(SPAN("HTTP/1."), SHORT);
	expect_response(SPAN(OK "A: b\r\n"), SHORT);
	expect_response(SPAN(OK "Content-Length: 5\r\n\r\nhell"),
	    "200 1.1 length=5 keep|Content-Length: 5| body(hell)" SHORT);
	expect_response(SPAN(OK CHUNKED "\r\n5\r\nhello\r\n"),
	    "200 1.1 chunked keep|Transfer-Encoding: chunked| body(hello)" SHORT);
	expect_response(SPAN(OK CHUNKED "\r\n5\r\nhello\r\n0\r\n"),
	    "200 1.1 chunked keep|Transfer-Encoding: chunked| body(hello)" SHORT);
}

/* P05 J33 */
static void
test_a_response_head_is_bounded(void **state)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), OK "A: %02040d\r\n\r\n", 0);
	struct strb many;

	(void)state;
	expect_response(span_of(text, n), BAD);
	strb_init(&many, 65536);
	strb_add(&many, SPAN(OK));
	for (int i = 0; i < 10000; i++)
		strb_add(&many, SPAN("A: b\r\n"));
	expect_response(strb_span(&many), BAD);
	strb_free(&many);
}

/* P08 */
static void
test_interim_responses_come_before_the_final_one(void **state)
{
	(void)state;
	expect_response(SPAN("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\n" OK
			     "Content-Length: 1\r\n\r\nx"),
	    "100 1.1 none keep| end  103 1.1 none keep|Link: a| end  "
	    "200 1.1 length=1 keep|Content-Length: 1| body(x) end  eof");
	expect_response_to_head(SPAN("HTTP/1.1 103 X\r\n\r\n" OK "Content-Length: 1\r\n\r\n"),
	    "103 1.1 none keep| end  200 1.1 none keep|Content-Length: 1| end  eof");
}

static void
test_behind_101_the_bytes_are_not_http(void **state)
{
	(void)state;
	expect_response(SPAN("HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x81\x00"),
	    "101 1.1 none keep upgrade|Upgrade: x|Connection: upgrade| end  upgraded");
	expect_response(SPAN("HTTP/1.1 101 X\r\n\r\n"), "101 1.1 none keep| end  upgraded");
	expect_response(SPAN("HTTP/1.1 101 X\r\nContent-Length: 5\r\n\r\nhello"),
	    "101 1.1 none keep|Content-Length: 5| end  upgraded");
}

/* P09 B1 */
static void
test_some_responses_have_no_body_whatever_they_say(void **state)
{
	static const int bodiless[] = {102, 204, 304};
	char text[120], want[120];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int n = snprintf(text, sizeof(text),
		    "HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
		    bodiless[i]);

		snprintf(want, sizeof(want),
		    "%d 1.1 none keep|Content-Length: 5| end  "
		    "200 1.1 length=0 keep|Content-Length: 0| end  eof",
		    bodiless[i]);
		expect_response(span_of(text, (size_t)n), want);
	}
	expect_response(SPAN("HTTP/1.1 204 X\r\n" CHUNKED "\r\n5\r\nhello\r\n"),
	    "204 1.1 none keep|Transfer-Encoding: chunked| end  " BAD);
	expect_response_to_head(
	    SPAN(OK CHUNKED "\r\n"), "200 1.1 none keep|Transfer-Encoding: chunked| end  eof");
	expect_response_to_head(SPAN(OK "\r\n"), "200 1.1 none keep| end  eof");
	expect_response_to_head(SPAN(OK "Content-Length: 5\r\n\r\nhello"),
	    "200 1.1 none keep|Content-Length: 5| end  " BAD);
}

static int
note_length(void *user, const struct http_head *head, struct span raw)
{
	(void)raw;
	*(uint64_t *)user = head->length;
	return HTTP_GO;
}

static void
ignore_end(void *user)
{
	(void)user;
}

/* P09: what a GET would have brought is passed on to who asked with HEAD. */
static void
test_the_length_of_a_bodiless_response_is_told(void **state)
{
	const struct http_parser_ops ops = {.on_head = note_length, .on_end = ignore_end};
	struct http_parser *p;
	uint64_t length = 0;
	size_t used;

	(void)state;
	p = http_parser_new(HTTP_RESPONSE, &story_limits, &ops, &length);
	assert_int_equal(
	    http_parser_feed(p, SPAN("HTTP/1.1 304 X\r\nContent-Length: 77\r\n\r\n"), &used), 0);
	assert_true(http_parser_done(p));
	assert_int_equal(length, 77);
	http_parser_free(&p);
}

/* P10: what is behind a message is not touched until the caller asks for the next one. */
static void
test_bytes_behind_a_response_stay_with_the_caller(void **state)
{
	struct story s = {0};
	struct http_parser *p;
	size_t used;

	(void)state;
	strb_init(&s.text, 1000);
	p = http_parser_new(HTTP_RESPONSE, &story_limits, &story_ops, &s);
	assert_int_equal(
	    http_parser_feed(p, SPAN(OK "Content-Length: 2\r\n\r\nabHTTP/1.1 200"), &used), 0);
	assert_int_equal(used, sizeof(OK "Content-Length: 2\r\n\r\nab") - 1);
	assert_true(http_parser_done(p));
	assert_int_equal(http_parser_feed(p, SPAN("HTTP/1.1 200"), &used), 0);
	assert_int_equal(used, 0);
	http_parser_free(&p);
	strb_free(&s.text);
}

/* P13 P17 */
static void
test_a_response_without_a_length_ends_with_the_stream(void **state)
{
	(void)state;
	expect_response(SPAN(OK "Connection: keep-alive\r\n\r\nhello\r\n\r\nworld"),
	    "200 1.1 until-close|Connection: keep-alive| body(hello\r\n\r\nworld) end  eof");
	expect_response(SPAN("HTTP/1.0 200 OK\r\n\r\n"), "200 1.0 until-close| end  eof");
	expect_response(
	    SPAN("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx"),
	    "200 1.0 length=1 keep|Connection: keep-alive|Content-Length: 1| body(x) end  eof");
	expect_response(SPAN(OK "Connection: close\r\nContent-Length: 1\r\n\r\nx"),
	    "200 1.1 length=1|Connection: close|Content-Length: 1| body(x) end  eof");
}

/* P15 P16 */
static void
test_chunked_responses_are_unwrapped(void **state)
{
	static const char told[] = "200 1.1 chunked keep|Transfer-Encoding: chunked|";
	char want[200];

	(void)state;
	snprintf(want, sizeof(want), "%s body(hello) trailer(Set-Cookie: c) end  eof", told);
	expect_response(SPAN(OK CHUNKED "\r\n2;a=\"b\"\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n"
					"Set-Cookie: c\r\nContent-Length: 99\r\n\r\n"),
	    want);
	snprintf(want, sizeof(want), "%s%s", told, BAD);
	expect_response(SPAN(OK CHUNKED "\r\n5\nhello\r\n"), want);
	expect_response(SPAN(OK CHUNKED "\r\n0\r\nA : b\r\n\r\n"), want);
}

/* P15: one chunk of 16 MiB, in pieces. */
static void
test_a_large_chunk_passes(void **state)
{
	const size_t size = 16 << 20, cuts[] = {65536};
	struct span head = SPAN(OK CHUNKED "\r\n1000000\r\n"), tail = SPAN("\r\n0\r\n\r\n");
	size_t n = head.n + size + tail.n;
	char *in = must_alloc(n);
	struct story s = {.hold = HTTP_HOLD};

	(void)state;
	memcpy(in, head.p, head.n);
	memset(in + head.n, 'x', size);
	memcpy(in + head.n + size, tail.p, tail.n);
	strb_init(&s.text, size + 1000);
	story_run(&s, HTTP_RESPONSE, &story_limits, span_of(in, n), cuts, 1);
	assert_true(strb_span(&s.text).n > size);
	assert_non_null(strstr(strb_cstr(&s.text) + size, "x) end  eof"));
	strb_free(&s.text);
	free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ambiguous_responses_are_refused),
	    cmocka_unit_test(test_malformed_response_fields_are_refused),
	    cmocka_unit_test(test_a_status_line_has_one_shape),
	    cmocka_unit_test(test_a_reason_phrase_is_only_skipped),
	    cmocka_unit_test(test_a_response_cut_short_is_known_to_be),
	    cmocka_unit_test(test_a_response_head_is_bounded),
	    cmocka_unit_test(test_interim_responses_come_before_the_final_one),
	    cmocka_unit_test(test_behind_101_the_bytes_are_not_http),
	    cmocka_unit_test(test_some_responses_have_no_body_whatever_they_say),
	    cmocka_unit_test(test_the_length_of_a_bodiless_response_is_told),
	    cmocka_unit_test(test_bytes_behind_a_response_stay_with_the_caller),
	    cmocka_unit_test(test_a_response_without_a_length_ends_with_the_stream),
	    cmocka_unit_test(test_chunked_responses_are_unwrapped),
	    cmocka_unit_test(test_a_large_chunk_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
