/* A session: what ends it and what must not, ids, limits, turns, time. */
#include "side.h"

static void
assert_ends(struct wsmux_config config, struct span message, enum reason why)
{
	struct side *s = side_new(config);
	struct ear *e = side_opened(s, 0);

	assert_int_equal(tell_message(s, message), why);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), why); /* from then on */
	assert_int_equal(e->fins, 0);
	expect_silence(s);
	expect_done(s, e, why);
	assert_null(wsmux_session_open(s->session, &ear_ops, e));
	side_free(s);
}

/* M01 M02 M03: short frames, unknown types, numbers of the wrong length */
static void
test_malformed_frames_end_the_session(void **state)
{
	static const char zeros[32];
	static const uint8_t bad_types[] = {4, 6, 0x7f, 0xff};

	(void)state;
	for (size_t n = 0; n < WSMUX_HEADER_MIN; n++)
		assert_ends(legacy(WSMUX_SERVER), span_of(zeros, n), R_PROTOCOL);
	for (size_t i = 0; i < sizeof(bad_types); i++) {
		char message[9] = {(char)bad_types[i]};

		assert_ends(agreed(WSMUX_SERVER), span_of(message, 5), R_PROTOCOL);
		assert_ends(agreed(WSMUX_SERVER), span_of(message, 9), R_PROTOCOL);
	}
	for (size_t n = WSMUX_HEADER_MIN; n < sizeof(zeros); n++) {
		char ack[32] = {WSMUX_ACK}, rst[32] = {WSMUX_RST};

		if (n == WSMUX_HEADER_MAX)
			continue;
		assert_ends(legacy(WSMUX_SERVER), span_of(ack, n), R_PROTOCOL);
		assert_ends(agreed(WSMUX_SERVER), span_of(rst, n), R_PROTOCOL);
	}
}

/* M02: type 5 is only for those who agreed on it */
static void
test_rst_unagreed_is_unknown(void **state)
{
	(void)state;
	assert_ends(legacy(WSMUX_SERVER), SPAN("\x05\0\0\0\0\0\0\0\0"), R_PROTOCOL);
}

/* M03: what stands behind a SYN or FIN is skipped */
static void
test_payload_of_syn_and_fin_is_ignored(void **state)
{
	struct side *c = side_new(legacy(WSMUX_CLIENT));

	(void)state;
	assert_int_equal(tell_raw(c, WSMUX_SYN, 0, SPAN("whatever this is")), R_NONE);
	assert_int_equal(tell_raw(c, WSMUX_FIN, 0, SPAN("or this")), R_NONE);
	assert_int_equal(c->ear[0].fins, 1);
	assert_int_equal(c->ear[0].got, 0);
	side_free(c);
}

/* M04 */
static void
test_frames_for_unknown_streams_are_counted_and_dropped(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));

	(void)state;
	assert_int_equal(tell_data(s, 8, 10000), R_NONE);
	assert_int_equal(tell(s, WSMUX_ACK, 8, 1), R_NONE);
	assert_int_equal(tell(s, WSMUX_FIN, 8, 0), R_NONE);
	assert_int_equal(tell(s, WSMUX_RST, 8, 1), R_NONE);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 4);
	assert_int_equal(s->pool.in_use, 0);
	expect_silence(s);
	side_free(s);
}

/* M05 M08 */
static void
test_200_unaccepted_opens_and_one_more(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 10);

	(void)state;
	s->accepts = false;
	for (uint32_t i = 0; i < WSMUX_BACKLOG_MAX; i++)
		assert_int_equal(tell(s, WSMUX_SYN, 2 * i + 1, 0), R_NONE);
	expect_silence(s);
	assert_int_equal(tell_data(s, 1, 10), R_NONE);
	assert_int_equal(tell(s, WSMUX_ACK, 3, 10), R_NONE);
	assert_int_equal(tell(s, WSMUX_FIN, 5, 10), R_NONE);
	assert_int_equal(wsmux_session_streams(s->session), 1);
	assert_int_equal(tell_data(s, 0, 10), R_NONE);
	assert_int_equal(e->got, 10);
	assert_int_equal(tell(s, WSMUX_SYN, 2 * WSMUX_BACKLOG_MAX + 1, 0), R_TOO_MANY_OPENS);
	expect_done(s, e, R_TOO_MANY_OPENS);
	side_free(s);
}

/* M06: ids of our own parity, used and unused */
static void
test_their_syn_on_our_ids_disturbs_nothing(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *a = side_opened(s, 10), *b;

	(void)state;
	assert_int_equal(tell(s, WSMUX_SYN, 0, 0), R_NONE);
	assert_int_equal(wsmux_session_counts(s->session)->ignored_frames, 1);
	assert_int_equal(tell(s, WSMUX_SYN, 2, 0), R_NONE);
	assert_int_equal(s->ears, 1);
	b = side_open(s);
	assert_int_equal(wsmux_stream_id(b->st), 4);
	assert_int_equal(tell_data(s, 0, 10), R_NONE);
	assert_int_equal(a->got, 10);
	side_free(s);
}

/* M07 */
static void
test_a_second_syn_is_ignored(void **state)
{
	struct side *c = side_new(legacy(WSMUX_CLIENT));

	(void)state;
	assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
	expect(c, WSMUX_ACK, 0, KIB(64));
	assert_int_equal(tell_data(c, 0, 10), R_NONE);
	assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
	expect_silence(c);
	assert_int_equal(c->ears, 1);
	assert_int_equal(c->ear[0].got, 10);
	assert_int_equal(wsmux_session_counts(c->session)->ignored_frames, 1);
	side_free(c);
}

/* A Go peer dies of 200 SYNs: ours wait for their turn, and given up ones count until answered. */
static void
test_our_opens_queue_behind_the_unacked(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e[WSMUX_OPENS_MAX + 3];
	size_t n = sizeof(e) / sizeof(e[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		e[i] = side_open(s);
	for (uint32_t i = 0; i < WSMUX_OPENS_MAX; i++)
		expect(s, WSMUX_SYN, 2 * i, 0);
	expect_silence(s);
	assert_int_equal(tell(s, WSMUX_ACK, 2 * WSMUX_OPENS_MAX, 5), R_NONE); /* not told yet */
	assert_false(wsmux_stream_accepted(e[WSMUX_OPENS_MAX]->st));
	wsmux_stream_abort(e[0]->st, R_VIEWER_GONE);
	expect(s, WSMUX_FIN, 0, 0);
	wsmux_session_reap(s->session);
	expect_silence(s);
	assert_int_equal(tell(s, WSMUX_ACK, 0, KIB(64)), R_NONE);
	expect(s, WSMUX_SYN, 2 * WSMUX_OPENS_MAX, 0);
	expect_silence(s);
	assert_int_equal(tell(s, WSMUX_ACK, 2, KIB(64)), R_NONE);
	expect(s, WSMUX_SYN, 2 * WSMUX_OPENS_MAX + 2, 0);
	wsmux_stream_abort(e[2]->st, R_VIEWER_GONE);
	expect(s, WSMUX_FIN, 4, 0);
	wsmux_session_reap(s->session);
	assert_int_equal(tell(s, WSMUX_FIN, 4, 0), R_NONE); /* forgotten, and so answered */
	expect(s, WSMUX_SYN, 2 * WSMUX_OPENS_MAX + 4, 0);
	side_free(s);
}

/* M19: at 30 s, and a late ACK is harmless */
static void
test_an_open_without_ack_runs_out(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_open(s);

	(void)state;
	expect(s, WSMUX_SYN, 0, 0);
	wsmux_session_tick(s->session, 500000);
	wsmux_session_tick(s->session, 529999);
	wsmux_session_reap(s->session);
	assert_int_equal(e->dones, 0);
	wsmux_session_tick(s->session, 530000);
	expect_done(s, e, R_OPEN_TIMEOUT);
	expect(s, WSMUX_FIN, 0, 0);
	assert_int_equal(tell(s, WSMUX_ACK, 0, KIB(64)), R_NONE);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_int_equal(wsmux_session_counts(s->session)->given_up, 1);
	side_free(s);
}

static void
test_an_open_stuck_in_the_queue_runs_out_too(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct ear *e = side_open(s);

	(void)state;
	wsmux_session_tick(s->session, 1);
	wsmux_session_tick(s->session, 30001);
	expect_silence(s);
	expect_done(s, e, R_OPEN_TIMEOUT);
	side_free(s);
}

static void
test_time_matters_only_while_something_may_run_out(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e;

	(void)state;
	assert_true(wsmux_session_at_rest(s->session));
	e = side_open(s);
	assert_false(wsmux_session_at_rest(s->session));
	expect(s, WSMUX_SYN, 0, 0);
	assert_false(wsmux_session_at_rest(s->session));
	assert_int_equal(tell(s, WSMUX_ACK, 0, KIB(64)), R_NONE);
	assert_true(wsmux_session_at_rest(s->session));
	wsmux_stream_abort(e->st, R_VIEWER_GONE);
	wsmux_session_reap(s->session);
	assert_false(wsmux_session_at_rest(s->session));
	expect(s, WSMUX_FIN, 0, 0);
	assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	assert_true(wsmux_session_at_rest(s->session));
	side_free(s);
}

/* M20: 2^31 opens later a long-lived stream still has its id */
static void
test_ids_wrap_past_a_living_stream(void **state)
{
	for (enum wsmux_role role = WSMUX_SERVER; role <= WSMUX_CLIENT; role++) {
		uint32_t odd = role == WSMUX_CLIENT;
		struct side *s = side_new(legacy(role));
		struct ear *first = side_opened(s, 100);

		(void)state;
		wsmux_session_set_next_id(s->session, UINT32_MAX);
		assert_int_equal(wsmux_stream_id(side_open(s)->st), 0xfffffffe + odd);
		assert_int_equal(wsmux_stream_id(side_open(s)->st), 2 + odd);
		assert_int_equal(wsmux_stream_id(side_open(s)->st), 4 + odd);
		assert_int_equal(tell_data(s, odd, 10), R_NONE);
		assert_int_equal(first->got, 10);
		side_free(s);
	}
}

/* M20: a lingering id is not free either */
static void
test_a_lingering_id_is_skipped(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, 100);

	(void)state;
	wsmux_stream_abort(e->st, R_VIEWER_GONE);
	expect(s, WSMUX_FIN, 0, 0);
	wsmux_session_reap(s->session);
	wsmux_session_set_next_id(s->session, 0);
	assert_int_equal(wsmux_stream_id(side_open(s)->st), 2);
	side_free(s);
}

static void
test_streams_max_refuses_both_ways(void **state)
{
	struct wsmux_config config[] = {legacy(WSMUX_CLIENT), agreed(WSMUX_CLIENT)};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct side *c;

		config[i].streams_max = 2;
		c = side_new(config[i]);
		assert_int_equal(tell(c, WSMUX_SYN, 0, 0), R_NONE);
		side_open(c);
		assert_null(wsmux_session_open(c->session, &ear_ops, NULL));
		assert_int_equal(tell(c, WSMUX_SYN, 2, 0), R_NONE);
		assert_int_equal(c->ears, 2);
		expect(c, WSMUX_SYN, 1, 0);
		expect(c, WSMUX_ACK, 0, config[i].windows_agreed ? 0 : KIB(64));
		if (config[i].rst_agreed) {
			expect(c, WSMUX_RST, 2, reason_info(R_TOO_MANY_STREAMS)->code);
		} else {
			expect(c, WSMUX_ACK, 2, KIB(64));
			expect(c, WSMUX_FIN, 2, 0);
		}
		for (uint32_t id = 4; id < 4000; id += 2) /* a flood costs nothing lasting */
			assert_int_equal(tell(c, WSMUX_SYN, id, 0), R_NONE);
		assert_int_equal(wsmux_session_streams(c->session), 2);
		side_free(c);
	}
}

static void
test_the_greediest_stream_pays_for_the_session(void **state)
{
	struct wsmux_config config = legacy(WSMUX_SERVER);
	struct side *s;
	struct ear *a, *b;

	(void)state;
	config.session_held_max = MIB(1);
	s = side_new(config);
	a = side_opened(s, MIB(4));
	b = side_opened(s, MIB(4));
	a->appetite = b->appetite = 0;
	assert_int_equal(tell_data(s, 0, KIB(600)), R_NONE);
	assert_int_equal(tell_data(s, 2, KIB(424)), R_NONE);
	wsmux_session_reap(s->session);
	assert_int_equal(a->dones + b->dones, 0);
	assert_int_equal(tell_data(s, 2, 1), R_NONE);
	expect_done(s, a, R_STREAM_MEMORY);
	assert_int_equal(b->dones, 0);
	assert_int_equal(s->held, KIB(424) + 1);
	assert_int_equal(wsmux_session_counts(s->session)->given_up, 1);
	side_free(s);
}

/* M24: turns, one frame each; a stream without credit delays nobody */
static void
test_data_goes_round_robin(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *a = side_opened(s, UINT32_MAX), *stuck = side_opened(s, 0);
	struct ear *b = side_opened(s, UINT32_MAX);

	(void)state;
	side_write(stuck, KIB(40));
	side_write(a, KIB(40));
	side_write(b, KIB(20));
	expect_data(s, 0, KIB(16));
	expect_data(s, 4, KIB(16));
	expect_data(s, 0, KIB(16));
	assert_int_equal(tell(s, WSMUX_ACK, 2, 1), R_NONE);
	expect_data(s, 4, KIB(4));
	expect_data(s, 0, KIB(8));
	expect_data(s, 2, 1);
	expect_silence(s);
	side_free(s);
}

/* M25: an ACK never waits behind data */
static void
test_control_goes_first(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *a = side_opened(s, UINT32_MAX), *b = side_opened(s, UINT32_MAX);

	(void)state;
	side_write(a, KIB(64));
	expect_data(s, 0, KIB(16));
	assert_int_equal(tell_data(s, 0, KIB(30)), R_NONE);
	wsmux_stream_fin(b->st);
	side_open(s);
	expect(s, WSMUX_SYN, 4, 0);
	expect(s, WSMUX_ACK, 0, KIB(30));
	expect(s, WSMUX_FIN, 2, 0);
	expect_data(s, 0, KIB(16));
	side_free(s);
}

/* M26: a flood of ACKs moves nothing and allocates nothing */
static void
test_an_ack_flood_costs_nothing(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));

	(void)state;
	side_opened(s, 1);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(tell(s, WSMUX_ACK, i % 2, 1), R_NONE);
	assert_int_equal(s->pool.in_use, 0);
	expect_silence(s);
	side_free(s);
}

/* M27: a DAT a byte */
static void
test_a_hundred_thousand_one_byte_frames(void **state)
{
	struct side *s = side_new(agreed(WSMUX_SERVER));
	struct ear *e = side_opened(s, 0);
	struct wsmux_out out;
	size_t acked = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(tell_data(s, 0, 1), R_NONE);
		while (wsmux_session_pull(s->session, &out))
			acked += frame_of(&out).number;
	}
	assert_int_equal(e->got, 100000);
	assert_true(acked > 100000 - KIB(16));
	assert_int_equal(s->pool.in_use, 0);
	side_free(s);
}

/* M28: a session may end with streams in every state; each is told, once */
static void
test_the_end_is_told_in_every_state(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *open, *half, *fed, *aborted, *opening, *queued;

	(void)state;
	open = side_opened(s, 10);
	half = side_opened(s, 10);
	fed = side_opened(s, 10);
	aborted = side_opened(s, 10);
	opening = side_open(s);
	expect(s, WSMUX_SYN, 8, 0);
	assert_int_equal(tell(s, WSMUX_FIN, 2, 0), R_NONE);
	side_write(open, 100);
	fed->appetite = 0;
	assert_int_equal(tell_data(s, 4, 100), R_NONE);
	assert_int_equal(tell(s, WSMUX_SYN, 1, 0), R_NONE);
	wsmux_stream_abort(aborted->st, R_VIEWER_GONE);
	queued = side_open(s);
	wsmux_session_end(s->session, R_REPLACED);
	wsmux_session_end(s->session, R_INTERNAL);
	expect_silence(s);
	assert_int_equal(wsmux_stream_write(open->st, SPAN("x")), 0);
	assert_int_equal(open->dones + half->dones + fed->dones, 0);
	expect_done(s, open, R_REPLACED);
	expect_done(s, half, R_REPLACED);
	expect_done(s, fed, R_REPLACED);
	expect_done(s, opening, R_REPLACED);
	expect_done(s, queued, R_REPLACED);
	expect_done(s, aborted, R_VIEWER_GONE);
	assert_int_equal(wsmux_session_streams(s->session), 0);
	side_free(s);
}

static size_t
ending_on_data(void *user, struct span in)
{
	wsmux_session_end(((struct side *)user)->session, R_SHUTDOWN);
	return in.n;
}

static void
count_done(void *user, enum reason why)
{
	struct side *s = user;

	assert_int_equal(why, R_SHUTDOWN);
	s->outputs += 1000;
	assert_null(wsmux_session_open(s->session, &ear_ops, s));
}

static void
test_a_callback_may_end_the_session(void **state)
{
	static const struct wsmux_stream_ops ops = {
	    .on_data = ending_on_data,
	    .on_done = count_done,
	};
	struct side *s = side_new(agreed(WSMUX_SERVER));

	(void)state;
	assert_non_null(wsmux_session_open(s->session, &ops, s));
	expect(s, WSMUX_SYN, 0, 0);
	assert_int_equal(tell(s, WSMUX_ACK, 0, 0), R_NONE);
	assert_int_equal(tell_data(s, 0, KIB(60)), R_SHUTDOWN);
	wsmux_session_reap(s->session);
	assert_true(s->outputs >= 1000);
	side_free(s);
}

static void
opening_on_done(void *user, enum reason why)
{
	struct side *s = user;

	(void)why;
	side_open(s);
}

static void
test_on_done_may_open_the_next(void **state)
{
	static const struct wsmux_stream_ops ops = {
	    .on_data = ear_on_data,
	    .on_done = opening_on_done,
	};
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct wsmux_stream *st = wsmux_session_open(s->session, &ops, s);

	(void)state;
	wsmux_stream_abort(st, R_VIEWER_GONE);
	wsmux_session_reap(s->session);
	expect(s, WSMUX_SYN, 2, 0);
	side_free(s);
}

static void
test_output_is_told_once_until_pulled_dry(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, UINT32_MAX);
	int told = s->outputs;

	(void)state;
	side_write(e, 100);
	side_write(e, 100);
	assert_int_equal(s->outputs, told + 1);
	expect_data(s, 0, 200);
	side_write(e, 100);
	assert_int_equal(s->outputs, told + 1);
	expect_data(s, 0, 100);
	expect_silence(s);
	side_write(e, 100);
	assert_int_equal(s->outputs, told + 2);
	side_free(s);
}

static void
test_an_idle_session_holds_nothing(void **state)
{
	struct side *s = side_new(legacy(WSMUX_SERVER));
	struct ear *e = side_opened(s, UINT32_MAX);

	(void)state;
	side_write(e, KIB(20));
	assert_true(s->pool.in_use > 0);
	expect_data(s, 0, KIB(16));
	expect_data(s, 0, KIB(4));
	expect_silence(s);
	assert_int_equal(s->pool.in_use, 0);
	side_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_malformed_frames_end_the_session),
	    cmocka_unit_test(test_rst_unagreed_is_unknown),
	    cmocka_unit_test(test_payload_of_syn_and_fin_is_ignored),
	    cmocka_unit_test(test_frames_for_unknown_streams_are_counted_and_dropped),
	    cmocka_unit_test(test_200_unaccepted_opens_and_one_more),
	    cmocka_unit_test(test_their_syn_on_our_ids_disturbs_nothing),
	    cmocka_unit_test(test_a_second_syn_is_ignored),
	    cmocka_unit_test(test_our_opens_queue_behind_the_unacked),
	    cmocka_unit_test(test_an_open_without_ack_runs_out),
	    cmocka_unit_test(test_an_open_stuck_in_the_queue_runs_out_too),
	    cmocka_unit_test(test_time_matters_only_while_something_may_run_out),
	    cmocka_unit_test(test_ids_wrap_past_a_living_stream),
	    cmocka_unit_test(test_a_lingering_id_is_skipped),
	    cmocka_unit_test(test_streams_max_refuses_both_ways),
	    cmocka_unit_test(test_the_greediest_stream_pays_for_the_session),
	    cmocka_unit_test(test_data_goes_round_robin),
	    cmocka_unit_test(test_control_goes_first),
	    cmocka_unit_test(test_an_ack_flood_costs_nothing),
	    cmocka_unit_test(test_a_hundred_thousand_one_byte_frames),
	    cmocka_unit_test(test_the_end_is_told_in_every_state),
	    cmocka_unit_test(test_a_callback_may_end_the_session),
	    cmocka_unit_test(test_on_done_may_open_the_next),
	    cmocka_unit_test(test_output_is_told_once_until_pulled_dry),
	    cmocka_unit_test(test_an_idle_session_holds_nothing),
	};

	return RUN_CUT("session", tests);
}
