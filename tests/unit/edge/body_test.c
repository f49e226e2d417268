/* A body on its way out: as it is, or in chunks. */
#include "heads.h"

#include "edge/body.h"

static void
to_strb(void *to, struct span out)
{
	strb_add(to, out);
}

/* P15: what goes out parses as what went in, framed anew. */
static void
test_a_body_in_chunks(void **state)
{
	struct strb b;
	struct body_out body = {.write = to_strb, .to = &b, .chunked = true};

	(void)state;
	strb_init(&b, 1000);
	body_write(&body, SPAN("hello"));
	body_write(&body, SPAN("0123456789abcdef0"));
	body_end(&body);
	assert_string_equal(strb_cstr(&b), "5\r\nhello\r\n11\r\n0123456789abcdef0\r\n0\r\n\r\n");
	assert_int_equal(body.bytes, 22);
	strb_free(&b);
}

/* H23 P16 */
static void
test_trailers_go_behind_chunks_only(void **state)
{
	struct http_field field = {.name = SPAN("X-Sum"), .value = SPAN("1")};
	struct strb b;
	struct body_out chunks = {.write = to_strb, .to = &b, .chunked = true},
			plain = {.write = to_strb, .to = &b};

	(void)state;
	strb_init(&b, 1000);
	body_trailer(&chunks, field);
	body_trailer(&chunks, field);
	body_end(&chunks);
	assert_string_equal(strb_cstr(&b), "0\r\nX-Sum: 1\r\nX-Sum: 1\r\n\r\n");
	strb_reset(&b);
	body_write(&plain, SPAN("raw"));
	body_trailer(&plain, field);
	body_end(&plain);
	assert_string_equal(strb_cstr(&b), "raw");
	strb_free(&b);
}

static void
count_bytes(void *to, struct span out)
{
	*(size_t *)to += out.n;
}

/* exchange_room() counts on it. */
static void
test_the_overhead_of_a_piece(void **state)
{
	static char data[1 << 20];

	(void)state;
	for (size_t n = 1; n <= sizeof(data); n *= 2) {
		size_t out = 0;
		struct body_out body = {.write = count_bytes, .to = &out, .chunked = true};

		body_write(&body, span_of(data, n));
		assert_in_range(out - n, 5, BODY_OVERHEAD);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_body_in_chunks),
	    cmocka_unit_test(test_trailers_go_behind_chunks_only),
	    cmocka_unit_test(test_the_overhead_of_a_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
