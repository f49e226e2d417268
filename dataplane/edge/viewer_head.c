/* What a request head asks for, and the answers that need no tunnel. */
#include <stdio.h>

#include "edge/hooks.h"
#include "edge/reply.h"
#include "edge/viewer_priv.h"

/* ---- answers of our own ---- */

bool
viewer_must_close(const struct viewer *v, const struct http_head *head)
{
	return v->last || v->peer_done || !head || !head->keep_alive || head->minor == 0 ||
	       head->framing != HTTP_NO_BODY;
}

void
viewer_refuse(struct viewer *v, const struct http_head *head, enum reason why)
{
	bool close = viewer_must_close(v, head) || reason_info(why)->status == 400;

	reply_reason(v->conn, why, v->tag.request, close, v->to_head);
	viewer_note_end(v, reason_info(why)->status, 0, why);
	viewer_after_answer(v, close);
}

static void
viewer_answer_local(struct viewer *v, const struct http_head *head, enum route_kind kind)
{
	bool close = viewer_must_close(v, head);

	reply_local(v->conn, kind, close, v->to_head);
	viewer_after_answer(v, close);
}

/* ---- tunnels ---- */

/* Under the id and the label that the script gave, which may be another worker's. */
static void
viewer_admit(struct viewer *v, struct admission *a, struct span raw)
{
	const struct decision *d = v->decision;
	unsigned owner;

	if (!d) {
		viewer_ask_admission(v, a);
		return;
	}
	owner = worker_owner(v->worker, span_str(d->id));
	if (owner != v->worker->no) {
		viewer_plan_move(v, owner, raw);
		return;
	}
	snprintf(a->client.id, sizeof(a->client.id), "%s", d->id);
	memcpy(a->client.label, d->label, sizeof(a->client.label));
	viewer_ask_admission(v, a);
}

static void
viewer_register(
    struct viewer *v, const struct http_head *head, const struct route *route, struct span raw)
{
	struct admission a = {.client = {.id = ""}};
	enum jwt_fault fault;
	enum reason why = admit_judge(head, route, v->policy, &a, &fault);

	if (why == R_NONE && v->worker->state != WORKER_RUNNING)
		why = R_SHUTDOWN;
	if (why == R_NONE && !v->decision && hooks_have(v->worker, LUA_REGISTER))
		why = viewer_ask_register(v, head, &a);
	if (why == R_HOOK_DENIED)
		return; /* by the script, which answered */
	if (why == R_NONE) {
		viewer_admit(v, &a, raw);
		return;
	}
	viewer_note_refusal(v, route->id, why, fault);
	viewer_refuse(v, head, why);
}

static void
viewer_on_exchange_room(void *user)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->gather)
		viewer_push_gathered(v);
	conn_resume(v->conn);
}

static const struct http_head *
viewer_on_exchange_head(void *user, const struct http_head *head)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	return hooks_have(v->worker, LUA_RESPONSE) ? viewer_ask_response(v, head) : head;
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
	viewer_note_end(
	    v, exchange_status(v->x), exchange_bytes(v->x), exchange_client_fault(v->x));
	v->x = NULL;
	viewer_after_answer(v, !keep || v->last || v->peer_done);
	if (v->state == VIEWER_ENDING)
		return;
	http_parser_next(v->parser);
	viewer_set_state(v, VIEWER_IDLE);
	conn_resume(v->conn);
}

static const struct exchange_ops exchange_ops = {
    .on_room = viewer_on_exchange_room,
    .on_done = viewer_on_exchange_done,
    .on_head = viewer_on_exchange_head,
};

static enum reason
viewer_begin_exchange(
    struct viewer *v, const struct http_head *head, const struct route *route, struct tunnel *t)
{
	const struct forward_request request = {
	    .head = head,
	    .route = route,
	    .family = tunnel_family(t),
	    .policy = v->policy,
	    .peer = conn_peer_addr(v->conn),
	    .peer_host = conn_peer_host(v->conn),
	    .tls = conn_is_tls(v->conn),
	    .upgrade = forward_is_upgrade(head),
	    .request_id = v->tag.request,
	};
	const struct exchange_begin begin = {
	    .loop = v->worker->loop,
	    .conn = v->conn,
	    .pool = tunnel_pool(t),
	    .limits = &v->policy->limits,
	    .http_limits = &v->worker->http_limits,
	    .metrics = &v->worker->metrics,
	    .request = &request,
	    .close = v->last || v->peer_done || !head->keep_alive,
	    .ops = &exchange_ops,
	    .user = v,
	};
	enum reason why;

	v->x = exchange_begin(&begin, &why);
	return v->x ? R_NONE : why;
}

void
viewer_into_tunnel(struct viewer *v, const struct http_head *head, const struct route *route)
{
	struct tunnel *t = tunnel_find(v->worker, route->id, route->by_host);
	enum reason why = R_NO_TUNNEL;

	if (t) {
		note_tunnel(v->note, tunnel_id(t));
		v->tag.tunnel = v->note->tag.tunnel;
		why = worker_over_memory(v->worker) ? R_PROCESS_MEMORY
						    : viewer_begin_exchange(v, head, route, t);
	} else if (v->worker->state > WORKER_DRAINING) {
		why = R_SHUTDOWN; /* there was one, for all we know */
	}
	if (why != R_NONE) {
		viewer_refuse(v, head, why);
		return;
	}
	tunnel_count_request(t);
	viewer_set_state(v, VIEWER_BUSY);
	if (head->expect_continue)
		conn_write(v->conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* ---- the parser's callbacks ---- */

/* Whose is it? A registration that was renamed is no longer its head's id. */
static unsigned
viewer_owner(const struct viewer *v, const struct route *route)
{
	bool renamed = route->kind == ROUTE_REGISTER && v->decision;

	return worker_owner(v->worker, renamed ? span_str(v->decision->id) : route->id);
}

static void
viewer_move_to(struct viewer *v, unsigned owner, const struct route *route, struct span raw)
{
	viewer_keep_decision(v, route);
	viewer_plan_move(v, owner, raw);
}

/* Nobody has a word to say to it. */
static void
viewer_pass(struct viewer *v, const struct http_head *head, const struct route *route)
{
	viewer_remember(v, head, route, OUTCOME_PASSED, 0);
	viewer_into_tunnel(v, head, route);
}

static void
viewer_serve(
    struct viewer *v, const struct http_head *head, const struct route *route, struct span raw)
{
	unsigned owner = viewer_owner(v, route);

	if (owner != v->worker->no && v->worker->state != WORKER_RUNNING)
		viewer_refuse(v, head, R_SHUTDOWN); /* the other worker may be gone */
	else if (owner != v->worker->no)
		viewer_move_to(v, owner, route, raw);
	else if (route->kind == ROUTE_REGISTER)
		viewer_register(v, head, route, raw);
	else if (v->asked->has_verdict)
		viewer_follow_request(v);
	else
		viewer_pass(v, head, route);
}

static void
viewer_refuse_route(struct viewer *v, const struct http_head *head, const struct route *route)
{
	if (route->why == R_BAD_ID)
		worker_note_refusal(
		    v->worker, R_BAD_ID, "", http_head_value(head, HF_WHT_ID), conn_peer(v->conn));
	else if (route->why == R_HOOK_FAILED)
		viewer_remember(v, head, route, OUTCOME_FAILED, 0);
	else if (route_is_for_script(route))
		viewer_remember(v, head, route, OUTCOME_NOT_FOUND, 0);
	viewer_refuse(v, head, route->why);
}

static void
viewer_follow_route(
    struct viewer *v, const struct http_head *head, const struct route *route, struct span raw)
{
	switch (route->kind) {
	case ROUTE_REFUSED:
		viewer_refuse_route(v, head, route);
		break;
	case ROUTE_HEARTBEAT:
	case ROUTE_VERSION:
	case ROUTE_OPTIONS:
		viewer_answer_local(v, head, route->kind);
		break;
	case ROUTE_REGISTER:
	case ROUTE_TUNNEL:
		viewer_serve(v, head, route, raw);
	}
}

static void
viewer_begin_request(struct viewer *v, const struct http_head *head)
{
	viewer_forget_request(v);
	v->to_head = span_eq(head->method, SPAN("HEAD"));
	v->policy = policy_ref(v->worker->policy);
	v->requests++;
	v->tag.request = request_id_take(
	    v->request_id, http_head_value(head, HF_X_REQUEST_ID), &v->worker->request_ids);
	v->decision = v->brought;
	v->brought = NULL;
}

/* What the built-in rule says of it. */
static void
asked_route(struct viewer_asked *asked, const struct policy *policy)
{
	const struct route *route = &asked->route;

	asked->built_in = asked->built_in_path = SPAN("");
	asked->usual_path = asked->target;
	if (route->kind != ROUTE_TUNNEL)
		return;
	asked->built_in = route->id;
	asked->built_in_path = route->path;
	if (route->by_host || route_host_is_ours(asked->host, policy))
		asked->usual_path = route->path;
}

void
viewer_take_in(struct viewer *v, struct viewer_asked *asked)
{
	asked->waiting = asked->heard = asked->has_verdict = asked->shown = false;
	asked->viewer = v;
	v->asked = asked;
	viewer_begin_request(v, &asked->head);
	route_asked(&asked->head, &asked->host, &asked->target);
	asked->route = route_of(&asked->head, v->policy);
	if (!route_is_ours(&asked->route) || v->decision) /* ours have no line in the log */
		viewer_note_request(v, &asked->head, asked);
	asked_route(asked, v->policy);
}

void
viewer_hear(struct viewer *v)
{
	const struct route *route = &v->asked->route;

	v->asked->heard = true;
	if (v->decision)
		viewer_follow_decision(v);
	else if (hooks_have(v->worker, LUA_ROUTE))
		viewer_ask_route(v);
	if (route->kind == ROUTE_TUNNEL && hooks_have(v->worker, LUA_REQUEST) &&
	    viewer_owner(v, route) == v->worker->no)
		viewer_ask_request(v);
}

void
viewer_follow(struct viewer *v)
{
	const struct viewer_asked *asked = v->asked;

	viewer_follow_route(v, &asked->head, &asked->route, asked->raw);
	viewer_forget_asked(v);
}

void
viewer_forget_asked(struct viewer *v)
{
	if (v->asked->shown)
		lua_message_free(&v->asked->message);
	v->asked = NULL;
}

/* Where a script may have a word, heads wait for it together (viewer_wait.c). */
static int
viewer_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct viewer_asked asked;
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (hooks_have(v->worker, LUA_ROUTE) || hooks_have(v->worker, LUA_REQUEST)) {
		if (viewer_wait(v, head, raw))
			return HTTP_HOLD;
	}
	asked.head = *head;
	asked.raw = raw;
	viewer_take_in(v, &asked);
	viewer_hear(v);
	viewer_follow(v);
	return v->state == VIEWER_MOVING || v->state == VIEWER_ADMITTING ? HTTP_HOLD : HTTP_GO;
}

static void
viewer_on_body(void *user, struct span data)
{
	struct viewer *v;

	CAST_OBJ(v, user, VIEWER_MAGIC);
	if (v->x)
		exchange_body(v->x, data);
	else if (v->state == VIEWER_GATHERING)
		viewer_gather_body(v, data);
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
	else if (v->state == VIEWER_GATHERING)
		viewer_gathered(v);
}

const struct http_parser_ops viewer_request_ops = {
    .on_head = viewer_on_head,
    .on_body = viewer_on_body,
    .on_trailer = viewer_on_trailer,
    .on_end = viewer_on_request_end,
};
