#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <llhttp.h>

static llhttp_errno_t
verdict(const char *text)
{
	static const llhttp_settings_t nothing;
	llhttp_t llhttp;

	llhttp_init(&llhttp, HTTP_REQUEST, &nothing);
	return llhttp_execute(&llhttp, text, strlen(text));
}

/* Each of these is taken by llhttp 8.1 built without strict mode, and is request smuggling.  B1 */
static void
test_llhttp_was_built_in_strict_mode(void **state)
{
	(void)state;
	assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), HPE_OK);
	assert_int_not_equal(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
				     "\r\n5\r\nhelloXX0\r\n\r\n"),
	    HPE_OK);
	assert_int_not_equal(verdict("GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n"), HPE_OK);
	assert_int_not_equal(verdict("GET /\t HTTP/1.1\r\nHost: a\r\n\r\n"), HPE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_llhttp_was_built_in_strict_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
