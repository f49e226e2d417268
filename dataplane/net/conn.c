/* The connection's life: born accepted, dialled or moved, and ended through conn_fail() alone.
 *
 * What is hard is that a callback may close or give away the conn that called it, so whoever calls
 * up looks at the state again afterwards. Memory therefore outlives CLOSED until libuv has closed
 * the handle: also the bytes that an on_data is reading while it closes its own conn. */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/conn_priv.h"

enum {
	IN_BUF_MAX = 4 * 1024 * 1024,	  /* never reached: reading stops at CONN_IN_MAX */
	OUT_BUF_MAX = 1024 * 1024 * 1024, /* the callers' high marks bound it */
};

static void conn_on_task(void *user);
static void conn_on_deadline(void *user);

struct conn *
conn_new(struct loop *loop, const struct conn_ops *ops, void *user)
{
	struct conn *c;

	OBJ_NEW(c, CONN_MAGIC);
	c->loop = loop;
	c->ops = ops;
	c->user = user;
	c->state = CONN_DIALLING;
	c->peer.any.sa_family = AF_UNIX;
	buf_init(&c->in, loop_pool(loop), IN_BUF_MAX);
	buf_init(&c->out, loop_pool(loop), OUT_BUF_MAX);
	task_init(&c->task, loop, conn_on_task, c);
	timer_init(&c->deadline, loop, conn_on_deadline, c);
	loop_hold(loop);
	return c;
}

void
conn_free(struct conn *c)
{
	task_cancel(&c->task);
	timer_stop(&c->deadline);
	buf_clear(&c->in);
	buf_clear(&c->out);
	if (c->tls)
		tls_io_free(&c->tls);
	if (c->greeting)
		greeting_free(&c->greeting);
	free(c->error);
	loop_release(c->loop);
	OBJ_FREE(c);
}

void
conn_set_state(struct conn *c, enum conn_state state)
{
	ENSURE(state > c->state);
	c->state = state;
}

void
conn_set_peer(struct conn *c, const struct sockaddr *peer)
{
	if (peer->sa_family == AF_INET || peer->sa_family == AF_INET6)
		memcpy(&c->peer, peer, addr_len(peer));
}

int
conn_open_fd(struct conn *c, int fd)
{
	uv_tcp_init(loop_uv(c->loop), &c->tcp);
	c->handle.data = c;
	c->handle_open = true;
	if (uv_tcp_open(&c->tcp, fd) == 0)
		return 0;
	close(fd);
	return -WHT_EIO;
}

struct conn *
conn_accept(
    struct loop *loop, int fd, struct tls_context *tls, const struct conn_ops *ops, void *user)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	struct conn *c;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0) { /* reset before we came to it */
		close(fd);
		return NULL;
	}
	c = conn_new(loop, ops, user);
	conn_set_peer(c, (struct sockaddr *)&peer);
	if (conn_open_fd(c, fd) < 0) {
		c->moved = true; /* nobody has heard of it: nobody hears of its end */
		conn_fail(c, R_IO, NULL);
		return NULL;
	}
	if (tls)
		c->tls = tls_io_accept(tls, loop_pool(loop));
	conn_connected(c);
	return c;
}

void
conn_connected(struct conn *c)
{
	conn_set_state(c, c->tls ? CONN_HANDSHAKING : CONN_OPEN);
	conn_read(c);
	if (c->tls)
		conn_handshake(c);
	conn_flush(c); /* what was queued while dialling */
}

void
conn_set_user(struct conn *c, const struct conn_ops *ops, void *user)
{
	c->ops = ops;
	c->user = user;
}

static void
conn_tell_empty(struct conn *c)
{
	if (c->state == CONN_OPEN && !c->writing && conn_queued(c) == 0 && c->ops->on_empty)
		c->ops->on_empty(c->user);
}

/* The end of a turn. */
static void
conn_on_task(void *user)
{
	struct conn *c;

	CAST_OBJ(c, user, CONN_MAGIC);
	if (c->state == CONN_FINISHING)
		conn_forget_input(c);
	conn_push(c);
	conn_tell_drain(c);
	conn_shut_if_asked(c);
	if (c->offer_asked)
		conn_offer(c);
	conn_tell_empty(c);
}

/* ---- ends ---- */

void
conn_end(struct conn *c)
{
	const struct conn_ops *ops = c->moved ? NULL : c->ops;

	ENSURE(c->state == CONN_CLOSED && !c->handle_open);
	if (ops && ops->on_gone)
		ops->on_gone(c->user, c->why);
	conn_free(c);
}

static void
conn_on_closed(uv_handle_t *handle)
{
	struct conn *c;

	CAST_OBJ(c, handle->data, CONN_MAGIC);
	c->handle_open = c->handle_closing = false;
	conn_end(c);
}

void
conn_close_handle(struct conn *c, uv_close_cb on_closed)
{
	c->handle_closing = true;
	uv_close(&c->handle, on_closed);
}

static void
conn_set_error(struct conn *c, const char *error)
{
	if (!error || c->error)
		return;
	c->error = span_dup(span_str(error));
}

void
conn_fail(struct conn *c, enum reason why, const char *error)
{
	if (c->state == CONN_CLOSED)
		return;
	conn_set_error(c, error);
	if (c->state != CONN_FINISHING) /* then the user's own reason stands */
		c->why = why;
	if (c->dial)
		dial_forget(c);
	conn_set_state(c, CONN_CLOSED);
	task_cancel(&c->task);
	timer_stop(&c->deadline);
	if (!c->handle_open)
		timer_start(&c->deadline, 0); /* no handle to close: on_gone is still for later */
	else if (!c->handle_closing)
		conn_close_handle(c, conn_on_closed);
}

void
conn_close(struct conn **cp, enum reason why)
{
	struct conn *c;

	TAKE_OBJ(c, cp, CONN_MAGIC);
	conn_fail(c, why, NULL);
}

void
conn_reset(struct conn **cp, enum reason why)
{
	const struct linger abort_now = {.l_onoff = 1, .l_linger = 0};
	struct conn *c;
	uv_os_fd_t fd;

	TAKE_OBJ(c, cp, CONN_MAGIC);
	if (c->handle_open && uv_fileno(&c->handle, &fd) == 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now));
	conn_fail(c, why, NULL);
}

void
conn_finish(struct conn **cp, enum reason why, uint64_t ms)
{
	struct conn *c;

	TAKE_OBJ(c, cp, CONN_MAGIC);
	if (c->state != CONN_OPEN) {
		conn_fail(c, why, NULL);
		return;
	}
	c->why = why;
	conn_set_state(c, CONN_FINISHING);
	c->shutdown_asked = true;
	c->finish_by_ms = loop_now_ms(c->loop) + ms;
	timer_start(&c->deadline, ms);
	conn_read(c);
	task_ask(&c->task);
}

/* Our FIN is out, but the peer has not acknowledged all that is in front of it. */
static bool
conn_lingers(const struct conn *c)
{
	if (c->state != CONN_FINISHING || !c->shutdown_done ||
	    loop_now_ms(c->loop) >= c->finish_by_ms)
		return false;
	return conn_unacked(c) > 0;
}

static void
conn_on_deadline(void *user)
{
	struct conn *c;

	CAST_OBJ(c, user, CONN_MAGIC);
	if (c->state == CONN_CLOSED)
		conn_end(c);
	else if (c->state == CONN_DIALLING)
		dial_timed_out(c);
	else if (c->state == CONN_GREETING)
		conn_fail(c, R_DIAL_FAILED, "the proxy did not answer in time");
	else if (conn_lingers(c))
		timer_start(&c->deadline, SWALLOW_MS);
	else
		conn_fail(c, R_IO, NULL);
}

/* ---- about ---- */

size_t
conn_unacked(const struct conn *c)
{
	uv_os_fd_t fd;
	int bytes = 0;

	if (!c->handle_open || uv_fileno(&c->handle, &fd) < 0 || ioctl(fd, SIOCOUTQ, &bytes) < 0)
		return 0;
	return (size_t)bytes;
}

uint64_t
conn_received(const struct conn *c)
{
	return c->received;
}

uint64_t
conn_sent(const struct conn *c)
{
	return c->sent;
}

bool
conn_is_tls(const struct conn *c)
{
	return c->tls != NULL;
}

int64_t
conn_peer_not_after(const struct conn *c)
{
	return c->tls ? tls_io_peer_not_after(c->tls) : 0;
}

const char *
conn_peer(const struct conn *c)
{
	struct conn *mutable = (struct conn *)c;

	if (!c->peer_text[0]) {
		addr_text(&c->peer.any, mutable->peer_text);
		mutable->peer_host = addr_text_host(span_str(c->peer_text));
	}
	return c->peer_text;
}

struct span
conn_peer_host(const struct conn *c)
{
	conn_peer(c);
	return c->peer_host;
}

const struct sockaddr *
conn_peer_addr(const struct conn *c)
{
	return &c->peer.any;
}

const char *
conn_error(const struct conn *c)
{
	return c->error ? c->error : "";
}
