/* Plain connections: every byte in order, bounded memory, and an end
 * however the callbacks behave. */
#include "still.h"

#define MIB (1024 * 1024ull)

/* ---- bytes both ways ---- */

/* S03 S14: 64 MiB each way; neither side ever holds more than its marks. */
static void
test_echo_of_64_mib_in_bounded_memory(void **state)
{
	uint64_t all = 64 * MIB;
	struct end a = {.patterned = true, .on_drain = end_feed, .more = &all}, b = {0};
	size_t most = 0;

	(void)state;
	end_pair(&a, &b);
	conn_set_user(b.c, &echo_ops, &b);
	end_feed(&a);
	until_with(a.eofs, most = loop_pool(loop)->in_use > most ? loop_pool(loop)->in_use : most);
	assert_int_equal(a.got, all);
	assert_int_equal(a.sent, all);
	assert_int_equal(conn_sent(a.c), all);
	assert_int_equal(conn_received(a.c), all);
	assert_int_equal(conn_received(b.c), all);
	assert_in_range(
	    most * CHUNK_SIZE, 0, 2 * (CONN_HIGH + CONN_IN_MAX + LOOP_READ_SIZE) + 65536);
	ends_close(&a, &b);
}

/* S03: the reader takes nothing; the writer is told to stop, and memory stays where it is. */
static void
test_reader_that_takes_nothing_stops_the_writer(void **state)
{
	uint64_t all = 64 * MIB;
	struct end a = {.on_drain = end_feed, .more = &all};
	struct end b = {.patterned = true, .take_none = true};
	uint64_t fed = 1;
	size_t bound = (CONN_HIGH + CONN_IN_MAX + LOOP_READ_SIZE + 65536) / CHUNK_SIZE;

	(void)state;
	end_pair(&a, &b);
	end_feed(&a);
	while (fed != a.fed) {
		fed = a.fed;
		for (int i = 0; i < 100; i++)
			turn(UV_RUN_NOWAIT);
		assert_in_range(loop_pool(loop)->in_use, 0, bound);
	}
	assert_in_range(a.fed, 0, 16 * MIB); /* the rest of it is in the kernel */
	assert_true(conn_full(a.c));
	b.take_none = false;
	conn_resume(b.c);
	until(b.eofs);
	assert_int_equal(b.got, all);
	ends_close(&a, &b);
}

static void
test_drain_follows_full(void **state)
{
	char *p = calloc(1, CONN_HIGH);
	struct end a = {0}, b = {0};

	(void)state;
	end_pair(&a, &b);
	conn_write(a.c, span_of(p, CONN_HIGH - 1));
	assert_false(conn_full(a.c));
	conn_write(a.c, span_of(p, 1));
	assert_true(conn_full(a.c));
	assert_int_equal(conn_queued(a.c), CONN_HIGH);
	until(a.drains);
	assert_false(conn_full(a.c));
	until(b.got == CONN_HIGH);
	assert_int_equal(a.drains, 1);
	assert_int_equal(a.sent, CONN_HIGH);
	ends_close(&a, &b);
	free(p);
}

/* What is queued in one turn leaves in one write. */
static void
test_writes_of_one_turn_leave_together(void **state)
{
	struct end a = {0}, b = {0};

	(void)state;
	end_pair(&a, &b);
	for (int i = 0; i < 1000; i++)
		end_say(&a, "0123456789");
	until(b.got == 10000);
	assert_int_equal(b.datas, 1);
	ends_close(&a, &b);
}

static void
test_empty_is_told_when_all_is_out(void **state)
{
	char *p = calloc(1, 8 * MIB);
	struct end a = {0}, b = {.take_none = true};
	int before;

	(void)state;
	end_pair(&a, &b);
	conn_write(a.c, span_of(p, 8 * MIB));
	before = a.empties;
	for (int i = 0; i < 100; i++)
		turn(UV_RUN_NOWAIT);
	assert_true(conn_queued(a.c) > 0);
	assert_int_equal(a.empties, before);
	b.take_none = false;
	conn_resume(b.c);
	until(a.empties > before);
	assert_int_equal(conn_queued(a.c), 0);
	ends_close(&a, &b);
	free(p);
}

/* ---- taking less ---- */

static void
resume_again(struct end *e)
{
	conn_resume(e->c);
}

static void
test_one_byte_taken_at_a_time(void **state)
{
	struct end e = {.take_max = 1, .patterned = true, .on_data = resume_again};
	int peer = end_with_peer(&e);
	char p[20000];

	(void)state;
	pattern_fill(p, sizeof(p), 0);
	assert_int_equal(send(peer, p, sizeof(p), 0), sizeof(p));
	until(e.got == sizeof(p));
	assert_int_equal(e.datas, sizeof(p));
	close(peer);
	until(e.eofs);
	ends_close(&e, NULL);
}

static void
test_nothing_taken_then_resumed(void **state)
{
	struct end e = {.take_none = true};
	int peer = end_with_peer(&e);

	(void)state;
	peer_say(peer, "one ");
	until(e.datas == 1);
	peer_say(peer, "two ");
	until(e.datas == 2);
	assert_int_equal(e.last_offer, 8); /* the kept bytes in front of the new */
	assert_int_equal(e.got, 0);
	e.take_none = false;
	conn_resume(e.c);
	conn_resume(e.c);
	until(e.got == 8);
	assert_string_equal(e.text, "one two ");
	assert_int_equal(e.datas, 3);
	close(peer);
	until(e.eofs);
	ends_close(&e, NULL);
}

/* The end of the stream waits until all in front of it was taken. */
static void
test_eof_comes_behind_kept_bytes(void **state)
{
	struct end e = {.take_max = 3};
	int peer = end_with_peer(&e);

	(void)state;
	peer_say(peer, "abcdefgh");
	close(peer);
	until(e.got == 3);
	for (int i = 0; i < 20; i++)
		turn(UV_RUN_NOWAIT);
	assert_int_equal(e.eofs, 0);
	conn_resume(e.c);
	until(e.got == 6);
	assert_int_equal(e.eofs, 0);
	conn_resume(e.c);
	until(e.eofs);
	assert_string_equal(e.text, "abcdefgh");
	ends_close(&e, NULL);
}

/* ---- ends ---- */

static void
test_half_close_each_way(void **state)
{
	struct end a = {0}, b = {0};

	(void)state;
	end_pair(&a, &b);
	end_say(&a, "question");
	conn_shutdown(a.c);
	end_say(&a, " too late");
	until(b.eofs);
	assert_string_equal(b.text, "question");
	end_say(&b, "answer");
	conn_shutdown(b.c);
	until(a.eofs);
	assert_string_equal(a.text, "answer");
	assert_int_equal(a.gones + b.gones, 0); /* both still stand: their users end them */
	ends_close(&a, &b);
	assert_int_equal(a.why, R_NONE);
}

static void
test_without_on_eof_the_end_closes(void **state)
{
	static const struct conn_ops plain_ops = {.on_data = end_on_data, .on_gone = end_on_gone};
	struct end e = {0};
	int peer = end_with_peer(&e);

	(void)state;
	conn_set_user(e.c, &plain_ops, &e);
	peer_say(peer, "x");
	close(peer);
	until(e.gones);
	assert_int_equal(e.why, R_EOF);
	assert_int_equal(e.got, 1);
}

/* C07 */
static void
test_peer_that_resets(void **state)
{
	struct end e = {0};

	(void)state;
	peer_reset(end_with_peer(&e));
	until(e.gones);
	assert_int_equal(e.why, R_IO);
	assert_string_equal(e.error, "connection reset by peer");
}

/* C07: the failure comes by way of a write, and with a write under way. */
static void
test_peer_that_resets_under_a_write(void **state)
{
	char *p = calloc(1, 8 * MIB);
	struct end e = {0};
	int peer = end_with_peer(&e);

	(void)state;
	conn_write(e.c, span_of(p, 8 * MIB));
	turn(UV_RUN_NOWAIT);
	turn(UV_RUN_NOWAIT);
	assert_true(conn_queued(e.c) > 0);
	peer_reset(peer);
	until(e.gones);
	assert_int_equal(e.why, R_IO);
	free(p);
}

static void
test_close_drops_what_is_queued_and_calls_back_later(void **state)
{
	char *p = calloc(1, 8 * MIB);
	struct end e = {0};
	int peer = end_with_peer(&e);

	(void)state;
	conn_write(e.c, span_of(p, 8 * MIB));
	turn(UV_RUN_NOWAIT);
	turn(UV_RUN_NOWAIT); /* a write is under way */
	conn_close(&e.c, R_VIEWER_IDLE);
	assert_null(e.c);
	assert_int_equal(e.gones, 0);
	until(e.gones);
	assert_int_equal(e.why, R_VIEWER_IDLE);
	close(peer);
	free(p);
}

static void
test_reset_tells_the_peer(void **state)
{
	struct end e = {0};
	int peer = end_with_peer(&e), end = -1;
	char text[16];
	size_t n = 0;

	(void)state;
	conn_reset(&e.c, R_SHORT_RESPONSE);
	until(e.gones);
	assert_int_equal(e.why, R_SHORT_RESPONSE);
	until_with(!peer_hear(peer, text, sizeof(text), &n, &end), );
	assert_int_equal(end, ECONNRESET);
	close(peer);
}

/* ---- closing inside each callback ---- */

static void
close_self(struct end *e)
{
	conn_close(&e->c, R_SHUTDOWN);
}

static void
finish_self(struct end *e)
{
	end_say(e, "bye");
	conn_finish(&e->c, R_SHUTDOWN, 5000);
}

static void
reset_self(struct end *e)
{
	conn_reset(&e->c, R_SHUTDOWN);
}

static const end_hook_f endings[] = {close_self, finish_self, reset_self};

static void
say_much_and_full(struct end *e)
{
	char *p = calloc(1, CONN_HIGH);

	conn_write(e->c, span_of(p, CONN_HIGH));
	assert_true(conn_full(e->c));
	free(p);
}

/* Provokes every callback that an accepted conn has; the hook may end it in any of them. */
static void
provoke(struct end *e)
{
	int peer = end_with_peer(e);

	peer_say(peer, "abc");
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	say_much_and_full(e);
	until_with(e->gones, recv(peer, (char[65536]){0}, 65536, MSG_DONTWAIT));
	assert_int_equal(e->why, R_SHUTDOWN);
	assert_null(e->c);
	close(peer);
}

static void
test_conn_ends_inside_each_callback(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		provoke(&(struct end){.on_data = endings[i]});
		provoke(&(struct end){.on_drain = endings[i]});
		provoke(&(struct end){.on_sent = endings[i]});
		provoke(&(struct end){.on_empty = endings[i]});
		provoke(&(struct end){.on_eof = endings[i]});
	}
}

static void
take_all_and_end(struct end *e)
{
	struct buf somebody_elses;

	if (e->take_none)
		return;
	((end_hook_f)e->more)(e);
	/* Whatever memory was given back by that is taken by the next. */
	buf_init(&somebody_elses, loop_pool(loop), CHUNK_SIZE);
	for (int i = 0; i < 100; i++)
		assert_int_equal(buf_append(&somebody_elses, SPAN("XYZ")), 0);
	buf_clear(&somebody_elses);
}

/* The bytes that on_data reads are kept ones: they must outlive the conn's end. */
static void
test_conn_ends_while_kept_bytes_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct end e = {
		    .take_none = true, .on_data = take_all_and_end, .more = (void *)endings[i]};
		int peer = end_with_peer(&e);

		peer_say(peer, "abc");
		until(e.datas);
		e.take_none = false;
		conn_resume(e.c);
		until(e.got == 3);
		close(peer);
		until(e.gones);
		assert_int_equal(e.why, R_SHUTDOWN);
	}
}

/* ---- conn_finish ---- */

static void
test_finish_sends_all_then_fin(void **state)
{
	uint64_t all = 8 * MIB;
	char *p = malloc(all);
	struct end a = {0}, b = {.patterned = true};

	(void)state;
	pattern_fill(p, all, 0);
	end_pair(&a, &b);
	conn_write(a.c, span_of(p, all));
	conn_finish(&a.c, R_SHUTDOWN, 20000);
	assert_null(a.c);
	until(b.eofs);
	assert_int_equal(b.got, all);
	assert_int_equal(a.gones, 0); /* it waits for the peer's last words */
	end_close(&b);
	until(a.gones && b.gones);
	assert_int_equal(a.why, R_SHUTDOWN);
	free(p);
}

/* H47: the peer still sends its body when the answer is out;
 * a RST would take the answer from it. */
static void
test_finish_swallows_so_that_no_reset_overtakes_the_answer(void **state)
{
	struct end e = {.take_none = true};
	int peer = end_with_peer(&e), end = -1;
	char junk[16384] = {0}, text[64];
	uint64_t more = 0;
	size_t n = 0;

	(void)state;
	while (send(peer, junk, sizeof(junk), MSG_DONTWAIT) > 0)
		turn(UV_RUN_NOWAIT); /* reading has stopped, and the kernel is full too */
	end_say(&e, "413");
	conn_finish(&e.c, R_BAD_REQUEST, 5000);
	until_with(more > 16 * MIB || e.gones, {
		ssize_t now = send(peer, junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL);

		more += now > 0 ? (uint64_t)now : 0;
	}); /* more than the kernel holds: it is taken from it */
	assert_int_equal(e.gones, 0);
	until_with(!peer_hear(peer, text, sizeof(text), &n, &end),
	    (void)send(peer, junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL));
	assert_int_equal(end, 0);
	assert_int_equal(n, 3);
	assert_int_equal(e.gones, 0);
	close(peer);
	until(e.gones);
	assert_int_equal(e.why, R_BAD_REQUEST);
}

/* S03 */
static void
test_finish_drops_a_peer_that_does_not_read_at_the_deadline(void **state)
{
	char *p = calloc(1, 16 * MIB);
	struct end e = {0};
	int peer = end_with_peer(&e);

	(void)state;
	conn_write(e.c, span_of(p, 16 * MIB));
	conn_finish(&e.c, R_SHUTDOWN, 200);
	live(200 - 1);
	assert_int_equal(e.gones, 0);
	live(1 + LOOP_TICK_MS);
	assert_int_equal(e.gones, 1);
	assert_int_equal(e.why, R_SHUTDOWN);
	close(peer);
	free(p);
}

/* The answer is in the kernel and its FIN too, but the peer is slow and still talks: closing now
 * would throw the rest of the answer away. */
static void
test_finish_waits_for_a_slow_peer_that_still_talks(void **state)
{
	uint64_t all = MIB / 8;
	char *p = malloc(all), *text = malloc(all);
	struct end e = {0};
	int peer = end_with_peer(&e), end = -1;
	size_t n = 0;

	(void)state;
	pattern_fill(p, all, 0);
	setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
	conn_write(e.c, span_of(p, all));
	conn_finish(&e.c, R_SHUTDOWN, 20000);
	for (int ms = 0; ms < 2500; ms += LOOP_TICK_MS) {
		(void)send(peer, "more", 4, MSG_DONTWAIT | MSG_NOSIGNAL);
		live(LOOP_TICK_MS);
	}
	assert_int_equal(e.gones, 0);
	until_with(!peer_hear(peer, text, all, &n, &end), );
	assert_int_equal(end, 0);
	assert_int_equal(n, all);
	assert_memory_equal(p, text, all);
	close(peer);
	until(e.gones);
	free(p);
	free(text);
}

/* The peer had said its last word before: nothing to wait for. */
static void
test_finish_after_the_peers_fin_ends_at_once(void **state)
{
	struct end e = {.on_eof = finish_self};
	int peer = end_with_peer(&e), end = -1;
	char text[16];
	size_t n = 0;

	(void)state;
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	until(e.gones); /* no swallowing for a second: no time passes */
	until_with(!peer_hear(peer, text, sizeof(text), &n, &end), );
	assert_int_equal(end, 0);
	assert_memory_equal(text, "bye", 3);
	close(peer);
}

static void
test_finish_of_a_peer_that_neither_ends_nor_speaks_is_short(void **state)
{
	struct end e = {0};
	int peer = end_with_peer(&e), end = -1;
	struct conn *c = e.c;
	char text[16];
	size_t n = 0;

	(void)state;
	finish_self(&e);
	until_with(!peer_hear(peer, text, sizeof(text), &n, &end), );
	until(conn_unacked(c) == 0);
	live(1000 - 1);
	assert_int_equal(e.gones, 0);
	live(1 + 2 * LOOP_TICK_MS);
	assert_int_equal(e.gones, 1);
	assert_int_equal(e.why, R_SHUTDOWN);
	close(peer);
}

/* ---- handing on ---- */

static void
hand_to_other(struct end *e)
{
	struct end *other = e->more;

	other->c = e->c;
	e->c = NULL;
	conn_set_user(other->c, &end_ops, other);
}

static void
test_another_user_takes_over(void **state)
{
	struct end b = {0}, a = {.on_data = hand_to_other, .more = &b};
	int peer = end_with_peer(&a);

	(void)state;
	peer_say(peer, "hello");
	until(a.got == 5);
	peer_say(peer, "more");
	until(b.got == 4);
	close(peer);
	until(b.eofs);
	ends_close(&b, NULL);
	assert_int_equal(a.gones, 0);
}

static void
test_socket_pair_is_a_conn_too(void **state)
{
	struct end a = {0}, b = {0};
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	a.c = conn_accept(loop, fds[0], NULL, &end_ops, &a);
	b.c = conn_accept(loop, fds[1], NULL, &end_ops, &b);
	assert_string_equal(conn_peer(a.c), "unix");
	assert_false(conn_is_tls(a.c));
	end_say(&a, "hello");
	until(b.got == 5);
	ends_close(&a, &b);
}

static void
test_descriptor_that_is_no_connection_is_refused(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_null(conn_accept(loop, fds[0], NULL, &end_ops, NULL));
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    still_test(test_echo_of_64_mib_in_bounded_memory),
	    still_test(test_reader_that_takes_nothing_stops_the_writer),
	    still_test(test_drain_follows_full),
	    still_test(test_writes_of_one_turn_leave_together),
	    still_test(test_empty_is_told_when_all_is_out),
	    still_test(test_one_byte_taken_at_a_time),
	    still_test(test_nothing_taken_then_resumed),
	    still_test(test_eof_comes_behind_kept_bytes),
	    still_test(test_half_close_each_way),
	    still_test(test_without_on_eof_the_end_closes),
	    still_test(test_peer_that_resets),
	    still_test(test_peer_that_resets_under_a_write),
	    still_test(test_close_drops_what_is_queued_and_calls_back_later),
	    still_test(test_reset_tells_the_peer),
	    still_test(test_conn_ends_inside_each_callback),
	    still_test(test_conn_ends_while_kept_bytes_are_read),
	    still_test(test_finish_sends_all_then_fin),
	    still_test(test_finish_swallows_so_that_no_reset_overtakes_the_answer),
	    still_test(test_finish_drops_a_peer_that_does_not_read_at_the_deadline),
	    still_test(test_finish_waits_for_a_slow_peer_that_still_talks),
	    still_test(test_finish_after_the_peers_fin_ends_at_once),
	    still_test(test_finish_of_a_peer_that_neither_ends_nor_speaks_is_short),
	    still_test(test_another_user_takes_over),
	    still_test(test_socket_pair_is_a_conn_too),
	    still_test(test_descriptor_that_is_no_connection_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
