#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "play.h"

#define MAX 1000

static struct strb in;

static int
setup(void **state)
{
	(void)state;
	strb_init(&in, PLAY_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	strb_free(&in);
	return 0;
}

/* The server, shown one masked frame (a client's) and then what in holds. */
static void
server_sees(int first, struct span payload, const char *want)
{
	strb_reset(&in);
	play_frame(&in, first, true, payload);
	play_expect(WS_SERVER, MAX, strb_span(&in), want);
}

/* W01 */
static void
test_masking_goes_by_role(void **state)
{
	(void)state;
	play_frame(&in, FIN | WS_BINARY, false, SPAN("ab"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "!ws_protocol");
	play_expect(WS_CLIENT, MAX, strb_span(&in), "6162|");
	strb_reset(&in);
	play_frame(&in, FIN | WS_BINARY, true, SPAN("ab"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "6162|");
	play_expect(WS_CLIENT, MAX, strb_span(&in), "!ws_protocol");
}

/* W02 */
static void
test_reserved_bits_are_refused(void **state)
{
	(void)state;
	for (int bits = 0x10; bits < 0x80; bits += 0x10) {
		server_sees(FIN | bits | WS_BINARY, SPAN("a"), "!ws_protocol");
		server_sees(FIN | bits | WS_PING, SPAN(""), "!ws_protocol");
	}
}

/* W03 */
static void
test_unknown_opcodes_are_refused(void **state)
{
	(void)state;
	for (int opcode = 3; opcode < 16; opcode++) {
		if (opcode >= 8 && opcode <= 10)
			continue;
		server_sees(FIN | opcode, SPAN("a"), "!ws_protocol");
		server_sees(FIN | opcode, SPAN(""), "!ws_protocol");
	}
}

/* W04 */
static void
test_control_frames_are_short_and_whole(void **state)
{
	static const char long_text[126];

	(void)state;
	for (int opcode = WS_CLOSE; opcode <= WS_PONG; opcode++) {
		server_sees(FIN | opcode, span_of(long_text, 126), "!ws_protocol");
		server_sees(opcode, SPAN("ab"), "!ws_protocol");
	}
}

/* W05 */
static void
test_lengths_are_minimal(void **state)
{
	static const struct {
		int form;
		uint64_t len;
	} odd[] = {
	    {16, 0},
	    {16, 125},
	    {64, 0},
	    {64, 126},
	    {64, 65535},
	    {64, 1ULL << 63},
	    {64, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		strb_reset(&in);
		play_header(&in, (struct header){FIN | WS_BINARY, true, odd[i].form, odd[i].len});
		strb_char(&in, 'x');
		play_expect(WS_SERVER, SIZE_MAX, strb_span(&in), "!ws_protocol");
	}
}

/* W06 */
static void
test_messages_do_not_interleave(void **state)
{
	(void)state;
	server_sees(FIN | 0, SPAN("a"), "!ws_protocol");
	server_sees(0, SPAN(""), "!ws_protocol");
	strb_reset(&in);
	play_frame(&in, WS_BINARY, true, SPAN("a"));
	play_frame(&in, FIN | WS_BINARY, true, SPAN("b"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "61!ws_protocol");
	strb_reset(&in);
	play_frame(&in, WS_BINARY, true, SPAN("a"));
	play_frame(&in, FIN | WS_TEXT, true, SPAN("b"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "61!ws_protocol");
	strb_reset(&in);
	play_frame(&in, FIN | WS_BINARY, true, SPAN("a"));
	play_frame(&in, FIN | 0, true, SPAN("b"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "61|!ws_protocol");
}

/* W07 W08 W20 */
static void
test_fragments_with_pings_between_are_one_message(void **state)
{
	(void)state;
	play_frame(&in, WS_BINARY, true, SPAN("ab"));
	play_frame(&in, FIN | WS_PING, true, SPAN("p"));
	play_frame(&in, 0, true, SPAN(""));
	play_frame(&in, 0, true, SPAN("c"));
	play_frame(&in, FIN | WS_PONG, true, SPAN(""));
	play_frame(&in, FIN | 0, true, SPAN(""));
	play_frame(&in, FIN | WS_BINARY, true, SPAN(""));
	play_frame(&in, FIN | WS_BINARY, true, SPAN("d"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "6162<70>63()||64|");
}

/* W08 */
static void
test_every_length_form_at_every_split(void **state)
{
	static const size_t sizes[] = {0, 1, 125, 126, 127, 4095, 4096, 4097, 65535, 65536, 70001};
	struct strb want, payload;

	(void)state;
	strb_init(&want, PLAY_MAX);
	strb_init(&payload, PLAY_MAX);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		while (strb_span(&payload).n < sizes[i])
			strb_char(&payload, (char)(strb_span(&payload).n * 7));
		strb_reset(&want);
		play_hex(&want, strb_span(&payload));
		strb_char(&want, '|');
		for (int role = WS_SERVER; role <= WS_CLIENT; role++) {
			strb_reset(&in);
			play_frame(&in, FIN | WS_BINARY, role == WS_SERVER, strb_span(&payload));
			play_expect((enum ws_role)role, 1 << 20, strb_span(&in), strb_cstr(&want));
		}
	}
	strb_free(&want);
	strb_free(&payload);
}

/* W09 */
static void
test_text_is_refused_before_it_is_read(void **state)
{
	(void)state;
	server_sees(FIN | WS_TEXT, SPAN("hello"), "!text_message");
	server_sees(FIN | WS_TEXT, SPAN("\xff\xfe"), "!text_message");
	server_sees(WS_TEXT, SPAN("hel"), "!text_message");
	server_sees(FIN | WS_TEXT, SPAN(""), "!text_message");
}

/* W10 */
static void
test_announced_giants_cost_nothing(void **state)
{
	static const uint64_t sizes[] = {MAX + 1, 1ULL << 31, 1ULL << 32, 1ULL << 40, 1ULL << 62};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		strb_reset(&in);
		play_header(&in, (struct header){FIN | WS_BINARY, true, 0, sizes[i]});
		strb_char(&in, 'x');
		play_expect(WS_SERVER, MAX, strb_span(&in), "!message_too_big");
	}
}

/* W11 */
static void
test_the_limit_holds_for_the_whole_message(void **state)
{
	static const char zeros[MAX + 1];
	struct strb want;

	(void)state;
	strb_init(&want, PLAY_MAX);
	play_hex(&want, span_of(zeros, MAX));
	strb_char(&want, '|');
	server_sees(FIN | WS_BINARY, span_of(zeros, MAX), strb_cstr(&want));
	server_sees(FIN | WS_BINARY, span_of(zeros, MAX + 1), "!message_too_big");

	strb_reset(&in);
	for (int i = 0; i < 2; i++) {
		play_frame(&in, WS_BINARY, true, span_of(zeros, MAX - 1));
		play_frame(&in, FIN | 0, true, span_of(zeros, 1));
	}
	play_hex(&want, span_of(zeros, MAX));
	strb_char(&want, '|');
	play_expect(WS_SERVER, MAX, strb_span(&in), strb_cstr(&want));

	strb_reset(&in);
	play_frame(&in, WS_BINARY, true, span_of(zeros, 2));
	play_frame(&in, FIN | 0, true, span_of(zeros, MAX - 1));
	play_expect(WS_SERVER, MAX, strb_span(&in), "0000!message_too_big");
	strb_free(&want);
}

static enum reason
feed_fragments(size_t count, struct span payload)
{
	struct strb log, fragment;
	struct ws_wire *w;
	enum reason why;

	strb_init(&log, PLAY_MAX);
	strb_init(&fragment, PLAY_MAX);
	w = ws_wire_new(WS_SERVER, 4 << 20, &play_ops, &log);
	play_frame(&fragment, WS_BINARY, true, payload);
	why = ws_wire_feed(w, strb_span(&fragment));
	strb_reset(&fragment);
	play_frame(&fragment, 0, true, payload);
	for (size_t i = 1; i < count && why == R_NONE; i++)
		why = ws_wire_feed(w, strb_span(&fragment));
	ws_wire_free(&w);
	strb_free(&fragment);
	strb_free(&log);
	return why;
}

/* W12 */
static void
test_fragments_must_carry_something(void **state)
{
	static const char bytes[256];

	(void)state;
	assert_int_equal(feed_fragments(100000, SPAN("")), R_WS_PROTOCOL);
	assert_int_equal(feed_fragments(WS_FRAGMENTS_FREE, SPAN("")), R_NONE);
	assert_int_equal(feed_fragments(WS_FRAGMENTS_FREE + 1, SPAN("")), R_WS_PROTOCOL);
	assert_int_equal(feed_fragments(WS_FRAGMENTS_FREE + 1, span_of(bytes, 15)), R_WS_PROTOCOL);
	assert_int_equal(feed_fragments(WS_FRAGMENTS_FREE * 2, span_of(bytes, 16)), R_NONE);
	assert_int_equal(feed_fragments((4 << 20) / 256, span_of(bytes, 256)), R_NONE);
}

static void
close_means(int code, struct span text, const char *want)
{
	struct strb payload;

	strb_init(&payload, MAX);
	strb_char(&payload, (char)(code >> 8));
	strb_char(&payload, (char)code);
	strb_add(&payload, text);
	server_sees(FIN | WS_CLOSE, strb_span(&payload), want);
	strb_free(&payload);
}

/* W13 */
static void
test_good_closes_are_reported(void **state)
{
	(void)state;
	server_sees(FIN | WS_CLOSE, SPAN(""), "{1005 }");
	close_means(1000, SPAN(""), "{1000 }");
	close_means(1001, SPAN("going"), "{1001 going}");
	close_means(1011, SPAN("\xc3\xa9"), "{1011 \xc3\xa9}");
	close_means(1012, SPAN(""), "{1012 }");
	close_means(3000, SPAN(""), "{3000 }");
	close_means(4999, SPAN(""), "{4999 }");
}

/* W14 */
static void
test_bad_close_codes_are_refused(void **state)
{
	static const int codes[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};

	(void)state;
	server_sees(FIN | WS_CLOSE, SPAN("\x03"), "!bad_close");
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		close_means(codes[i], SPAN("x"), "!bad_close");
}

/* W15 */
static void
test_close_text_is_utf8_however_it_is_split(void **state)
{
	static const char long_text[124];

	(void)state;
	close_means(1000, SPAN("abcd\xe2\x82\xac"), "{1000 abcd\xe2\x82\xac}");
	close_means(1000, SPAN("abcd\xe2\x82"), "!bad_text");
	close_means(1000, SPAN("\xff"), "!bad_text");
	close_means(1000, SPAN("\xed\xa0\x80"), "!bad_text");
	close_means(1000, SPAN("\xc0\xaf"), "!bad_text");
	close_means(1000, span_of(long_text, 124), "!ws_protocol");
}

/* W16 */
static void
test_nothing_counts_behind_a_close(void **state)
{
	(void)state;
	play_frame(&in, FIN | WS_CLOSE, true, SPAN("\x03\xe8"));
	play_frame(&in, FIN | WS_BINARY, true, SPAN("late"));
	strb_add(&in, SPAN("\xff\xff\xff garbage"));
	play_expect(WS_SERVER, MAX, strb_span(&in), "{1000 }");
}

/* W19 */
static void
test_pings_come_with_their_payload(void **state)
{
	static const char zeros[WS_CONTROL_MAX];
	struct strb want;

	(void)state;
	strb_init(&want, PLAY_MAX);
	for (size_t i = 0; i < 10; i++) {
		play_frame(&in, FIN | WS_PING, true, span_of(zeros, i * WS_CONTROL_MAX / 9));
		strb_char(&want, '<');
		play_hex(&want, span_of(zeros, i * WS_CONTROL_MAX / 9));
		strb_char(&want, '>');
	}
	play_expect(WS_SERVER, MAX, strb_span(&in), strb_cstr(&want));
	strb_free(&want);
}

static enum reason
refuse(void *user, struct span piece, bool last)
{
	(void)user;
	(void)piece;
	(void)last;
	return R_OVER_CREDIT;
}

static void
test_a_failed_wire_stays_failed(void **state)
{
	const struct ws_wire_ops ops = {.on_binary = refuse};
	struct ws_wire *w = ws_wire_new(WS_SERVER, MAX, &ops, NULL);

	(void)state;
	play_frame(&in, FIN | WS_BINARY, true, SPAN("ab"));
	assert_int_equal(ws_wire_feed(w, SPAN("")), R_NONE);
	assert_int_equal(ws_wire_feed(w, strb_span(&in)), R_OVER_CREDIT);
	assert_int_equal(ws_wire_feed(w, strb_span(&in)), R_OVER_CREDIT);
	assert_int_equal(ws_wire_feed(w, SPAN("")), R_OVER_CREDIT);
	assert_true(ws_wire_at_rest(w));
	ws_wire_free(&w);
}

static void
test_a_wire_rests_at_frame_boundaries_only(void **state)
{
	struct strb log;
	struct ws_wire *w;

	(void)state;
	strb_init(&log, MAX);
	w = ws_wire_new(WS_SERVER, MAX, &play_ops, &log);
	play_frame(&in, WS_BINARY, true, SPAN("ab"));
	for (size_t i = 0; i < strb_span(&in).n; i++) {
		assert_true(ws_wire_at_rest(w) == (i == 0));
		assert_int_equal(ws_wire_feed(w, span_of(strb_span(&in).p + i, 1)), R_NONE);
	}
	assert_true(ws_wire_at_rest(w)); /* though the message is not complete */
	ws_wire_free(&w);
	strb_free(&log);
}

struct line {
	struct chunk_pool pool;
	struct buf out;
	struct ws_wire *server, *client;
	struct strb heard;
};

static void
line_open(struct line *l, size_t max)
{
	chunk_pool_init(&l->pool);
	buf_init(&l->out, &l->pool, max);
	strb_init(&l->heard, PLAY_MAX);
	l->server = ws_wire_new(WS_SERVER, 1 << 20, &play_ops, &l->heard);
	l->client = ws_wire_new(WS_CLIENT, 1 << 20, &play_ops, &l->heard);
}

static void
line_close(struct line *l)
{
	ws_wire_free(&l->server);
	ws_wire_free(&l->client);
	strb_free(&l->heard);
	buf_clear(&l->out);
	chunk_pool_free(&l->pool);
}

/* What was sent reaches the other side. */
static void
line_flush(struct line *l, struct ws_wire *to)
{
	while (l->out.len > 0) {
		struct span front = buf_front(&l->out);

		assert_int_equal(ws_wire_feed(to, front), R_NONE);
		buf_drop(&l->out, front.n);
	}
}

static void
test_what_is_sent_arrives(void **state)
{
	static const size_t sizes[] = {0, 1, 125, 126, 4096, 4097, 65535, 65536, 200000};
	static char bytes[200000];
	struct strb want;
	struct line l;

	(void)state;
	line_open(&l, 1 << 20);
	strb_init(&want, PLAY_MAX);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 13);
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct span all = span_of(bytes, sizes[i / 2]);
		struct ws_wire *from = i % 2 ? l.server : l.client;

		/* One thread sends as both, in turn: neither may pick up the other's mask. */
		assert_int_equal(
		    ws_wire_send(from, WS_BINARY, span_take(all, i), span_drop(all, i), &l.out), 0);
		line_flush(&l, i % 2 ? l.client : l.server);
		play_hex(&want, all);
		strb_char(&want, '|');
	}
	assert_string_equal(strb_cstr(&l.heard), strb_cstr(&want));
	strb_free(&want);
	line_close(&l);
}

static void
test_a_message_may_lie_in_many_runs(void **state)
{
	char text[] = "abcdef";
	const struct iovec runs[] = {{text, 2}, {NULL, 0}, {text + 2, 3}, {text + 5, 1}};
	struct line l;

	(void)state;
	line_open(&l, 1000);
	assert_int_equal(ws_wire_send_runs(l.client, WS_BINARY, runs, 4, &l.out), 0);
	line_flush(&l, l.server);
	assert_int_equal(ws_wire_send_runs(l.server, WS_BINARY, runs + 1, 1, &l.out), 0);
	line_flush(&l, l.client);
	assert_string_equal(strb_cstr(&l.heard), "616263646566||");
	line_close(&l);
}

static void
test_what_does_not_fit_is_not_begun(void **state)
{
	struct line l;

	(void)state;
	line_open(&l, 20);
	assert_int_equal(
	    ws_wire_send(l.server, WS_BINARY, SPAN("123456789"), SPAN("0123456789"), &l.out),
	    -WHT_EFULL);
	assert_int_equal(
	    ws_wire_send(l.client, WS_BINARY, SPAN("123456789012345"), SPAN(""), &l.out),
	    -WHT_EFULL);
	assert_int_equal(l.out.len, 0);
	assert_int_equal(
	    ws_wire_send(l.client, WS_BINARY, SPAN("12345678901234"), SPAN(""), &l.out), 0);
	assert_int_equal(l.out.len, 20);
	line_flush(&l, l.server);
	assert_int_equal(
	    ws_wire_send(l.server, WS_BINARY, SPAN("123456789"), SPAN("012345678"), &l.out), 0);
	assert_int_equal(l.out.len, 20);
	line_close(&l);
}

static void
test_closes_are_sent_in_whole_characters(void **state)
{
	struct strb text, want;
	struct line l;

	(void)state;
	strb_init(&text, MAX);
	strb_init(&want, MAX);
	for (int i = 0; i < 61; i++)
		strb_add(&text, SPAN("\xc3\xa9"));
	strb_printf(&want, "{1008 %s}{1005 }", strb_cstr(&text));
	strb_add(&text, SPAN("\xe2\x82\xac")); /* bytes 123 to 125 of a text of at most 123 */

	line_open(&l, 1000);
	assert_int_equal(ws_wire_send_close(l.server, 1008, strb_span(&text), &l.out), 0);
	assert_int_equal(l.out.len, 2 + 2 + 122);
	line_flush(&l, l.client);
	assert_int_equal(ws_wire_send_close(l.client, WS_CLOSE_NO_CODE, SPAN("x"), &l.out), 0);
	assert_int_equal(l.out.len, 2 + 4);
	line_flush(&l, l.server);
	assert_string_equal(strb_cstr(&l.heard), strb_cstr(&want));
	line_close(&l);
	strb_free(&text);
	strb_free(&want);
}

static void
test_masks_differ(void **state)
{
	char masks[300][4];
	struct line l;

	(void)state;
	line_open(&l, 1000);
	for (size_t i = 0; i < 300; i++) {
		char head[6];

		assert_int_equal(ws_wire_send(l.client, WS_PING, SPAN(""), SPAN(""), &l.out), 0);
		assert_int_equal(buf_peek(&l.out, head, 6), 6);
		memcpy(masks[i], head + 2, 4);
		buf_clear(&l.out);
		for (size_t j = 0; j < i && j < 4; j++)
			assert_memory_not_equal(masks[i], masks[i - j - 1], 4);
	}
	line_close(&l);
}

static void *
send_from_a_thread(void *user)
{
	struct line l;

	(void)user;
	line_open(&l, 1000);
	for (int i = 0; i < 1000; i++) {
		if (ws_wire_send(l.client, WS_BINARY, SPAN("ab"), SPAN("c"), &l.out) != 0)
			abort();
		buf_clear(&l.out);
	}
	line_close(&l);
	return NULL;
}

static void
test_threads_send_side_by_side(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_from_a_thread, NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_masking_goes_by_role),
	    TEST(test_reserved_bits_are_refused),
	    TEST(test_unknown_opcodes_are_refused),
	    TEST(test_control_frames_are_short_and_whole),
	    TEST(test_lengths_are_minimal),
	    TEST(test_messages_do_not_interleave),
	    TEST(test_fragments_with_pings_between_are_one_message),
	    TEST(test_every_length_form_at_every_split),
	    TEST(test_text_is_refused_before_it_is_read),
	    TEST(test_announced_giants_cost_nothing),
	    TEST(test_the_limit_holds_for_the_whole_message),
	    TEST(test_fragments_must_carry_something),
	    TEST(test_good_closes_are_reported),
	    TEST(test_bad_close_codes_are_refused),
	    TEST(test_close_text_is_utf8_however_it_is_split),
	    TEST(test_nothing_counts_behind_a_close),
	    TEST(test_pings_come_with_their_payload),
	    TEST(test_a_failed_wire_stays_failed),
	    TEST(test_a_wire_rests_at_frame_boundaries_only),
	    TEST(test_what_is_sent_arrives),
	    TEST(test_a_message_may_lie_in_many_runs),
	    TEST(test_what_does_not_fit_is_not_begun),
	    TEST(test_closes_are_sent_in_whole_characters),
	    TEST(test_masks_differ),
	    TEST(test_threads_send_side_by_side),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
