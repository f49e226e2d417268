/* Dialling: addresses one after the other, names, Unix paths, and giving up at any moment. */
#include <sys/un.h>

#include "world.h"
#include "skew.h"

/* A listener whose guests become ends that echo nothing: they only listen. */
static struct listener *listener;
static struct end guest;

static size_t
swallow(void *user, struct span in)
{
	(void)user;
	return in.n;
}

/* A guest that nobody follows: it goes when its peer does. */
static const struct conn_ops stray_ops = {.on_data = swallow};

static void
on_stray(void *user, int fd)
{
	(void)user;
	(void)conn_accept(loop, fd, NULL, &stray_ops, NULL);
}

static void
on_accept(void *user, int fd)
{
	(void)user;
	guest.c = conn_accept(loop, fd, NULL, &end_ops, &guest);
}

static uint16_t
host(const char *address)
{
	int fd;
	uint16_t port = local_listen(&fd, address);

	guest = (struct end){0};
	listener = listener_new(loop, fd, on_accept, NULL);
	return port;
}

static void
dial(struct end *e, const char *name, uint16_t port)
{
	const struct dial to = {.host = name, .port = port};

	e->c = conn_dial(loop, &to, &end_ops, e);
	assert_non_null(e->c);
	assert_int_equal(e->opens + e->gones, 0); /* never calls back at once */
}

static void
greet_and_leave(struct end *e)
{
	until(e->opens && guest.c);
	until(guest.got == 5);
	assert_string_equal(guest.text, "hello");
	ends_close(e, &guest);
	listener_close(&listener);
}

static void
test_address_is_dialled(void **state)
{
	struct end e = {0};
	uint16_t port = host("127.0.0.1:0");
	char peer[CONN_PEER_MAX];

	(void)state;
	dial(&e, "127.0.0.1", port);
	until(e.opens);
	snprintf(peer, sizeof(peer), "127.0.0.1:%u", port);
	assert_string_equal(conn_peer(e.c), peer);
	end_say(&e, "hello");
	greet_and_leave(&e);
}

static void
test_ipv6_address_is_dialled(void **state)
{
	struct end e = {0};
	uint16_t port = host("[::1]:0");
	char peer[CONN_PEER_MAX];

	(void)state;
	dial(&e, "::1", port);
	until(e.opens);
	snprintf(peer, sizeof(peer), "[::1]:%u", port);
	assert_string_equal(conn_peer(e.c), peer);
	end_say(&e, "hello");
	greet_and_leave(&e);
}

/* What is said, and the end of it, before there is a connection: both wait for it. */
static void
test_words_and_fin_queued_while_dialling_go_out(void **state)
{
	struct end e = {0};
	uint16_t port = host("127.0.0.1:0");

	(void)state;
	dial(&e, "localhost", port);
	end_say(&e, "hello");
	conn_shutdown(e.c);
	until(guest.c && guest.eofs);
	assert_int_equal(e.opens, 1);
	greet_and_leave(&e);
}

/* No host: ::1 refuses, and 127.0.0.1 answers. */
static void
test_second_loopback_is_tried(void **state)
{
	struct end e = {0};
	uint16_t port = host("127.0.0.1:0");

	(void)state;
	dial(&e, NULL, port);
	end_say(&e, "hello");
	greet_and_leave(&e);
}

static void
test_all_refused_names_the_last(void **state)
{
	struct end e = {0};
	uint16_t port = dead_port();
	char text[100];

	(void)state;
	dial(&e, NULL, port);
	until(e.gones);
	assert_int_equal(e.opens, 0);
	assert_int_equal(e.why, R_DIAL_FAILED);
	snprintf(text, sizeof(text), "127.0.0.1:%u: connection refused", port);
	assert_string_equal(e.error, text);
}

static void
test_unix_socket_is_dialled(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct end e = {0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct dial to = {.unix_path = un.sun_path};

	(void)state;
	snprintf(un.sun_path, sizeof(un.sun_path), "/tmp/wht-dial-%d", (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 5), 0);
	guest = (struct end){0};
	listener = listener_new(loop, fd, on_accept, NULL);
	e.c = conn_dial(loop, &to, &end_ops, &e);
	end_say(&e, "hello");
	until(e.opens);
	assert_string_equal(conn_peer(e.c), "unix");
	greet_and_leave(&e);
	unlink(un.sun_path);
}

static void
test_unix_path_that_nobody_listens_at(void **state)
{
	char path[300], error[512];
	const struct dial to = {.unix_path = path};
	struct end e = {0}, f = {0};

	(void)state;
	snprintf(path, sizeof(path), "/tmp/wht-nobody-%d", (int)getpid());
	snprintf(error, sizeof(error), "%s: no such file or directory", path);
	e.c = conn_dial(loop, &to, &end_ops, &e);
	until(e.gones);
	assert_int_equal(e.why, R_DIAL_FAILED);
	assert_string_equal(e.error, error);
	/* One that is too long is refused, not cut off: the beginning may be somebody else's. */
	memset(path, 'x', 200);
	path[200] = '\0';
	f.c = conn_dial(loop, &to, &end_ops, &f);
	until(f.gones);
	assert_non_null(strstr(f.error, "too long"));
}

static void
test_name_is_looked_up(void **state)
{
	struct end e = {0};
	uint16_t port = host("127.0.0.1:0");

	(void)state;
	dial(&e, "localhost", port);
	until(e.opens);
	end_say(&e, "hello");
	greet_and_leave(&e);
}

static void
test_name_that_cannot_be_found(void **state)
{
	static const char *names[] = {"no space allowed", "", "a..b"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct end e = {0};

		dial(&e, names[i], 80);
		until(e.gones);
		assert_int_equal(e.why, R_DIAL_FAILED);
		assert_memory_equal(e.error, names[i], strlen(names[i]));
		assert_true(strlen(e.error) > strlen(names[i]) + 2);
	}
}

/* Closing at any moment: before it begins, during the look-up,
 * during the connect, between addresses. */
static void
test_closed_after_each_turn_of_a_dial(void **state)
{
	static const char *names[] = {"localhost", "127.0.0.1", NULL};
	uint16_t dead = dead_port();

	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		int fd;
		uint16_t port = refused ? dead : local_listen(&fd, "127.0.0.1:0");

		if (!refused)
			listener = listener_new(loop, fd, on_stray, NULL);
		for (int turns = 0; turns < 3 * 12; turns++) {
			struct end e = {0};

			dial(&e, names[turns % 3], port);
			for (int i = 0; i < turns / 3; i++)
				turn(UV_RUN_NOWAIT);
			if (e.c)
				conn_close(&e.c, R_SHUTDOWN);
			until(e.gones);
			assert_true(e.why == R_SHUTDOWN || (refused && e.why == R_DIAL_FAILED));
		}
		if (!refused)
			listener_close(&listener);
	}
}

static void
close_on_open(struct end *e)
{
	conn_close(&e->c, R_SHUTDOWN);
}

static void
finish_on_open(struct end *e)
{
	end_say(e, "hello");
	conn_finish(&e->c, R_SHUTDOWN, 1000);
}

static void
test_closed_inside_on_open(void **state)
{
	struct end e = {.on_open = close_on_open}, f = {.on_open = finish_on_open};
	uint16_t port = host("127.0.0.1:0");

	(void)state;
	dial(&e, "127.0.0.1", port);
	until(e.gones && guest.c && guest.eofs);
	assert_int_equal(e.why, R_SHUTDOWN);
	ends_close(&guest, NULL);
	guest = (struct end){0};
	dial(&f, "127.0.0.1", port);
	until(guest.eofs);
	assert_string_equal(guest.text, "hello");
	ends_close(&guest, NULL);
	until(f.gones);
	listener_close(&listener);
}

/* A conn that is not open yet has nobody to say farewell to. */
static void
test_finish_while_dialling_closes(void **state)
{
	struct end e = {0};

	(void)state;
	dial(&e, "127.0.0.1", dead_port());
	end_say(&e, "hello");
	conn_finish(&e.c, R_SHUTDOWN, 1000);
	until(e.gones);
	assert_int_equal(e.why, R_SHUTDOWN);
}

/* ---- addresses that do not answer ---- */

/* A listener whose queue is full drops what comes: the connect hangs,
 * as behind a silent firewall. */
struct silent {
	int fd, filler[8];
	uint16_t port;
};

static void
silent_open(struct silent *s, const char *address, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	assert_int_equal(listen_parse(span_str(address), port, &addr, 1), 1);
	len = addr.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	s->fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(s->fd, 0), 0);
	getsockname(s->fd, (struct sockaddr *)&addr, &len);
	s->port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
	for (int i = 0; i < 8; i++) {
		s->filler[i] =
		    socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(s->filler[i], (struct sockaddr *)&addr, len);
	}
}

static void
silent_close(struct silent *s)
{
	for (int i = 0; i < 8; i++)
		close(s->filler[i]);
	close(s->fd);
}

static void
test_silent_address_gives_way_to_the_next(void **state)
{
	struct silent silent;
	struct end e = {0}, alone = {0};

	(void)state;
	silent_open(&silent, "[::1]:0", 0);
	dial(&alone, "::1", silent.port);
	dial(&e, NULL, silent.port); /* 127.0.0.1 refuses */
	for (int i = 0; i < 20; i++)
		turn(UV_RUN_NOWAIT);
	assert_int_equal(e.gones + alone.gones, 0);
	skip_mono_s += 11;
	until(e.gones && alone.gones);
	assert_non_null(strstr(e.error, "127.0.0.1"));
	assert_non_null(strstr(e.error, "refused"));
	assert_non_null(strstr(alone.error, "no answer in time"));
	assert_int_equal(alone.why, R_DIAL_FAILED);
	silent_close(&silent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_address_is_dialled),
	    world_test(test_ipv6_address_is_dialled),
	    world_test(test_words_and_fin_queued_while_dialling_go_out),
	    world_test(test_second_loopback_is_tried),
	    world_test(test_all_refused_names_the_last),
	    world_test(test_unix_socket_is_dialled),
	    world_test(test_unix_path_that_nobody_listens_at),
	    world_test(test_name_is_looked_up),
	    world_test(test_name_that_cannot_be_found),
	    world_test(test_closed_after_each_turn_of_a_dial),
	    world_test(test_closed_inside_on_open),
	    world_test(test_finish_while_dialling_closes),
	    world_test(test_silent_address_gives_way_to_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
