#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "cli/register.h"
#include "ws/handshake.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, 1.3 */
#define SWITCHING                                                                                  \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"        \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static struct registration *reg;

static int
setup(void **state)
{
	(void)state;
	reg = registration_new(KEY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	registration_free(&reg);
	return 0;
}

/* Feeds text in two pieces cut at split, then perhaps the end; answers what was taken. */
static size_t
feed(struct span text, size_t split, bool eof)
{
	size_t taken = registration_feed(reg, span_take(text, split));

	if (taken == split)
		taken += registration_feed(reg, span_drop(text, split));
	if (eof)
		registration_eof(reg);
	return taken;
}

/* The verdict on text, the same at every split and byte by byte; *taken without what follows. */
static enum register_state
verdict(struct span text, bool eof, size_t *taken)
{
	enum register_state expected;
	size_t whole = feed(text, text.n, eof), taken_here;

	expected = registration_state(reg);
	for (size_t split = 0; split < text.n; split++) {
		registration_free(&reg);
		reg = registration_new(KEY);
		taken_here = feed(text, split, eof);
		assert_int_equal(registration_state(reg), expected);
		if (expected == REGISTER_ACCEPTED)
			assert_int_equal(taken_here, whole);
	}
	registration_free(&reg);
	reg = registration_new(KEY);
	for (size_t i = 0; i < whole; i++)
		registration_feed(reg, span_of(text.p + i, 1));
	if (eof)
		registration_eof(reg);
	assert_int_equal(registration_state(reg), expected);
	if (taken)
		*taken = whole;
	return expected;
}

static void
test_the_request_speaks_both_families(void **state)
{
	struct place server;
	struct strb out;

	(void)state;
	assert_null(place_of_server("http://localhost:8080", &server));
	strb_init(&out, REGISTER_REQUEST_MAX);
	register_write(&out, &server, "alpha", SPAN("a.b.c"), KEY);
	assert_false(strb_failed(&out));
	assert_string_equal(strb_cstr(&out),
	    "GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: whclient/" WHT_VERSION "\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: " KEY "\r\n"
	    "x-webhooktunnel-id: alpha\r\nx-websocktunnel-id: alpha\r\n"
	    "x-webhooktunnel-mux: window=262144, rst\r\n"
	    "Authorization: Bearer a.b.c\r\n\r\n");
	strb_free(&out);
}

static void
test_a_101_of_ours_is_taken(void **state)
{
	const struct register_answer *a;

	(void)state;
	assert_int_equal(verdict(SPAN(SWITCHING "x-webhooktunnel-client-url: https://a.b/alpha\r\n"
						"x-webhooktunnel-mux: window=1000, rst\r\n\r\n"),
			     false, NULL),
	    REGISTER_ACCEPTED);
	a = registration_answer(reg);
	assert_string_equal(a->url, "https://a.b/alpha");
	assert_true(a->mux.present);
	assert_true(a->mux.rst);
	assert_int_equal(a->mux.window, 1000);
}

/* R20 */
static void
test_bytes_behind_the_101_are_left_for_the_session(void **state)
{
	const struct span text = SPAN(SWITCHING "x-websocktunnel-client-url: http://h/a\r\n\r\n"
						"\x89\x00\x82\x05");
	size_t taken;

	(void)state;
	assert_int_equal(verdict(text, false, &taken), REGISTER_ACCEPTED);
	assert_int_equal(taken, text.n - 4);
	assert_false(registration_answer(reg)->mux.present);
	assert_string_equal(registration_answer(reg)->url, "http://h/a");
}

static void
test_a_101_that_keeps_no_word_is_broken(void **state)
{
	static const char *const wrong[] = {
	    /* another key's accept; no URL; a URL that would draw on the terminal; an extension */
	    "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
	    "x-webhooktunnel-client-url: http://h/a\r\n\r\n",
	    SWITCHING "\r\n",
	    SWITCHING "x-webhooktunnel-client-url: http://h/\xc2\x9b[2J\r\n\r\n",
	    SWITCHING "x-webhooktunnel-client-url: http://h/a b\r\n\r\n",
	    SWITCHING "x-webhooktunnel-client-url: http://h/a\r\n"
		      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(verdict(span_str(wrong[i]), false, NULL), REGISTER_BROKEN);
		assert_true(registration_answer(reg)->sentence[0] != '\0');
		assert_string_equal(registration_answer(reg)->url, "");
		teardown(state);
		setup(state);
	}
}

static void
test_a_refusal_tells_its_reason(void **state)
{
	const struct register_answer *a;

	(void)state;
	assert_int_equal(
	    verdict(SPAN("HTTP/1.1 401 Unauthorized\r\nx-webhooktunnel-error: bad_token\r\n"
			 "Content-Length: 22\r\n\r\nthe token is\x1b[2J no\nxx\n"),
		false, NULL),
	    REGISTER_REFUSED);
	a = registration_answer(reg);
	assert_int_equal(a->status, 401);
	assert_string_equal(a->error, "bad_token");
	assert_string_equal(a->sentence, "the token is[2J no");
}

static void
test_a_refusal_may_end_with_the_connection(void **state)
{
	(void)state;
	assert_int_equal(
	    verdict(SPAN("HTTP/1.1 400 Bad Request\r\n\r\nno id"), true, NULL), REGISTER_REFUSED);
	assert_string_equal(registration_answer(reg)->sentence, "no id");
}

static void
test_a_refusal_cut_short_is_one_all_the_same(void **state)
{
	(void)state;
	assert_int_equal(
	    verdict(SPAN("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nban"), true, NULL),
	    REGISTER_REFUSED);
	assert_int_equal(registration_answer(reg)->status, 403);
}

static void
test_a_page_for_a_browser_is_no_sentence(void **state)
{
	(void)state;
	assert_int_equal(
	    verdict(SPAN("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 13\r\n\r\n<html>\nx</html"),
		false, NULL),
	    REGISTER_REFUSED);
	assert_string_equal(registration_answer(reg)->sentence, "");
}

static void
test_an_interim_answer_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(verdict(SPAN("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
				      "HTTP/1.1 503 Service Unavailable\r\n"
				      "Content-Length: 0\r\n\r\n"),
			     false, NULL),
	    REGISTER_REFUSED);
	assert_int_equal(registration_answer(reg)->status, 503);
}

static void
test_what_is_no_answer_is_broken(void **state)
{
	static const char *const wrong[] = {"", "HTTP/1.1 200 OK\r\n", "SSH-2.0-OpenSSH\r\n",
	    "\x15\x03\x01\x02\x02", "HTTP/2.0 101 S\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(verdict(span_str(wrong[i]), true, NULL), REGISTER_BROKEN);
		teardown(state);
		setup(state);
	}
}

static void
test_an_endless_sentence_is_bounded(void **state)
{
	char body[5000];

	(void)state;
	memset(body, 'x', sizeof(body));
	registration_feed(reg, SPAN("HTTP/1.1 500 No\r\nContent-Length: 50000\r\n\r\n"));
	for (int i = 0; i < 10; i++)
		registration_feed(reg, span_of(body, sizeof(body)));
	assert_int_equal(registration_state(reg), REGISTER_REFUSED);
	assert_int_equal(strlen(registration_answer(reg)->sentence), REGISTER_SENTENCE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_request_speaks_both_families),
	    cmocka_unit_test_setup_teardown(test_a_101_of_ours_is_taken, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_bytes_behind_the_101_are_left_for_the_session, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_101_that_keeps_no_word_is_broken, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_refusal_tells_its_reason, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_refusal_may_end_with_the_connection, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_refusal_cut_short_is_one_all_the_same, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_page_for_a_browser_is_no_sentence, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_an_interim_answer_is_passed_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_no_answer_is_broken, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_an_endless_sentence_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
