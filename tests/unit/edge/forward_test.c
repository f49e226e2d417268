/* The heads that we send on, byte for byte. */
#include "heads.h"

#include "edge/forward.h"

struct forwarding {
	struct policy *policy;
	const char *peer;
	enum header_family family;
	bool tls, upgrade;
	struct strb out;
};

static void
write_it(const struct http_head *head, void *more)
{
	struct forwarding *f = more;
	struct route route = route_of(head, f->policy);
	struct sockaddr_in peer = address(f->peer, 5555);
	const struct forward_request request = {
	    .head = head,
	    .route = &route,
	    .family = f->family,
	    .policy = f->policy,
	    .peer = (struct sockaddr *)&peer,
	    .peer_host = span_str(f->peer),
	    .tls = f->tls,
	    .upgrade = forward_is_upgrade(head),
	    .request_id = SPAN("r1"),
	};

	assert_int_equal(route.kind, ROUTE_TUNNEL);
	f->upgrade = request.upgrade;
	strb_reset(&f->out);
	forward_write_request(&f->out, &request);
	assert_false(strb_failed(&f->out));
}

static struct forwarding
forwarding_new(void)
{
	struct forwarding f = {.policy = policy_plain(), .peer = "192.0.2.7"};

	strb_init(&f.out, 100000);
	return f;
}

static void
forwarding_end(struct forwarding *f)
{
	strb_free(&f->out);
	policy_end(&f->policy);
}

static void
becomes(struct forwarding *f, const char *request, const char *want)
{
	with_request(request, write_it, f);
	assert_string_equal(strb_cstr(&f->out), want);
}

static bool
mentions(struct forwarding *f, const char *text)
{
	return strcasestr(strb_cstr(&f->out), text) != NULL;
}

/* F04 F06 H51 H54: order, case and bytes of the rest stay; nothing is invented. */
static void
test_a_request(void **state)
{
	struct forwarding f = forwarding_new();

	(void)state;
	becomes(&f,
	    "GET /id/a?b HTTP/1.1\r\nhOsT: me\r\nX-A:  1\xff\r\nCookie: a\r\nCookie: b\r\n"
	    "Connection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers, x\r\n"
	    "X-Webhooktunnel-Original-Path: lie\r\nx-websocktunnel-original-path: lie\r\n"
	    "X-Forwarded-For: lie\r\nForwarded: for=lie\r\nX-Request-Id: theirs\r\n\r\n",
	    "GET /a?b HTTP/1.1\r\nhOsT: me\r\nX-A: 1\xff\r\nCookie: a\r\nCookie: b\r\n"
	    "TE: trailers\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"
	    "X-Forwarded-Host: me\r\nx-webhooktunnel-original-path: /id/a\r\n"
	    "x-request-id: r1\r\n\r\n");
	f.family = FAMILY_WEBSOCKTUNNEL;
	f.tls = true;
	becomes(&f, "GET /id HTTP/1.1\r\nHost: me\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: me\r\nX-Forwarded-For: 192.0.2.7\r\n"
	    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: me\r\n"
	    "x-websocktunnel-original-path: /id\r\nx-request-id: r1\r\n\r\n");
	becomes(&f, "GET /id?q HTTP/1.1\r\nHost: me\r\n\r\n",
	    "GET /?q HTTP/1.1\r\nHost: me\r\nX-Forwarded-For: 192.0.2.7\r\n"
	    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: me\r\n"
	    "x-websocktunnel-original-path: /id\r\nx-request-id: r1\r\n\r\n");
	forwarding_end(&f);
}

/* H28 H42: Host is who the viewer asked; without any word of his, who we are. */
static void
test_host(void **state)
{
	struct forwarding f = forwarding_new();

	(void)state;
	with_request("GET http://a:81/id/ HTTP/1.1\r\nHost: b\r\n\r\n", write_it, &f);
	assert_true(mentions(&f, "\r\nHost: a:81\r\n") && !mentions(&f, "Host: b"));
	with_request("GET http://a/id/ HTTP/1.0\r\n\r\n", write_it, &f);
	assert_true(mentions(&f, "\r\nHost: a\r\n") && mentions(&f, "X-Forwarded-Host: a\r\n"));
	with_request("GET /id/ HTTP/1.0\r\n\r\n", write_it, &f);
	assert_true(mentions(&f, "\r\nHost: tunnel.example:8080\r\n"));
	assert_false(mentions(&f, "X-Forwarded-Host"));
	forwarding_end(&f);
}

/* H49 F03: framing is ours to say, as the request's was. */
static void
test_framing_of_requests(void **state)
{
	struct forwarding f = forwarding_new();

	(void)state;
	with_request(
	    "POST /id/ HTTP/1.1\r\nHost: a\r\nContent-Length: 00007\r\n\r\n", write_it, &f);
	assert_true(mentions(&f, "\r\nContent-Length: 7\r\n\r\n"));
	with_request("POST /id/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", write_it, &f);
	assert_true(mentions(&f, "\r\nContent-Length: 0\r\n\r\n"));
	with_request("POST /id/ HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding, Host, "
		     "Authorization\r\nAuthorization: b c\r\nTransfer-Encoding: CHUNKED\r\n\r\n",
	    write_it, &f);
	assert_true(mentions(&f, "\r\nTransfer-Encoding: chunked\r\n\r\n"));
	assert_true(mentions(&f, "\r\nHost: a\r\n") && mentions(&f, "\r\nAuthorization: b c\r\n"));
	assert_false(mentions(&f, "Connection"));
	with_request("POST /id/ HTTP/1.1\r\nHost: a\r\n\r\n", write_it, &f);
	assert_false(mentions(&f, "Content-Length") || mentions(&f, "Transfer-Encoding"));
	forwarding_end(&f);
}

/* F07: a stranger's word on who he is counts for nothing, a trusted
 * proxy's is taken and added to. */
static void
test_forwarding_fields(void **state)
{
	static const char request[] =
	    "GET /id/ HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n"
	    "X-Forwarded-Proto: https\r\nX-Forwarded-For: 3.3.3.3\r\nX-Forwarded-Host: pub\r\n"
	    "X-Forwarded-For: \r\n\r\n";
	struct forwarding f = forwarding_new();
	struct span bad;

	(void)state;
	assert_int_equal(networks_parse(SPAN("10.0.0.0/8"), &f.policy->trusted, &bad), 0);
	with_request(request, write_it, &f);
	assert_true(mentions(&f, "\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: "
				 "http\r\nX-Forwarded-Host: a\r\n"));
	assert_false(mentions(&f, "1.1.1.1"));
	f.peer = "10.9.8.7";
	with_request(request, write_it, &f);
	assert_true(mentions(&f, "\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.9.8.7\r\n"
				 "X-Forwarded-Proto: https\r\nX-Forwarded-Host: pub\r\n"));
	with_request("GET /id/ HTTP/1.1\r\nHost: a\r\n\r\n", write_it, &f);
	assert_true(mentions(&f, "\r\nX-Forwarded-For: 10.9.8.7\r\n"));
	forwarding_end(&f);
}

#define UPGRADE(method, fields) method " /id/ HTTP/1.1\r\nHost: a\r\n" fields "\r\n"

static void
upgrades(struct forwarding *f, const char *request, bool want)
{
	with_request(request, write_it, f);
	assert_int_equal(f->upgrade, want);
	assert_int_equal(mentions(f, "\r\nUpgrade: "), want);
	assert_int_equal(mentions(f, "\r\nConnection: Upgrade\r\n"), want);
	assert_false(mentions(f, "HTTP2-Settings"));
}

/* U01 U05 U06 */
static void
test_upgrades(void **state)
{
	struct forwarding f = forwarding_new();

	(void)state;
	upgrades(&f, UPGRADE("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), true);
	upgrades(&f, UPGRADE("GET", "Connection: keep-alive, upgrade\r\nUpgrade: foo/1\r\n"), true);
	upgrades(&f, UPGRADE("GET", "Upgrade: websocket\r\n"), false);
	upgrades(&f, UPGRADE("POST", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), false);
	upgrades(&f,
	    UPGRADE("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"),
	    false);
	upgrades(&f,
	    UPGRADE("GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
			   "AA\r\n"),
	    false);
	upgrades(&f, UPGRADE("GET", "Connection: Upgrade\r\nUpgrade: websocket , H2C\r\n"), false);
	upgrades(&f, UPGRADE("GET", "Connection: Upgrade\r\nUpgrade: tls/1.3\r\n"), false);
	upgrades(
	    &f, "GET /id/ HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false);
	forwarding_end(&f);
}

/* ---- responses ---- */

struct answering {
	bool to_http10, to_head, close, upgraded;
	struct strb out;
};

static void
answer_it(const struct http_head *head, void *more)
{
	struct answering *a = more;
	const struct forward_response f = {
	    .head = head,
	    .to_http10 = a->to_http10,
	    .to_head = a->to_head,
	    .close = a->close,
	    .upgraded = a->upgraded,
	    .request_id = SPAN("r1"),
	};

	strb_reset(&a->out);
	forward_write_response(&a->out, &f);
	assert_false(strb_failed(&a->out));
}

static void
answers(struct answering a, const char *response, const char *want)
{
	strb_init(&a.out, 100000);
	with_response(response, a.to_head, answer_it, &a);
	assert_string_equal(strb_cstr(&a.out), want);
	strb_free(&a.out);
}

#define ID_FIELD "x-request-id: r1\r\n"

/* F02 F05 P07 P17 */
static void
test_a_response(void **state)
{
	(void)state;
	answers((struct answering){0},
	    "HTTP/1.0 200 \x1b[31mFine\r\nSet-Cookie: a\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\n"
	    "Set-Cookie: b\r\nContent-Length: 0005\r\nKeep-Alive: 1\r\nX-Request-ID: lie\r\n"
	    "Date: now\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nDate: now\r\n" ID_FIELD
	    "Content-Length: 5\r\n\r\n");
	answers((struct answering){.close = true},
	    "HTTP/1.1 299 Odd\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 299 Unknown\r\n" ID_FIELD "Connection: close\r\nContent-Length: 0\r\n\r\n");
}

/* P13 P14 */
static void
test_framing_of_responses(void **state)
{
	(void)state;
	answers((struct answering){0}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" ID_FIELD "Transfer-Encoding: chunked\r\n\r\n");
	answers((struct answering){0}, "HTTP/1.1 200 OK\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" ID_FIELD "Transfer-Encoding: chunked\r\n\r\n");
	answers((struct answering){.to_http10 = true, .close = true},
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" ID_FIELD "Connection: close\r\n\r\n");
	answers((struct answering){.to_http10 = true, .close = true},
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" ID_FIELD "Connection: close\r\nContent-Length: 1\r\n\r\n");
}

/* P09: a length behind which nothing comes is said only where it means something. */
static void
test_responses_without_a_body(void **state)
{
	(void)state;
	answers((struct answering){.to_head = true},
	    "HTTP/1.1 200 OK\r\nContent-Length: 012\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" ID_FIELD "Content-Length: 12\r\n\r\n");
	answers((struct answering){.to_head = true},
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" ID_FIELD "\r\n");
	answers((struct answering){0}, "HTTP/1.1 304 X\r\nContent-Length: 12\r\n\r\n",
	    "HTTP/1.1 304 Not Modified\r\n" ID_FIELD "Content-Length: 12\r\n\r\n");
	answers((struct answering){0}, "HTTP/1.1 204 X\r\nContent-Length: 12\r\n\r\n",
	    "HTTP/1.1 204 No Content\r\n" ID_FIELD "\r\n");
	answers((struct answering){.to_head = true}, "HTTP/1.1 204 X\r\nContent-Length: 12\r\n\r\n",
	    "HTTP/1.1 204 No Content\r\n" ID_FIELD "\r\n");
}

/* P08: an interim response ends nothing and frames nothing. */
static void
test_interim_responses(void **state)
{
	(void)state;
	answers((struct answering){.close = true, .to_head = true},
	    "HTTP/1.1 103 X\r\nLink: </a>\r\nContent-Length: 12\r\n\r\n",
	    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n" ID_FIELD "\r\n");
}

/* U01 U03 */
static void
test_a_101(void **state)
{
	(void)state;
	answers((struct answering){.close = true, .upgraded = true},
	    "HTTP/1.1 101 X\r\nUpgrade: foo/2\r\nConnection: upgrade, x-hop\r\nX-Hop: 1\r\n"
	    "Sec-WebSocket-Accept: zzz\r\n\r\n",
	    "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: zzz\r\n" ID_FIELD
	    "Connection: Upgrade\r\nUpgrade: foo/2\r\n\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_request),
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_framing_of_requests),
	    cmocka_unit_test(test_forwarding_fields),
	    cmocka_unit_test(test_upgrades),
	    cmocka_unit_test(test_a_response),
	    cmocka_unit_test(test_framing_of_responses),
	    cmocka_unit_test(test_responses_without_a_body),
	    cmocka_unit_test(test_interim_responses),
	    cmocka_unit_test(test_a_101),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
