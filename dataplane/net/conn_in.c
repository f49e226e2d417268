/* The inward half: from the kernel through TLS to the user, who may take less than there is.
 *
 * Bytes are offered from the loop's scratch memory while the user keeps up; only what he leaves is
 * copied into c->in. From then on that is offered first, so that order holds. */
#include "net/conn_priv.h"

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
	if (!c->eof || c->eof_told || !conn_takes_input(c))
		return;
	if (c->state == CONN_OPEN && c->in.len)
		return; /* there is still something to take */
	c->eof_told = true;
	if (c->state == CONN_HANDSHAKING)
		conn_fail(c, R_TLS_FAILED, "the peer closed during the TLS handshake");
	else if (c->state == CONN_FINISHING && !c->shutdown_done)
		return; /* our own half is still on its way out */
	else if (c->state == CONN_OPEN && c->ops->on_eof)
		c->ops->on_eof(c->user);
	else
		conn_fail(c, R_EOF, NULL);
}

/* Offers kept bytes until the user takes less than it was offered. */
static void
conn_offer_kept(struct conn *c)
{
	while (c->state == CONN_OPEN && c->in.len) {
		struct span front = buf_front(&c->in);
		size_t taken;

		c->offering = front.n;
		taken = c->ops->on_data(c->user, front);
		c->offering = 0;
		if (c->state != CONN_OPEN)
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
	bool kept = c->in.len > 0;
	size_t taken = 0;

	c->received += in.n;
	if (!kept)
		taken = c->ops->on_data(c->user, in);
	if (c->state != CONN_OPEN || taken == in.n)
		return;
	ENSURE(taken < in.n);
	if (buf_append(&c->in, span_drop(in, taken)) < 0)
		conn_fail(c, R_PROCESS_MEMORY, wht_strerror(WHT_EMEM));
	else if (kept)
		conn_offer_kept(c);
}

void
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
		conn_fail_tls(c, error);
	}
}

/* Decrypts while somebody takes what comes out. */
static void
conn_decrypt(struct conn *c)
{
	char *plain = loop_plain_scratch(c->loop);
	char error[TLS_ERROR_MAX] = "";
	enum tls_result result = TLS_OK;

	if (c->state == CONN_HANDSHAKING)
		conn_handshake(c);
	while (result == TLS_OK && c->state == CONN_OPEN && c->in.len < CONN_IN_MAX) {
		size_t got;

		result = tls_io_read(c->tls, plain, LOOP_PLAIN_SIZE, &got, error);
		if (result == TLS_OK)
			conn_input(c, span_of(plain, got));
	}
	if (result == TLS_EOF)
		c->eof = true;
	if (result == TLS_FAIL)
		conn_fail_tls(c, error);
	if (conn_takes_input(c) && tls_io_out(c->tls)->len)
		task_ask(&c->task); /* an answer of TLS's own, to a KeyUpdate for one */
}

static void
conn_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(loop_read_scratch(c->loop), LOOP_READ_SIZE);
}

static void
conn_take_read(struct conn *c, struct span in)
{
	if (c->state == CONN_FINISHING)
		return; /* swallowed */
	if (!c->tls) {
		conn_input(c, in);
		return;
	}
	if (tls_io_feed(c->tls, in) < 0)
		conn_fail(c, R_PROCESS_MEMORY, wht_strerror(WHT_EMEM));
	else
		conn_decrypt(c);
}

static void
conn_on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
	struct conn *c;

	CAST_OBJ(c, stream->data, CONN_MAGIC);
	if (nread == 0 || c->state == CONN_CLOSED)
		return;
	if (nread > 0)
		conn_take_read(c, span_of(buf->base, (size_t)nread));
	else if (nread == UV_EOF)
		c->eof = true;
	else
		conn_fail(c, R_IO, uv_strerror((int)nread));
	conn_tell_eof(c);
	conn_read(c);
}

void
conn_read(struct conn *c)
{
	bool room = c->state == CONN_FINISHING || conn_in_waiting(c) < CONN_IN_MAX;
	bool want = conn_takes_input(c) && !c->eof && room;

	if (c->state == CONN_CLOSED || want == c->reading)
		return;
	c->reading = want;
	if (want)
		uv_read_start(&c->stream, conn_on_alloc, conn_on_read);
	else
		uv_read_stop(&c->stream);
}

void
conn_resume(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	c->offer_asked = true;
	task_ask(&c->task);
}

void
conn_offer(struct conn *c)
{
	if (c->state != CONN_OPEN)
		return;
	c->offer_asked = false;
	conn_offer_kept(c);
	if (c->state == CONN_OPEN && c->tls)
		conn_decrypt(c);
	conn_tell_eof(c);
	conn_read(c);
}

void
conn_forget_input(struct conn *c)
{
	buf_clear(&c->in);
	if (c->tls)
		tls_io_forget(c->tls);
}
