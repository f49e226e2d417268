#include "side.h"

static void
test_every_type_there_and_back(void **state)
{
	static const uint8_t types[] = {WSMUX_DAT, WSMUX_SYN, WSMUX_ACK, WSMUX_FIN, WSMUX_RST};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		struct wsmux_frame f = {.type = types[i], .id = 0x04030201, .number = 0xf8f7f6f5};
		struct wsmux_decoder d = {0};
		char head[WSMUX_HEADER_MAX];
		size_t n = wsmux_frame_encode(&f, head);
		struct wsmux_frame back;

		wsmux_decoder_take(&d, span_of(head, n), WSMUX_HEADER_MAX);
		back = wsmux_decoder_frame(&d);
		assert_int_equal(back.type, f.type);
		assert_int_equal(back.id, f.id);
		assert_int_equal(back.number, n == WSMUX_HEADER_MAX ? f.number : 0);
	}
}

static void
test_bytes_are_little_endian(void **state)
{
	struct wsmux_frame f = {.type = WSMUX_ACK, .id = 0x04030201, .number = 0x400};
	char head[WSMUX_HEADER_MAX];

	(void)state;
	assert_int_equal(wsmux_frame_encode(&f, head), 9);
	assert_memory_equal(head, "\x02\x01\x02\x03\x04\x00\x04\x00\x00", 9);
	f.type = WSMUX_SYN;
	assert_int_equal(wsmux_frame_encode(&f, head), 5);
}

/* M02: what is no frame */
static void
test_only_the_table_is_known(void **state)
{
	int known = 0;

	(void)state;
	for (int type = 0; type < 256; type++)
		known += wsmux_frame_payload((uint8_t)type) != WSMUX_PAYLOAD_UNKNOWN;
	assert_int_equal(known, 5);
	assert_int_equal(wsmux_frame_payload(4), WSMUX_PAYLOAD_UNKNOWN);
}

static void
test_a_header_is_gathered_over_every_pair_of_splits(void **state)
{
	static const char message[] = "\x02\x07\x00\x00\x00\x01\x02\x03\x04"
				      "data";
	struct span all = span_of(message, sizeof(message) - 1);

	(void)state;
	for (size_t i = 0; i <= all.n; i++) {
		for (size_t j = i; j <= all.n; j++) {
			struct span part[] = {span_take(all, i),
			    span_take(span_drop(all, i), j - i), span_drop(all, j)};
			struct wsmux_decoder d = {0};
			size_t rest = 0;

			for (int k = 0; k < 3; k++)
				rest += wsmux_decoder_take(&d, part[k], WSMUX_HEADER_MAX).n;
			assert_int_equal(rest, 4);
			assert_int_equal(wsmux_decoder_frame(&d).id, 7);
			assert_int_equal(wsmux_decoder_frame(&d).number, 0x04030201);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_type_there_and_back),
	    cmocka_unit_test(test_bytes_are_little_endian),
	    cmocka_unit_test(test_only_the_table_is_known),
	    cmocka_unit_test(test_a_header_is_gathered_over_every_pair_of_splits),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
