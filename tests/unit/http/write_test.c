#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/parse.h"
#include "http/write.h"

struct copy {
	struct strb out;
	bool request;
};

static int
copy_fields(void *user, const struct http_head *head, struct span raw)
{
	struct copy *copy = user;

	(void)raw;
	http_write_end_to_end(&copy->out, head, copy->request);
	return HTTP_HOLD;
}

static const struct http_parser_ops copy_ops = {.on_head = copy_fields};
static const struct http_limits limits = {.head_max = 4096, .target_max = 512, .fields_max = 100};

/* What crosses of a head. */
static void
expect_crossing(enum http_kind kind, struct span head, const char *want)
{
	struct copy copy = {.request = kind == HTTP_REQUEST};
	struct http_parser *p = http_parser_new(kind, &limits, &copy_ops, &copy);
	size_t used;

	strb_init(&copy.out, 4096);
	assert_int_equal(http_parser_feed(p, head, &used), 0);
	assert_int_equal(used, head.n);
	assert_string_equal(strb_cstr(&copy.out), want);
	strb_free(&copy.out);
	http_parser_free(&p);
}

#define EXPECT_FROM_VIEWER(fields, want)                                                           \
	expect_crossing(                                                                           \
	    HTTP_REQUEST, SPAN("GET / HTTP/1.1\r\nHost: h\r\n" fields "\r\n"), "Host: h\r\n" want)
#define EXPECT_FROM_CLIENT(fields, want)                                                           \
	expect_crossing(HTTP_RESPONSE, SPAN("HTTP/1.1 200 OK\r\n" fields "\r\n"), want)

/* F01 */
static void
test_what_connection_names_stays_on_this_hop(void **state)
{
	(void)state;
	EXPECT_FROM_VIEWER(
	    "Connection: X-Hop, close\r\nx-hop: 1\r\nX-Hop: 2\r\nX-Hops: 3\r\n", "X-Hops: 3\r\n");
	EXPECT_FROM_VIEWER(
	    "A: 1\r\nConnection: b\r\nConnection: a\r\nB: 2\r\nC: 3\r\n", "C: 3\r\n");
	EXPECT_FROM_CLIENT("Connection: X-Hop\r\nX-Hop: 1\r\nServer: s\r\n", "Server: s\r\n");
}

/* F02 */
static void
test_hop_by_hop_fields_never_cross(void **state)
{
	(void)state;
	EXPECT_FROM_VIEWER("Keep-Alive: a\r\nProxy-Connection: b\r\nTE: gzip\r\nTrailer: c\r\n"
			   "Upgrade: d\r\nProxy-Authenticate: e\r\nproxy-authorization: f\r\n"
			   "HTTP2-Settings: g\r\nX: y\r\n",
	    "X: y\r\n");
	EXPECT_FROM_CLIENT("Keep-Alive: a\r\nTE: trailers\r\nTrailer: c\r\nUpgrade: d\r\n"
			   "Proxy-Authenticate: e\r\nX: y\r\n",
	    "X: y\r\n");
	EXPECT_FROM_VIEWER(
	    "te: deflate, Trailers\r\nConnection: TE\r\nTE: trailers\r\n", "TE: trailers\r\n");
}

/* F03 F08 */
static void
test_connection_cannot_remove_what_protects(void **state)
{
	(void)state;
	EXPECT_FROM_VIEWER("Connection: Host, Authorization, close\r\nAuthorization: Bearer x\r\n",
	    "Authorization: Bearer x\r\n");
	EXPECT_FROM_CLIENT("Connection: X-Forwarded-For, Authorization\r\nX-Forwarded-For: a\r\n"
			   "Authorization: b\r\n",
	    "X-Forwarded-For: a\r\nAuthorization: b\r\n");
}

/* F03: a Connection that names framing changes nothing for the parser either. */
static void
test_connection_cannot_remove_framing(void **state)
{
	(void)state;
	EXPECT_FROM_VIEWER(
	    "Connection: Content-Length, Transfer-Encoding\r\nContent-Length: 0\r\n", "");
	EXPECT_FROM_VIEWER("Transfer-Encoding: chunked\r\nX: y\r\n", "X: y\r\n");
	EXPECT_FROM_CLIENT("Content-Length: 0\r\nX: y\r\n", "X: y\r\n");
}

/* F03 F07 H54 H56 */
static void
test_what_a_viewer_says_about_itself_is_dropped(void **state)
{
	(void)state;
	EXPECT_FROM_VIEWER(
	    "X-Forwarded-For: a\r\nx-forwarded-PROTO: b\r\nX-Forwarded-Host: c\r\n"
	    "X-Forwarded-Port: d\r\nForwarded: e\r\nX-Real-IP: f\r\n"
	    "X-Webhooktunnel-Original-Path: g\r\nX-WebSockTunnel-Original-Path: h\r\n"
	    "Connection: x-websocktunnel-original-path\r\nX: y\r\n",
	    "X: y\r\n");
	EXPECT_FROM_VIEWER("X_Forwarded_For: a\r\nX-Forwarded_Proto: b\r\nKeep_Alive: c\r\n"
			   "Proxy_Authorization: d\r\nX_Y: z\r\n",
	    "X_Y: z\r\n");
	EXPECT_FROM_CLIENT("Forwarded: e\r\nX_Real_IP: f\r\n", "Forwarded: e\r\nX_Real_IP: f\r\n");
}

/* F04 F05 F06 */
static void
test_all_else_crosses_as_it_came(void **state)
{
	(void)state;
	EXPECT_FROM_VIEWER(
	    "aCCept: */*\r\nCookie: a=1\r\nX:\r\nCookie: b=2\r\nB:  \xff\"a,  b\" \r\n",
	    "aCCept: */*\r\nCookie: a=1\r\nX: \r\nCookie: b=2\r\nB: \xff\"a,  b\"\r\n");
	EXPECT_FROM_CLIENT("Set-Cookie: a\r\nset-cookie: b\r\nSet-Cookie: a\r\n",
	    "Set-Cookie: a\r\nset-cookie: b\r\nSet-Cookie: a\r\n");
}

static void
test_lines_and_framing_read_as_they_should(void **state)
{
	struct strb b;

	(void)state;
	strb_init(&b, 1000);
	http_write_request_line(&b, SPAN("GET"), SPAN("/x?y"));
	http_write_framing(&b, HTTP_BY_LENGTH, INT64_MAX);
	http_write_framing(&b, HTTP_CHUNKED, 0);
	http_write_framing(&b, HTTP_NO_BODY, 0);
	http_write_framing(&b, HTTP_UNTIL_CLOSE, 0);
	http_write_end(&b);
	http_write_status_line(&b, 404);
	http_write_status_line(&b, 299);
	assert_string_equal(strb_cstr(&b), "GET /x?y HTTP/1.1\r\n"
					   "Content-Length: 9223372036854775807\r\n"
					   "Transfer-Encoding: chunked\r\n\r\n"
					   "HTTP/1.1 404 Not Found\r\nHTTP/1.1 299 Unknown\r\n");
	strb_free(&b);
}

static void
test_a_reply_is_whole(void **state)
{
	struct strb b;

	(void)state;
	strb_init(&b, 1000);
	http_write_date(&b, 784111777); /* RFC 9110's own */
	assert_true(span_eq(strb_span(&b), SPAN("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")));
	strb_reset(&b);
	http_write_reply(&b, 502, SPAN("X: y\r\n"), SPAN("gone\n"), true, false);
	assert_string_equal(strb_cstr(&b),
	    "HTTP/1.1 502 Bad Gateway\r\nX: y\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
	    "Connection: close\r\n\r\ngone\n");
	strb_reset(&b);
	http_write_reply(&b, 200, SPAN(""), SPAN("ok"), false, true);
	assert_string_equal(strb_cstr(&b),
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n");
	strb_free(&b);
}

static void
test_a_chunk_head_fits_its_room(void **state)
{
	char out[HTTP_CHUNK_HEAD_MAX];

	(void)state;
	assert_true(span_eq(http_chunk_head(out, 1), SPAN("1\r\n")));
	assert_true(span_eq(http_chunk_head(out, 16384), SPAN("4000\r\n")));
	assert_true(span_eq(http_chunk_head(out, SIZE_MAX), SPAN("ffffffffffffffff\r\n")));
}

static void
test_the_table_knows_its_own_names(void **state)
{
	char name[65];

	(void)state;
	for (int id = HF_OTHER + 1; id < HF_COUNT; id++) {
		struct span known = http_field_name((enum http_field_id)id);
		ptrdiff_t dash = span_find(known, '-');

		assert_true(known.n < sizeof(name));
		memcpy(name, known.p, known.n);
		name[0] -= 'a' - 'A';
		assert_int_equal(http_field_lookup(span_of(name, known.n)), id);
		assert_int_equal(http_field_disguised(known), HF_OTHER);
		if (dash >= 0) {
			name[dash] = '_';
			assert_int_equal(http_field_lookup(span_of(name, known.n)), HF_OTHER);
			assert_int_equal(http_field_disguised(span_of(name, known.n)), id);
		}
	}
	assert_int_equal(http_field_lookup(SPAN("")), HF_OTHER);
	assert_int_equal(http_field_lookup(SPAN("hosts")), HF_OTHER);
	assert_int_equal(http_field_lookup(SPAN("hot")), HF_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_connection_names_stays_on_this_hop),
	    cmocka_unit_test(test_hop_by_hop_fields_never_cross),
	    cmocka_unit_test(test_connection_cannot_remove_what_protects),
	    cmocka_unit_test(test_connection_cannot_remove_framing),
	    cmocka_unit_test(test_what_a_viewer_says_about_itself_is_dropped),
	    cmocka_unit_test(test_all_else_crosses_as_it_came),
	    cmocka_unit_test(test_lines_and_framing_read_as_they_should),
	    cmocka_unit_test(test_a_reply_is_whole),
	    cmocka_unit_test(test_a_chunk_head_fits_its_room),
	    cmocka_unit_test(test_the_table_knows_its_own_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
