#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/http/every_split.h"

#define BAD " fault(bad_request)"

/* "GET / HTTP/1.1", a Host, and these lines. */
static void
expect_lines(const char *lines, const char *want)
{
	expect_requestf(want, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", lines);
}

static void
expect_bad_lines(const char *const *lines)
{
	for (; *lines; lines++)
		expect_lines(*lines, BAD);
}

static void
test_a_request_is_told_as_it_came(void **state)
{
	(void)state;
	expect_request(
	    SPAN("GET /a%20b/../c?d=/e HTTP/1.1\r\nhOsT: h:80\r\nX: \t a  b \t\r\nX:\r\n\r\n"),
	    "GET /a%20b/../c?d=/e 1.1 none keep|hOsT: h:80|X: a  b|X: | end  eof");
	expect_request(SPAN("\r\nGET / HTTP/1.0\r\n\r\n"), "GET / 1.0 none| end  eof");
	expect_request(SPAN(""), "eof");
	expect_request(SPAN("\r\n"), "eof");
	expect_request(SPAN("GET / HT"), BAD);
}

/* H01 H02 H09 */
static void
test_two_lengths_are_refused(void **state)
{
	static const char *const bad[] = {
	    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
	    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
	    "tRANSFER-eNCODING: CHUNKED\r\ncONTENT-lENGTH: 0\r\n",
	    "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n",
	    "Content-Length: 5\r\nContent-Length: 5\r\n",
	    "Content-Length: 5\r\nContent-Length: 6\r\n",
	    "Content-Length: 5, 5\r\n",
	    "Content-Length: 5,6\r\n",
	    NULL,
	};

	(void)state;
	expect_bad_lines(bad);
	expect_request(
	    SPAN("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"), BAD);
}

/* H03 H04 H05 */
static void
test_a_length_is_digits_and_below_two_to_the_63(void **state)
{
	static const char *const bad[] = {
	    "Content-Length: +5\r\n",
	    "Content-Length: -1\r\n",
	    "Content-Length: 0x5\r\n",
	    "Content-Length: 5_0\r\n",
	    "Content-Length: 5 6\r\n",
	    "Content-Length: 1e1\r\n",
	    "Content-Length: 5;\r\n",
	    "Content-Length:\r\n",
	    "Content-Length: \r\n",
	    "Content-Length: \xA0"
	    "5\r\n",
	    "Content-Length: 9223372036854775808\r\n",
	    "Content-Length: 18446744073709551615\r\n",
	    "Content-Length: 18446744073709551616\r\n",
	    "Content-Length: 123456789012345678901234567890\r\n",
	    NULL,
	};

	(void)state;
	expect_bad_lines(bad);
	expect_request(SPAN("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 00005\r\n\r\nhello"),
	    "PUT / 1.1 length=5 keep|Host: h|Content-Length: 00005| body(hello) end  eof");
	expect_request(SPAN("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5 \r\n\r\nhello"),
	    "PUT / 1.1 length=5 keep|Host: h|Content-Length: 5| body(hello) end  eof");
	expect_request(
	    SPAN("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\nx"),
	    "PUT / 1.1 length=9223372036854775807 keep|Host: h|Content-Length: 9223372036854775807|"
	    " body(x) fault(short_body)");
}

/* H06 H07 H08 B1 */
static void
test_chunked_alone_is_a_transfer_coding(void **state)
{
	static const char *const missing[] = {
	    "xchunked", "chunkedx", "identity", "gzip", "gzip, chunked", "identity, chunked", NULL};
	static const char *const bad[] = {
	    "Transfer-Encoding: chunked;q=1\r\n",
	    "Transfer-Encoding: \"chunked\"\r\n",
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
	    "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
	    "Transfer-Encoding: chunked, chunked\r\n",
	    "Transfer-Encoding: chunked, identity\r\n",
	    "Transfer-Encoding: ,chunked\r\n",
	    "Transfer-Encoding: chunked,\r\n",
	    "Transfer-Encoding:\r\n",
	    "Transfer-Encoding:\r\n\tchunked\r\n",
	    "Transfer-Encoding: \vchunked\r\n",
	    "Transfer-Encoding: chunked\f\r\n",
	    "Transfer-Encoding: \xA0"
	    "chunked\r\n",
	    "Transfer-Encoding: chun ked\r\n",
	    NULL,
	};

	(void)state;
	for (const char *const *coding = missing; *coding; coding++)
		expect_requestf(" fault(bad_coding)",
		    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: %s\r\n\r\n", *coding);
	expect_bad_lines(bad);
	expect_request(
	    SPAN("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\0\r\n\r\n"), BAD);
	expect_request(
	    SPAN("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \t chUNKed \t\r\n\r\n0\r\n\r\n"),
	    "GET / 1.1 chunked keep|Host: h|Transfer-Encoding: chUNKed| end  eof");
}

/* H10 H11 H12 H13 B1 */
static void
test_a_field_is_a_name_a_colon_and_one_line(void **state)
{
	static const char *const bad[] = {
	    "Content-Length : 5\r\n",
	    "Transfer-Encoding : chunked\r\n",
	    "X\t: a\r\n",
	    "X Y: a\r\n",
	    "X\tY: a\r\n",
	    " X: a\r\n",
	    "X: a\r\n b\r\n",
	    "X: a\r\n\tb\r\n",
	    "X: a\r\n \r\n",
	    "X\r\n",
	    ": a\r\n",
	    ":\r\n",
	    "X\x80: a\r\n",
	    "X(: a\r\n",
	    "X\"Y: a\r\n",
	    NULL,
	};

	(void)state;
	expect_bad_lines(bad);
	expect_request(SPAN("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\n\tX: 1\r\nHost: h\r\n\r\n"), BAD);
}

/* H14 */
static void
test_controls_have_no_place_in_a_field(void **state)
{
	char in[] = "GET / HTTP/1.1\r\nHost: h\r\nXaY: aXb\r\n\r\n";
	char *in_name = in + 27 - 1, *in_value = strchr(in_name, ' ') + 2;

	(void)state;
	assert_int_equal(*in_name, 'a');
	for (int c = 0; c < 256; c++) {
		struct span text = span_of(in, sizeof(in) - 1);
		char told[80];

		if ((c > 0x20 && c < 0x7F) || c == '\n')
			continue;
		*in_name = (char)c;
		expect_request(text, BAD);
		*in_name = 'a';
		*in_value = (char)c;
		snprintf(told, sizeof(told), "GET / 1.1 none keep|Host: h|XaY: a%cb| end  eof", c);
		expect_request(text, c >= 0x80 || c == '\t' || c == ' ' ? told : BAD);
		*in_value = 'X';
	}
}

/* H15 H16 B1 */
static void
test_only_crlf_ends_a_line(void **state)
{
	(void)state;
	expect_request(SPAN("GET / HTTP/1.1\nHost: h\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\r\n\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\n\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\rHost: h\r\r"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\r\n\rX"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r\r\n"), BAD);
	expect_request(SPAN("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), BAD);
	expect_request(SPAN("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"), BAD);
	expect_request(SPAN("\r\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), BAD);
}

/* H27 */
static void
test_there_is_one_host_and_it_is_a_host(void **state)
{
	static const char *const bad[] = {"", "a,b", "a@b", "a/b", "a b", ":80", "a:b", "a:80:80",
	    "[", "[]", "[::1", "[::1]x", "a?b", "a#b", "a\\b", "h\xC3\xA4", NULL};
	static const char *const good[] = {
	    "a", "a.b-c_d~e:443", "127.0.0.1:80", "[::1]", "[2001:db8::1]:80", "a:", NULL};

	(void)state;
	for (const char *const *host = bad; *host; host++)
		expect_requestf(BAD, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", *host);
	for (const char *const *host = good; *host; host++) {
		char want[80];

		snprintf(want, sizeof(want), "GET / 1.1 none keep|Host: %s| end  eof", *host);
		expect_requestf(want, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", *host);
	}
	expect_request(SPAN("GET / HTTP/1.1\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.0\r\nHost: h\r\nhost: i\r\n\r\n"), BAD);
	expect_request(SPAN("GET / HTTP/1.0\r\nHost: a/b\r\n\r\n"), BAD);
}

/* H28 H29 H38 B1 */
static void
test_a_target_is_a_path_a_url_or_a_star(void **state)
{
	static const char *const bad[] = {"GET *", "GET */x", "OPTIONS */x", "GET **", "GET x",
	    "GET h:80", "GET ?a", "GET http:/x", "GET http://", "GET http:///x", "GET http://a@b/x",
	    "GET http://a,b/x", "GET ://h/x", "GET /x#y", "GET /#", "GET http://h/#", NULL};
	static const char *const good[] = {"OPTIONS *", "OPTIONS /x", "GET http://other/id/x?y",
	    "GET HTTP://other:80/", "GET http://[::1]/", "GET //x", "GET /\\\"<>^`{|}",
	    "GET /?\"<>^`{|}", "GET /%", "GET /%00%zz", "GET /;a=b,c@d:e[f]!$&'()*+~", NULL};

	(void)state;
	for (const char *const *line = bad; *line; line++)
		expect_requestf(BAD, "%s HTTP/1.1\r\nHost: h\r\n\r\n", *line);
	for (const char *const *line = good; *line; line++) {
		char want[80];

		snprintf(want, sizeof(want), "%s 1.1 none keep|Host: h| end  eof", *line);
		expect_requestf(want, "%s HTTP/1.1\r\nHost: h\r\n\r\n", *line);
	}
}

/* H36 H37 B1 */
static void
test_single_spaces_part_the_request_line(void **state)
{
	static const char *const bad[] = {"GET /a b HTTP/1.1", "GET  / HTTP/1.1", "GET /  HTTP/1.1",
	    "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", " GET / HTTP/1.1", "GET  HTTP/1.1", "GET /",
	    "GET", "GET / ", NULL};
	char in[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

	(void)state;
	for (const char *const *line = bad; *line; line++)
		expect_requestf(BAD, "%s\r\nHost: h\r\n\r\n", *line);
	for (int c = 0; c < 256; c++) {
		if (c >= 0x20 && c < 0x7F)
			continue;
		in[5] = (char)c;
		expect_request(span_of(in, sizeof(in) - 1), BAD);
	}
}

/* H30 H31 H32 H34 H35 B1 */
static void
test_methods_are_those_of_the_table(void **state)
{
	static const char *const known[] = {
#define METHOD(name, why) (why) == R_NONE ? name : NULL,
#include "http/method_tbl.h"
#undef METHOD
	};
	static const char *const unknown[] = {"FOO", "get", "Get", "G", "GETT", "DESCRIBE", "SETUP",
	    "TEARDOWN", "SOURCE", "GET_PARAMETER", "FLUSH", "!#$%&'*+-.^_`|~"};
	char want[80], endless[8001];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		snprintf(want, sizeof(want), "%s / 1.1 none keep|Host: h| end  eof", known[i]);
		if (known[i])
			expect_requestf(want, "%s / HTTP/1.1\r\nHost: h\r\n\r\n", known[i]);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		expect_requestf(
		    " fault(unknown_method)", "%s / HTTP/1.1\r\nHost: h\r\n\r\n", unknown[i]);
	memset(endless, 'A', sizeof(endless));
	expect_request(span_of(endless, sizeof(endless)), " fault(unknown_method)");
	expect_request(SPAN("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), " fault(bad_method)");
	expect_request(SPAN("CONNECT /x HTTP/1.1\r\nHost: h\r\n\r\n"), " fault(bad_method)");
	expect_request(SPAN("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"), " fault(bad_method)");
	expect_request(SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), " fault(bad_version)");
	expect_request(SPAN("G\0T / HTTP/1.1\r\nHost: h\r\n\r\n"), BAD);
	expect_request(SPAN("G(T / HTTP/1.1\r\nHost: h\r\n\r\n"), BAD);
	expect_request(SPAN("G\xC3T / HTTP/1.1\r\nHost: h\r\n\r\n"), BAD);
}

/* H33 H35 B1 */
static void
test_versions_are_1_0_and_1_1(void **state)
{
	static const char *const other[] = {
	    "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.1", "HTTP/9.9"};
	static const char *const bad[] = {"HTTP/1.10", "HTTP/1", "HTTP/1.", "http/1.1", "HTTP/1.1 ",
	    "HTTP/11", "HTTP/01.1", "HTTP/1,1", "RTSP/1.0", "ICE/1.0", "HTTP", "XTTP/1.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		expect_requestf(" fault(bad_version)", "GET / %s\r\nHost: h\r\n\r\n", other[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_requestf(BAD, "OPTIONS / %s\r\nHost: h\r\n\r\n", bad[i]);
	expect_request(SPAN("GET /x\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"), BAD);
}

/* H39: what is no HTTP at all is known by its first byte. */
static void
test_strangers_are_refused_at_once(void **state)
{
	static const struct span hellos[] = {{"\x16\x03\x01", 3}, {"\x00", 1}, {"\xFF", 1},
	    {" ", 1}, {"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 18}, {"\n", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(hellos) / sizeof(*hellos); i++)
		expect_request(hellos[i], BAD);
	expect_request(SPAN("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
	    "GET / 1.0 none| end  eof");
}

/* H42 */
static void
test_who_would_keep_the_connection(void **state)
{
	(void)state;
	expect_request(SPAN("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
	    "GET / 1.0 none keep|Connection: Keep-Alive| end  eof");
	expect_request(SPAN("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"),
	    "GET / 1.0 none|Connection: keep-alive, close| end  eof");
	expect_lines("Connection: x\r\nConnection: y ,\tCLOSE\r\n",
	    "GET / 1.1 none|Host: h|Connection: x|Connection: y ,\tCLOSE| end  eof");
	expect_lines(
	    "Connection: closed\r\n", "GET / 1.1 none keep|Host: h|Connection: closed| end  eof");
}

/* H43 H44 H45: behind "close" the parser goes on if it is told to;
 * whose business that is, is the caller's. */
static void
test_messages_follow_each_other(void **state)
{
	(void)state;
	expect_request(SPAN("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
			    "\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
			    "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"),
	    "POST /1 1.1 length=2 keep|Host: h|Content-Length: 2| body(ab) end  "
	    "GET /2 1.1 none|Host: h|Connection: close| end  GET /3 1.1 none keep|Host: h| end  "
	    "eof");
	expect_request(SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r\n\x16garbage"),
	    "GET / 1.1 none keep|Host: h| end   fault(bad_request)");
}

/* H26 H49 */
static void
test_any_method_may_have_a_body(void **state)
{
	static const char *const methods[] = {"GET", "HEAD", "DELETE", "POST", "OPTIONS"};
	char want[120];

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		snprintf(want, sizeof(want),
		    "%s / 1.1 length=3 keep|Host: h|Content-Length: 3| body(abc) end  eof",
		    methods[i]);
		expect_requestf(
		    want, "%s / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", methods[i]);
	}
	expect_request(SPAN("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
	    "POST / 1.1 length=0 keep|Host: h|Content-Length: 0| end  eof");
	expect_request(
	    SPAN("POST / HTTP/1.1\r\nHost: h\r\n\r\n"), "POST / 1.1 none keep|Host: h| end  eof");
	expect_request(SPAN("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab"),
	    "POST / 1.1 length=3 keep|Host: h|Content-Length: 3| body(ab) fault(short_body)");
}

/* H47 H48 */
static void
test_the_only_expectation_is_100_continue(void **state)
{
	(void)state;
	expect_lines("Expect: 100-Continue\r\n",
	    "GET / 1.1 none keep expect|Host: h|Expect: 100-Continue| end  eof");
	expect_lines("Expect: foo\r\n", " fault(bad_expect)");
	expect_lines("Expect: 100-continue, foo\r\n", " fault(bad_expect)");
	expect_lines("Expect:\r\n", " fault(bad_expect)");
	expect_lines("Expect: 100-continue\r\nExpect: foo\r\n", " fault(bad_expect)");
	expect_request(
	    SPAN("GET / HTTP/1.0\r\nExpect: foo\r\n\r\n"), "GET / 1.0 none|Expect: foo| end  eof");
	expect_request(SPAN("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"),
	    "GET / 1.0 none|Expect: 100-continue| end  eof");
}

/* H56 */
static void
test_framing_in_disguise_is_refused(void **state)
{
	static const char *const bad[] = {"Transfer_Encoding: chunked\r\n", "Content_Length: 5\r\n",
	    "content_LENGTH: 5\r\nX: y\r\n", NULL};

	(void)state;
	expect_bad_lines(bad);
	expect_lines("X_Forwarded_For: a\r\nA_B: c\r\n",
	    "GET / 1.1 none keep|Host: h|X_Forwarded_For: a|A_B: c| end  eof");
}

/* B1 */
static void
test_an_upgrade_has_no_body(void **state)
{
	(void)state;
	expect_lines("Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n",
	    "GET / 1.1 none keep upgrade|Host: h|Upgrade: websocket|Connection: keep-alive, "
	    "Upgrade|"
	    " end  eof");
	expect_lines(
	    "Upgrade: websocket\r\n", "GET / 1.1 none keep|Host: h|Upgrade: websocket| end  eof");
	expect_lines(
	    "Connection: upgrade\r\n", "GET / 1.1 none keep|Host: h|Connection: upgrade| end  eof");
	expect_lines("Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 5\r\n", BAD);
	expect_lines("Upgrade: x\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n", BAD);
	expect_request(SPAN("POST / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"
			    "Content-Length: 1\r\n\r\nx"),
	    "POST / 1.1 length=1 keep|Host: h|Upgrade: h2c|Connection: upgrade|Content-Length: 1| "
	    "body(x) end  eof");
	expect_lines("Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 0\r\n",
	    "GET / 1.1 length=0 keep upgrade|Host: h|Upgrade: x|Connection: "
	    "upgrade|Content-Length: 0|"
	    " end  eof");
	expect_request(SPAN("GET / HTTP/1.0\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
	    "GET / 1.0 none|Upgrade: x|Connection: upgrade| end  eof");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_request_is_told_as_it_came),
	    cmocka_unit_test(test_two_lengths_are_refused),
	    cmocka_unit_test(test_a_length_is_digits_and_below_two_to_the_63),
	    cmocka_unit_test(test_chunked_alone_is_a_transfer_coding),
	    cmocka_unit_test(test_a_field_is_a_name_a_colon_and_one_line),
	    cmocka_unit_test(test_controls_have_no_place_in_a_field),
	    cmocka_unit_test(test_only_crlf_ends_a_line),
	    cmocka_unit_test(test_there_is_one_host_and_it_is_a_host),
	    cmocka_unit_test(test_a_target_is_a_path_a_url_or_a_star),
	    cmocka_unit_test(test_single_spaces_part_the_request_line),
	    cmocka_unit_test(test_methods_are_those_of_the_table),
	    cmocka_unit_test(test_versions_are_1_0_and_1_1),
	    cmocka_unit_test(test_strangers_are_refused_at_once),
	    cmocka_unit_test(test_who_would_keep_the_connection),
	    cmocka_unit_test(test_messages_follow_each_other),
	    cmocka_unit_test(test_any_method_may_have_a_body),
	    cmocka_unit_test(test_the_only_expectation_is_100_continue),
	    cmocka_unit_test(test_framing_in_disguise_is_refused),
	    cmocka_unit_test(test_an_upgrade_has_no_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
