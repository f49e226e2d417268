/* A viewer's connection. The hard part is that a request head decides what becomes of the connection
 * (stay, move, become a tunnel) while the parser, and below it the conn, are still on the stack: so
 * on_head only decides and changes the state, and moving and joining happen when the conn is empty. */
#include "edge/viewer.h"

#include <stdio.h>
#include <unistd.h>

#include "base/obj.h"
#include "edge/admit.h"
#include "edge/exchange.h"
#include "edge/reply.h"
#include "edge/tunnel.h"

#define VIEWER_MAGIC 0x51e3e400u

enum { GOODBYE_MS = 5000, NOTE_MAX = 256 };

enum viewer_state {
	VIEWER_HANDSHAKE,
	VIEWER_IDLE,
	VIEWER_HEAD,
	VIEWER_BUSY,
	VIEWER_MOVING,
	VIEWER_JOINING,
	VIEWER_ENDING,
};

struct viewer {
	unsigned magic;
	enum viewer_state state; /* viewer_set_state() only */
	struct worker *worker;
	LIST_ENTRY(viewer) entry;
	struct conn *conn; /* NULL in ENDING */
	struct http_parser *parser;
	struct policy *policy; /* of the request under way */
	struct exchange *x;    /* BUSY */
	struct timer deadline;
	uint64_t requests;
	bool last;	/* no further request is taken */
	bool peer_done; /* the viewer sends no more */
	unsigned move_to;
	char *raw; /* MOVING: the head, to be read again over there */
	size_t raw_len;
	struct admission *admission; /* JOINING */
	struct log_tag tag;
	char *what; /* "GET /path" of the request under way, for the log */
	char *tunnel;
	uint64_t began_ms;
};

static const struct conn_ops conn_ops;
static const struct http_parser_ops request_ops;
static const struct exchange_ops exchange_ops;

/* ---- states ---- */

static uint64_t
viewer_patience(const struct viewer *v)
{
	const struct limits *l = &v->worker->policy->limits;

	switch (v->state) {
	case VIEWER_HANDSHAKE:
		return l->handshake_timeout;
	case VIEWER_IDLE:
		return v->requests ? l->idle_timeout : l->head_timeout;
	case VIEWER_HEAD:
		return l->head_timeout;
	default:
		return 0;
	}
}

static void
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
	else if (v->state == VIEWER_IDLE && v->requests)
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
	v->parser = http_parser_new(HTTP_REQUEST, &w->http_limits, &request_ops, v);
	v->tag = w->tag;
	v->tag.kind = "viewer";
	v->tag.serial = w->serial++;
	timer_init(&v->deadline, w->loop, viewer_on_deadline, v);
	LIST_INSERT_HEAD(&w->viewers, v, entry);
	return v;
}

static void
viewer_forget_request(struct viewer *v)
{
	free(v->what);
	free(v->tunnel);
	v->what = v->tunnel = NULL;
	v->tag.tunnel = SPAN("");
	if (v->policy)
		policy_unref(&v->policy);
}

static void
viewer_free(struct viewer *v)
{
	struct worker *w = v->worker;

	timer_stop(&v->deadline);
	LIST_REMOVE(v, entry);
	viewer_forget_request(v);
	http_parser_free(&v->parser);
	free(v->raw);
	free(v->admission);
	OBJ_FREE(v);
	worker_check_drained(w);
}

/* The connection is nobody's viewer any more. */
static void
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
		w->ended[R_TOO_MANY_VIEWERS]++;
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
viewer_adopt(struct worker *w, struct conn_bundle **bundle)
{
	struct viewer *v = viewer_new(w, VIEWER_IDLE);

	v->conn = conn_adopt(w->loop, bundle, &conn_ops, v);
	if (v->conn) {
		viewer_set_state(v, VIEWER_IDLE);
		return;
	}
	viewer_uncount(w);
	viewer_free(v);
}

/* ---- what is said about it ---- */

static void
viewer_log(struct viewer *v, int status, uint64_t bytes, enum reason why)
{
	bool asked = v->what != NULL;

	v->worker->ended[why]++;
	if (!asked && reason_info(why)->fault == FAULT_NOBODY)
		return; /* a connection that was done with */
	log_event(LVL_INFO, "http.request", &v->tag, LOG_STR("request", asked ? v->what : ""),
	    LOG_INT("status", status), LOG_INT("bytes", bytes),
	    LOG_INT("ms", asked ? loop_now_ms(v->worker->loop) - v->began_ms : 0),
	    LOG_STR("reason", reason_word(why)), LOG_STR("peer", v->conn ? conn_peer(v->conn) : ""));
}

/* The query may hold what is nobody's to read: it stays out of the log. */
static void
viewer_note_request(struct viewer *v, const struct http_head *head)
{
	struct span target = head->target;
	ptrdiff_t query = span_find(target, '?');
	char note[NOTE_MAX];

	if (query >= 0)
		target = span_take(target, (size_t)query);
	snprintf(note, sizeof(note), "%.*s %.*s", SPAN_FMT(head->method), SPAN_FMT(target));
	viewer_forget_request(v);
	v->what = span_dup(span_str(note));
	v->policy = policy_ref(v->worker->policy);
	v->began_ms = loop_now_ms(v->worker->loop);
	v->requests++;
}

/* ---- answers of our own ---- */

/* Another request may follow an answer of ours only when this one is all in. */
static void
viewer_after_own_answer(struct viewer *v, bool close)
{
	viewer_forget_request(v);
	if (close) {
		viewer_set_state(v, VIEWER_ENDING);
		conn_finish(&v->conn, R_NONE, GOODBYE_MS);
	}
}

static bool
viewer_must_close(const struct viewer *v, const struct http_head *head)
{
	return v->last || v->peer_done || !head->keep_alive || head->minor == 0 ||
	       head->framing != HTTP_NO_BODY;
}

static int
viewer_refuse(struct viewer *v, const struct http_head *head, enum reason why)
{
	bool close = viewer_must_close(v, head) || reason_info(why)->status == 400;

	reply_reason(v->conn, why, close, span_eq(head->method, SPAN("HEAD")));
	viewer_log(v, reason_info(why)->status, 0, why);
	viewer_after_own_answer(v, close);
	return HTTP_GO;
}

static int
viewer_answer_local(struct viewer *v, const struct http_head *head, enum route_kind kind)
{
	bool close = viewer_must_close(v, head);

	reply_local(v->conn, kind, close, span_eq(head->method, SPAN("HEAD")));
	viewer_after_own_answer(v, close);
	return HTTP_GO;
}

/* ---- what a head asks for ---- */

static int
viewer_plan_move(struct viewer *v, unsigned to, struct span raw)
{
	v->move_to = to;
	v->raw = span_dup(raw);
	v->raw_len = raw.n;
	v->requests--; /* it counts where it is served */
	viewer_set_state(v, VIEWER_MOVING);
	conn_flush(v->conn);
	return HTTP_HOLD;
}

static int
viewer_register(struct viewer *v, const struct http_head *head, const struct route *route)
{
	struct admission a = {.id = ""};
	enum jwt_fault fault;
	enum reason why = admit_judge(head, route, v->policy, &a, &fault);

	if (why == R_NONE && v->worker->state != WORKER_RUNNING)
		why = R_SHUTDOWN;
	if (why != R_NONE) {
		log_event(LVL_INFO, "auth.refused", &v->tag, LOG_TEXT("id", route->id),
		    LOG_STR("reason", reason_word(why)), LOG_STR("token", jwt_fault_text(fault)));
		return viewer_refuse(v, head, why);
	}
	v->admission = must_alloc(sizeof(a));
	*v->admission = a;
	viewer_set_state(v, VIEWER_JOINING);
	conn_flush(v->conn);
	return HTTP_HOLD;
}

static int
viewer_forward(struct viewer *v, const struct http_head *head, const struct route *route)
{
	struct worker *w = v->worker;
	struct tunnel *t = tunnel_find(w, route->id);
	const struct forward_request request = {
	    .head = head,
	    .route = route,
	    .family = t ? tunnel_family(t) : FAMILY_WEBHOOKTUNNEL,
	    .policy = v->policy,
	    .peer = conn_peer_addr(v->conn),
	    .tls = conn_is_tls(v->conn),
	    .upgrade = forward_is_upgrade(head),
	};
	const struct exchange_begin begin = {
	    .loop = w->loop,
	    .conn = v->conn,
	    .pool = t ? tunnel_pool(t) : NULL,
	    .limits = &v->policy->limits,
	    .http_limits = &w->http_limits,
	    .request = &request,
	    .close = v->last || v->peer_done || !head->keep_alive,
	    .ops = &exchange_ops,
	    .user = v,
	};
	enum reason why = R_NO_TUNNEL;

	if (t && worker_over_memory(w))
		why = R_PROCESS_MEMORY;
	else if (t)
		v->x = exchange_begin(&begin, &why);
	if (!v->x)
		return viewer_refuse(v, head, why);
	tunnel_count_request(t);
	v->tunnel = span_dup(tunnel_id(t));
	v->tag.tunnel = span_str(v->tunnel);
	viewer_set_state(v, VIEWER_BUSY);
	if (head->expect_continue)
		conn_write(v->conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
	return HTTP_GO;
}

static int
viewer_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct viewer *v;
	struct route route;
	unsigned owner;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	viewer_note_request(v, head);
	route = route_of(head, v->policy);
	switch (route.kind) {
	case ROUTE_REFUSED:
		return viewer_refuse(v, head, route.why);
	case ROUTE_HEARTBEAT:
	case ROUTE_VERSION:
	case ROUTE_OPTIONS:
		return viewer_answer_local(v, head, route.kind);
	case ROUTE_REGISTER:
	case ROUTE_TUNNEL:
		break;
	}
	owner = worker_owner(v->worker, route.id);
	if (owner != v->worker->no && v->worker->state != WORKER_RUNNING)
		return viewer_refuse(v, head, R_SHUTDOWN); /* the other worker may be gone */
	if (owner != v->worker->no)
		return viewer_plan_move(v, owner, raw);
	if (route.kind == ROUTE_REGISTER)
		return viewer_register(v, head, &route);
	return viewer_forward(v, head, &route);
}

static void
viewer_on_body(void *user, struct span data)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->x)
		exchange_body(v->x, data);
}

static void
viewer_on_trailer(void *user, struct http_field field)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->x)
		exchange_trailer(v->x, field);
}

static void
viewer_on_request_end(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->x)
		exchange_request_end(v->x);
}

static const struct http_parser_ops request_ops = {
    .on_head = viewer_on_head,
    .on_body = viewer_on_body,
    .on_trailer = viewer_on_trailer,
    .on_end = viewer_on_request_end,
};

/* ---- bytes ---- */

/* How many of n bytes the parser may have now. */
static size_t
viewer_appetite(struct viewer *v, size_t n)
{
	size_t room;

	if (v->state == VIEWER_IDLE || v->state == VIEWER_HEAD)
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
	else if (v->state == VIEWER_HEAD)
		viewer_end(v, R_VIEWER_GONE);
	else if (v->state == VIEWER_IDLE)
		viewer_end(v, R_VIEWER_IDLE);
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
}

/* ---- leaving the worker ---- */

static void
viewer_move(struct viewer *v)
{
	struct worker *w = v->worker;
	struct msg_conn_move *letter;
	struct conn_bundle *bundle;
	unsigned to = v->move_to;

	bundle = conn_detach(&v->conn, span_of(v->raw, v->raw_len));
	if (!bundle) {
		viewer_end(v, R_INTERNAL);
		return;
	}
	letter = must_alloc(sizeof(*letter));
	letter->mail.type = MSG_CONN_MOVE;
	letter->bundle = bundle;
	letter->serial = v->tag.serial;
	letter->from = w->no;
	viewer_free(v);
	if (mailbox_post(w->shared->boxes[to], &letter->mail))
		return;
	viewer_uncount(w);
	msg_free(&letter->mail);
}

static void
viewer_join(struct viewer *v)
{
	struct worker *w = v->worker;
	struct conn *conn = v->conn;
	struct strb b;

	strb_init(&b, 8192);
	admit_write_101(&b, v->admission, v->policy);
	conn_write(conn, strb_span(&b));
	strb_free(&b);
	v->conn = NULL;
	tunnel_join(w, &conn, v->admission);
	viewer_uncount(w);
	viewer_free(v);
}

static void
viewer_on_empty(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->state == VIEWER_MOVING)
		viewer_move(v);
	else if (v->state == VIEWER_JOINING)
		viewer_join(v);
}

/* ---- ends ---- */

static void
viewer_on_exchange_room(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	conn_resume(v->conn);
}

static void
viewer_on_exchange_done(void *user, enum reason why, bool keep)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (why != R_NONE) {
		viewer_end(v, why);
		return;
	}
	viewer_log(v, exchange_status(v->x), exchange_bytes(v->x), R_NONE);
	v->x = NULL;
	viewer_after_own_answer(v, !keep || v->last || v->peer_done);
	if (v->state == VIEWER_ENDING)
		return;
	http_parser_next(v->parser);
	viewer_set_state(v, VIEWER_IDLE);
	conn_resume(v->conn);
}

static const struct exchange_ops exchange_ops = {
    .on_room = viewer_on_exchange_room,
    .on_done = viewer_on_exchange_done,
};

/* Breaks the response off so that nobody takes it for complete. */
static void
viewer_break_off(struct viewer *v, bool ends_by_close, enum reason why)
{
	if (ends_by_close)
		conn_reset(&v->conn, why);
	else
		conn_finish(&v->conn, why, GOODBYE_MS);
}

void
viewer_end(struct viewer *v, enum reason why)
{
	bool answered = v->x && exchange_answered(v->x);
	bool ends_by_close = v->x && exchange_ends_by_close(v->x);
	bool wants_answer = reason_info(why)->status != 0 && v->state != VIEWER_HANDSHAKE;

	if (v->state == VIEWER_ENDING)
		return;
	viewer_log(v, answered ? exchange_status(v->x) : reason_info(why)->status,
	    v->x ? exchange_bytes(v->x) : 0, why);
	if (v->x)
		exchange_abort(&v->x, why);
	viewer_set_state(v, VIEWER_ENDING);
	if (answered) {
		viewer_break_off(v, ends_by_close, why);
	} else if (wants_answer) {
		reply_reason(v->conn, why, true, false);
		conn_finish(&v->conn, why, GOODBYE_MS);
	} else {
		conn_close(&v->conn, why);
	}
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
	if (v->state == VIEWER_IDLE || v->state == VIEWER_HANDSHAKE)
		viewer_end(v, R_VIEWER_IDLE);
}

static void
viewer_on_gone(void *user, enum reason why)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->state == VIEWER_BUSY)
		viewer_log(v, exchange_status(v->x), exchange_bytes(v->x), R_VIEWER_GONE);
	else if (v->state != VIEWER_ENDING)
		v->worker->ended[why]++;
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
