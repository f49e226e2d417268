#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "controlplane/url.h"

static void
host_is(const char *text, const char *want)
{
	struct span host;

	assert_int_equal(url_authority(span_str(text), &host), 0);
	assert_true(span_eq(host, span_str(want)));
}

static void
no_host(const char *text)
{
	struct span host;

	assert_int_equal(url_authority(span_str(text), &host), -WHT_EINVAL);
}

static void
test_host_names_with_and_without_a_port(void **state)
{
	(void)state;
	host_is("tunnel.example", "tunnel.example");
	host_is("Tunnel_1.example:8443", "Tunnel_1.example");
	host_is("10.0.0.7:80", "10.0.0.7");
	host_is("[2001:db8::1]:443", "[2001:db8::1]");
	host_is("[::1]", "[::1]");
	host_is("localhost", "localhost");
}

static void
test_what_is_no_host_name(void **state)
{
	const char *bad[] = {"", ":", ":80", "h:", "h:0", "h:65536", "h:8o", "h:80:90", "a b",
	    "a/b", "a@b", "a?b", "http://h", "-a", ".a", "a.", "a..b", "[::1", "::1]", "[::1]x",
	    "[::1]:", "x[::1]", "[]", "[h]", "h\xc3\xa9", "a\"b", "2001:db8::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		no_host(bad[i]);
}

static void
prefix_is(const char *text, const char *want)
{
	struct span prefix;

	assert_int_equal(url_prefix(span_str(text), &prefix), 0);
	assert_true(span_eq(prefix, span_str(want)));
}

/* R08 */
static void
test_a_prefix_loses_its_trailing_slashes(void **state)
{
	(void)state;
	prefix_is("https://w.example", "https://w.example");
	prefix_is("http://w.example:8080///", "http://w.example:8080");
	prefix_is("HTTPS://w.example/a/b%20c/", "HTTPS://w.example/a/b%20c");
	prefix_is("https://[::1]:8443/t", "https://[::1]:8443/t");
}

/* C09 */
static void
test_what_is_no_prefix(void **state)
{
	const char *bad[] = {"", "/", "w.example", "//w.example", "ftp://w.example", "https://",
	    "https:///t", "https://w.example?x", "https://w.example/?x", "https://w.example/#f",
	    "https://u:p@w.example", "https://w.example/a b", "https://w.example/<id>",
	    "https://w.example/\"", "https://w.example/\\", "https:/w.example",
	    " https://w.example"};
	struct span prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(url_prefix(span_str(bad[i]), &prefix), -WHT_EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_host_names_with_and_without_a_port),
	    cmocka_unit_test(test_what_is_no_host_name),
	    cmocka_unit_test(test_a_prefix_loses_its_trailing_slashes),
	    cmocka_unit_test(test_what_is_no_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
