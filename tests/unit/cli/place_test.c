#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/place.h"

static void
assert_target(const char *text, const char *host, unsigned port, bool tls, bool loopback)
{
	struct place p;

	assert_null(place_of_target(text, &p));
	assert_string_equal(p.host, host);
	assert_int_equal(p.port, port);
	assert_int_equal(p.tls, tls);
	assert_int_equal(p.loopback, loopback);
	assert_string_equal(p.unix_path, "");
}

static void
test_a_bare_port_is_this_machine(void **state)
{
	struct place p;

	(void)state;
	assert_target("3000", "", 3000, false, true);
	assert_target("1", "", 1, false, true);
	assert_target("65535", "", 65535, false, true);
	assert_null(place_of_target("3000", &p));
	assert_string_equal(p.text, "localhost:3000");
}

static void
test_targets_with_a_host(void **state)
{
	(void)state;
	assert_target("localhost:3000", "", 3000, false, true);
	assert_target("LocalHost:3000", "", 3000, false, true);
	assert_target("127.0.0.9:80", "127.0.0.9", 80, false, true);
	assert_target("[::1]:80", "::1", 80, false, true);
	assert_target("10.0.0.7:8080", "10.0.0.7", 8080, false, false);
	assert_target("dev_box.lan:8080", "dev_box.lan", 8080, false, false);
	assert_target("http://dev.lan", "dev.lan", 80, false, false);
	assert_target("http://dev.lan:81/", "dev.lan", 81, false, false);
	assert_target("HTTPS://dev.lan", "dev.lan", 443, true, false);
	assert_target("https://localhost:8443/", "", 8443, true, true);
	assert_target("https://[fe80::1]:8443", "fe80::1", 8443, true, false);
}

static void
test_a_unix_socket_is_a_target(void **state)
{
	struct place p;

	(void)state;
	assert_null(place_of_target("unix:/run/app.sock", &p));
	assert_string_equal(p.unix_path, "/run/app.sock");
	assert_string_equal(p.text, "unix:/run/app.sock");
	assert_true(p.loopback);
}

static void
test_what_cannot_be_meant_is_refused(void **state)
{
	static const char *const wrong[] = {"", "0", "65536", "-1", "+1", "3000x",
	    "99999999999999999999", ":3000", "host:", "host:0", "host:x", "a b:80", "::1:80",
	    "[::1]", "[::1", "[::1]80", "[host]:80", "host", "http://", "http:///", "http://h/path",
	    "http://h/?q", "http://h?q", "http://h#f", "http://user@h/", "http://u:p@h/",
	    "ftp://h/", "ws://h/", "unix:", "unix:relative", "http://h\n/", "h\xc3\xb6st:80",
	    "[::1%25eth0]:80"};
	struct place p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!place_of_target(wrong[i], &p))
			fail_msg("\"%s\" was taken", wrong[i]);
	}
}

static void
test_lengths_are_bounded(void **state)
{
	char text[400];
	struct place p;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + 253, ":80", 4);
	assert_null(place_of_target(text, &p));
	assert_int_equal(strlen(p.text), 256);
	memset(text, 'a', sizeof(text));
	memcpy(text + 254, ":80", 4);
	assert_non_null(place_of_target(text, &p));
	memset(text, 'a', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + 107] = '\0';
	assert_null(place_of_target(text, &p));
	text[5 + 107] = 'a';
	text[5 + 108] = '\0';
	assert_non_null(place_of_target(text, &p));
}

static void
assert_server(const char *url, const char *host, unsigned port, bool tls, const char *text)
{
	struct place p;

	assert_null(place_of_server(url, &p));
	assert_string_equal(p.host, host);
	assert_int_equal(p.port, port);
	assert_int_equal(p.tls, tls);
	assert_string_equal(p.text, text);
}

static void
test_server_urls(void **state)
{
	(void)state;
	assert_server("https://whp.example.com", "whp.example.com", 443, true, "whp.example.com");
	assert_server("https://whp.example.com/", "whp.example.com", 443, true, "whp.example.com");
	assert_server(
	    "https://whp.example.com:443/", "whp.example.com", 443, true, "whp.example.com");
	assert_server("wss://h:80", "h", 80, true, "h:80");
	assert_server("ws://h", "h", 80, false, "h");
	assert_server("http://localhost:8080", "", 8080, false, "localhost:8080");
	assert_server("http://[::1]:8080", "::1", 8080, false, "[::1]:8080");
	assert_server("https://[2001:db8::1]", "2001:db8::1", 443, true, "[2001:db8::1]");
}

static void
test_server_urls_that_are_refused(void **state)
{
	static const char *const wrong[] = {"", "h", "h:443", "8080", "unix:/s", "ftp://h",
	    "https://h/prefix", "https://h/prefix/", "https://h/?a=b", "https://u@h", "https://"};
	struct place p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!place_of_server(wrong[i], &p))
			fail_msg("\"%s\" was taken", wrong[i]);
	}
}

static void
assert_shown(const char *text, const char *expected)
{
	char shown[PLACE_TEXT_MAX];

	place_show(text, shown);
	assert_string_equal(shown, expected);
}

static void
test_a_password_is_not_shown(void **state)
{
	(void)state;
	assert_shown("https://me:hidden@host:1/x", "https://***@host:1/x");
	assert_shown("https://me:hid@den@host", "https://***@host");
	assert_shown("me:hidden://@host", "***@host");
	assert_shown("hidden@", "***@");
	assert_shown("https://host", "https://host");
	assert_shown("3000", "3000");
	assert_shown("", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_bare_port_is_this_machine),
	    cmocka_unit_test(test_targets_with_a_host),
	    cmocka_unit_test(test_a_unix_socket_is_a_target),
	    cmocka_unit_test(test_what_cannot_be_meant_is_refused),
	    cmocka_unit_test(test_lengths_are_bounded),
	    cmocka_unit_test(test_server_urls),
	    cmocka_unit_test(test_server_urls_that_are_refused),
	    cmocka_unit_test(test_a_password_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
