/* When a peer is dead, and when it was only we who slept. Time is the test's alone: what the machine
 * needs for anything plays no part. */
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "pair.h"

#include "tests/unit/net/still.h"

enum {
	INTERVAL_MS = 300,
	GOT_MAX = 1 << 20,
	LATE_MS = 3 * LOOP_TICK_MS, /* timers are due at ticks, and the last look takes one */
};

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

/* Until what was sent lies in the other's kernel; no loop turns. */
static void
arrive(int fd)
{
	int left = 1;

	for (; left > 0; usleep(1000))
		assert_int_equal(ioctl(fd, SIOCOUTQ, &left), 0);
}

/* A pong that nobody asked for, until the link has it. */
static void
talk(struct side *s, int peer)
{
	uint64_t before = link_bytes_in(s->l);

	peer_frame(peer, 0x8a, SPAN(""));
	until(link_bytes_in(s->l) > before);
}

static bool
all_is_heard(const struct side *a, const struct side *b)
{
	return link_bytes_in(a->l) == link_bytes_out(b->l) &&
	       link_bytes_in(b->l) == link_bytes_out(a->l);
}

/* Until neither has anything to say to the other. */
static void
settle(struct side *a, struct side *b)
{
	int calm = 0;

	until_with(calm == 4, calm = all_is_heard(a, b) ? calm + 1 : 0);
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
	time_pass(7);
	until(server->round_trips == 1 && client->round_trips == 1);
	assert_int_equal(link_rtt_us(server->l), 7000);
	assert_int_equal(link_rtt_us(client->l), 7000);
	for (int ms = 0; ms < 2 * INTERVAL_MS + LATE_MS; ms += LOOP_TICK_MS) {
		live(LOOP_TICK_MS);
		settle(server, client);
	}
	assert_in_range(server->round_trips, 3, 4); /* the first interval may be a half */
	assert_in_range(client->round_trips, 3, 4);
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

	(void)state;
	live(INTERVAL_MS / 2 - 1);
	assert_int_equal(s->downs, 0);
	live(INTERVAL_MS / 2 + 1 + LATE_MS);
	assert_int_equal(s->downs, 1);
	assert_int_equal(s->down_why, R_PING_TIMEOUT);
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

	(void)state;
	/* The first bytes of a frame of 125, of data for nobody:
	 * they can come one by one for long. */
	assert_int_equal(send(peer, "\x82\xfd\0\0\0\0", 6, 0), 6);
	for (unsigned said = 0; said * 50 < 4 * INTERVAL_MS; said++) {
		assert_int_equal(send(peer, "", 1, 0), 1);
		until(link_bytes_in(s->l) == 6 + said + 1);
		live(50);
	}
	assert_int_equal(s->downs, 0);
	side_end(&s, peer);
}

/* M22: it talks but does not read: no better than dead. */
static void
test_a_peer_that_does_not_read_is_given_up(void **state)
{
	struct link_config config = quick(WSMUX_SERVER);
	struct side *s;
	int peer;

	(void)state;
	config.mux.peer_window = 64 << 20;
	config.mux.send_max = 64 << 20;
	peer = side_with_peer(&s, &config);
	tap_open(s, 60 << 20);
	while (!s->downs) { /* how much the kernels take first is their affair, but it has an end */
		talk(s, peer);
		live(50);
	}
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
	settle(server, client);
	live(s.ping_interval_ms - 1);
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
	live(INTERVAL_MS - 1);
	assert_int_equal(s->downs, 0);
	live(1 + LATE_MS);
	assert_int_equal(s->downs, 1);
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
	bool pinged = false;
	uint64_t said;

	(void)state;
	until_with(pinged, pinged = hear(peer) > 0);
	talk(s, peer);
	/* The second ping: the interval is whole from then on. */
	for (said = link_bytes_out(s->l); link_bytes_out(s->l) == said;)
		live(LOOP_TICK_MS);
	peer_frame(peer, 0x8a, SPAN(""));
	arrive(peer);
	time_pass(INTERVAL_MS + INTERVAL_MS / 4);
	for (int i = 0; i < 5; i++) {
		turn(UV_RUN_NOWAIT);
		time_pass(30);
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
	int peer;

	(void)state;
	config.mux.peer_window = config.mux.send_max = 64 << 20;
	peer = side_with_peer(&s, &config);
	tap_open(s, 60 << 20);
	for (int i = 0; i < 100; i++)
		turn(UV_RUN_NOWAIT);
	side_close(s, R_REPLACED);
	live(LINK_CLOSE_MS - 1);
	assert_int_equal(s->gones, 0);
	live(1 + LATE_MS);
	assert_int_equal(s->gones, 1);
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
	live(500 - 1);
	assert_int_equal(taps_done(s), 0);
	live(1 + 2000 + LATE_MS); /* it is looked at every second */
	assert_int_equal(taps_done(s), 1);
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
	arrive(peer); /* so that it is one turn */
	until_with(memmem(got, n, "\x8a\x01\x63", 3), {
		if (end < 0)
			peer_hear(peer, got, sizeof(got), &n, &end);
	});
	assert_int_equal(n, 10 + 3); /* our own ping, and one pong */
	side_end(&s, peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    still_test(test_pings_measure_the_round_trip),
	    still_test(test_silence_ends_the_link),
	    still_test(test_a_peer_that_talks_is_alive_without_pongs),
	    still_test(test_a_peer_that_does_not_read_is_given_up),
	    still_test(test_a_jump_of_the_clock_is_no_silence),
	    still_test(test_behind_a_jump_silence_is_judged_again),
	    still_test(test_what_lies_in_the_kernel_was_not_silence),
	    still_test(test_a_close_that_is_not_answered),
	    still_test(test_a_stream_that_is_not_accepted_runs_out),
	    still_test(test_pings_of_one_turn_are_answered_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
