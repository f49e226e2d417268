/* The connection: bytes between a user above and a kernel below, TLS in between where asked for.
 *
 * Two things are hard here. A callback may close or give away the conn that called it, so every
 * loop looks at the state again after each call up. And libuv holds our chunks while a write is
 * under way: at most one is, and bytes are dropped from the queue only when it is over. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "net/conn_priv.h"

enum {
	WRITE_RUNS = 64,                  /* chunks in one write */
	IN_BUF_MAX = 4 * 1024 * 1024,     /* never reached: reading stops at CONN_IN_MAX */
	OUT_BUF_MAX = 1024 * 1024 * 1024, /* the callers' high marks bound it */
	SWALLOW_MS = 1000,                /* after our FIN, for the peer's last bytes */
};

static void conn_on_task(void *user);
static void conn_on_deadline(void *user);

/* ---- life ---- */

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
conn_accept(struct loop *loop, int fd, struct tls_context *tls, const struct conn_ops *ops,
	    void *user)
{
	struct conn *c = conn_new(loop, ops, user);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
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
	buf_clear(&c->in);
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
	buf_clear(&c->in);
	c->shutdown_asked = true;
	timer_start(&c->deadline, ms);
	conn_read(c);
	task_ask(&c->task);
}

static void
conn_on_deadline(void *user)
{
	struct conn *c;

	CAST_OBJ(c, user, CONN_MAGIC);
	if (c->state == CONN_CLOSED)
		conn_end(c);
	else if (c->state == CONN_DIALLING)
		conn_fail(c, R_DIAL_FAILED, "connecting took too long");
	else
		conn_fail(c, R_IO, NULL);
}

void
conn_set_user(struct conn *c, const struct conn_ops *ops, void *user)
{
	c->ops = ops;
	c->user = user;
}

/* ---- in ---- */

static bool
conn_takes_input(const struct conn *c)
{
	return c->state == CONN_OPEN || c->state == CONN_HANDSHAKING || c->state == CONN_FINISHING;
}

/* Bytes that wait for the user, decrypted or not. */
static size_t
conn_in_waiting(const struct conn *c)
{
	return c->in.len + (c->tls ? tls_io_pending(c->tls) : 0);
}

static void
conn_tell_eof(struct conn *c)
{
	if (!c->eof || c->eof_told || c->in.len || !conn_takes_input(c))
		return;
	c->eof_told = true;
	if (c->state == CONN_FINISHING && c->shutdown_done)
		conn_fail(c, R_EOF, NULL);
	else if (c->state == CONN_HANDSHAKING)
		conn_fail(c, R_TLS_FAILED, "the peer closed during the TLS handshake");
	else if (c->state == CONN_OPEN && c->ops->on_eof)
		c->ops->on_eof(c->user);
	else if (c->state == CONN_OPEN)
		conn_fail(c, R_EOF, NULL);
}

/* Offers kept bytes until the user takes less than it was offered. */
static void
conn_offer_kept(struct conn *c)
{
	while (c->state == CONN_OPEN && c->in.len) {
		struct span front = buf_front(&c->in);
		size_t taken = c->ops->on_data(c->user, front);

		if (c->state == CONN_CLOSED)
			return;
		buf_drop(&c->in, taken);
		if (taken < front.n)
			return;
	}
}

/* Plain bytes for the user. */
static void
conn_input(struct conn *c, struct span in)
{
	size_t taken = 0;

	c->received += in.n;
	if (c->state == CONN_FINISHING)
		return;
	if (c->in.len == 0)
		taken = c->ops->on_data(c->user, in);
	if (c->state != CONN_OPEN || taken == in.n)
		return;
	ENSURE(buf_append(&c->in, span_drop(in, taken)) == 0);
	if (taken == 0 && c->in.len > in.n - taken)
		conn_offer_kept(c);
}

static void
conn_handshake(struct conn *c)
{
	char error[TLS_ERROR_MAX] = "";

	switch (tls_io_handshake(c->tls, error)) {
	case TLS_OK:
		conn_set_state(c, CONN_OPEN);
		task_ask(&c->task);
		if (c->ops->on_open)
			c->ops->on_open(c->user);
		break;
	case TLS_WAIT:
		task_ask(&c->task);
		break;
	default:
		/* An alert is on its way out; the kernel takes it now or never. */
		conn_on_task(c);
		conn_fail(c, R_TLS_FAILED, error);
	}
}

/* Decrypts while somebody takes what comes out. */
static void
conn_decrypt(struct conn *c)
{
	char *plain = loop_plain_scratch(c->loop);
	char error[TLS_ERROR_MAX] = "";

	if (c->state == CONN_HANDSHAKING)
		conn_handshake(c);
	while ((c->state == CONN_OPEN || c->state == CONN_FINISHING) && c->in.len < CONN_IN_MAX) {
		size_t got;

		switch (tls_io_read(c->tls, plain, LOOP_PLAIN_SIZE, &got, error)) {
		case TLS_OK:
			conn_input(c, span_of(plain, got));
			continue;
		case TLS_EOF:
			c->eof = true;
			break;
		case TLS_FAIL:
			conn_fail(c, R_TLS_FAILED, error);
			break;
		case TLS_WAIT:
			break;
		}
		break;
	}
	if (conn_takes_input(c) && tls_io_out(c->tls)->len)
		task_ask(&c->task); /* an answer of TLS's own, a KeyUpdate for one */
}

static void
conn_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(loop_read_scratch(c->loop), LOOP_READ_SIZE);
}

static void
conn_on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
	struct conn *c;

	CAST_OBJ(c, stream->data, CONN_MAGIC);
	if (nread == 0 || c->state == CONN_CLOSED)
		return;
	if (nread < 0 && nread != UV_EOF) {
		conn_fail(c, R_IO, uv_strerror((int)nread));
		return;
	}
	if (nread == UV_EOF) {
		c->eof = true;
		c->reading = false;
		uv_read_stop(stream);
	} else if (c->tls) {
		tls_io_feed(c->tls, span_of(buf->base, (size_t)nread));
		conn_decrypt(c);
	} else {
		conn_input(c, span_of(buf->base, (size_t)nread));
	}
	if (c->state == CONN_CLOSED)
		return;
	conn_tell_eof(c);
	conn_read(c);
}

void
conn_read(struct conn *c)
{
	bool want = conn_takes_input(c) && !c->eof && conn_in_waiting(c) < CONN_IN_MAX;

	if (want && !c->reading) {
		c->reading = true;
		uv_read_start(&c->stream, conn_on_alloc, conn_on_read);
	} else if (!want && c->reading) {
		c->reading = false;
		uv_read_stop(&c->stream);
	}
}

void
conn_resume(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	c->offer_asked = true;
	task_ask(&c->task);
}

static void
conn_offer(struct conn *c)
{
	c->offer_asked = false;
	conn_offer_kept(c);
	if (c->state == CONN_OPEN && c->tls)
		conn_decrypt(c);
	if (c->state == CONN_CLOSED)
		return;
	conn_tell_eof(c);
	if (c->state != CONN_CLOSED)
		conn_read(c);
}

/* ---- out ---- */

void
conn_write(struct conn *c, struct span out)
{
	if (c->state == CONN_CLOSED || c->state == CONN_FINISHING || c->shutdown_asked)
		return;
	ENSURE(buf_append(&c->out, out) == 0);
	task_ask(&c->task);
}

struct buf *
conn_out(struct conn *c)
{
	return &c->out;
}

void
conn_flush(struct conn *c)
{
	if (c->state != CONN_CLOSED)
		task_ask(&c->task);
}

size_t
conn_queued(const struct conn *c)
{
	return c->out.len + (c->tls ? tls_io_out(c->tls)->len : 0);
}

bool
conn_full(struct conn *c)
{
	if (conn_queued(c) >= CONN_HIGH)
		c->was_full = true;
	return c->was_full;
}

static void
conn_tell_sent(struct conn *c, size_t n)
{
	if (n && c->state == CONN_OPEN && c->ops->on_sent)
		c->ops->on_sent(c->user, n);
}

/* Turns queued plaintext into cipher text, a record's worth at a time; 0 or -WHT_EPROTO. */
static int
conn_encrypt(struct conn *c)
{
	char *plain = loop_plain_scratch(c->loop);
	char error[TLS_ERROR_MAX] = "";
	size_t total = 0;

	while (c->out.len && tls_io_out(c->tls)->len < TLS_OUT_MAX) {
		size_t n = buf_peek(&c->out, plain, LOOP_PLAIN_SIZE);

		if (tls_io_write(c->tls, span_of(plain, n), error) != TLS_OK) {
			conn_fail(c, R_TLS_FAILED, error);
			return -WHT_EPROTO;
		}
		buf_drop(&c->out, n);
		total += n;
	}
	conn_tell_sent(c, total);
	return c->state == CONN_CLOSED ? -WHT_EGONE : 0;
}

/* n bytes left for the kernel. */
static void
conn_wrote(struct conn *c, struct buf *wire, size_t n)
{
	buf_drop(wire, n);
	c->sent += n;
	if (!c->tls)
		conn_tell_sent(c, n);
}

static void
conn_on_written(uv_write_t *req, int status)
{
	struct conn *c;
	size_t n;

	CAST_OBJ(c, req->data, CONN_MAGIC);
	n = c->writing;
	c->writing = 0;
	if (c->state == CONN_CLOSED)
		return;
	if (status < 0) {
		conn_fail(c, R_IO, uv_strerror(status));
		return;
	}
	conn_wrote(c, c->tls ? tls_io_out(c->tls) : &c->out, n);
	task_ask(&c->task);
}

/* Gives one batch to the kernel; true when it may be called again at once. */
static bool
conn_write_some(struct conn *c, struct buf *wire)
{
	struct iovec runs[WRITE_RUNS];
	int nruns = buf_vec(wire, runs, WRITE_RUNS);
	int n;

	_Static_assert(sizeof(uv_buf_t) == sizeof(struct iovec), "libuv's buffers are iovecs");
	n = uv_try_write(&c->stream, (uv_buf_t *)runs, (unsigned)nruns);
	if (n >= 0) {
		conn_wrote(c, wire, (size_t)n);
		return c->state != CONN_CLOSED;
	}
	if (n != UV_EAGAIN) {
		conn_fail(c, R_IO, uv_strerror(n));
		return false;
	}
	for (int i = 0; i < nruns; i++)
		c->writing += runs[i].iov_len;
	c->write.data = c;
	n = uv_write(&c->write, &c->stream, (uv_buf_t *)runs, (unsigned)nruns, conn_on_written);
	if (n < 0) {
		c->writing = 0;
		conn_fail(c, R_IO, uv_strerror(n));
	}
	return false;
}

static void
conn_push(struct conn *c)
{
	struct buf *wire = c->tls ? tls_io_out(c->tls) : &c->out;

	while (!c->writing && c->state > CONN_DIALLING && c->state < CONN_CLOSED) {
		if (c->tls && c->state > CONN_HANDSHAKING && conn_encrypt(c) < 0)
			return;
		if (wire->len == 0 || !conn_write_some(c, wire))
			return;
	}
}

static void
conn_tell_drain(struct conn *c)
{
	if (!c->was_full || conn_queued(c) >= CONN_LOW)
		return;
	c->was_full = false;
	if (c->state == CONN_OPEN && c->ops->on_drain)
		c->ops->on_drain(c->user);
}

void
conn_shutdown(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	c->shutdown_asked = true;
	task_ask(&c->task);
}

/* Says that we send no more, once everything is out. */
static void
conn_shut_if_asked(struct conn *c)
{
	uv_os_fd_t fd;

	if (!c->shutdown_asked || c->shutdown_done || c->writing || c->out.len)
		return;
	if (c->tls && c->state > CONN_HANDSHAKING)
		tls_io_shutdown(c->tls);
	conn_push(c);
	if (c->state == CONN_CLOSED || c->writing)
		return;
	c->shutdown_done = true;
	if (uv_fileno(&c->handle, &fd) == 0)
		shutdown(fd, SHUT_WR);
	if (c->state != CONN_FINISHING)
		return;
	if (c->eof)
		conn_fail(c, R_EOF, NULL);
	else
		timer_start(&c->deadline, SWALLOW_MS);
}

/* The end of a turn. */
static void
conn_on_task(void *user)
{
	struct conn *c;

	CAST_OBJ(c, user, CONN_MAGIC);
	conn_push(c);
	if (c->state == CONN_CLOSED || c->state == CONN_DIALLING)
		return;
	conn_tell_drain(c);
	if (c->state != CONN_CLOSED)
		conn_shut_if_asked(c);
	if (c->state != CONN_CLOSED && c->offer_asked)
		conn_offer(c);
}

void
conn_connected(struct conn *c)
{
	conn_set_state(c, c->tls ? CONN_HANDSHAKING : CONN_OPEN);
	conn_read(c);
	task_ask(&c->task); /* what was written while dialling */
	if (c->tls)
		conn_handshake(c);
}

/* ---- about ---- */

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

const char *
conn_peer(const struct conn *c)
{
	struct conn *mutable = (struct conn *)c;

	if (!c->peer_text[0])
		addr_text(&c->peer.any, mutable->peer_text);
	return c->peer_text;
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
