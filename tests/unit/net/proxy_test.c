/* What is said to proxies, and what they may answer, at every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/proxy.h"

static enum proxy_state
talk(const char *url, const char *host, struct span answer, size_t split, struct strb *out,
    size_t *used, char error[PROXY_ERROR_MAX])
{
	struct proxy proxy;
	struct proxy_talk t;
	struct strb first;

	assert_null(proxy_parse(url, &proxy));
	strb_init(&first, PROXY_OUT_MAX);
	proxy_begin(&t, &proxy, host, 443, &first);
	strb_add(out, strb_span(&first));
	strb_free(&first);
	*used = proxy_feed(&t, span_take(answer, split), out);
	*used += proxy_feed(&t, span_drop(answer, split), out);
	memcpy(error, t.error, PROXY_ERROR_MAX);
	return t.state;
}

static void
expect(const char *url, const char *host, struct span answer, enum proxy_state state,
    struct span said, size_t proxys)
{
	for (size_t split = 0; split <= answer.n; split++) {
		char error[PROXY_ERROR_MAX];
		struct strb out;
		size_t used;

		strb_init(&out, PROXY_OUT_MAX);
		assert_int_equal(talk(url, host, answer, split, &out, &used, error), state);
		assert_int_equal(used, proxys);
		assert_int_equal(out.n, said.n);
		assert_memory_equal(out.p, said.p, said.n);
		assert_true((state == PROXY_REFUSED) == (error[0] != '\0'));
		strb_free(&out);
	}
}

static void
test_connect(void **state)
{
	(void)state;
	expect("http://proxy:3128", "whp.example.com", SPAN("HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest"),
	    PROXY_THROUGH,
	    SPAN("CONNECT whp.example.com:443 HTTP/1.1\r\nHost: whp.example.com:443\r\n\r\n"), 25);
}

static void
test_connect_with_credentials(void **state)
{
	(void)state;
	expect("http://Aladdin:open%20sesame@proxy", "::1", SPAN("HTTP/1.0 200 OK\r\n\r\n"),
	    PROXY_THROUGH,
	    SPAN("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic "
		 "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"),
	    19);
}

static void
test_connect_refused(void **state)
{
	(void)state;
	expect("http://proxy", "a", SPAN("HTTP/1.1 407 Who\r\n\r\n"), PROXY_REFUSED,
	    SPAN("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), 20);
	expect("http://proxy", "a", SPAN("SSH-2.0-x 200\r\n\r\n"), PROXY_REFUSED,
	    SPAN("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), 17);
}

static void
test_socks(void **state)
{
	(void)state;
	expect("socks5://proxy", "a.b",
	    SPAN("\x05\x00"
		 "\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"
		 "rest"),
	    PROXY_THROUGH,
	    SPAN("\x05\x01\x00\x05\x01\x00\x03\x03"
		 "a.b\x01\xbb"),
	    12);
	expect("socks5://proxy", "10.0.0.1",
	    SPAN("\x05\x00\x05\x00\x00\x03\x01"
		 "a\x12\x34"),
	    PROXY_THROUGH, SPAN("\x05\x01\x00\x05\x01\x00\x01\x0a\x00\x00\x01\x01\xbb"), 10);
}

static void
test_socks_with_login(void **state)
{
	(void)state;
	expect("socks5h://me:pw@proxy", "::1",
	    SPAN("\x05\x02\x01\x00\x05\x00\x00\x04"
		 "0123456789abcdef\x12\x34"),
	    PROXY_THROUGH,
	    SPAN("\x05\x02\x00\x02\x01\x02me\x02pw\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00"
		 "\x00\x00\x00\x00\x00\x00\x00\x01\x01\xbb"),
	    26);
	expect("socks5://me:pw@proxy", "a", SPAN("\x05\x02\x01\x01"), PROXY_REFUSED,
	    SPAN("\x05\x02\x00\x02\x01\x02me\x02pw"), 4);
	expect("socks5://proxy", "a", SPAN("\x05\xff"), PROXY_REFUSED, SPAN("\x05\x01\x00"), 2);
}

static void
test_socks_refused(void **state)
{
	(void)state;
	for (char verdict = 1; verdict < 12; verdict++) {
		char answer[] = {5, 0, 5, verdict, 0, 1, 0};

		expect("socks5://proxy", "a", span_of(answer, sizeof(answer)), PROXY_REFUSED,
		    SPAN("\x05\x01\x00\x05\x01\x00\x03\x01"
			 "a\x01\xbb"),
		    sizeof(answer));
	}
}

static void
test_an_endless_answer_is_given_up(void **state)
{
	static char endless[2 * PROXY_ANSWER_MAX];
	struct proxy proxy;
	struct proxy_talk t;
	struct strb out;

	(void)state;
	memset(endless, 'a', sizeof(endless));
	strb_init(&out, PROXY_OUT_MAX);
	assert_null(proxy_parse("proxy", &proxy));
	proxy_begin(&t, &proxy, "a", 1, &out);
	assert_int_equal(proxy_feed(&t, span_of(endless, sizeof(endless)), &out), PROXY_ANSWER_MAX);
	assert_int_equal(t.state, PROXY_REFUSED);
	strb_free(&out);
}

static void
test_addresses(void **state)
{
	static const char *const wrong[] = {"https://a", "ftp://a", "http://", "http://a:0",
	    "http://a:70000", "http://[::1", "http://a%0ab@c:1"};
	struct proxy p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(proxy_parse(wrong[i], &p));
	assert_null(proxy_parse("socks5://u:p%40x@[::1]:99/", &p));
	assert_int_equal(p.kind, PROXY_SOCKS5);
	assert_string_equal(p.host, "::1");
	assert_int_equal(p.port, 99);
	assert_string_equal(p.user, "u");
	assert_string_equal(p.password, "p@x");
	assert_null(proxy_parse("proxy.lan:8080", &p));
	assert_int_equal(p.port, 8080);
}

static void
test_no_proxy(void **state)
{
	(void)state;
	assert_true(proxy_bypassed("localhost, .lan,example.com", "a.lan"));
	assert_true(proxy_bypassed("example.com", "www.example.com"));
	assert_true(proxy_bypassed("*", "a"));
	assert_false(proxy_bypassed("example.com", "notexample.com"));
	assert_false(proxy_bypassed("", "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connect),
	    cmocka_unit_test(test_connect_with_credentials),
	    cmocka_unit_test(test_connect_refused),
	    cmocka_unit_test(test_socks),
	    cmocka_unit_test(test_socks_with_login),
	    cmocka_unit_test(test_socks_refused),
	    cmocka_unit_test(test_an_endless_answer_is_given_up),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_no_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
