/* One stream: its two directions, its credit, its ends. */
#include "side.h"

static void
test_our_stream_from_syn_to_both_fins(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_open(s);

	(void)state;
	assert_int_equal(s->outputs, 1);
	side_write(e, 100);
	assert_false(wsmux_stream_accepted(e->st));
	expect(s, WSMUX_SYN, 0, 0);
	expect_silence(s);
	assert_int_equal(tell(s, WSMUX_ACK, 0, KIB(64)), R_NONE);
	assert_true(wsmux_stream_accepted(e->st));
	expect_data(s, 0, 100);
	expect_silence(s);
	assert_int_equal(tell_raw(s, WSMUX_DAT, 0, SPAN("hello")), R_NONE);
	assert_int_equal(e->got, 5);
	assert_memory_equal(e->data, "hello", 5);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(e->fins, 1);
	wsmux_session_reap(s->session);
	assert_int_equal(e->dones, 0);
	wsmux_stream_fin(e->st);
	expect(s, WSMUX_FIN, 0, 0);
	expect_done(s, e, R_NONE);
	assert_int_equal(wsmux_session_streams(s->session), 0);
	side_free(s);
}

static void
test_their_stream_is_accepted_with_our_window(void **state)
{
	struct side *s = side_new(legacy(WSMUX_CLIENT));
	struct ear *e;

	(void)state;
	assert_int_equal(tell(s, WSMUX_SYN, 0, 0), R_NONE);
	e = &s->ear[0];
	assert_true(wsmux_stream_accepted(e->st));
	expect(s, WSMUX_ACK, 0, KIB(64));
	side_write(e, KIB(5));
	expect_data(s, 0, WSMUX_LEGACY_CREDIT);
	expect_silence(s);
	assert_int_equal(wsmux_stream_queued(e->st), KIB(1));
	assert_int_equal(tell(s, WSMUX_ACK, 0, 1), R_NONE);
	expect_data(s, 0, 1);
	side_free(s);
}

/* A peer that is known to have more room than its elders gets more at once. */
static void
test_who_knows_better_presumes_more(void **state)
{
	struct wsmux_config config = legacy(WSMUX_CLIENT);
	struct side *s;
	size_t sent = 0, n;

	(void)state;
	config.presumed_credit = KIB(40);
	s = side_new(config);
	assert_int_equal(tell(s, WSMUX_SYN, 0, 0), R_NONE);
	expect(s, WSMUX_ACK, 0, (uint32_t)config.window);
	side_write(&s->ear[0], KIB(50));
	for (; sent < KIB(40); sent += n) {
		n = KIB(40) - sent < WSMUX_DATA_MAX ? KIB(40) - sent : WSMUX_DATA_MAX;
		expect_data(s, 0, n);
	}
	expect_silence(s);
	side_free(s);
}

static void
test_windows_agreed_save_the_round_trip(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct side *c = side_new(agreed(WSMUX_CLIENT));
	struct ear *e = side_open(s);

	(void)state;
	side_write(e, KIB(40));
	expect(s, WSMUX_SYN, 0, 0);
	expect_data(s, 0, WSMUX_DATA_MAX);
	expect_data(s, 0, WSMUX_DATA_MAX);
	expect_silence(s); /* 32 KiB is the peer's window */
	assert_int_equal(tell(s, WSMUX_ACK, 0, 0), R_NONE);
	assert_true(wsmux_stream_accepted(e->st));
	expect_silence(s);

	assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
	assert_int_equal(tell_data(c, 0, 7), R_NONE);
	assert_int_equal(c->ear[0].got, 7);
	expect(c, WSMUX_ACK, 0, 7); /* the accepting ACK takes along what is due already */
	side_free(s);
	side_free(c);
}

/* M09 M13: the peer's credit is a wall, for 1 byte as for 4 GiB */
static void
test_we_never_pass_the_credit(void **state)
{
	static const uint32_t first[] = {0, 1, 1000, KIB(4)};

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct side *s = side_new(legacy(WSMUX_SERVER));
		struct ear *e = side_opened(s, first[i]);

		side_write(e, KIB(10));
		if (first[i] > 0)
			expect_data(s, 0, first[i]);
		expect_silence(s);
		assert_int_equal(tell(s, WSMUX_ACK, 0, 1), R_NONE);
		expect_data(s, 0, 1);
		expect_silence(s);
		assert_int_equal(tell(s, WSMUX_ACK, 0, UINT32_MAX), R_NONE);
		expect_data(s, 0, KIB(10) - first[i] - 1);
		side_free(s);
	}
}

/* M10 M11: credit that was never asked for counts, and never wraps */
static void
test_credit_never_wraps(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, UINT32_MAX);

	(void)state;
	side_write(e, 10);
	expect_data(s, 0, 10);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 10), R_NONE);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 1), R_PROTOCOL);
	expect_done(s, e, R_PROTOCOL);
	side_free(s);
}

static void
test_acks_wait_for_a_quarter_of_the_window(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));

	(void)state;
	side_opened(s, 0);
	assert_int_equal(tell_data(s, 0, KIB(16) - 1), R_NONE);
	expect_silence(s);
	assert_int_equal(tell_data(s, 0, 2), R_NONE);
	assert_int_equal(tell_data(s, 0, 100), R_NONE);
	expect(s, WSMUX_ACK, 0, KIB(16) + 101);
	expect_silence(s);
	side_free(s);
}

/* M14: credit goes back for what was used, not for what arrived */
static void
test_nothing_is_acked_before_it_is_used(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct ear *e = side_opened(s, 0);

	(void)state;
	e->keeps = true;
	assert_int_equal(tell_data(s, 0, KIB(64)), R_NONE);
	assert_int_equal(e->got, KIB(64));
	assert_int_equal(wsmux_stream_held(e->st), KIB(64));
	assert_int_equal(wsmux_session_held(s->session), KIB(64));
	assert_int_equal(s->held, KIB(64));
	expect_silence(s);
	wsmux_stream_used(e->st, KIB(20));
	expect(s, WSMUX_ACK, 0, KIB(20));
	assert_int_equal(s->held, KIB(44));
	side_free(s);
}

static void
test_a_legacy_window_is_widened_to_ours(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_open(s);

	(void)state;
	expect(s, WSMUX_SYN, 0, 0);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 1024), R_NONE);
	expect(s, WSMUX_ACK, 0, KIB(64) - WSMUX_LEGACY_CREDIT);
	e->keeps = true;
	assert_int_equal(tell_data(s, 0, KIB(64)), R_NONE);
	side_free(s);
}

/* A careful acceptor sends WSMUX_LEGACY_CREDIT before our first ACK,
 * however large its own buffer. */
static void
test_a_careful_legacy_peer_is_not_left_waiting(void **state)
{
	static const uint32_t first[] = {1, KIB(4), KIB(64) - 1, KIB(64), MIB(4)};

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct side *s = side_new(legacy(WSMUX_SERVER));
		size_t credit = first[i] < KIB(4) ? first[i] : KIB(4);
		struct wsmux_out out;
		size_t sent = 0;

		side_open(s);
		expect(s, WSMUX_SYN, 0, 0);
		assert_int_equal(tell(s, WSMUX_ACK, 0, first[i]), R_NONE);
		while (sent < KIB(200)) {
			while (wsmux_session_pull(s->session, &out))
				credit += frame_of(&out).number;
			assert_true(credit > 0);
			assert_int_equal(tell_data(s, 0, credit), R_NONE);
			sent += credit;
			credit = 0;
		}
		side_free(s);
	}
}

/* M12 I02: a legacy peer's own buffer is 4 MiB at most, and it may fill ours as far unasked */
static void
test_four_mebibytes_unacked_and_not_one_byte_more(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, MIB(4));

	(void)state;
	e->appetite = 1000;
	e->keeps = true;
	assert_int_equal(tell_data(s, 0, MIB(4)), R_NONE);
	assert_int_equal(e->got, 1000);
	assert_int_equal(wsmux_stream_held(e->st), MIB(4));
	assert_int_equal(tell_data(s, 0, 1), R_OVER_CREDIT);
	expect_done(s, e, R_OVER_CREDIT);
	side_free(s);
}

/* M12: with windows agreed the window is strict, in both roles */
static void
test_an_agreed_window_is_strict(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct side *c = side_new(agreed(WSMUX_CLIENT));

	(void)state;
	side_opened(s, 0)->keeps = true;
	assert_int_equal(tell_data(s, 0, KIB(64) + 1), R_OVER_CREDIT);
	side_free(s);

	assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
	c->ear[0].keeps = true;
	assert_int_equal(tell_data(c, 0, KIB(64)), R_NONE);
	assert_int_equal(tell_data(c, 0, 1), R_OVER_CREDIT);
	side_free(c);
}

static void
test_a_legacy_opener_waits_for_our_ack(void **state)
{
	struct side *c = side_new(legacy(WSMUX_CLIENT));

	(void)state;
	assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
	assert_int_equal(tell_data(c, 0, 1), R_OVER_CREDIT);
	side_free(c);
}

static void
test_what_is_not_taken_is_offered_again(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, KIB(64));

	(void)state;
	e->appetite = 3;
	assert_int_equal(tell_raw(s, WSMUX_DAT, 0, SPAN("hello ")), R_NONE);
	assert_int_equal(tell_raw(s, WSMUX_DAT, 0, SPAN("world")), R_NONE);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(e->got, 3);
	assert_int_equal(e->fins, 0);
	e->appetite = 4;
	wsmux_stream_resume(e->st);
	assert_int_equal(e->got, 7);
	assert_int_equal(e->fins, 0);
	e->appetite = 100;
	wsmux_stream_resume(e->st);
	assert_int_equal(e->got, 11);
	assert_memory_equal(e->data, "hello world", 11);
	assert_int_equal(e->fins, 1);
	wsmux_stream_resume(e->st);
	assert_int_equal(e->fins, 1);
	side_free(s);
}

static size_t
greedy_on_data(void *user, struct span in)
{
	struct ear *e = user;

	wsmux_stream_resume(e->st); /* must not come back here */
	e->rooms++;
	e->got += in.n > 2 ? 2 : in.n;
	return in.n > 2 ? 2 : in.n;
}

static void
test_resume_inside_on_data_does_not_recurse(void **state)
{
	static const struct wsmux_stream_ops ops = {
	    .on_data = greedy_on_data,
	    .on_done = ear_on_done,
	};
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct ear *e = side_ear(s);

	(void)state;
	e->st = wsmux_session_open(s->session, &ops, e);
	expect(s, WSMUX_SYN, 0, 0);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 0), R_NONE);
	assert_int_equal(tell_raw(s, WSMUX_DAT, 0, SPAN("abcde")), R_NONE);
	while (e->got < 5)
		wsmux_stream_resume(e->st);
	side_free(s);
}

/* M15 */
static void
test_empty_data_is_nothing(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 1);

	(void)state;
	assert_int_equal(tell_data(s, 0, 0), R_NONE);
	assert_int_equal(e->got, 0);
	side_free(s);
}

/* M16 */
static void
test_data_behind_a_fin_is_discarded(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 1);

	(void)state;
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(tell_data(s, 0, 10), R_NONE);
	assert_int_equal(e->got, 0);
	assert_int_equal(wsmux_session_held(s->session), 0);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 1);
	side_free(s);
}

/* M17: twice, before the ACK, on an idle stream */
static void
test_fin_in_odd_places(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *idle = side_opened(s, 1);
	struct ear *early = side_open(s);

	(void)state;
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(idle->fins, 1);
	expect(s, WSMUX_SYN, 2, 0);
	assert_int_equal(tell(s, WSMUX_FIN, 2, 0), R_NONE);
	assert_int_equal(early->fins, 1);
	assert_false(wsmux_stream_accepted(early->st));
	wsmux_stream_fin(early->st);
	expect(s, WSMUX_FIN, 2, 0);
	expect_done(s, early, R_NONE);
	side_free(s);
}

/* P12: only that stream */
static void
test_data_before_the_ack_breaks_that_stream_only(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *good = side_opened(s, 10), *bad = side_open(s);

	(void)state;
	expect(s, WSMUX_SYN, 2, 0);
	assert_int_equal(tell_data(s, 2, 100), R_NONE);
	expect_done(s, bad, R_PROTOCOL);
	assert_int_equal(bad->got, 0);
	assert_int_equal(tell_data(s, 0, 100), R_NONE);
	assert_int_equal(good->got, 100);
	side_free(s);
}

static void
test_fin_follows_the_queue(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 10);

	(void)state;
	side_write(e, 15);
	wsmux_stream_fin(e->st);
	wsmux_stream_fin(e->st);
	assert_int_equal(wsmux_stream_write(e->st, SPAN("late")), 0);
	assert_int_equal(wsmux_stream_room(e->st), 0);
	expect_data(s, 0, 10);
	expect_silence(s);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 10), R_NONE);
	expect_data(s, 0, 5);
	expect(s, WSMUX_FIN, 0, 0);
	expect_silence(s);
	side_free(s);
}

static void
test_room_is_told_once_half_is_free(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, UINT32_MAX);
	char *data = must_alloc(KIB(80));

	(void)state;
	assert_int_equal(wsmux_stream_write(e->st, span_of(data, KIB(80))), KIB(64));
	assert_int_equal(wsmux_stream_room(e->st), 0);
	expect_data(s, 0, KIB(16));
	expect_data(s, 0, KIB(16));
	assert_int_equal(e->rooms, 0);
	expect_data(s, 0, KIB(16));
	assert_int_equal(e->rooms, 1);
	expect_data(s, 0, KIB(16));
	expect_silence(s);
	assert_int_equal(e->rooms, 1);
	assert_int_equal(wsmux_stream_room(e->st), KIB(64));
	free(data);
	side_free(s);
}

static void
test_a_source_pauses_before_the_queue_is_full(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, UINT32_MAX);

	(void)state;
	side_write(e, KIB(32));
	assert_false(wsmux_stream_full(e->st));
	side_write(e, 1);
	assert_true(wsmux_stream_full(e->st));
	expect_data(s, 0, KIB(16));
	assert_int_equal(e->rooms, 0);
	expect_data(s, 0, KIB(16));
	assert_int_equal(e->rooms, 1);
	assert_false(wsmux_stream_full(e->st));
	side_free(s);
}

/* M18: towards a legacy peer a stream given up is a FIN, and late bytes get their credit */
static void
test_a_legacy_peer_is_drained_after_an_abort(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, KIB(64));

	(void)state;
	e->keeps = true;
	side_write(e, 50);
	assert_int_equal(tell_data(s, 0, 100), R_NONE);
	wsmux_stream_abort(e->st, R_VIEWER_GONE);
	wsmux_stream_abort(e->st, R_INTERNAL);
	assert_int_equal(s->held, 0);
	expect(s, WSMUX_ACK, 0, 100); /* what it held */
	expect(s, WSMUX_FIN, 0, 0);
	expect_silence(s);
	expect_done(s, e, R_VIEWER_GONE);
	assert_int_equal(wsmux_session_streams(s->session), 0);
	assert_int_equal(tell_data(s, 0, 7), R_NONE);
	expect(s, WSMUX_ACK, 0, 7);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 7), R_NONE);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 0);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 1);
	side_free(s);
}

/* M18: not for ever */
static void
test_lingering_is_bounded_in_bytes_and_time(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *flood, *slow;

	(void)state;
	flood = side_opened(s, KIB(64));
	slow = side_opened(s, KIB(64));
	wsmux_stream_abort(flood->st, R_VIEWER_GONE);
	wsmux_stream_abort(slow->st, R_VIEWER_GONE);
	expect(s, WSMUX_FIN, 0, 0);
	expect(s, WSMUX_FIN, 2, 0);
	wsmux_session_reap(s->session);
	wsmux_session_tick(s->session, 1000);
	assert_int_equal(tell_data(s, 0, KIB(64) - 1), R_NONE);
	expect(s, WSMUX_ACK, 0, KIB(64) - 1);
	assert_int_equal(tell_data(s, 0, 2), R_NONE);
	expect_silence(s);
	wsmux_session_tick(s->session, 5999);
	assert_int_equal(tell_data(s, 2, 1), R_NONE);
	expect(s, WSMUX_ACK, 2, 1);
	wsmux_session_tick(s->session, 6000);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 0);
	assert_int_equal(tell_data(s, 2, 1), R_NONE);
	assert_int_equal(tell_data(s, 0, 1), R_NONE);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 2);
	expect_silence(s);
	side_free(s);
}

static void
test_an_abort_after_our_fin_sends_no_second_one(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 1);
	int told;

	(void)state;
	wsmux_stream_fin(e->st);
	expect(s, WSMUX_FIN, 0, 0);
	expect_silence(s);
	told = s->outputs;
	wsmux_stream_abort(e->st, R_VIEWER_GONE);
	assert_int_equal(s->outputs, told + 1); /* nothing to pull, but a stream to reap */
	expect_silence(s);
	expect_done(s, e, R_VIEWER_GONE);
	side_free(s);
}

static void
test_rst_says_why_and_drops_the_queue(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct side *c = side_new(agreed(WSMUX_CLIENT));
	struct ear *e = side_opened(s, 0);

	(void)state;
	side_write(e, 100);
	wsmux_stream_abort(e->st, R_VIEWER_GONE);
	expect_done(s, e, R_VIEWER_GONE);
	expect(s, WSMUX_RST, 0, reason_info(R_VIEWER_GONE)->code);
	expect_silence(s);
	assert_int_equal(tell_data(s, 0, 5), R_NONE); /* a straggler */
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 1);

	assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
	assert_int_equal(tell(c, WSMUX_RST, 0, reason_info(R_VIEWER_GONE)->code), R_NONE);
	expect_silence(c);
	expect_done(c, &c->ear[0], R_VIEWER_GONE);
	assert_int_equal(tell(c, WSMUX_SYN, 2, 0), R_NONE);
	assert_int_equal(tell(c, WSMUX_RST, 2, 0), R_NONE);
	expect_done(c, &c->ear[1], R_STREAM_RESET); /* "finished normally" would be a lie */
	assert_int_equal(tell(c, WSMUX_SYN, 4, 0), R_NONE);
	assert_int_equal(tell(c, WSMUX_RST, 4, 123456), R_NONE);
	expect_done(c, &c->ear[2], R_STREAM_RESET);
	side_free(s);
	side_free(c);
}

static void
test_an_abort_before_the_syn_is_silent(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_open(s);

	(void)state;
	side_write(e, 10);
	wsmux_stream_abort(e->st, R_VIEWER_GONE);
	expect_silence(s);
	expect_done(s, e, R_VIEWER_GONE);
	side_free(s);
}

static void
test_an_abort_inside_on_data_is_safe(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 1);

	(void)state;
	e->appetite = 0;
	assert_int_equal(tell_data(s, 0, KIB(40)), R_NONE);
	e->aborts = true;
	wsmux_stream_resume(e->st);
	expect_done(s, e, R_BAD_RESPONSE);
	e = side_opened(s, 1);
	e->aborts = true;
	assert_int_equal(tell_data(s, 2, KIB(40)), R_NONE);
	expect_done(s, e, R_BAD_RESPONSE);
	side_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_our_stream_from_syn_to_both_fins),
	    cmocka_unit_test(test_their_stream_is_accepted_with_our_window),
	    cmocka_unit_test(test_who_knows_better_presumes_more),
	    cmocka_unit_test(test_windows_agreed_save_the_round_trip),
	    cmocka_unit_test(test_we_never_pass_the_credit),
	    cmocka_unit_test(test_credit_never_wraps),
	    cmocka_unit_test(test_acks_wait_for_a_quarter_of_the_window),
	    cmocka_unit_test(test_nothing_is_acked_before_it_is_used),
	    cmocka_unit_test(test_a_legacy_window_is_widened_to_ours),
	    cmocka_unit_test(test_a_careful_legacy_peer_is_not_left_waiting),
	    cmocka_unit_test(test_four_mebibytes_unacked_and_not_one_byte_more),
	    cmocka_unit_test(test_an_agreed_window_is_strict),
	    cmocka_unit_test(test_a_legacy_opener_waits_for_our_ack),
	    cmocka_unit_test(test_what_is_not_taken_is_offered_again),
	    cmocka_unit_test(test_resume_inside_on_data_does_not_recurse),
	    cmocka_unit_test(test_empty_data_is_nothing),
	    cmocka_unit_test(test_data_behind_a_fin_is_discarded),
	    cmocka_unit_test(test_fin_in_odd_places),
	    cmocka_unit_test(test_data_before_the_ack_breaks_that_stream_only),
	    cmocka_unit_test(test_fin_follows_the_queue),
	    cmocka_unit_test(test_room_is_told_once_half_is_free),
	    cmocka_unit_test(test_a_source_pauses_before_the_queue_is_full),
	    cmocka_unit_test(test_a_legacy_peer_is_drained_after_an_abort),
	    cmocka_unit_test(test_lingering_is_bounded_in_bytes_and_time),
	    cmocka_unit_test(test_an_abort_after_our_fin_sends_no_second_one),
	    cmocka_unit_test(test_rst_says_why_and_drops_the_queue),
	    cmocka_unit_test(test_an_abort_before_the_syn_is_silent),
	    cmocka_unit_test(test_an_abort_inside_on_data_is_safe),
	};

	return RUN_CUT("stream", tests);
}
