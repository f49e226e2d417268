/* Links in pairs: what one end does, the other one hears, and every end comes once and in order. */
#include "pair.h"

#include "tests/unit/net/still.h"

/* ---- streams ---- */

/* I01 M14: each way at once, each stream its own bytes, and nothing is held when they are done. */
static void
streams_both_ways(bool extended)
{
	struct side *server, *client;

	pair_begin(&server, &client, extended);
	for (int i = 0; i < 5; i++)
		tap_open(server, 1 << 20)->take_none = false;
	for (int i = 0; i < 5; i++)
		tap_open(client, 1 << 20);
	until(server->ntaps == 10 && client->ntaps == 10);
	for (int i = 0; i < 10; i++)
		until(server->taps[i].got == 1 << 20 && client->taps[i].got == 1 << 20);
	until(taps_done(server) == 10 && taps_done(client) == 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(server->taps[i].why, R_NONE);
		assert_int_equal(client->taps[i].why, R_NONE);
	}
	assert_int_equal(server->held + client->held, 0);
	assert_true(link_bytes_in(server->l) > 10 << 20);
	assert_int_equal(server->downs + client->downs, 0);
	pair_end(&server, &client);
}

static void
test_streams_both_ways(void **state)
{
	(void)state;
	streams_both_ways(true);
}

static void
test_streams_both_ways_as_the_original_has_them(void **state)
{
	(void)state;
	streams_both_ways(false);
}

/* M20 M08: more at once than a peer of old would stand un-ACKed. */
static void
test_three_hundred_opens_at_once(void **state)
{
	struct side *server, *client;

	(void)state;
	pair_begin(&server, &client, false);
	for (int i = 0; i < 300; i++)
		assert_non_null(tap_open(server, 100));
	until(taps_done(server) == 300 && taps_done(client) == 300);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(server->taps[i].got, 100);
		assert_int_equal(server->taps[i].why, R_NONE);
	}
	assert_int_equal(server->downs + client->downs, 0);
	pair_end(&server, &client);
}

static void
test_no_more_streams_than_agreed(void **state)
{
	struct side *server, *client;

	(void)state;
	pair_begin(&server, &client, true);
	client->take_none = true;
	for (int i = 0; i < 400; i++)
		assert_non_null(tap_open(server, 10));
	assert_null(tap_open(server, 10));
	server->ntaps--;
	pair_end(&server, &client);
}

/* M14: the sum that on_held makes is what the session holds, and no more than the window. */
static void
test_held_is_the_sum_of_what_nobody_took(void **state)
{
	struct side *server, *client;

	(void)state;
	pair_begin(&server, &client, true);
	client->take_none = true;
	for (int i = 0; i < 4; i++)
		tap_open(server, 1 << 20);
	until(client->held == 4 * 65536);
	for (int i = 0; i < 20; i++)
		turn(UV_RUN_NOWAIT);
	assert_int_equal(client->held, 4 * 65536);
	assert_int_equal(wsmux_session_held(link_session(client->l)), 4 * 65536);
	for (int i = 0; i < client->ntaps; i++) {
		client->taps[i].take_none = false;
		wsmux_stream_resume(client->taps[i].stream);
	}
	until(taps_done(server) == 4 && taps_done(client) == 4);
	assert_int_equal(client->held, 0);
	assert_in_range(client->held_most, 4 * 65536, 4 * 65536);
	pair_end(&server, &client);
}

/* ---- ends ---- */

/* W13 C01: the reason's code and text arrive; whoever closed hears on_gone alone. */
static void
test_a_close_says_why(void **state)
{
	static const enum reason whys[] = {R_NONE, R_REPLACED, R_SHUTDOWN, R_KILLED, R_INTERNAL};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(whys) / sizeof(*whys); i++) {
		struct side *server, *client, *closing, *hearing;
		enum reason why = whys[i / 2];
		char story[64];

		pair_begin(&server, &client, true);
		closing = i % 2 ? client : server;
		hearing = i % 2 ? server : client;
		tap_open(server, 100000);
		side_close(closing, why);
		until(closing->gones && hearing->gones);
		snprintf(story, sizeof(story), "gone(%s)", reason_word(why));
		assert_string_equal(strb_cstr(&closing->story), story);
		assert_string_equal(strb_cstr(&hearing->story), "down(link_lost) gone(link_lost)");
		assert_int_equal(hearing->close_code, reason_info(why)->close);
		assert_string_equal(hearing->close_text, reason_info(why)->text);
		assert_int_equal(server->taps[0].dones, 1);
		assert_int_equal(server->taps[0].why, closing == server ? why : R_LINK_LOST);
		pair_end(&server, &client);
	}
}

/* RFC 6455, 5.5.1: the code that came goes back. */
static void
test_a_close_is_echoed(void **state)
{
	struct link_config config = side_config(WSMUX_SERVER, true);
	struct side *s;
	int peer = side_with_peer(&s, &config), end = -1;
	char got[4096];
	size_t n = 0;

	(void)state;
	peer_frame(peer, 0x88,
	    SPAN("\x0f\xa1"
		 "bye"));
	until_with(end >= 0, peer_hear(peer, got, sizeof(got), &n, &end));
	assert_int_equal(s->close_code, 4001);
	assert_string_equal(s->close_text, "bye");
	assert_memory_equal(got + n - 4, "\x88\x02\x0f\xa1", 4);
	side_end(&s, peer);
}

static void
note_done_before_gone(struct tap *t)
{
	strb_printf(&t->side->story, "done(%s) ", reason_word(t->why));
}

/* M28 W21: down first, so that nobody asks for another stream; then the streams; then the end. */
static void
test_ends_come_in_order(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct link_config config = side_config(WSMUX_SERVER, true);
		struct side *s;
		int peer = side_with_peer(&s, &config);

		tap_open(s, 10)->on_done = note_done_before_gone;
		until(wsmux_session_has_output(link_session(s->l)) == false);
		if (reset)
			peer_reset(peer);
		else
			close(peer);
		until(s->gones);
		assert_string_equal(
		    strb_cstr(&s->story), "down(link_lost) done(link_lost) gone(link_lost)");
		assert_int_equal(s->close_code, 0);
		assert_string_equal(s->close_text, "");
		side_end(&s, -1);
	}
}

static void
open_another(struct side *s)
{
	assert_null(wsmux_session_open(link_session(s->last), &tap_ops, NULL));
}

static void
open_another_behind_done(struct tap *t)
{
	open_another(t->side);
}

/* M28: neither from on_down nor from the on_done of a stream is there another one to be had. */
static void
test_no_stream_is_opened_on_a_link_that_ends(void **state)
{
	struct link_config config = side_config(WSMUX_SERVER, true);
	struct side *s;
	int peer = side_with_peer(&s, &config);

	(void)state;
	s->on_down = open_another;
	tap_open(s, 10)->on_done = open_another_behind_done;
	close(peer);
	side_end(&s, -1);
}

/* A WebSocket fault: the code of its reason goes out. */
static void
faulty(int first, struct span payload, enum reason why)
{
	struct link_config config = side_config(WSMUX_SERVER, true);
	struct side *s;
	int peer = side_with_peer(&s, &config), end = -1;
	char got[4096];
	size_t n = 0;

	tap_open(s, 10);
	peer_frame(peer, first, payload);
	until_with(end >= 0, peer_hear(peer, got, sizeof(got), &n, &end));
	assert_int_equal(s->down_why, why);
	assert_int_equal(s->taps[0].why, why);
	assert_non_null(memmem(got, n,
	    (char[]){(char)(reason_info(why)->close >> 8), (char)reason_info(why)->close}, 2));
	close(peer);
	until(s->gones);
	assert_int_equal(s->gone_why, why);
	side_end(&s, -1);
}

/* W03 W09 M01 M02 W14 */
static void
test_a_fault_ends_the_link_with_its_code(void **state)
{
	(void)state;
	faulty(0x81, SPAN("text"), R_TEXT_MESSAGE);
	faulty(0x83, SPAN("reserved"), R_WS_PROTOCOL);
	faulty(0x82, SPAN("abc"), R_PROTOCOL);
	faulty(0x82, SPAN("\x04\0\0\0\0"), R_PROTOCOL);
	faulty(0x88, SPAN("x"), R_BAD_CLOSE);
}

/* ---- closing from inside ---- */

static void
close_at_down(struct side *s)
{
	if (s->l)
		link_close(&s->l, R_INTERNAL);
}

static void
close_at_data(struct tap *t)
{
	close_at_down(t->side);
}

static void
close_inside(void (*arm)(struct side *server, struct side *client))
{
	struct side *server, *client;

	pair_begin(&server, &client, true);
	arm(server, client);
	tap_open(server, 50000);
	tap_open(client, 50000);
	until(server->gones && client->gones);
	assert_int_equal(taps_done(server), server->ntaps);
	assert_int_equal(taps_done(client), client->ntaps);
	pair_end(&server, &client);
}

static void
arm_on_stream(struct side *server, struct side *client)
{
	(void)server;
	client->on_stream = close_at_down;
}

static void
arm_on_data(struct side *server, struct side *client)
{
	(void)client;
	server->taps[0].on_data = close_at_data;
	server->taps[1].on_data = close_at_data;
}

static void
arm_on_done(struct side *server, struct side *client)
{
	(void)client;
	server->taps[0].on_done = close_at_data;
	server->taps[1].on_done = close_at_data;
}

static void
arm_on_down(struct side *server, struct side *client)
{
	server->on_down = close_at_down;
	client->on_stream = close_at_down;
}

/* M29: whatever is on the stack, closing is safe, and on_gone comes once, later. */
static void
test_a_link_closed_inside_its_callbacks(void **state)
{
	(void)state;
	close_inside(arm_on_stream);
	close_inside(arm_on_data);
	close_inside(arm_on_done);
	close_inside(arm_on_down);
}

/* The connection is lost, and the user closes what he is told is down. */
static void
test_a_lost_link_closed_in_on_down(void **state)
{
	struct link_config config = side_config(WSMUX_CLIENT, true);
	struct side *s;
	int peer = side_with_peer(&s, &config);

	(void)state;
	s->on_down = close_at_down;
	tap_open(s, 10);
	peer_reset(peer);
	until(s->gones);
	assert_string_equal(strb_cstr(&s->story), "down(link_lost) gone(link_lost)");
	side_end(&s, -1);
}

static void
test_closing_at_once(void **state)
{
	struct side *server, *client;

	(void)state;
	pair_begin(&server, &client, true);
	side_close(server, R_REPLACED);
	assert_int_equal(server->gones, 0); /* not from inside the call */
	pair_end(&server, &client);
}

/* ---- bytes from before ---- */

static size_t
leave_all(void *user, struct span in)
{
	(void)user;
	(void)in;
	return 0;
}

/* R20: frames that came with the handshake are the link's first. */
static void
test_bytes_that_the_handshake_left_are_read(void **state)
{
	static const struct conn_ops handshake = {.on_data = leave_all};
	struct link_config config = side_config(WSMUX_SERVER, true);
	struct side *s = side_new();
	struct conn *c;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	c = conn_accept(loop, fds[0], NULL, &handshake, NULL);
	peer_frame(fds[1], 0x82, SPAN("\x01\x01\0\0\0"));
	peer_frame(fds[1], 0x82, SPAN("\x00\x01\0\0\0\0"));
	until(conn_received(c) > 0);
	strb_init(&s->story, 4096);
	s->l = s->last = link_new(loop, &c, &config, &side_ops, s);
	until(s->ntaps == 1 && s->taps[0].got == 1);
	side_end(&s, fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    still_test(test_streams_both_ways),
	    still_test(test_streams_both_ways_as_the_original_has_them),
	    still_test(test_three_hundred_opens_at_once),
	    still_test(test_no_more_streams_than_agreed),
	    still_test(test_held_is_the_sum_of_what_nobody_took),
	    still_test(test_a_close_says_why),
	    still_test(test_a_close_is_echoed),
	    still_test(test_ends_come_in_order),
	    still_test(test_no_stream_is_opened_on_a_link_that_ends),
	    still_test(test_a_fault_ends_the_link_with_its_code),
	    still_test(test_a_link_closed_inside_its_callbacks),
	    still_test(test_a_lost_link_closed_in_on_down),
	    still_test(test_closing_at_once),
	    still_test(test_bytes_that_the_handshake_left_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
