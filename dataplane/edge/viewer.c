/* A viewer's connection: its states, its bytes, its time and its ends. */
#include "edge/reply.h"
#include "edge/viewer_priv.h"

enum { GOODBYE_MS = 5000, LAST_CALL_MS = 1000 };

static const struct conn_ops conn_ops;

/* ---- states ---- */

static uint64_t
viewer_patience(const struct viewer *v)
{
	const struct limits *l = &v->worker->policy->limits;

	switch (v->state) {
	case VIEWER_HANDSHAKE:
		return v->last ? LAST_CALL_MS : l->handshake_timeout;
	case VIEWER_IDLE:
		if (v->last)
			return LAST_CALL_MS;
		return v->requests ? l->idle_timeout : l->head_timeout;
	case VIEWER_HEAD:
		return l->head_timeout;
	case VIEWER_GATHERING:
		return l->body_timeout;
	case VIEWER_ADMITTING:
		return l->admit_timeout;
	case VIEWER_MOVING: /* until the answers before it are out */
		return l->body_timeout;
	default:
		return 0;
	}
}

void
viewer_set_state(struct viewer *v, enum viewer_state state)
{
	uint64_t patience;

	if (v->state == VIEWER_ENDING)
		return;
	v->state = state;
	patience = viewer_patience(v);
	if (patience)
		timer_start(&v->deadline, patience);
	else
		timer_stop(&v->deadline);
}

static void
viewer_on_deadline(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->state == VIEWER_HANDSHAKE)
		viewer_end(v, R_HANDSHAKE_TIMEOUT);
	else if (v->state == VIEWER_ADMITTING)
		viewer_end(v, R_NOT_RECORDED);
	else if (v->state == VIEWER_MOVING)
		viewer_end(v, R_WRITE_TIMEOUT);
	else if (v->state == VIEWER_GATHERING)
		viewer_end(v, R_BODY_TIMEOUT);
	else if (v->state == VIEWER_IDLE && (v->requests || v->last))
		viewer_end(v, R_VIEWER_IDLE);
	else
		viewer_end(v, R_HEAD_TIMEOUT);
}

/* ---- life ---- */

static struct viewer *
viewer_new(struct worker *w, enum viewer_state state)
{
	struct viewer *v;

	OBJ_NEW(v, VIEWER_MAGIC);
	v->worker = w;
	v->state = state;
	v->last = w->state != WORKER_RUNNING;
	v->parser = http_parser_new(HTTP_REQUEST, &w->http_limits, &viewer_request_ops, v);
	v->tag = w->tag;
	v->tag.kind = "viewer";
	v->tag.serial = w->serial++;
	timer_init(&v->deadline, w->loop, viewer_on_deadline, v);
	LIST_INSERT_HEAD(&w->viewers, v, entry);
	return v;
}

void
viewer_forget_request(struct viewer *v)
{
	note_free(&v->note);
	decision_free(&v->decision);
	viewer_forget_gather(v);
	viewer_forget_response(v);
	v->to_head = false;
	v->tag.tunnel = SPAN("");
	v->tag.request = SPAN("");
	if (v->policy)
		policy_unref(&v->policy);
}

void
viewer_free(struct viewer *v)
{
	struct worker *w = v->worker;

	timer_stop(&v->deadline);
	LIST_REMOVE(v, entry);
	viewer_forget_request(v);
	http_parser_free(&v->parser);
	viewer_forget_wait(v);
	viewer_forget_plan(v);
	decision_free(&v->brought);
	OBJ_FREE(v);
	worker_left(w);
}

void
viewer_uncount(struct worker *w)
{
	atomic_fetch_sub(&w->shared->viewers, 1);
}

void
viewer_accept(struct worker *w, int fd)
{
	struct tls_context *tls = w->policy->tls;
	struct viewer *v;

	if (atomic_fetch_add(&w->shared->viewers, 1) >= w->policy->limits.viewers_max) {
		viewer_uncount(w);
		w->metrics.ended[R_TOO_MANY_VIEWERS]++;
		reply_busy(fd, tls != NULL);
		return;
	}
	v = viewer_new(w, tls ? VIEWER_HANDSHAKE : VIEWER_IDLE);
	v->conn = conn_accept(w->loop, fd, tls, &conn_ops, v);
	if (v->conn) {
		viewer_set_state(v, v->state);
		return;
	}
	viewer_uncount(w);
	viewer_free(v);
}

void
viewer_adopt(struct worker *w, struct conn_bundle **bundle, struct decision **decision)
{
	struct viewer *v = viewer_new(w, VIEWER_IDLE);

	v->brought = *decision;
	*decision = NULL;

	v->conn = conn_adopt(w->loop, bundle, &conn_ops, v);
	if (v->conn) {
		viewer_set_state(v, VIEWER_IDLE);
		return;
	}
	viewer_uncount(w);
	viewer_free(v);
}

/* ---- answers ---- */

void
viewer_after_answer(struct viewer *v, bool close)
{
	viewer_forget_request(v);
	if (!close)
		return;
	viewer_set_state(v, VIEWER_ENDING);
	conn_finish(&v->conn, R_NONE, GOODBYE_MS);
}

/* ---- bytes ---- */

/* How many of n bytes the parser may have now. Who does not read his answers is not
 * asked for more questions. */
static size_t
viewer_appetite(struct viewer *v, size_t n)
{
	size_t room;

	if (v->state == VIEWER_HEAD || v->state == VIEWER_GATHERING ||
	    (v->state == VIEWER_IDLE && !conn_full(v->conn)))
		return n;
	if (v->state != VIEWER_BUSY || http_parser_done(v->parser))
		return 0;
	room = exchange_room(v->x);
	return room < n ? room : n;
}

/* A request that was answered without an exchange leaves the parser at its end. */
static void
viewer_next_request(struct viewer *v)
{
	if (v->state == VIEWER_ENDING || !http_parser_done(v->parser))
		return;
	http_parser_next(v->parser);
	viewer_set_state(v, VIEWER_IDLE);
}

static size_t
viewer_parse(struct viewer *v, struct span in)
{
	size_t taken = 0, n, used;

	while (v->state != VIEWER_ENDING && (n = viewer_appetite(v, in.n - taken)) > 0) {
		int rc = http_parser_feed(v->parser, span_of(in.p + taken, n), &used);

		taken += used;
		if (rc < 0)
			viewer_end(v, http_parser_fault(v->parser));
		else if (v->state == VIEWER_IDLE && !http_parser_idle(v->parser))
			viewer_set_state(v, VIEWER_HEAD);
		if (v->state == VIEWER_HEAD || v->state == VIEWER_IDLE)
			viewer_next_request(v);
	}
	return v->state == VIEWER_ENDING ? in.n : taken;
}

static size_t
viewer_on_data(void *user, struct span in)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->state == VIEWER_BUSY && exchange_is_raw(v->x))
		return exchange_raw(v->x, in);
	return viewer_parse(v, in);
}

static void
viewer_on_eof(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	v->peer_done = true;
	if (v->state == VIEWER_BUSY && exchange_is_raw(v->x))
		exchange_raw_eof(v->x);
	else if (v->state == VIEWER_BUSY && !http_parser_done(v->parser))
		viewer_end(v, R_SHORT_BODY);
	else if (v->state == VIEWER_GATHERING)
		viewer_end(v, R_SHORT_BODY);
	else if (v->state == VIEWER_HEAD || v->state == VIEWER_ADMITTING)
		viewer_end(v, R_VIEWER_GONE);
	else if (v->state == VIEWER_IDLE)
		viewer_end(v, R_VIEWER_IDLE);
}

/* What is behind the head may be here already. */
void
viewer_go_on(struct viewer *v)
{
	size_t used;

	if (v->state == VIEWER_ENDING || v->state == VIEWER_MOVING || v->state == VIEWER_ADMITTING)
		return;
	if (http_parser_feed(v->parser, SPAN(""), &used) < 0)
		viewer_end(v, http_parser_fault(v->parser));
	if (v->state == VIEWER_WAITING)
		viewer_next_request(v);
	if (v->peer_done)
		viewer_on_eof(v);
	if (v->conn && (v->state != VIEWER_BUSY || !http_parser_done(v->parser)))
		conn_resume(v->conn);
}

static void
viewer_on_open(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	viewer_set_state(v, VIEWER_IDLE);
}

static void
viewer_on_sent(void *user, size_t n)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->x)
		exchange_on_sent(v->x, n);
}

static void
viewer_on_drain(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->x)
		exchange_on_drain(v->x);
	else if (v->conn)
		conn_resume(v->conn);
}

static void
viewer_on_empty(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->state == VIEWER_MOVING)
		viewer_move(v);
	else if (v->x)
		exchange_on_empty(v->x);
}

/* ---- ends ---- */

/* The last words. A response that is broken off must not be taken for complete; one that was over
 * has had them, but what is queued may still be in front of the end. */
static void
viewer_say_goodbye(struct viewer *v, enum reason why, bool answered, bool ends_by_close)
{
	if (answered && ends_by_close) {
		conn_reset(&v->conn, why);
	} else if (!answered && reason_info(why)->status) {
		reply_reason(v->conn, why, v->tag.request, true, v->to_head);
		conn_finish(&v->conn, why, GOODBYE_MS);
	} else if (answered || (why == R_VIEWER_IDLE && conn_queued(v->conn))) {
		conn_finish(&v->conn, why, GOODBYE_MS);
	} else {
		conn_close(&v->conn, why);
	}
}

void
viewer_end(struct viewer *v, enum reason why)
{
	bool answered = v->x && exchange_answered(v->x);
	bool ends_by_close = v->x && exchange_ends_by_close(v->x);

	if (v->state == VIEWER_ENDING)
		return;
	viewer_note_end(v, answered ? exchange_status(v->x) : reason_info(why)->status,
	    v->x ? exchange_bytes(v->x) : 0, why);
	if (v->x)
		exchange_abort(&v->x, why);
	viewer_forget_wait(v);
	viewer_forget_plan(v); /* an answer that comes now finds nobody */
	viewer_set_state(v, VIEWER_ENDING);
	viewer_say_goodbye(v, why, answered, ends_by_close);
}

struct viewer *
viewer_next(struct viewer *v)
{
	return LIST_NEXT(v, entry);
}

void
viewer_drain(struct viewer *v)
{
	v->last = true;
	if (v->state == VIEWER_IDLE && v->requests)
		viewer_end(v, R_VIEWER_IDLE);
	else if (v->state == VIEWER_IDLE || v->state == VIEWER_HANDSHAKE)
		viewer_set_state(v, v->state);
	else if (v->x)
		exchange_close_behind(v->x);
}

static void
viewer_on_gone(void *user, enum reason why)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->state == VIEWER_BUSY)
		viewer_note_end(v, exchange_status(v->x), exchange_bytes(v->x), R_VIEWER_GONE);
	else if (v->state == VIEWER_WAITING)
		viewer_note_end(v, 0, 0, R_VIEWER_GONE);
	else if (v->state != VIEWER_ENDING)
		v->worker->metrics.ended[why]++;
	if (v->x)
		exchange_abort(&v->x, R_VIEWER_GONE);
	viewer_uncount(v->worker);
	viewer_free(v);
}

static const struct conn_ops conn_ops = {
    .on_open = viewer_on_open,
    .on_data = viewer_on_data,
    .on_drain = viewer_on_drain,
    .on_sent = viewer_on_sent,
    .on_empty = viewer_on_empty,
    .on_eof = viewer_on_eof,
    .on_gone = viewer_on_gone,
};
