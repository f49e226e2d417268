#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/parse.h"
#include "http/write.h"
#include "ws/handshake.h"

#define KEY	"dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, 1.3 */
#define ACCEPT	"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define NO_HEAD REASON_COUNT

struct verdict {
	enum reason check;
	enum reason with_length, with_chunks; /* of the same head, had it announced a body */
	bool accepted;
	const char *key;
};

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	struct verdict *v = user;
	struct http_head changed = *head;

	(void)raw;
	v->check = ws_handshake_check(head);
	changed.framing = HTTP_BY_LENGTH;
	changed.length = 5;
	v->with_length = ws_handshake_check(&changed);
	changed.framing = HTTP_CHUNKED;
	v->with_chunks = ws_handshake_check(&changed);
	v->accepted = ws_handshake_accepted(head, v->key);
	return HTTP_HOLD;
}

/* What the handshake says of a head; NO_HEAD if the parser itself refused it. */
static struct verdict
judge(enum http_kind kind, struct span head, const char *key)
{
	static const struct http_limits limits = {32768, 8192, 100};
	static const struct http_parser_ops ops = {.on_head = on_head};
	struct verdict v = {.check = NO_HEAD, .key = key};
	struct http_parser *p = http_parser_new(kind, &limits, &ops, &v);
	size_t used;
	int err = http_parser_feed(p, head, &used);

	assert_true(err == 0 || v.check == NO_HEAD);
	http_parser_free(&p);
	return v;
}

#define REQUEST(method, version, fields)                                                           \
	judge(HTTP_REQUEST, SPAN(method " / " version "\r\nHost: h\r\n" fields "\r\n"), KEY).check

#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define V13	"Sec-WebSocket-Version: 13\r\n"
#define WITH(k) "Sec-WebSocket-Key: " k "\r\n"

/* R12 */
static void
test_the_usual_requests_are_taken(void **state)
{
	(void)state;
	assert_int_equal(REQUEST("GET", "HTTP/1.1", UPGRADE V13 WITH(KEY)), R_NONE);
	assert_int_equal(
	    REQUEST("GET", "HTTP/1.1",
		"Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" V13 WITH(KEY)),
	    R_NONE);
	assert_int_equal(REQUEST("GET", "HTTP/1.1",
			     "connection: keep-alive\r\nCONNECTION: upgrade\r\n"
			     "upgrade: h2c, websocket\r\n" V13 WITH(KEY)),
	    R_NONE);
	assert_int_equal(
	    REQUEST("GET", "HTTP/1.1", UPGRADE V13 WITH(KEY) "Content-Length: 0\r\n"), R_NONE);
}

/* R01 */
static void
test_without_upgrade_it_is_none(void **state)
{
	(void)state;
	assert_int_equal(REQUEST("GET", "HTTP/1.1", V13 WITH(KEY)), R_NO_UPGRADE);
	assert_int_equal(
	    REQUEST("GET", "HTTP/1.1", "Upgrade: websocket\r\n" V13 WITH(KEY)), R_NO_UPGRADE);
	assert_int_equal(
	    REQUEST("GET", "HTTP/1.1", "Connection: Upgrade\r\n" V13 WITH(KEY)), R_NO_UPGRADE);
	assert_int_equal(
	    REQUEST("GET", "HTTP/1.1", "Connection: Upgrade\r\nUpgrade: h2c\r\n" V13 WITH(KEY)),
	    R_NO_UPGRADE);
	assert_int_equal(REQUEST("GET", "HTTP/1.0", UPGRADE V13 WITH(KEY)), R_NO_UPGRADE);
	assert_int_equal(
	    REQUEST("POST", "HTTP/1.1", "Sec-WebSocket-Version: 12\r\n"), R_NO_UPGRADE);
}

/* R04 */
static void
test_only_get_upgrades(void **state)
{
	(void)state;
	assert_int_equal(REQUEST("POST", "HTTP/1.1", UPGRADE V13 WITH(KEY)), R_BAD_METHOD);
	assert_int_equal(REQUEST("HEAD", "HTTP/1.1", UPGRADE V13 WITH(KEY)), R_BAD_METHOD);
	assert_int_equal(REQUEST("PUT", "HTTP/1.1", UPGRADE V13 WITH(KEY)), R_BAD_METHOD);
}

/* R10 */
static void
test_the_version_is_13(void **state)
{
	(void)state;
#define VERSION(v) REQUEST("GET", "HTTP/1.1", UPGRADE WITH(KEY) v)
	assert_int_equal(VERSION(""), R_BAD_WS_VERSION);
	assert_int_equal(VERSION("Sec-WebSocket-Version: 0\r\n"), R_BAD_WS_VERSION);
	assert_int_equal(VERSION("Sec-WebSocket-Version: 8\r\n"), R_BAD_WS_VERSION);
	assert_int_equal(VERSION("Sec-WebSocket-Version: 12\r\n"), R_BAD_WS_VERSION);
	assert_int_equal(VERSION("Sec-WebSocket-Version: 013\r\n"), R_BAD_WS_VERSION);
	assert_int_equal(VERSION("Sec-WebSocket-Version: 13, 8\r\n"), R_BAD_WS_VERSION);
	assert_int_equal(VERSION("Sec-WebSocket-Version:\r\n"), R_BAD_WS_VERSION);
	assert_int_equal(VERSION(V13 V13), R_BAD_WS_VERSION);
#undef VERSION
}

/* R11 */
static void
test_the_key_is_sixteen_bytes_once(void **state)
{
	(void)state;
#define KEYS(k) REQUEST("GET", "HTTP/1.1", UPGRADE V13 k)
	assert_int_equal(KEYS(""), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("bad")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("MTIzNDU2Nzg5MDEyMzQ1")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("MTIzNDU2Nzg5MDEyMzQ1Njc=")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("MTIzNDU2Nzg5MDEyMzQ1Njc4")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("dGhlIHNhbXBsZSBub25jZQ=")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("dGhlIHNhbXBs!SBub25jZQ==")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("dGhlIHNhbXBs SBub25jZQ==")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("-GhlIHNhbXBsZSBub25jZQ==")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("dGhlIHNhbXBsZSBub25-ZQ==")), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH("======================"
				   "==")),
	    R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH(KEY) WITH(KEY)), R_BAD_HANDSHAKE);
	assert_int_equal(KEYS(WITH(KEY "=")), R_BAD_HANDSHAKE);
#undef KEYS
}

/* R21: the parser refuses such a head already, and the handshake does not rely on it */
static void
test_an_upgrade_has_no_body(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\n" UPGRADE V13 WITH(KEY) "\r\n";
	struct verdict v = judge(HTTP_REQUEST, span_str(head), KEY);

	(void)state;
	assert_int_equal(v.check, R_NONE);
	assert_int_equal(v.with_length, R_BAD_HANDSHAKE);
	assert_int_equal(v.with_chunks, R_BAD_HANDSHAKE);
	assert_int_not_equal(
	    REQUEST("GET", "HTTP/1.1", UPGRADE V13 WITH(KEY) "Content-Length: 5\r\n"), R_NONE);
	assert_int_not_equal(
	    REQUEST("GET", "HTTP/1.1", UPGRADE V13 WITH(KEY) "Transfer-Encoding: chunked\r\n"),
	    R_NONE);
}

/* R09 */
static void
test_the_101_negotiates_nothing(void **state)
{
	struct strb out;

	(void)state;
	assert_int_equal(
	    REQUEST("GET", "HTTP/1.1",
		UPGRADE V13 WITH(KEY) "Sec-WebSocket-Protocol: chat\r\n"
				      "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
	    R_NONE);
	strb_init(&out, 1000);
	ws_handshake_write_101(&out, SPAN(KEY));
	http_write_end(&out);
	assert_string_equal(strb_cstr(&out),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n");
	assert_true(judge(HTTP_RESPONSE, strb_span(&out), KEY).accepted);
	strb_free(&out);
}

static void
test_what_our_client_asks_our_server_takes(void **state)
{
	char key[WS_KEY_MAX], other[WS_KEY_MAX];
	struct strb out;

	(void)state;
	ws_handshake_key(key);
	ws_handshake_key(other);
	assert_string_not_equal(key, other);
	strb_init(&out, 1000);
	http_write_request_line(&out, SPAN("GET"), SPAN("/"));
	http_write_field(&out, SPAN("Host"), SPAN("h"));
	ws_handshake_write_request(&out, key);
	http_write_end(&out);
	assert_int_equal(judge(HTTP_REQUEST, strb_span(&out), key).check, R_NONE);
	strb_reset(&out);
	ws_handshake_write_101(&out, span_str(key));
	http_write_end(&out);
	assert_true(judge(HTTP_RESPONSE, strb_span(&out), key).accepted);
	assert_false(judge(HTTP_RESPONSE, strb_span(&out), other).accepted);
	strb_free(&out);
}

/* U03 */
static void
test_the_client_takes_only_what_it_asked_for(void **state)
{
	(void)state;
#define ANSWER(status, fields)                                                                     \
	judge(HTTP_RESPONSE, SPAN("HTTP/1.1 " status "\r\n" fields "\r\n"), KEY).accepted
#define ACCEPTS(a) "Sec-WebSocket-Accept: " a "\r\n"
	assert_true(ANSWER("101 Switching Protocols", UPGRADE ACCEPTS(ACCEPT)));
	assert_true(
	    ANSWER("101 x", "connection: upgrade\r\nupgrade: WebSocket\r\n" ACCEPTS(ACCEPT)));
	assert_false(ANSWER("200 OK", UPGRADE ACCEPTS(ACCEPT)));
	assert_false(ANSWER("101 x", UPGRADE));
	assert_false(ANSWER("101 x", UPGRADE ACCEPTS("s3pPLMBiTxaQ9kYGzzhZRbK+xOp=")));
	assert_false(ANSWER("101 x", UPGRADE ACCEPTS("S3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
	assert_false(ANSWER("101 x", UPGRADE ACCEPTS(ACCEPT) ACCEPTS(ACCEPT)));
	assert_false(ANSWER("101 x", "Upgrade: websocket\r\n" ACCEPTS(ACCEPT)));
	assert_false(ANSWER("101 x", "Connection: Upgrade\r\n" ACCEPTS(ACCEPT)));
	assert_false(ANSWER("101 x", "Connection: Upgrade\r\nUpgrade: h2c\r\n" ACCEPTS(ACCEPT)));
	assert_false(ANSWER("101 x", UPGRADE ACCEPTS(ACCEPT) "Sec-WebSocket-Protocol: chat\r\n"));
	assert_false(ANSWER(
	    "101 x", UPGRADE ACCEPTS(ACCEPT) "sec-websocket-extensions: permessage-deflate\r\n"));
#undef ACCEPTS
#undef ANSWER
}

static char *
value_in(const char *head, const char *name)
{
	const char *at = strstr(head, name);

	assert_non_null(at);
	at += strlen(name);
	return span_dup(span_of(at, strcspn(at, "\r")));
}

/* Requests and answers of the original services, in turn. */
static int
replay_capture(const char *path)
{
	FILE *in = fopen(path, "r");
	char *key = NULL;
	json_t *line;
	int answers = 0;

	assert_non_null(in);
	while ((line = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
		const char *head = json_string_value(json_object_get(line, "head"));

		if (head && span_starts(span_str(head), SPAN("GET "))) {
			free(key);
			key = value_in(head, "Sec-WebSocket-Key: ");
			assert_int_equal(judge(HTTP_REQUEST, span_str(head), key).check, R_NONE);
		} else if (head) {
			assert_true(judge(HTTP_RESPONSE, span_str(head), key).accepted);
			answers++;
		}
		json_decref(line);
	}
	free(key);
	fclose(in);
	return answers;
}

static void
test_captured_handshakes_hold(void **state)
{
	(void)state;
	assert_true(replay_capture(VECTORS "/whclient-v0-http.jsonl") > 0);
	assert_true(replay_capture(VECTORS "/wst-client-v1-http.jsonl") > 0);
	assert_true(replay_capture(VECTORS "/wst-client-v1-websocket.jsonl") > 0);
	assert_true(replay_capture(VECTORS "/wst-client-v106-websocket.jsonl") > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_usual_requests_are_taken),
	    cmocka_unit_test(test_without_upgrade_it_is_none),
	    cmocka_unit_test(test_only_get_upgrades),
	    cmocka_unit_test(test_the_version_is_13),
	    cmocka_unit_test(test_the_key_is_sixteen_bytes_once),
	    cmocka_unit_test(test_an_upgrade_has_no_body),
	    cmocka_unit_test(test_the_101_negotiates_nothing),
	    cmocka_unit_test(test_what_our_client_asks_our_server_takes),
	    cmocka_unit_test(test_the_client_takes_only_what_it_asked_for),
	    cmocka_unit_test(test_captured_handshakes_hold),
	};

	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
