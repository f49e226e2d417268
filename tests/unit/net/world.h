/* tests/unit/net/world.h - a loop whose time is limited, ends of connections
 * with notebooks, and sockets.
 *
 * until(what) turns the loop until it is so; a test that waits for what never comes fails by the
 * limit, which is of real time, whatever time the test has (skew.h), and tells "late" from "never"
 * on the slowest of machines. An end is the user of a conn: it writes down what it was told, checks
 * bytes against a pattern, and runs the test's own hook at each callback. */
#ifndef WHT_TEST_NET_WORLD_H
#define WHT_TEST_NET_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/obj.h"
#include "net/conn.h"
#include "net/listen.h"
#include "net/loop_uv.h"

#define WORLD_LIMIT_MS 300000
#define END_TEXT_MAX   4096

static struct loop *loop;
static size_t world_fds;

#define turn(mode) uv_run(loop_uv(loop), mode)
#define until(what)                                                                                \
	do {                                                                                       \
		uint64_t until_end = world_real_ms() + WORLD_LIMIT_MS;                             \
		while (!(what)) {                                                                  \
			world_limit(until_end);                                                    \
			turn(UV_RUN_NOWAIT);                                                       \
			if (!(what))                                                               \
				world_wait();                                                      \
		}                                                                                  \
	} while (0)
/* The same while somebody outside the loop has to be looked after: turns do not wait. */
#define until_with(what, care)                                                                     \
	do {                                                                                       \
		uint64_t until_end = world_real_ms() + WORLD_LIMIT_MS;                             \
		while (!(what)) {                                                                  \
			world_limit(until_end);                                                    \
			care;                                                                      \
			turn(UV_RUN_NOWAIT);                                                       \
		}                                                                                  \
	} while (0)

static inline uint64_t
world_real_ms(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline void
world_limit(uint64_t end_ms)
{
	if (world_real_ms() > end_ms)
		fail_msg("what the test waits for did not come");
}

/* A turn that waits would run the tasks first, and wait although they
 * did what the test is after. */
static inline void
world_wait(void)
{
	struct pollfd wake = {.fd = uv_backend_fd(loop_uv(loop)), .events = POLLIN};
	int timeout = uv_backend_timeout(loop_uv(loop));

	poll(&wake, 1, timeout < 0 || timeout > 2 ? 2 : timeout);
}

/* After a failed test its conns stay open: the others have had their turn. */
static inline void
world_on_leak(void *user)
{
	(void)user;
	fprintf(stderr, "the loop does not run down: something was not closed\n");
	abort();
}

static inline size_t
open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 20000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static inline int
world_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	loop = loop_new(); /* the first one of a process opens descriptors that stay */
	loop_free(&loop);
	world_fds = open_descriptors();
	loop = loop_new();
	return 0;
}

/* Nothing is left behind by any test: no conn, no chunk, no descriptor. */
static inline int
world_teardown(void **state)
{
	struct timer leak;

	(void)state;
	timer_init(&leak, loop, world_on_leak, NULL);
	timer_start(&leak, WORLD_LIMIT_MS);
	loop_run_down(loop);
	timer_stop(&leak);
	assert_int_equal(loop_pool(loop)->in_use, 0);
	loop_free(&loop);
	assert_int_equal(open_descriptors(), world_fds);
	return 0;
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

/* ---- bytes that know their place ---- */

static inline char
pattern_at(uint64_t i)
{
	return (char)(i * 131 + (i >> 9) * 7 + (i >> 17));
}

static inline void
pattern_fill(char *p, size_t n, uint64_t from)
{
	for (size_t i = 0; i < n; i++)
		p[i] = pattern_at(from + i);
}

/* ---- ends ---- */

struct end;
typedef void (*end_hook_f)(struct end *);

struct end {
	struct conn *c;
	size_t take_max; /* of one on_data; 0: all */
	bool take_none;
	bool detached;	/* given away by a hook */
	bool patterned; /* what comes is the pattern */
	uint64_t got, sent, fed;
	size_t last_offer;
	char text[END_TEXT_MAX]; /* its beginning, NUL-terminated */
	int opens, datas, drains, empties, eofs, gones;
	enum reason why;
	char error[256];
	end_hook_f on_open, on_data, on_drain, on_sent, on_empty, on_eof, on_gone;
	void *more;
};

static inline void
end_call(end_hook_f hook, struct end *e)
{
	assert_int_equal(e->gones, 0);
	if (hook)
		hook(e);
}

static inline void
end_on_open(void *user)
{
	struct end *e = user;

	e->opens++;
	end_call(e->on_open, e);
}

static inline void
end_note(struct end *e, struct span in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (e->patterned && in.p[i] != pattern_at(e->got + i))
			fail_msg("byte %zu is not the one that was sent", (size_t)e->got + i);
		if (e->got + i < END_TEXT_MAX - 1)
			e->text[e->got + i] = in.p[i];
	}
	e->got += in.n;
}

static inline size_t
end_on_data(void *user, struct span in)
{
	struct end *e = user;
	size_t take = e->take_none ? 0 : in.n;
	char last;

	assert_true(in.n > 0);
	last = in.p[in.n - 1];
	if (e->take_max && take > e->take_max)
		take = e->take_max;
	e->datas++;
	e->last_offer = in.n;
	end_note(e, span_take(in, take));
	end_call(e->on_data, e);
	if (!e->detached)
		assert_int_equal(in.p[in.n - 1], last); /* still there, whatever the hook did */
	return take;
}

static inline void
end_on_drain(void *user)
{
	struct end *e = user;

	e->drains++;
	end_call(e->on_drain, e);
}

static inline void
end_on_sent(void *user, size_t n)
{
	struct end *e = user;

	e->sent += n;
	end_call(e->on_sent, e);
}

static inline void
end_on_empty(void *user)
{
	struct end *e = user;

	e->empties++;
	end_call(e->on_empty, e);
}

static inline void
end_on_eof(void *user)
{
	struct end *e = user;

	e->eofs++;
	end_call(e->on_eof, e);
}

static inline void
end_on_gone(void *user, enum reason why)
{
	struct end *e = user;

	end_call(e->on_gone, e);
	e->gones++;
	e->why = why;
	if (e->c)
		snprintf(e->error, sizeof(e->error), "%s", conn_error(e->c));
	e->c = NULL;
}

static const struct conn_ops end_ops = {
    .on_open = end_on_open,
    .on_data = end_on_data,
    .on_drain = end_on_drain,
    .on_sent = end_on_sent,
    .on_empty = end_on_empty,
    .on_eof = end_on_eof,
    .on_gone = end_on_gone,
};

/* ---- a user that echoes, and holds back what it cannot pass on ---- */

static inline size_t
echo_on_data(void *user, struct span in)
{
	struct end *e = user;

	if (conn_full(e->c))
		return 0;
	conn_write(e->c, in);
	e->got += in.n;
	return in.n;
}

static inline void
echo_on_drain(void *user)
{
	conn_resume(((struct end *)user)->c);
}

static inline void
echo_on_eof(void *user)
{
	struct end *e = user;

	e->eofs++;
	conn_shutdown(e->c);
}

static const struct conn_ops echo_ops __attribute__((unused)) = {
    .on_open = end_on_open,
    .on_data = echo_on_data,
    .on_drain = echo_on_drain,
    .on_eof = echo_on_eof,
    .on_gone = end_on_gone,
};

/* ---- common hooks ---- */

static inline void
end_close(struct end *e)
{
	if (e && e->c)
		conn_close(&e->c, R_NONE);
}

/* Writes the pattern while there is room, up to e->fed == *(uint64_t *)e->more; then FIN. */
static inline void
end_feed(struct end *e)
{
	uint64_t all = *(uint64_t *)e->more;
	char p[8192];

	while (e->fed < all && !conn_full(e->c)) {
		size_t n = all - e->fed < sizeof(p) ? (size_t)(all - e->fed) : sizeof(p);

		pattern_fill(p, n, e->fed);
		conn_write(e->c, span_of(p, n));
		e->fed += n;
	}
	if (e->fed == all)
		conn_shutdown(e->c);
}

static inline void
end_say(struct end *e, const char *text)
{
	conn_write(e->c, span_str(text));
}

static inline void
ends_close(struct end *a, struct end *b)
{
	end_close(a);
	end_close(b);
	until((!a || a->gones) && (!b || b->gones));
}

/* ---- sockets ---- */

static inline uint16_t
local_listen(int *fd, const char *address)
{
	struct sockaddr_storage addr;
	char error[LISTEN_ERROR_MAX];

	assert_int_equal(listen_parse(span_str(address), 0, &addr, 1), 1);
	*fd = listen_socket(&addr, error);
	assert_true(*fd >= 0);
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

/* A port of the loopback where nobody listens. */
static inline uint16_t
dead_port(void)
{
	int fd;
	uint16_t port = local_listen(&fd, "127.0.0.1:0");

	close(fd);
	return port;
}

static inline int
local_connect(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Two ends of one TCP connection. */
static inline void
tcp_pair(int fds[2])
{
	int listening;
	uint16_t port = local_listen(&listening, "127.0.0.1:0");
	struct pollfd wait = {.fd = listening, .events = POLLIN};

	fds[1] = local_connect(port);
	assert_int_equal(poll(&wait, 1, 10000), 1);
	fds[0] = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fds[0] >= 0);
	close(listening);
}

/* An end with a conn over one half of a TCP connection; answers the other half, non-blocking. */
static inline int
end_with_peer(struct end *e)
{
	int fds[2];

	tcp_pair(fds);
	e->c = conn_accept(loop, fds[0], NULL, &end_ops, e);
	assert_non_null(e->c);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	return fds[1];
}

/* Two ends over one connection, both on the loop. */
static inline void
end_pair(struct end *a, struct end *b)
{
	int fds[2];

	tcp_pair(fds);
	a->c = conn_accept(loop, fds[0], NULL, &end_ops, a);
	b->c = conn_accept(loop, fds[1], NULL, &end_ops, b);
	assert_non_null(a->c);
	assert_non_null(b->c);
}

static inline void
peer_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What has come for the peer so far, appended to text; false at its end or
 * error, which is in *end. */
static inline bool
peer_hear(int fd, char *text, size_t max, size_t *n, int *end)
{
	ssize_t got = recv(fd, text + *n, max - *n, MSG_DONTWAIT);

	if (got > 0) {
		*n += (size_t)got;
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	*end = got == 0 ? 0 : errno;
	return false;
}

static inline void
peer_reset(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

#endif
