/* The two headers that the original client was seen to send, made again byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "auth/hawk.h"

#define CERTIFICATE                                                                                \
	"{\"version\":1,\"scopes\":[\"*\"],\"start\":1,\"expiry\":9999999999999,\"seed\":\"abc\"," \
	"\"signature\":\"sig\"}"

static const struct hawk_request request = {
    .method = {"GET", 3},
    .path = {"/v1/webhooktunnel", 17},
    .host = {"auth.taskcluster.net", 20},
    .port = 443,
};

static void
expect_header(const struct hawk *hawk, uint64_t ts, const char *nonce, const char *header)
{
	struct hawk_request r = request;
	struct strb out;

	r.ts = ts;
	r.nonce = span_str(nonce);
	strb_init(&out, 4096);
	assert_int_equal(hawk_write(&out, hawk, &r), 0);
	assert_string_equal(strb_cstr(&out), header);
	strb_free(&out);
}

static void
test_the_captured_request_with_permanent_credentials(void **state)
{
	struct hawk hawk = {.id = SPAN("my-client/abc"), .key = SPAN("my-access-token")};

	(void)state;
	expect_header(&hawk, 1795357292, "v7ZhSnCq",
	    "Hawk id=\"my-client/abc\", mac=\"qmhZY7A70TGXFn/La6PpZjSCjwH6TQQJbGsYYpzp7Vs=\", "
	    "ts=\"1795357292\", nonce=\"v7ZhSnCq\"");
}

static void
test_the_captured_request_with_temporary_credentials(void **state)
{
	struct hawk hawk = {.id = SPAN("my-client/abc"), .key = SPAN("my-access-token")};
	struct strb ext;

	(void)state;
	strb_init(&ext, 4096);
	hawk_base64(&ext, SPAN("{\"certificate\":" CERTIFICATE "}"));
	hawk.ext = strb_span(&ext);
	expect_header(&hawk, 1795357295, "PVneBw0d",
	    "Hawk id=\"my-client/abc\", mac=\"pX8jxUOLrQTuG6/8YEjRdRr7v9PleKeiv6K8Uaq8zhw=\", "
	    "ts=\"1795357295\", nonce=\"PVneBw0d\", "
	    "ext=\"eyJjZXJ0aWZpY2F0ZSI6eyJ2ZXJzaW9uIjoxLCJzY29wZXMiOlsiKiJdLCJzdGFydCI6MSwi"
	    "ZXhwaXJ5Ijo5OTk5OTk5OTk5OTk5LCJzZWVkIjoiYWJjIiwic2lnbmF0dXJlIjoic2lnIn19\"");
	strb_free(&ext);
}

static void
test_what_cannot_stand_between_quotes_is_refused(void **state)
{
	static const char *const wrong[] = {"a\"b", "a\\b", "a\nb", "a\x7f", "\xc3\xa4"};
	struct strb out;

	(void)state;
	strb_init(&out, 4096);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct hawk hawk = {.id = span_str(wrong[i]), .key = SPAN("k")};

		assert_true(hawk_write(&out, &hawk, &request) < 0);
	}
	assert_int_equal(out.n, 0);
	strb_free(&out);
}

static void
test_no_key_no_header(void **state)
{
	struct hawk hawk = {.id = SPAN("a")};
	struct strb out;

	(void)state;
	strb_init(&out, 4096);
	assert_true(hawk_write(&out, &hawk, &request) < 0);
	strb_free(&out);
}

static void
test_nonces_differ(void **state)
{
	char a[HAWK_NONCE_MAX], b[HAWK_NONCE_MAX];

	(void)state;
	hawk_nonce(a);
	hawk_nonce(b);
	assert_int_equal(strlen(a), HAWK_NONCE_MAX - 1);
	assert_string_not_equal(a, b);
}

static void
test_base64_at_every_length(void **state)
{
	static const char bytes[200];

	(void)state;
	for (size_t n = 0; n < sizeof(bytes); n++) {
		struct strb out;

		strb_init(&out, 512);
		hawk_base64(&out, span_of(bytes, n));
		assert_int_equal(out.n, (n + 2) / 3 * 4);
		strb_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_captured_request_with_permanent_credentials),
	    cmocka_unit_test(test_the_captured_request_with_temporary_credentials),
	    cmocka_unit_test(test_what_cannot_stand_between_quotes_is_refused),
	    cmocka_unit_test(test_no_key_no_header),
	    cmocka_unit_test(test_nonces_differ),
	    cmocka_unit_test(test_base64_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
