#include <stdio.h>

#include "base/clock.h"
#include "edge/exchange_priv.h"

enum { LOOKS = 4 }; /* at a viewer, in the time that its patience lasts */

/* ---- ending ---- */

void
exchange_free(struct exchange *x)
{
	timer_stop(&x->deadline);
	http_parser_free(&x->parser);
	free(x->replay);
	OBJ_FREE(x);
}

void
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
	x->metrics->viewer_bytes_in += x->up_body.bytes;
	if (!x->up)
		return;
	exchange_credit(x, x->unreturned);
	if (why == R_NONE)
		upstream_release(
		    &x->up, x->keep_upstream && x->request == REQUEST_SENT && !x->peer_fin);
	else
		upstream_abort(&x->up, why);
}

void
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
exchange_whole(struct exchange *x)
{
	if (x->request != REQUEST_SENT) /* what is still to come of it goes nowhere */
		x->keep_upstream = false;
	x->response = RESPONSE_WHOLE;
	exchange_moved(x);
	conn_flush(x->conn); /* on_empty follows, even if nothing was left to send */
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

void
exchange_moved(struct exchange *x)
{
	x->progress_ms = loop_now_ms(x->loop);
	x->looked = false;
}

/* What the exchange waits for now: how long it may (0: for ever), and whose fault it is then. */
static uint64_t
exchange_patience(const struct exchange *x, enum reason *why)
{
	bool viewer_slow = conn_queued(x->conn) > 0;

	*why = viewer_slow ? R_WRITE_TIMEOUT : R_RESPONSE_STALLED;
	if (x->response == RESPONSE_RAW && !viewer_slow) {
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
	return x->limits->body_timeout;
}

static void
exchange_wake_in(struct exchange *x, uint64_t ms)
{
	x->due_ms = loop_now_ms(x->loop) + ms;
	timer_start(&x->deadline, ms);
}

/* A deadline that comes early finds that nothing is due, and costs less than
 * setting it anew each time. */
void
exchange_watch(struct exchange *x)
{
	enum reason why;
	uint64_t patience = exchange_patience(x, &why);

	exchange_moved(x);
	if (patience == 0)
		timer_stop(&x->deadline);
	else if (!timer_armed(&x->deadline) || x->due_ms > x->progress_ms + patience)
		exchange_wake_in(x, patience);
}

/* Our kernel may hold megabytes for a slow viewer and ask us for none for minutes: what the viewer
 * takes shows there. The first look finds nothing to compare with. */
static bool
exchange_viewer_reads(struct exchange *x)
{
	size_t before = x->looked ? x->unacked : SIZE_MAX;

	x->looked = true;
	x->unacked = conn_unacked(x->conn);
	return x->unacked < before;
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
		exchange_wake_in(x, patience - waited);
	else if (why == R_WRITE_TIMEOUT && exchange_viewer_reads(x))
		exchange_wake_in(x, patience / LOOKS);
	else if (patience)
		exchange_finish(x, why, false);
}

/* ---- the request ---- */

static void
write_to_stream(void *to, struct span out)
{
	struct exchange *x = to;

	/* exchange_room() was asked first: short only when the stream has
	 * ended, and then on_lost comes. */
	if (x->up && wsmux_stream_write(upstream_stream(x->up), out) < out.n)
		x->keep_upstream = false;
}

static void
write_to_viewer(void *to, struct span out)
{
	struct exchange *x = to;

	conn_write(x->conn, out);
}

bool
exchange_send_head(struct exchange *x, struct span head)
{
	size_t taken = wsmux_stream_write(upstream_stream(x->up), head);

	return taken == head.n;
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
	x->parser = http_parser_new(HTTP_RESPONSE, begin->http_limits, &exchange_response_ops, x);
	http_parser_expect(x->parser, x->to_head);
	timer_init(&x->deadline, x->loop, exchange_on_deadline, x);
	return x;
}

/* The head as the client gets it; false when a limit is passed. It may say twice what it said to
 * us: the path and the host have fields of their own. */
static bool
exchange_begin_head(struct exchange *x, const struct forward_request *request, bool safe)
{
	struct strb b;
	bool sent;

	strb_init(&b, 2 * x->limits->head_max + HEAD_EXTRA);
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
	x->up = upstream_take(begin->pool, safe, &exchange_upstream_ops, x);
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
	struct wsmux_stream *stream;
	size_t room;

	if (x->response == RESPONSE_WHOLE)
		return SIZE_MAX;
	stream = upstream_stream(x->up);
	room = wsmux_stream_room(stream);
	if (wsmux_stream_full(stream) || room <= BODY_OVERHEAD)
		return 0;
	return room - BODY_OVERHEAD;
}

void
exchange_body(struct exchange *x, struct span data)
{
	if (x->response == RESPONSE_WHOLE)
		return;
	exchange_moved(x);
	body_write(&x->up_body, data);
}

void
exchange_trailer(struct exchange *x, struct http_field field)
{
	if (x->response != RESPONSE_WHOLE)
		body_trailer(&x->up_body, field);
}

void
exchange_request_end(struct exchange *x)
{
	x->request = REQUEST_SENT;
	if (x->response == RESPONSE_WHOLE)
		return;
	body_end(&x->up_body);
	x->sent_ns = clock_mono_ns();
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
	size_t taken = wsmux_stream_write(upstream_stream(x->up), in);

	x->up_body.bytes += taken;
	return taken;
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
	if (x->response != RESPONSE_HEAD)
		exchange_moved(x);
	exchange_credit(x, n);
}

void
exchange_on_drain(struct exchange *x)
{
	if (x->up)
		wsmux_stream_resume(upstream_stream(x->up));
}

/* What the viewer was sent is not byte for byte what came: framing differs, and fields are dropped.
 * Only here do the two counts meet. */
void
exchange_on_empty(struct exchange *x)
{
	exchange_credit(x, x->unreturned);
	if (x->response == RESPONSE_WHOLE)
		exchange_finish(x, R_NONE, !x->close);
}

void
exchange_close_behind(struct exchange *x)
{
	x->close = true;
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
	return x->ends_by_close && x->response != RESPONSE_HEAD;
}

enum reason
exchange_client_fault(const struct exchange *x)
{
	return x->client_fault;
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
