/* When a peer is dead, and when it was only we who slept.
 * Time is the test's where it would be long. */
#include "pair.h"

#include "tests/unit/net/skew.h"

enum { INTERVAL_MS = 300, GOT_MAX = 1 << 20 };

static struct link_config
quick(enum wsmux_role role)
{
	struct link_config config = side_config(role, true);

	config.ping_interval_ms = INTERVAL_MS;
	return config;
}

/* What the peer has to take off the socket so that nothing stands. */
static size_t
hear(int fd)
{
	static char got[GOT_MAX];
	ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static uint64_t
real_ms(void)
{
	return clock_mono_ms() - (uint64_t)skip_mono_s * 1000;
}

/* M21: both ends ping, and know the round trip. */
static void
test_pings_measure_the_round_trip(void **state)
{
	struct link_config s = quick(WSMUX_SERVER), c = quick(WSMUX_CLIENT);
	struct side *server = side_new(), *client = side_new();
	int fds[2];

	(void)state;
	tcp_pair(fds);
	side_begin(server, fds[0], &s);
	side_begin(client, fds[1], &c);
	assert_int_equal(link_rtt_us(server->l), 0);
	until(server->round_trips >= 3 && client->round_trips >= 3);
	assert_true(link_rtt_us(server->l) > 0);
	assert_int_equal(server->downs + client->downs, 0);
	pair_end(&server, &client);
}

/* M21 W21: a peer that says nothing is dead within two intervals, and is told so. */
static void
test_silence_ends_the_link(void **state)
{
	struct link_config config = quick(WSMUX_SERVER);
	struct side *s;
	int peer = side_with_peer(&s, &config);
	uint64_t begin = real_ms();

	(void)state;
	until_with(s->downs, hear(peer));
	assert_int_equal(s->down_why, R_PING_TIMEOUT);
	assert_in_range(real_ms() - begin, INTERVAL_MS / 2, 3 * INTERVAL_MS);
	close(peer);
	side_end(&s, -1);
}

/* M21: any byte is life, be it half a frame. */
static void
test_a_peer_that_talks_is_alive_without_pongs(void **state)
{
	struct link_config config = quick(WSMUX_SERVER);
	struct side *s;
	int peer = side_with_peer(&s, &config);
	uint64_t begin = real_ms(), said = 0;

	(void)state;
	/* The first bytes of a frame of 125, of data for nobody:
	 * they can come one by one for long. */
	assert_int_equal(send(peer, "\x82\xfd\0\0\0\0", 6, 0), 6);
	until_with(real_ms() - begin > 4 * INTERVAL_MS, {
		hear(peer);
		if ((real_ms() - begin) / 50 > said) {
			said++;
			assert_int_equal(send(peer, "", 1, 0), 1);
		}
	});
	assert_int_equal(s->downs, 0);
	side_end(&s, peer);
}

/* M22: it talks but does not read: no better than dead. */
static void
test_a_peer_that_does_not_read_is_given_up(void **state)
{
	struct link_config config = quick(WSMUX_SERVER);
	struct side *s;
	uint64_t begin = real_ms(), said = 0;
	int peer;

	(void)state;
	config.mux.peer_window = 64 << 20;
	config.mux.send_max = 64 << 20;
	peer = side_with_peer(&s, &config);
	tap_open(s, 60 << 20);
	until_with(s->downs, {
		if ((real_ms() - begin) / 50 > said) {
			said++;
			peer_frame(peer, 0x8a, SPAN("")); /* a pong that nobody asked for */
		}
	});
	assert_int_equal(s->down_why, R_LINK_STALLED);
	close(peer);
	side_end(&s, -1);
}

/* C19: the clock jumps by an hour; a peer that is there gets to say so. */
static void
test_a_jump_of_the_clock_is_no_silence(void **state)
{
	struct link_config s = side_config(WSMUX_SERVER, true), c = side_config(WSMUX_CLIENT, true);
	struct side *server = side_new(), *client = side_new();
	int fds[2], before;

	(void)state;
	tcp_pair(fds);
	side_begin(server, fds[0], &s);
	side_begin(client, fds[1], &c);
	until(server->round_trips && client->round_trips);
	before = server->round_trips;
	skip_mono_s += 3600;
	until(server->round_trips > before);
	assert_int_equal(server->downs + client->downs, 0);
	pair_end(&server, &client);
}

/* C19: and one that is not there is found out all the same, one interval later. */
static void
test_behind_a_jump_silence_is_judged_again(void **state)
{
	struct link_config config = quick(WSMUX_SERVER);
	struct side *s;
	int peer = side_with_peer(&s, &config);

	(void)state;
	turn(UV_RUN_NOWAIT);
	skip_mono_s += 60;
	for (int i = 0; i < 3; i++)
		turn(UV_RUN_NOWAIT);
	assert_int_equal(s->downs, 0);
	until_with(s->downs, hear(peer));
	assert_int_equal(s->down_why, R_PING_TIMEOUT);
	close(peer);
	side_end(&s, -1);
}

/* C19: stopped right behind the ping, for longer than its interval but not for a jump;
 * the pong lies in the kernel. */
static void
test_what_lies_in_the_kernel_was_not_silence(void **state)
{
	struct link_config config = quick(WSMUX_SERVER);
	struct side *s;
	int peer = side_with_peer(&s, &config);
	size_t pings = 0;

	(void)state;
	/* The second ping: the interval is whole from then on. */
	until_with(pings >= 2, {
		if (hear(peer)) {
			pings++;
			if (pings == 1)
				peer_frame(peer, 0x8a, SPAN(""));
		}
	});
	peer_frame(peer, 0x8a, SPAN(""));
	usleep((INTERVAL_MS + INTERVAL_MS / 4) * 1000);
	for (int i = 0; i < 5; i++) {
		turn(UV_RUN_NOWAIT);
		usleep(30000);
	}
	assert_int_equal(s->downs, 0);
	side_end(&s, peer);
}

/* W18: a Close that nobody answers, to a peer that takes nothing:
 * the socket is closed all the same. */
static void
test_a_close_that_is_not_answered(void **state)
{
	struct link_config config = side_config(WSMUX_SERVER, true);
	struct side *s;
	uint64_t begin = clock_mono_ms();
	int peer;

	(void)state;
	config.mux.peer_window = config.mux.send_max = 64 << 20;
	peer = side_with_peer(&s, &config);
	tap_open(s, 60 << 20);
	for (int i = 0; i < 100; i++)
		turn(UV_RUN_NOWAIT);
	side_close(s, R_REPLACED);
	turn(UV_RUN_NOWAIT);
	skip_mono_s += LINK_CLOSE_MS / 1000 - 1;
	for (int i = 0; i < 10; i++)
		turn(UV_RUN_NOWAIT);
	assert_int_equal(s->gones, 0); /* its time is not yet over */
	skip_mono_s += 1;
	until(s->gones);
	assert_in_range(clock_mono_ms() - begin, LINK_CLOSE_MS, LINK_CLOSE_MS + 3000);
	assert_int_equal(s->gone_why, R_REPLACED);
	side_end(&s, peer);
}

/* M19: nobody accepts the stream. */
static void
test_a_stream_that_is_not_accepted_runs_out(void **state)
{
	struct link_config config = side_config(WSMUX_SERVER, false);
	struct side *s;
	int peer;

	(void)state;
	config.mux.open_timeout_ms = 500;
	peer = side_with_peer(&s, &config);
	tap_open(s, 10);
	until_with(taps_done(s) == 1, hear(peer));
	assert_int_equal(s->taps[0].why, R_OPEN_TIMEOUT);
	assert_int_equal(s->downs, 0);
	side_end(&s, peer);
}

/* W19: of a flood of pings in one turn the last is answered. */
static void
test_pings_of_one_turn_are_answered_once(void **state)
{
	struct link_config config = side_config(WSMUX_SERVER, true);
	struct side *s;
	int peer = side_with_peer(&s, &config);
	char got[8192];
	size_t n = 0;
	int end = -1;

	(void)state;
	for (int i = 0; i < 100; i++)
		peer_frame(peer, 0x89, span_of(&(char){(char)i}, 1));
	until_with(memmem(got, n, "\x8a\x01\x63", 3), {
		if (end < 0)
			peer_hear(peer, got, sizeof(got), &n, &end);
	});
	assert_in_range(n, 3, 64 * 3);
	side_end(&s, peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_pings_measure_the_round_trip),
	    world_test(test_silence_ends_the_link),
	    world_test(test_a_peer_that_talks_is_alive_without_pongs),
	    world_test(test_a_peer_that_does_not_read_is_given_up),
	    world_test(test_a_jump_of_the_clock_is_no_silence),
	    world_test(test_behind_a_jump_silence_is_judged_again),
	    world_test(test_what_lies_in_the_kernel_was_not_silence),
	    world_test(test_a_close_that_is_not_answered),
	    world_test(test_a_stream_that_is_not_accepted_runs_out),
	    world_test(test_pings_of_one_turn_are_answered_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
