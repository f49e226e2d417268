/* Streams carried to a local target: two real links back to back, the far one playing the server,
 * and a target whose manners each test chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/obj.h"
#include "cli/forward.h"
#include "net/listen.h"

enum { WINDOW = 262144, BIG = 2 * 1024 * 1024 };

enum manners { ECHO, DEAF, ANSWER_AT_EOF, RESET, HANG_UP, KEEP_ALIVE, TRICKLE };

/* One connection at the target. */
static struct target {
	enum manners manners;
	int accepted;
	struct conn *conn;
	int fd; /* RESET: instead of a conn */
	size_t got;
	struct listener *listener;
} target;

/* One stream at the server, and what it saw. */
static struct viewer {
	struct wsmux_stream *stream;
	size_t to_send, sent, got, wrong;
	bool reads, fin, done;
	enum reason why;
	char head[512];
} viewer;

static struct loop *loop;
static struct rules rules = {.nroutes = 1};
#define place rules.routes[0].place
static struct forwarder *forwarder;
static struct link *far, *near;
static int links;
static bool (*wanted)(void);

static char
byte_at(size_t i)
{
	return (char)(i * 7 + i / 251);
}

/* ---- the target ---- */

static size_t
target_on_data(void *user, struct span in)
{
	(void)user;
	if (target.manners == DEAF)
		return 0;
	target.got += in.n;
	if (target.manners == ECHO)
		conn_write(target.conn, in);
	if (target.manners == TRICKLE)
		conn_write(target.conn, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"));
	if (target.manners == KEEP_ALIVE)
		conn_write(target.conn, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
	return in.n;
}

static void
target_on_eof(void *user)
{
	(void)user;
	if (target.manners == ANSWER_AT_EOF)
		conn_write(target.conn, SPAN("and last"));
	conn_finish(&target.conn, R_EOF, 60000);
}

static void
target_on_gone(void *user, enum reason why)
{
	(void)user;
	(void)why;
	target.conn = NULL;
}

static const struct conn_ops target_ops = {
    .on_data = target_on_data,
    .on_eof = target_on_eof,
    .on_gone = target_on_gone,
};

static void
target_on_accept(void *user, int fd)
{
	(void)user;
	target.accepted++;
	if (target.manners == HANG_UP || (target.manners == KEEP_ALIVE && target.conn)) {
		close(fd);
	} else if (target.manners == RESET) {
		target.fd = fd;
		assert_int_equal(write(fd, "HTTP/1.1 200 OK\r\n", 17), 17);
	} else {
		target.conn = conn_accept(loop, fd, NULL, &target_ops, NULL);
	}
}

static void
target_reset(void)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(target.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(target.fd);
}

static void
target_listen(enum manners manners)
{
	struct sockaddr_storage addr;
	char error[LISTEN_ERROR_MAX], text[32];
	int fd;

	target = (struct target){.manners = manners};
	assert_int_equal(listen_parse(SPAN("127.0.0.1:0"), 0, &addr, 1), 1);
	fd = listen_socket(&addr, error);
	assert_true(fd >= 0);
	target.listener = listener_new(loop, fd, target_on_accept, NULL);
	snprintf(
	    text, sizeof(text), "127.0.0.1:%u", ntohs(((struct sockaddr_in *)&addr)->sin_port));
	assert_null(place_of_target(text, &place));
}

/* ---- the viewer ---- */

static void
viewer_send(void)
{
	char chunk[4096];

	while (viewer.sent < viewer.to_send) {
		size_t n = viewer.to_send - viewer.sent, taken;

		n = n < sizeof(chunk) ? n : sizeof(chunk);
		for (size_t i = 0; i < n; i++)
			chunk[i] = byte_at(viewer.sent + i);
		taken = wsmux_stream_write(viewer.stream, span_of(chunk, n));
		viewer.sent += taken;
		if (taken < n)
			break;
	}
	link_flush(far);
}

static size_t
viewer_on_data(void *user, struct span in)
{
	(void)user;
	if (!viewer.reads)
		return 0;
	for (size_t i = 0; i < in.n; i++) {
		if (viewer.got + i < sizeof(viewer.head) - 1)
			viewer.head[viewer.got + i] = in.p[i];
		viewer.wrong += in.p[i] != byte_at(viewer.got + i);
	}
	viewer.got += in.n;
	wsmux_stream_used(viewer.stream, in.n);
	return in.n;
}

static void
viewer_on_room(void *user)
{
	(void)user;
	viewer_send();
}

static void
viewer_on_fin(void *user)
{
	(void)user;
	viewer.fin = true;
}

static void
viewer_on_done(void *user, enum reason why)
{
	(void)user;
	viewer.done = true;
	viewer.why = why;
	viewer.stream = NULL;
}

static const struct wsmux_stream_ops viewer_ops = {
    .on_data = viewer_on_data,
    .on_room = viewer_on_room,
    .on_fin = viewer_on_fin,
    .on_done = viewer_on_done,
};

static void
viewer_open(size_t to_send)
{
	viewer = (struct viewer){.to_send = to_send, .reads = true};
	viewer.stream = wsmux_session_open(link_session(far), &viewer_ops, NULL);
	assert_non_null(viewer.stream);
	viewer_send();
}

static void
viewer_end(void)
{
	wsmux_stream_fin(viewer.stream);
	link_flush(far);
}

/* ---- the links ---- */

static bool
near_on_stream(void *user, struct wsmux_stream *stream, const struct wsmux_stream_ops **ops,
    void **stream_user)
{
	(void)user;
	return forwarder_take(forwarder, stream, ops, stream_user);
}

static void
on_link_down(void *user, enum reason why)
{
	(void)why;
	if (user == &near)
		forwarder_set_link(forwarder, NULL);
	*(struct link **)user = NULL;
}

static void
on_link_gone(void *user, enum reason why)
{
	(void)user;
	(void)why;
	links--;
}

static const struct link_ops link_ops = {
    .on_stream = near_on_stream,
    .on_down = on_link_down,
    .on_gone = on_link_gone,
};

static struct link *
make_link(int fd, enum wsmux_role role, struct link **user)
{
	struct conn *conn = conn_accept(loop, fd, NULL, NULL, NULL);
	struct link_config config = {
	    .message_max = 1 << 20,
	    .ping_interval_ms = 600000,
	    .mux = {.role = role,
		.window = WINDOW,
		.windows_agreed = true,
		.peer_window = WINDOW,
		.rst_agreed = true,
		.send_max = WINDOW,
		.stream_held_max = WINDOW,
		.session_held_max = 16 << 20,
		.open_timeout_ms = 30000,
		.streams_max = 100},
	};

	links++;
	return link_new(loop, &conn, &config, &link_ops, user);
}

static void
begin(enum manners manners)
{
	int fds[2];

	loop = loop_new();
	target_listen(manners);
	forwarder = forwarder_new(loop, &rules, NULL, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	far = make_link(fds[0], WSMUX_SERVER, &far);
	near = make_link(fds[1], WSMUX_CLIENT, &near);
	forwarder_set_link(forwarder, near);
}

static int
end(void **state)
{
	(void)state;
	if (near) {
		forwarder_set_link(forwarder, NULL);
		link_close(&near, R_NONE);
	}
	if (far)
		link_close(&far, R_NONE);
	if (target.listener)
		listener_close(&target.listener);
	if (target.conn)
		conn_close(&target.conn, R_NONE);
	forwarder_stop(forwarder);
	loop_run_down(loop);
	assert_int_equal(links, 0);
	assert_int_equal(forwarder_streams(forwarder), 0);
	forwarder_free(&forwarder);
	assert_int_equal(loop_pool(loop)->in_use, 0);
	loop_free(&loop);
	return 0;
}

/* ---- waiting ---- */

static struct timer poll_timer;
static int polls;

static void
on_poll(void *user)
{
	(void)user;
	if (wanted() || ++polls > 15000)
		loop_stop(loop);
	else
		timer_start(&poll_timer, 20);
}

/* Turns until it is so, for five minutes at most. */
static void
wait_until(bool (*so)(void))
{
	wanted = so;
	polls = 0;
	timer_init(&poll_timer, loop, on_poll, NULL);
	timer_start(&poll_timer, 0);
	loop_run(loop);
	assert_true(so());
}

static bool
viewer_is_done(void)
{
	return viewer.done;
}

static bool
viewer_saw_the_end(void)
{
	return viewer.fin || viewer.done;
}

static bool
viewer_sent_all(void)
{
	return viewer.sent == viewer.to_send;
}

static bool
viewer_got_all(void)
{
	return viewer.got == viewer.to_send;
}

static bool
viewer_got_a_line(void)
{
	return viewer.got == strlen("HTTP/1.1 200 OK\r\n");
}

static bool
nobody_is_left(void)
{
	return viewer.done && forwarder_streams(forwarder) == 0;
}

static bool
all_is_let_go(void)
{
	return nobody_is_left() && !target.conn;
}

static size_t settled_at;

/* The target was dialled, and nothing more moved for a while. */
static bool
is_settled(void)
{
	static int still;
	size_t now = viewer.sent + viewer.got + target.got;

	still = target.accepted && now == settled_at ? still + 1 : 0;
	settled_at = now;
	return still >= 5;
}

/* ---- the stories ---- */

static void
test_bytes_go_there_and_back(void **state)
{
	(void)state;
	begin(ECHO);
	viewer_open(BIG);
	wait_until(viewer_got_all);
	assert_int_equal(viewer.wrong, 0);
	viewer_end();
	wait_until(all_is_let_go);
	assert_int_equal(viewer.why, R_NONE);
	assert_int_equal(target.accepted, 1);
}

static void
viewer_ask(struct span request)
{
	viewer.got = 0;
	assert_int_equal(wsmux_stream_write(viewer.stream, request), request.n);
	link_flush(far);
}

static bool
viewer_got_an_answer(void)
{
	return viewer.got == strlen("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* The target has one connection only, and hangs up on others: it would be too late to ask again. */
static void
test_what_changes_something_has_a_connection_of_its_own(void **state)
{
	(void)state;
	begin(KEEP_ALIVE);
	viewer_open(0);
	viewer_ask(SPAN("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"));
	wait_until(viewer_got_an_answer);
	viewer_ask(SPAN("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"));
	wait_until(viewer_got_an_answer);
	assert_int_equal(target.accepted, 1);
	viewer_ask(SPAN("POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"));
	wait_until(viewer_saw_the_end);
	assert_int_equal(target.accepted, 2);
	assert_int_equal(viewer.got, 0);
}

static void
test_nobody_listens(void **state)
{
	(void)state;
	begin(ECHO);
	listener_close(&target.listener);
	viewer_open(BIG);
	wait_until(viewer_sent_all); /* taken and dropped */
	viewer_end();
	wait_until(viewer_is_done);
	assert_int_equal(viewer.why, R_NONE);
	assert_non_null(strstr(viewer.head, "HTTP/1.1 502 Bad Gateway\r\n"));
	assert_non_null(strstr(viewer.head, "x-webhooktunnel-error: target_refused\r\n"));
	assert_non_null(strstr(viewer.head, place.text));
}

static void
test_a_target_that_does_not_read_stops_the_viewer(void **state)
{
	(void)state;
	begin(DEAF);
	viewer_open(64 * 1024 * 1024);
	wait_until(is_settled);
	assert_true(viewer.sent < 16 * 1024 * 1024);
	assert_true(wsmux_session_held(link_session(near)) <= WINDOW);
}

static void
test_a_viewer_that_does_not_read_stops_the_target(void **state)
{
	(void)state;
	begin(ECHO);
	viewer_open(BIG);
	viewer.reads = false;
	wait_until(is_settled);
	assert_int_equal(viewer.got, 0);
	assert_true(wsmux_session_held(link_session(far)) <= WINDOW);
	viewer.reads = true;
	wsmux_stream_resume(viewer.stream);
	link_flush(far);
	wait_until(viewer_got_all);
	assert_int_equal(viewer.wrong, 0);
}

static void
test_the_last_bytes_come_after_the_servers_fin(void **state)
{
	(void)state;
	begin(ANSWER_AT_EOF);
	viewer_open(100);
	viewer_end();
	wait_until(all_is_let_go);
	assert_int_equal(viewer.why, R_NONE);
	assert_int_equal(target.got, 100);
	assert_string_equal(viewer.head, "and last");
}

static bool
viewer_got_something(void)
{
	return viewer.got > 0;
}

/* The target says a little more each time that somebody looks. */
static bool
all_is_let_go_of_a_trickle(void)
{
	if (target.conn)
		conn_write(target.conn, SPAN("."));
	return all_is_let_go();
}

static void
test_a_target_is_let_go_when_the_viewer_left(void **state)
{
	(void)state;
	begin(TRICKLE);
	viewer_open(0);
	viewer_ask(SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	wait_until(viewer_got_something);
	viewer_end();
	wait_until(all_is_let_go_of_a_trickle);
	assert_true(viewer.got < 9999);
}

/* P02: the viewer must see a broken body, not a short one. */
static void
test_a_target_that_breaks_breaks_the_stream(void **state)
{
	(void)state;
	begin(RESET);
	viewer_open(10);
	wait_until(viewer_got_a_line);
	target_reset();
	wait_until(viewer_is_done);
	assert_int_equal(viewer.why, R_TARGET_FAILED);
	assert_false(viewer.fin);
}

static void
test_a_target_that_hangs_up_ends_the_stream(void **state)
{
	(void)state;
	begin(HANG_UP);
	viewer_open(10);
	wait_until(viewer_saw_the_end);
	if (!viewer.done)
		viewer_end();
	wait_until(viewer_is_done);
}

/* M28 */
static void
test_a_lost_session_lets_the_target_go(void **state)
{
	(void)state;
	begin(DEAF);
	viewer_open(1000);
	wait_until(is_settled);
	link_close(&far, R_SHUTDOWN);
	wait_until(nobody_is_left);
	assert_null(near);
}

static void
test_a_viewer_that_resets_lets_the_target_go(void **state)
{
	(void)state;
	begin(ECHO);
	viewer_open(1000);
	wait_until(viewer_got_all);
	wsmux_stream_abort(viewer.stream, R_VIEWER_GONE);
	link_flush(far);
	wait_until(all_is_let_go);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_bytes_go_there_and_back, end),
	    cmocka_unit_test_teardown(test_what_changes_something_has_a_connection_of_its_own, end),
	    cmocka_unit_test_teardown(test_nobody_listens, end),
	    cmocka_unit_test_teardown(test_a_target_that_does_not_read_stops_the_viewer, end),
	    cmocka_unit_test_teardown(test_a_viewer_that_does_not_read_stops_the_target, end),
	    cmocka_unit_test_teardown(test_the_last_bytes_come_after_the_servers_fin, end),
	    cmocka_unit_test_teardown(test_a_target_is_let_go_when_the_viewer_left, end),
	    cmocka_unit_test_teardown(test_a_target_that_breaks_breaks_the_stream, end),
	    cmocka_unit_test_teardown(test_a_target_that_hangs_up_ends_the_stream, end),
	    cmocka_unit_test_teardown(test_a_lost_session_lets_the_target_go, end),
	    cmocka_unit_test_teardown(test_a_viewer_that_resets_lets_the_target_go, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
