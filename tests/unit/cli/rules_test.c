/* Who may ask, where it goes, and with which head. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "cli/rules.h"
#include "http/parse.h"

static struct rules rules;
static struct settings settings;
static struct verdict verdict;
static struct strb out;
static bool trusted;

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	(void)user;
	verdict = rules_judge(&rules, head, trusted);
	strb_reset(&out);
	if (!verdict.status)
		rules_write_head(&rules, verdict.route, head, raw, &out);
	return HTTP_HOLD;
}

static void
ask(const char *text)
{
	static const struct http_limits limits = {
	    .head_max = 4096, .target_max = 1024, .fields_max = 50};
	static const struct http_parser_ops ops = {.on_head = on_head};
	struct http_parser *p = http_parser_new(HTTP_REQUEST, &limits, &ops, NULL);
	size_t used;

	verdict = (struct verdict){.status = -1};
	assert_int_equal(http_parser_feed(p, span_str(text), &used), 0);
	assert_int_not_equal(verdict.status, -1);
	http_parser_free(&p);
}

static void
set(enum option_id option, const char *value)
{
	assert_null(settings_set(&settings, option, span_str(value)));
}

static int
begin(void **state)
{
	(void)state;
	trusted = true;
	strb_init(&out, RULES_HEAD_MAX);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	settings_free(&settings);
	strb_free(&out);
	return 0;
}

static void
read_rules(void)
{
	char error[RULES_ERROR_MAX];

	assert_int_equal(rules_read(&rules, &settings, error), 0);
}

static void
test_without_rules_a_head_passes_byte_for_byte(void **state)
{
	const char *raw = "GET /x HTTP/1.1\r\nhOST:  a \r\nX:\ty\r\n\r\n";

	(void)state;
	set(OPT_TARGET, "3000");
	read_rules();
	ask(raw);
	assert_string_equal(strb_cstr(&out), raw);
	assert_true(rules_take_anything(&rules));
}

static void
test_fields_are_replaced_and_others_stay(void **state)
{
	(void)state;
	set(OPT_TARGET, "3000");
	set(OPT_HOST_HEADER, "rewrite");
	set(OPT_HEADER, "X-A: 1");
	set(OPT_HEADER, "X-Empty:");
	read_rules();
	ask("POST /x HTTP/1.1\r\nHost: a\r\nx-a: 2\r\nContent-Length: 3\r\nX-A: 3\r\n\r\n");
	assert_string_equal(strb_cstr(&out),
	    "POST /x HTTP/1.1\r\nHost: localhost:3000\r\nContent-Length: 3\r\nX-A: 1\r\n"
	    "X-Empty: \r\n\r\n");
}

static void
test_the_longest_path_wins_at_a_slash(void **state)
{
	static const struct {
		const char *target;
		int route;
	} cases[] = {{"/", 0}, {"/api", 1}, {"/api/", 1}, {"/api?x", 1}, {"/apix", 0},
	    {"/api/v2/x", 2}, {"/api/v20", 1}};
	char head[128];

	(void)state;
	set(OPT_TARGET, "1");
	set(OPT_TARGET, "/api/=2");
	set(OPT_TARGET, "/api/v2=3");
	read_rules();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].target);
		ask(head);
		assert_ptr_equal(verdict.route, &rules.routes[cases[i].route]);
	}
	assert_false(rules_take_anything(&rules));
}

static void
test_no_route_no_target(void **state)
{
	(void)state;
	set(OPT_TARGET, "/api=2");
	read_rules();
	ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(verdict.status, 404);
}

static void
test_basic_auth(void **state)
{
	(void)state;
	set(OPT_TARGET, "1");
	set(OPT_BASIC_AUTH, "Aladdin:open sesame");
	read_rules();
	ask("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: bAsIc "
	    "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
	assert_int_equal(verdict.status, 0);
	assert_string_equal(strb_cstr(&out), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ask("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic "
	    "QWxhZGRpbjpvcGVuIHNlc2FtZQ=\r\n\r\n");
	assert_int_equal(verdict.status, 401);
	ask("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \r\n\r\n");
	assert_int_equal(verdict.status, 401);
	ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(verdict.status, 401);
}

static void
test_allow_believes_only_the_server(void **state)
{
	(void)state;
	set(OPT_TARGET, "1");
	set(OPT_ALLOW, "10.0.0.0/8");
	set(OPT_ALLOW, "2001:db8::/32");
	read_rules();
	ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n");
	assert_int_equal(verdict.status, 0);
	ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.2.3, 192.0.2.1\r\n\r\n");
	assert_int_equal(verdict.status, 403);
	ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n");
	assert_int_equal(verdict.status, 0);
	ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(verdict.status, 403);
	trusted = false;
	ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n");
	assert_int_equal(verdict.status, 403);
}

static void
test_what_is_wrong_is_refused(void **state)
{
	static const struct {
		enum option_id option;
		const char *value;
	} wrong[] = {{OPT_TARGET, "/x"}, {OPT_TARGET, "/x="}, {OPT_TARGET, "0"},
	    {OPT_HEADER, "no colon"}, {OPT_HEADER, ": x"}, {OPT_HEADER, "A b: x"},
	    {OPT_HEADER, "X: a\r\nY: b"}, {OPT_HEADER, "Host: x"},
	    {OPT_HEADER, "Transfer-Encoding: chunked"}, {OPT_BASIC_AUTH, "nocolon"},
	    {OPT_BASIC_AUTH, ":x"}, {OPT_ALLOW, "10.0.0.1/8"}, {OPT_ALLOW, "x"},
	    {OPT_HOST_HEADER, "a\r\nb"}};
	char error[RULES_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set(wrong[i].option, wrong[i].value);
		assert_true(rules_read(&rules, &settings, error) < 0);
		assert_true(error[0]);
		settings_clear(&settings, wrong[i].option);
	}
}

static void
test_proxy_protocol_headers(void **state)
{
	struct sockaddr_storage v4 = {.ss_family = AF_INET}, v6 = {.ss_family = AF_INET6};

	(void)state;
	((struct sockaddr_in *)&v4)->sin_addr.s_addr = htonl(0x7f000001);
	rules_write_proxy_v2(&out, &v4);
	assert_int_equal(out.n, 16 + 12);
	assert_memory_equal(out.p, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01", 20);
	strb_reset(&out);
	rules_write_proxy_v2(&out, &v6);
	assert_int_equal(out.n, 16 + 36);
	assert_memory_equal(out.p + 12, "\x21\x21\0\x24", 4);
	strb_reset(&out);
	rules_write_proxy_v2(&out, NULL);
	assert_int_equal(out.n, 16);
	assert_memory_equal(out.p + 12, "\x20\0\0\0", 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_without_rules_a_head_passes_byte_for_byte),
	    T(test_fields_are_replaced_and_others_stay),
	    T(test_the_longest_path_wins_at_a_slash),
	    T(test_no_route_no_target),
	    T(test_basic_auth),
	    T(test_allow_believes_only_the_server),
	    T(test_what_is_wrong_is_refused),
	    T(test_proxy_protocol_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
