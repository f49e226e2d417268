#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "http/chunk.h"
#include "tests/unit/http/every_split.h"

#define HEAD	     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
#define TOLD	     "POST / 1.1 chunked keep|Host: h|Transfer-Encoding: chunked|"
#define CHUNKS(text) SPAN(HEAD text)

static void
test_chunks_are_one_body(void **state)
{
	(void)state;
	expect_request(CHUNKS("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
	    TOLD " body(hello world) end  GET / 1.0 none| end  eof");
	expect_request(CHUNKS("000000000000000A\r\n0123456789\r\n0\r\n\r\n"),
	    TOLD " body(0123456789) end  eof");
	expect_request(
	    CHUNKS("a\r\n012\r\n\r\n789\r\n0\r\n\r\n"), TOLD " body(012\r\n\r\n789) end  eof");
}

/* H17 H18 */
static void
test_a_size_is_up_to_sixteen_hex_digits(void **state)
{
	static const char *const bad[] = {"0x5", "+5", "-5", "5_0", " 5", "5 ", "5\t", "", ";a",
	    "5 ;a", "g", "00000000000000005", "8000000000000000", "ffffffffffffffff",
	    "10000000000000000"};
	static char zeros[10000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_requestf(
		    TOLD " fault(bad_request)", HEAD "%s\r\nhello\r\n0\r\n\r\n", bad[i]);
	memset(zeros, '0', sizeof(zeros) - 1);
	expect_requestf(TOLD " fault(bad_request)", HEAD "%s5\r\nhello\r\n0\r\n\r\n", zeros);
	expect_request(CHUNKS("7fffffffffffffff\r\nhello"), TOLD " body(hello) fault(short_body)");
}

/* H16 H19 */
static void
test_crlf_and_nothing_else_frames_a_chunk(void **state)
{
	(void)state;
	expect_request(CHUNKS("5\r\nhelloXX0\r\n\r\n"), TOLD " body(hello) fault(bad_request)");
	expect_request(CHUNKS("5\r\nhello\n0\r\n\r\n"), TOLD " body(hello) fault(bad_request)");
	expect_request(CHUNKS("5\r\nhello0\r\n\r\n"), TOLD " body(hello) fault(bad_request)");
	expect_request(CHUNKS("5\r\nhello\rX0\r\n\r\n"), TOLD " body(hello) fault(bad_request)");
	expect_request(CHUNKS("5\nhello\r\n0\r\n\r\n"), TOLD " fault(bad_request)");
	expect_request(CHUNKS("5\rXhello\r\n0\r\n\r\n"), TOLD " fault(bad_request)");
	expect_request(CHUNKS("0\n\r\n"), TOLD " fault(bad_request)");
	expect_request(CHUNKS("0\r\n\n"), TOLD " fault(bad_request)");
	expect_request(CHUNKS("0\r\n\rX"), TOLD " fault(short_body)");
}

/* H20 H21 H24 */
static void
test_extensions_are_read_and_dropped(void **state)
{
	static const char *const bad[] = {";a=\x01", ";a=\x7f", ";a=\"b", ";a=\"b\\\"", ";a\nb",
	    ";a\rb", ";a=\"\n\"", ";a=\"\r\"", ";a=(b)", ";\xff"};

	(void)state;
	expect_request(CHUNKS("5;a=b\r\nhello\r\n0\r\n\r\n"), TOLD " body(hello) end  eof");
	expect_request(
	    CHUNKS("5;a=\"b;\\\"c\";d\r\nhello\r\n0\r\n\r\n"), TOLD " body(hello) end  eof");
	expect_request(
	    CHUNKS("5;a = \"\xff\t\"\r\nhello\r\n00;x=y\r\n\r\n"), TOLD " body(hello) end  eof");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_requestf(
		    TOLD " fault(bad_request)", HEAD "5%s\r\nhello\r\n0\r\n\r\n", bad[i]);
	expect_request(CHUNKS("5;a=\0\r\nhello\r\n0\r\n\r\n"), TOLD " fault(bad_request)");
}

/* B1 */
static void
test_extensions_are_bounded(void **state)
{
	char ext[CHUNK_EXT_MAX + 3] = ";";

	(void)state;
	memset(ext + 1, 'a', CHUNK_EXT_MAX);
	expect_requestf(TOLD " body(hello) end  eof", HEAD "5%s\r\nhello\r\n0\r\n\r\n", ext);
	ext[CHUNK_EXT_MAX + 1] = 'a';
	expect_requestf(TOLD " fault(bad_request)", HEAD "5%s\r\nhello\r\n0\r\n\r\n", ext);
}

/* A chunked body of n times the same chunk, through chunk.h alone;
 * answers the bytes of data told. */
static size_t
run_chunks(struct http_chunk *c, struct span chunk, size_t n)
{
	size_t told = 0;

	http_chunk_init(c);
	for (size_t i = 0; i < n && c->state != CHUNK_BAD; i++) {
		struct span in = chunk;

		while (in.n && c->state != CHUNK_BAD)
			told += http_chunk_feed(c, &in).n;
	}
	return told;
}

/* H22 B1 */
static void
test_data_pays_for_its_framing(void **state)
{
	struct http_chunk c;
	char line[300] = "1;";

	(void)state;
	assert_int_equal(run_chunks(&c, SPAN("1\r\nx\r\n"), 100000), 100000);
	assert_int_equal(run_chunks(&c, SPAN("001\r\nx\r\n"), 100000), 100000);

	memset(line + 2, 'a', 200);
	strcpy(line + 202, "\r\nx\r\n");
	assert_true(run_chunks(&c, span_str(line), 100000) < 100);
	assert_int_equal(c.state, CHUNK_BAD);
}

/* H23 P16 */
static void
test_trailers_stay_trailers(void **state)
{
	(void)state;
	expect_request(CHUNKS("2\r\nab\r\n0\r\nA: b\r\nC:\r\n\r\n"),
	    TOLD " body(ab) trailer(A: b) trailer(C: ) end  eof");
	expect_request(CHUNKS("0\r\nContent-Length: 5\r\nHost: x\r\nX-Forwarded-For: y\r\nTE: z\r\n"
			      "Set-Cookie: a\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
	    TOLD " trailer(Set-Cookie: a) end  GET / 1.0 none| end  eof");
}

static void
test_trailers_are_checked_like_fields(void **state)
{
	static const char *const bad[] = {"A : b\r\n", " A: b\r\n", "A: b\r\n c\r\n", "A\r\n",
	    ": b\r\n", "A: b\n", "A: b\rc\r\n", "A: \x01\r\n", "Content_Length: 5\r\n"};
	char many[1000] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_requestf(TOLD " fault(bad_request)", HEAD "0\r\n%s\r\n", bad[i]);
	for (size_t i = 0; i <= story_limits.fields_max; i++)
		strcat(many, "A: b\r\n");
	expect_requestf(TOLD " fault(head_too_large)", HEAD "0\r\n%s\r\n", many);
	expect_requestf(TOLD " fault(head_too_large)", HEAD "0\r\nA: %02048d", 0);
	expect_requestf(TOLD " fault(short_body)", HEAD "0\r\nA: b\r\n");
}

/* H25 P03 */
static void
test_a_body_without_a_last_chunk_is_short(void **state)
{
	static const char *const cut[] = {"", "5", "5\r", "5\r\nhello", "5\r\nhello\r\n",
	    "5\r\nhello\r\n0", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\n\r"};

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(*cut); i++)
		expect_requestf(
		    i < 3 ? TOLD " fault(short_body)" : TOLD " body(hello) fault(short_body)",
		    HEAD "%s", cut[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chunks_are_one_body),
	    cmocka_unit_test(test_a_size_is_up_to_sixteen_hex_digits),
	    cmocka_unit_test(test_crlf_and_nothing_else_frames_a_chunk),
	    cmocka_unit_test(test_extensions_are_read_and_dropped),
	    cmocka_unit_test(test_extensions_are_bounded),
	    cmocka_unit_test(test_data_pays_for_its_framing),
	    cmocka_unit_test(test_trailers_stay_trailers),
	    cmocka_unit_test(test_trailers_are_checked_like_fields),
	    cmocka_unit_test(test_a_body_without_a_last_chunk_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
