/* The outward half: from the user through TLS to the kernel, gathered and sent once a turn.
 *
 * libuv holds our chunks while a write is under way: at most one is, and bytes are dropped from the
 * queue only when it is over. What it takes at once never goes through that door. */
#include "net/conn_priv.h"

enum {
	WRITE_RUNS = 64,    /* chunks in one write */
	WRITES_A_ROUND = 8, /* then the other connections of the loop get their turn */
};

void
conn_write(struct conn *c, struct span out)
{
	if (c->state == CONN_CLOSED || c->state == CONN_FINISHING || c->shutdown_asked)
		return;
	if (buf_append(&c->out, out) < 0)
		conn_fail(c, R_PROCESS_MEMORY, wht_strerror(WHT_EMEM));
	else
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

void
conn_fail_tls(struct conn *c, const char *error)
{
	struct iovec runs[WRITE_RUNS];

	/* An alert is on its way out, and says what was wrong: the kernel takes it now or never. */
	if (!c->writing) {
		int n = buf_vec(tls_io_out(c->tls), runs, WRITE_RUNS);

		if (n > 0)
			(void)uv_try_write(&c->stream, (uv_buf_t *)runs, (unsigned)n);
	}
	conn_fail(c, R_TLS_FAILED, error);
}

/* Turns queued plaintext into cipher text, a record's worth at a time;
 * false when the conn is over. */
static bool
conn_encrypt(struct conn *c)
{
	char *plain = loop_plain_scratch(c->loop);
	char error[TLS_ERROR_MAX] = "";
	size_t total = 0;

	while (c->out.len && tls_io_out(c->tls)->len < TLS_OUT_MAX) {
		size_t n = buf_peek(&c->out, plain, LOOP_PLAIN_SIZE);

		if (tls_io_write(c->tls, span_of(plain, n), error) != TLS_OK) {
			conn_fail_tls(c, error);
			return false;
		}
		buf_drop(&c->out, n);
		total += n;
	}
	conn_tell_sent(c, total);
	return c->state != CONN_CLOSED;
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

static struct buf *
conn_wire(struct conn *c)
{
	return c->tls ? tls_io_out(c->tls) : &c->out;
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
	conn_wrote(c, conn_wire(c), n);
	conn_flush(c);
}

/* Leaves a batch with libuv until the kernel has room. */
static void
conn_write_later(struct conn *c, struct iovec *runs, int nruns)
{
	int status;

	for (int i = 0; i < nruns; i++)
		c->writing += runs[i].iov_len;
	c->write.data = c;
	status =
	    uv_write(&c->write, &c->stream, (uv_buf_t *)runs, (unsigned)nruns, conn_on_written);
	if (status < 0) {
		c->writing = 0;
		conn_fail(c, R_IO, uv_strerror(status));
	}
}

static void
conn_write_some(struct conn *c)
{
	struct iovec runs[WRITE_RUNS];
	struct buf *wire = conn_wire(c);
	int nruns = buf_vec(wire, runs, WRITE_RUNS);
	int n;

	_Static_assert(sizeof(uv_buf_t) == sizeof(struct iovec), "libuv's buffers are iovecs");
	n = uv_try_write(&c->stream, (uv_buf_t *)runs, (unsigned)nruns);
	if (n >= 0)
		conn_wrote(c, wire, (size_t)n);
	else if (n == UV_EAGAIN)
		conn_write_later(c, runs, nruns);
	else
		conn_fail(c, R_IO, uv_strerror(n));
}

static bool
conn_can_write(const struct conn *c)
{
	return !c->writing && c->state > CONN_GREETING && c->state < CONN_CLOSED;
}

void
conn_push(struct conn *c)
{
	for (int i = 0; i < WRITES_A_ROUND && conn_can_write(c); i++) {
		if (c->tls && c->state > CONN_HANDSHAKING && !conn_encrypt(c))
			return;
		if (conn_wire(c)->len == 0)
			return;
		conn_write_some(c);
	}
	if (conn_can_write(c))
		task_ask(&c->task);
}

void
conn_tell_drain(struct conn *c)
{
	if (c->state != CONN_OPEN || !c->was_full || conn_queued(c) >= CONN_LOW)
		return;
	c->was_full = false;
	if (c->ops->on_drain)
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
void
conn_shut_if_asked(struct conn *c)
{
	uv_os_fd_t fd;

	if (!c->shutdown_asked || c->shutdown_done || c->state <= CONN_HANDSHAKING)
		return;
	if (c->tls && conn_can_write(c) && c->out.len == 0) {
		tls_io_shutdown(c->tls);
		conn_push(c);
	}
	if (!conn_can_write(c) || conn_queued(c))
		return; /* the task comes again when there is room */
	c->shutdown_done = true;
	if (uv_fileno(&c->handle, &fd) == 0)
		shutdown(fd, SHUT_WR);
	if (c->state == CONN_FINISHING && c->eof)
		conn_fail(c, R_EOF, NULL);
	else if (c->state == CONN_FINISHING)
		timer_start(&c->deadline, SWALLOW_MS);
}
