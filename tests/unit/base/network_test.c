#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/network.h"

static bool
have(const char *list, const char *peer)
{
	struct networks nets;
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct span bad;

	assert_int_equal(networks_parse(span_str(list), &nets, &bad), 0);
	if (inet_pton(AF_INET, peer, &in.sin_addr) == 1)
		return networks_have(&nets, (struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, peer, &in6.sin6_addr), 1);
	return networks_have(&nets, (struct sockaddr *)&in6);
}

static void
test_prefixes_of_every_length(void **state)
{
	(void)state;
	assert_true(have("10.0.0.0/8", "10.255.1.2"));
	assert_false(have("10.0.0.0/8", "11.0.0.0"));
	assert_true(have("192.0.2.128/25", "192.0.2.128"));
	assert_false(have("192.0.2.128/25", "192.0.2.127"));
	assert_true(have("192.0.2.7", "192.0.2.7"));
	assert_false(have("192.0.2.7", "192.0.2.6"));
	assert_true(have("0.0.0.0/0", "203.0.113.9"));
	assert_false(have("0.0.0.0/0", "2001:db8::1"));
	assert_true(have("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(have("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(have("::/0", "2001:db8::1"));
	assert_true(have("::1", "::1"));
	assert_false(have("::1", "::2"));
}

static void
test_an_ipv4_address_is_the_same_on_a_dual_stack_listener(void **state)
{
	(void)state;
	assert_true(have("10.0.0.0/8", "::ffff:10.1.2.3"));
	assert_false(have("10.0.0.0/8", "::10.1.2.3"));
	assert_true(have("::ffff:10.0.0.0/104", "10.1.2.3"));
}

static void
test_lists(void **state)
{
	(void)state;
	assert_false(have("", "10.0.0.1"));
	assert_false(have(" , ,", "10.0.0.1"));
	assert_true(have("127.0.0.0/8, ::1  10.0.0.0/8", "::1"));
	assert_true(have("127.0.0.0/8,::1,10.0.0.0/8,", "10.0.0.1"));
}

static void
test_what_is_no_network_is_named(void **state)
{
	const char *bad[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
	    "10.0.0.1/8", "10.0.0", "010.0.0.1", "::/129", "2001:db8::1/32", "fe80::1%eth0",
	    "localhost", "/8", "/", "1111:2222:3333:4444:5555:6666:255.255.255.2555",
	    "10.0.0.0/99999999999999999999"};
	struct networks nets;
	struct span word;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char list[128] = "10.0.0.0/8 ";

		strcat(list, bad[i]);
		assert_int_equal(networks_parse(span_str(list), &nets, &word), -WHT_EINVAL);
		assert_true(span_eq(word, span_str(bad[i])));
	}
	assert_int_equal(networks_parse(span_of("10.0.0.1\0", 9), &nets, &word), -WHT_EINVAL);
}

static void
test_too_many_networks_are_refused(void **state)
{
	char list[NETWORKS_MAX * 3 + 3] = "";
	struct networks nets;
	struct span bad;

	(void)state;
	for (int i = 0; i < NETWORKS_MAX; i++)
		strcat(list, ":: ");
	assert_int_equal(networks_parse(span_str(list), &nets, &bad), 0);
	assert_int_equal(nets.n, NETWORKS_MAX);
	strcat(list, "::");
	assert_int_equal(networks_parse(span_str(list), &nets, &bad), -WHT_EINVAL);
}

static void
test_who_has_no_address_is_a_stranger(void **state)
{
	struct networks nets;
	struct span bad;
	const struct sockaddr peer = {.sa_family = AF_UNIX};

	(void)state;
	assert_int_equal(networks_parse(SPAN("0.0.0.0/0 ::/0"), &nets, &bad), 0);
	assert_false(networks_have(&nets, &peer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prefixes_of_every_length),
	    cmocka_unit_test(test_an_ipv4_address_is_the_same_on_a_dual_stack_listener),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_what_is_no_network_is_named),
	    cmocka_unit_test(test_too_many_networks_are_refused),
	    cmocka_unit_test(test_who_has_no_address_is_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
