#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/obj.h"
#include "net/addr.h"
#include "net/loop_uv.h"

#define LISTENER_MAGIC 0x115731e8u

enum { BACKLOG = 1024 };

struct listener {
	unsigned magic;
	struct loop *loop;
	uv_poll_t poll;
	int fd;
	struct timer pause;
	void (*on_accept)(void *user, int fd);
	void *user;
};

/* ---- sockets ---- */

static int
socket_bind(int fd, struct sockaddr_storage *addr)
{
	socklen_t len = addr_len((struct sockaddr *)addr);
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return -1;
	if (addr->ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)addr, len) < 0 || listen(fd, BACKLOG) < 0)
		return -1;
	return getsockname(fd, (struct sockaddr *)addr, &len);
}

static const char *
listen_advice(int error)
{
	switch (error) {
	case EACCES:
		return " (ports below 1024 need CAP_NET_BIND_SERVICE, or choose another PORT)";
	case EADDRINUSE:
		return " (another program listens there: stop it, or choose another PORT)";
	case EADDRNOTAVAIL:
		return " (this machine has no such address)";
	default:
		return "";
	}
}

int
listen_socket(struct sockaddr_storage *addr, char error[LISTEN_ERROR_MAX])
{
	char text[ADDR_TEXT_MAX];
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && socket_bind(fd, addr) == 0)
		return fd;
	snprintf(error, LISTEN_ERROR_MAX, "cannot listen on %s: %s%s",
	    addr_text((struct sockaddr *)addr, text), strerror(errno), listen_advice(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- addresses ---- */

static void
any_address(struct sockaddr_storage *out, int family, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)family;
	addr_set_port((struct sockaddr *)out, port);
}

/* What is behind the host: nothing, or a colon and a port. */
static int
parse_port(struct span text, uint16_t *port)
{
	uint64_t n;

	if (text.n == 0)
		return 0;
	if (text.p[0] != ':' || span_u64(span_drop(text, 1), 65535, &n) < 0)
		return -WHT_EINVAL;
	*port = (uint16_t)n;
	return 0;
}

/* "host:port", "[v6]:port", "host", "port", "*" -> host (empty: any), and port if given. */
static int
split_host_port(struct span text, struct span *host, uint16_t *port)
{
	ptrdiff_t colon = span_find(text, ':'), bracket = span_find(text, ']');
	uint64_t n;

	if (text.n && text.p[0] == '[') {
		if (bracket < 2)
			return -WHT_EINVAL;
		*host = span_of(text.p + 1, (size_t)bracket - 1);
		return parse_port(span_drop(text, (size_t)bracket + 1), port);
	}
	if (colon < 0 && span_u64(text, 65535, &n) == 0) {
		*host = span_of(NULL, 0);
		*port = (uint16_t)n;
		return 0;
	}
	if (colon >= 0 && span_find(span_drop(text, (size_t)colon + 1), ':') >= 0)
		colon = -1; /* an IPv6 address, bare */
	*host = colon < 0 ? text : span_take(text, (size_t)colon);
	if (span_eq(*host, SPAN("*")))
		*host = span_of(NULL, 0);
	return parse_port(span_drop(text, colon < 0 ? text.n : (size_t)colon), port);
}

static int
numeric_address(struct span host, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	char text[INET6_ADDRSTRLEN];

	if (span_eq(host, SPAN("localhost")))
		host = SPAN("127.0.0.1");
	if (host.n >= sizeof(text) || span_find(host, '\0') >= 0)
		return -WHT_EINVAL;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	any_address(out, AF_INET, port);
	if (inet_pton(AF_INET, text, &in4->sin_addr) == 1)
		return 0;
	any_address(out, AF_INET6, port);
	return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1 ? 0 : -WHT_EINVAL;
}

int
listen_parse(struct span text, uint16_t default_port, struct sockaddr_storage *out, int max)
{
	uint16_t port = default_port;
	struct span host;

	if (text.n == 0 || split_host_port(text, &host, &port) < 0)
		return -WHT_EINVAL;
	if (host.n == 0) {
		if (max < 2)
			return -WHT_EINVAL;
		any_address(&out[0], AF_INET6, port);
		any_address(&out[1], AF_INET, port);
		return 2;
	}
	if (max < 1 || numeric_address(host, port, out) < 0)
		return -WHT_EINVAL;
	return 1;
}

/* ---- accepting ---- */

static void
accepted_options(int fd)
{
	int on = 1, idle_s = 60, unacked_ms = 60000;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof(unacked_ms));
}

static bool
out_of_resources(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void
listener_on_readable(uv_poll_t *handle, int status, int events)
{
	struct listener *l;

	(void)status;
	(void)events;
	CAST_OBJ(l, handle->data, LISTENER_MAGIC);
	for (int i = 0; i < LISTEN_BURST && l->fd >= 0; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accepted_options(fd);
			l->on_accept(l->user, fd);
		} else if (out_of_resources(errno)) {
			uv_poll_stop(&l->poll);
			timer_start(&l->pause, LISTEN_PAUSE_MS);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

static void
listener_watch(void *user)
{
	struct listener *l;

	CAST_OBJ(l, user, LISTENER_MAGIC);
	uv_poll_start(&l->poll, UV_READABLE, listener_on_readable);
}

struct listener *
listener_new(struct loop *loop, int fd, void (*on_accept)(void *user, int fd), void *user)
{
	struct listener *l;

	OBJ_NEW(l, LISTENER_MAGIC);
	l->loop = loop;
	l->fd = fd;
	l->on_accept = on_accept;
	l->user = user;
	l->poll.data = l;
	timer_init(&l->pause, loop, listener_watch, l);
	ENSURE(uv_poll_init(loop_uv(loop), &l->poll, fd) == 0);
	loop_hold(loop);
	listener_watch(l);
	return l;
}

static void
listener_on_closed(uv_handle_t *handle)
{
	struct listener *l;

	CAST_OBJ(l, handle->data, LISTENER_MAGIC);
	loop_release(l->loop);
	OBJ_FREE(l);
}

void
listener_close(struct listener **lp)
{
	struct listener *l;

	TAKE_OBJ(l, lp, LISTENER_MAGIC);
	timer_stop(&l->pause);
	uv_poll_stop(&l->poll);
	close(l->fd);
	l->fd = -1;
	uv_close((uv_handle_t *)&l->poll, listener_on_closed);
}
