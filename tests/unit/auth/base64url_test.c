#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>

#include "auth/base64url.h"

/* OpenSSL's spelling of the same bytes: other two letters, and padded. */
static size_t
openssl_text(struct span bytes, char *out)
{
	size_t n = (size_t)EVP_EncodeBlock(
	    (unsigned char *)out, (const unsigned char *)bytes.p, (int)bytes.n);

	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	while (n > 0 && out[n - 1] == '=')
		n--;
	return n;
}

static void
test_it_spells_as_openssl_does(void **state)
{
	char bytes[256], want[400], back[BASE64URL_BYTES(400)];
	struct strb text;
	size_t n;

	(void)state;
	strb_init(&text, 400);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 167 + 3);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		strb_reset(&text);
		base64url_add(&text, span_of(bytes, len));
		assert_true(span_eq(
		    strb_span(&text), span_of(want, openssl_text(span_of(bytes, len), want))));
		assert_int_equal(base64url_decode(strb_span(&text), back, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(back, bytes, len);
	}
	strb_free(&text);
}

/* J11 J12 */
static void
test_every_text_of_up_to_three_characters_has_one_meaning(void **state)
{
	(void)state;
	for (uint32_t v = 0; v < 1U << 24; v += v < 1U << 16 ? 1 : 251) {
		const char text[3] = {(char)v, (char)(v >> 8), (char)(v >> 16)};
		size_t len = v < 1U << 8 ? 1 : v < 1U << 16 ? 2 : 3, n;
		char bytes[BASE64URL_BYTES(3)];
		struct strb again;

		if (base64url_decode(span_of(text, len), bytes, &n) != 0)
			continue;
		strb_init(&again, 10);
		base64url_add(&again, span_of(bytes, n));
		assert_true(span_eq(strb_span(&again), span_of(text, len)));
		strb_free(&again);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_spells_as_openssl_does),
	    cmocka_unit_test(test_every_text_of_up_to_three_characters_has_one_meaning),
	};

	return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}
