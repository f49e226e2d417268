/* One exchange. Both directions advance on their own; what must not happen is that one of them
 * outlives the other unnoticed. So every end goes through exchange_finish(), which lets go of the
 * upstream first and tells the viewer last. */
#include "edge/exchange.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/obj.h"
#include "edge/body.h"

#define EXCHANGE_MAGIC 0xe8c4a26eu

enum { HEAD_EXTRA = 2048 }; /* what our own fields add to a head */

enum request_state { REQUEST_BODY, REQUEST_SENT };
enum response_state { RESPONSE_HEAD, RESPONSE_BODY, RESPONSE_RAW };

struct exchange {
	unsigned magic;
	enum request_state request;
	enum response_state response;
	struct loop *loop;
	struct conn *conn;
	struct upstream_pool *pool;
	struct upstream *up;
	const struct limits *limits;
	const struct exchange_ops *ops;
	void *user;
	struct http_parser *parser;

	bool to_http10, to_head, upgrade, close; /* what the request was */
	struct body_out up_body, down_body;
	bool ends_by_close;
	bool keep_upstream, peer_fin;
	bool viewer_eof; /* RAW */
	bool finished;	 /* exchange_finish() ran; freed when the stack is unwound */
	bool in_data;
	enum reason fault; /* found inside a parser callback */

	char *replay; /* the head, while it may be sent again on another stream */
	size_t replay_len;
	size_t unreturned; /* bytes taken from the stream and not yet credited */
	int status;
	struct timer deadline;
	uint64_t progress_ms; /* the last time anything moved */
	char request_id[REQUEST_ID_MAX + 1];
	uint64_t sent_ns; /* the request was all in */
	struct worker_metrics *metrics;
};

static const struct upstream_ops upstream_ops;

/* ---- ending ---- */

static void
exchange_free(struct exchange *x)
{
	timer_stop(&x->deadline);
	http_parser_free(&x->parser);
	free(x->replay);
	OBJ_FREE(x);
}

static void
exchange_credit(struct exchange *x, size_t n)
{
	if (n > x->unreturned)
		n = x->unreturned;
	if (n == 0 || !x->up)
		return;
	x->unreturned -= n;
	wsmux_stream_used(upstream_stream(x->up), n);
}

static void
exchange_let_go(struct exchange *x, enum reason why)
{
	if (!x->up)
		return;
	exchange_credit(x, x->unreturned);
	if (why == R_NONE)
		upstream_release(
		    &x->up, x->keep_upstream && x->request == REQUEST_SENT && !x->peer_fin);
	else
		upstream_abort(&x->up, why);
}

/* The end, from inside a callback of the stream or a timer. */
static void
exchange_finish(struct exchange *x, enum reason why, bool keep)
{
	if (x->finished)
		return;
	x->finished = true;
	timer_stop(&x->deadline);
	exchange_let_go(x, why);
	x->ops->on_done(x->user, why, keep && x->request == REQUEST_SENT);
	if (!x->in_data)
		exchange_free(x);
}

void
exchange_abort(struct exchange **xp, enum reason why)
{
	struct exchange *x;

	TAKE_OBJ(x, xp, EXCHANGE_MAGIC);
	if (x->finished)
		return;
	x->finished = true;
	timer_stop(&x->deadline);
	exchange_let_go(x, why == R_NONE ? R_VIEWER_GONE : why);
	if (!x->in_data)
		exchange_free(x);
}

/* ---- time ---- */

static void
exchange_moved(struct exchange *x)
{
	x->progress_ms = loop_now_ms(x->loop);
}

/* What the exchange waits for now: how long it may, and whose fault it is then. */
static uint64_t
exchange_patience(const struct exchange *x, enum reason *why)
{
	bool viewer_slow = conn_queued(x->conn) > 0;

	if (x->response == RESPONSE_RAW) {
		*why = R_VIEWER_GONE;
		return x->viewer_eof ? x->limits->body_timeout : 0;
	}
	if (x->response == RESPONSE_HEAD && x->request == REQUEST_SENT) {
		*why = R_RESPONSE_TIMEOUT;
		return x->limits->response_timeout;
	}
	if (x->response == RESPONSE_HEAD)
		*why =
		    wsmux_stream_full(upstream_stream(x->up)) ? R_RESPONSE_STALLED : R_BODY_TIMEOUT;
	else
		*why = viewer_slow ? R_WRITE_TIMEOUT : R_RESPONSE_STALLED;
	return x->limits->body_timeout;
}

static void
exchange_watch(struct exchange *x)
{
	enum reason why;
	uint64_t patience = exchange_patience(x, &why);

	exchange_moved(x);
	if (patience)
		timer_start(&x->deadline, patience);
	else
		timer_stop(&x->deadline);
}

static void
exchange_on_deadline(void *user)
{
	struct exchange *x;
	enum reason why = R_NONE;
	uint64_t patience, waited;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	patience = exchange_patience(x, &why);
	waited = loop_now_ms(x->loop) - x->progress_ms;
	if (waited < patience)
		timer_start(&x->deadline, patience - waited);
	else if (patience)
		exchange_finish(x, why, false);
}

/* ---- the response ---- */

static void
exchange_write_head(struct exchange *x, const struct http_head *head, bool upgraded)
{
	const struct forward_response f = {
	    .head = head,
	    .to_http10 = x->to_http10,
	    .to_head = x->to_head,
	    .close = x->close,
	    .upgraded = upgraded,
	    .request_id = span_str(x->request_id),
	};
	struct strb b;

	strb_init(&b, x->limits->head_max + HEAD_EXTRA);
	forward_write_response(&b, &f);
	if (strb_failed(&b))
		x->fault = R_BAD_RESPONSE;
	else
		conn_write(x->conn, strb_span(&b));
	strb_free(&b);
}

/* 100 and 103 go through to whoever can understand them; 101 only answers an upgrade. */
static void
exchange_on_interim(struct exchange *x, const struct http_head *head)
{
	if (head->status == 101)
		x->fault = R_BAD_RESPONSE;
	else if (!x->to_http10)
		exchange_write_head(x, head, false);
}

static void
exchange_go_raw(struct exchange *x, const struct http_head *head)
{
	x->status = head->status;
	x->close = true;
	exchange_write_head(x, head, true);
	x->response = RESPONSE_RAW;
	exchange_watch(x);
	x->ops->on_room(x->user);
}

static void
exchange_on_final(struct exchange *x, const struct http_head *head)
{
	enum http_framing framing = forward_framing(head, x->to_http10);

	x->status = head->status;
	if (x->sent_ns)
		metric_observe(&x->metrics->first_byte, (clock_mono_ns() - x->sent_ns) / 1000);
	x->down_body.chunked = framing == HTTP_CHUNKED;
	x->ends_by_close = framing == HTTP_UNTIL_CLOSE;
	x->keep_upstream = head->keep_alive && head->framing != HTTP_UNTIL_CLOSE;
	/* A viewer that is still sending its request is told that nothing follows it here. */
	if (x->request != REQUEST_SENT || x->ends_by_close)
		x->close = true;
	exchange_write_head(x, head, false);
	x->response = RESPONSE_BODY;
	exchange_watch(x);
}

static int
exchange_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct exchange *x;

	(void)raw;
	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	free(x->replay);
	x->replay = NULL;
	if (head->status == 101 && x->upgrade)
		exchange_go_raw(x, head);
	else if (head->status < 200)
		exchange_on_interim(x, head);
	else
		exchange_on_final(x, head);
	return x->response == RESPONSE_RAW || x->fault ? HTTP_HOLD : HTTP_GO;
}

static void
exchange_on_body(void *user, struct span data)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	body_write(&x->down_body, data);
}

static void
exchange_on_trailer(void *user, struct http_field field)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	body_trailer(&x->down_body, field);
}

static void
exchange_on_response_end(void *user)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	if (x->response == RESPONSE_BODY)
		body_end(&x->down_body);
}

static const struct http_parser_ops response_ops = {
    .on_head = exchange_on_head,
    .on_body = exchange_on_body,
    .on_trailer = exchange_on_trailer,
    .on_end = exchange_on_response_end,
};

/* ---- what the upstream says ---- */

/* The response in in; what the viewer is to see of it is queued when this returns. */
static void
exchange_parse(struct exchange *x, struct span in)
{
	while (in.n && !x->finished) {
		size_t used;

		if (http_parser_feed(x->parser, in, &used) < 0)
			x->fault = http_parser_fault(x->parser);
		in = span_drop(in, used);
		if (x->fault) {
			exchange_finish(x, x->fault, false);
		} else if (x->response == RESPONSE_RAW) {
			conn_write(x->conn, in);
			return;
		} else if (http_parser_done(x->parser) && x->response == RESPONSE_HEAD) {
			http_parser_next(x->parser); /* it was an interim one */
		} else if (http_parser_done(x->parser)) {
			x->keep_upstream = x->keep_upstream && in.n == 0;
			exchange_finish(x, R_NONE, !x->close);
		}
	}
}

static size_t
exchange_on_data(void *user, struct span in)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	upstream_stall(x->up, conn_full(x->conn));
	if (conn_full(x->conn))
		return 0;
	exchange_moved(x);
	x->unreturned += in.n;
	x->in_data = true;
	if (x->response == RESPONSE_RAW)
		conn_write(x->conn, in);
	else
		exchange_parse(x, in);
	x->in_data = false;
	if (x->finished)
		exchange_free(x);
	else if (conn_queued(x->conn) == 0)
		exchange_credit(x, x->unreturned);
	return in.n;
}

static void
exchange_on_room(void *user)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	exchange_moved(x);
	x->ops->on_room(x->user);
}

static bool
exchange_send_head(struct exchange *x, struct span head)
{
	size_t taken = wsmux_stream_write(upstream_stream(x->up), head);

	return taken == head.n;
}

/* A kept stream may die just as it is used again: the client's server had closed its connection. A
 * safe request without a body is then asked once more, on a stream of its own. */
static bool
exchange_replay(struct exchange *x)
{
	char *head = x->replay;
	bool sent = false;

	if (!head || !http_parser_idle(x->parser))
		return false;
	x->replay = NULL;
	if (x->up)
		upstream_release(&x->up, false);
	x->peer_fin = false;
	x->unreturned = 0;
	x->up = upstream_take(x->pool, false, &upstream_ops, x);
	if (x->up)
		sent = exchange_send_head(x, span_of(head, x->replay_len));
	free(head);
	return sent;
}

static void
exchange_on_fin(void *user)
{
	struct exchange *x;
	bool legal;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	x->peer_fin = true;
	if (x->response == RESPONSE_RAW) {
		exchange_finish(x, R_NONE, false);
		return;
	}
	if (x->response == RESPONSE_HEAD) {
		if (!exchange_replay(x))
			exchange_finish(x,
			    http_parser_idle(x->parser) ? R_EMPTY_RESPONSE : R_BAD_RESPONSE, false);
		return;
	}
	legal = http_parser_eof(x->parser) == 0;
	exchange_finish(x, legal ? R_NONE : R_SHORT_RESPONSE, legal && !x->close);
}

static void
exchange_on_lost(void *user, enum reason why)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	x->up = NULL;
	if (x->response == RESPONSE_HEAD && exchange_replay(x))
		return;
	exchange_finish(x, why == R_NONE ? R_EMPTY_RESPONSE : why, false);
}

static const struct upstream_ops upstream_ops = {
    .on_data = exchange_on_data,
    .on_room = exchange_on_room,
    .on_fin = exchange_on_fin,
    .on_lost = exchange_on_lost,
};

/* ---- the request ---- */

static void
write_to_stream(void *to, struct span out)
{
	struct exchange *x = to;

	/* exchange_room() was asked first: short only when the stream has ended, and then on_lost
	 * comes. */
	if (x->up && wsmux_stream_write(upstream_stream(x->up), out) < out.n)
		x->keep_upstream = false;
}

static void
write_to_viewer(void *to, struct span out)
{
	struct exchange *x = to;

	conn_write(x->conn, out);
}

/* GET and its like, without a body: asking twice is asking once (RFC 9110, 9.2.1). */
static bool
exchange_is_safe(const struct http_head *head)
{
	return head->framing == HTTP_NO_BODY && !forward_is_upgrade(head) &&
	       (span_eq(head->method, SPAN("GET")) || span_eq(head->method, SPAN("HEAD")) ||
		   span_eq(head->method, SPAN("OPTIONS")));
}

static struct exchange *
exchange_new(const struct exchange_begin *begin)
{
	const struct http_head *head = begin->request->head;
	struct exchange *x;

	OBJ_NEW(x, EXCHANGE_MAGIC);
	x->loop = begin->loop;
	x->conn = begin->conn;
	x->pool = begin->pool;
	x->limits = begin->limits;
	x->metrics = begin->metrics;
	x->ops = begin->ops;
	x->user = begin->user;
	x->to_http10 = head->minor == 0;
	x->to_head = span_eq(head->method, SPAN("HEAD"));
	x->upgrade = begin->request->upgrade;
	snprintf(
	    x->request_id, sizeof(x->request_id), "%.*s", SPAN_FMT(begin->request->request_id));
	x->close = begin->close || x->to_http10;
	x->up_body = (struct body_out){
	    .write = write_to_stream, .to = x, .chunked = head->framing == HTTP_CHUNKED};
	x->down_body = (struct body_out){.write = write_to_viewer, .to = x};
	x->parser = http_parser_new(HTTP_RESPONSE, begin->http_limits, &response_ops, x);
	http_parser_expect(x->parser, x->to_head);
	timer_init(&x->deadline, x->loop, exchange_on_deadline, x);
	return x;
}

/* The head as the client gets it; false when a limit is passed. */
static bool
exchange_begin_head(struct exchange *x, const struct forward_request *request, bool safe)
{
	struct strb b;
	bool sent;

	strb_init(&b, x->limits->head_max + HEAD_EXTRA);
	forward_write_request(&b, request);
	sent = !strb_failed(&b) && exchange_send_head(x, strb_span(&b));
	if (sent && safe && !upstream_fresh(x->up)) {
		x->replay = span_dup(strb_span(&b));
		x->replay_len = b.n;
	}
	x->metrics->reuses += !upstream_fresh(x->up);
	strb_free(&b);
	return sent;
}

struct exchange *
exchange_begin(const struct exchange_begin *begin, enum reason *why)
{
	bool safe = exchange_is_safe(begin->request->head);
	struct exchange *x = exchange_new(begin);

	*why = R_TOO_MANY_STREAMS;
	x->up = upstream_take(begin->pool, safe, &upstream_ops, x);
	if (x->up) {
		*why = R_HEAD_TOO_LARGE;
		if (exchange_begin_head(x, begin->request, safe)) {
			exchange_watch(x);
			return x;
		}
		upstream_abort(&x->up, *why);
	}
	exchange_free(x);
	return NULL;
}

size_t
exchange_room(struct exchange *x)
{
	struct wsmux_stream *stream = upstream_stream(x->up);
	size_t room = wsmux_stream_room(stream);

	if (wsmux_stream_full(stream) || room <= BODY_OVERHEAD)
		return 0;
	return room - BODY_OVERHEAD;
}

void
exchange_body(struct exchange *x, struct span data)
{
	exchange_moved(x);
	body_write(&x->up_body, data);
}

void
exchange_trailer(struct exchange *x, struct http_field field)
{
	body_trailer(&x->up_body, field);
}

void
exchange_request_end(struct exchange *x)
{
	body_end(&x->up_body);
	x->request = REQUEST_SENT;
	x->sent_ns = clock_mono_ns();
	x->metrics->viewer_bytes_in += x->up_body.bytes;
	exchange_watch(x);
}

/* ---- after a 101 ---- */

bool
exchange_is_raw(const struct exchange *x)
{
	return x->response == RESPONSE_RAW;
}

size_t
exchange_raw(struct exchange *x, struct span in)
{
	return wsmux_stream_write(upstream_stream(x->up), in);
}

void
exchange_raw_eof(struct exchange *x)
{
	x->viewer_eof = true;
	wsmux_stream_fin(upstream_stream(x->up));
	exchange_watch(x);
}

/* ---- the viewer's side moved ---- */

void
exchange_on_sent(struct exchange *x, size_t n)
{
	exchange_moved(x);
	exchange_credit(x, conn_queued(x->conn) == 0 ? x->unreturned : n);
}

void
exchange_on_drain(struct exchange *x)
{
	if (x->up)
		wsmux_stream_resume(upstream_stream(x->up));
}

/* ---- about ---- */

bool
exchange_answered(const struct exchange *x)
{
	return x->response != RESPONSE_HEAD;
}

bool
exchange_ends_by_close(const struct exchange *x)
{
	return x->ends_by_close && x->response == RESPONSE_BODY;
}

int
exchange_status(const struct exchange *x)
{
	return x->status;
}

uint64_t
exchange_bytes(const struct exchange *x)
{
	return x->down_body.bytes;
}
