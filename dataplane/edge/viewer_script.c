/* What the operator's script says of a viewer's request: where it goes, whether it may, and how it
 * looks. A head and its spans live as long as the parser's callback; so does everything here that
 * points into them, except what is kept for a body that the script wants to see first. */
#include <stdio.h>

#include "edge/hooks.h"
#include "edge/reply.h"
#include "edge/viewer_priv.h"
#include "http/write.h"

/* A request whose body is awaited: the head as it then is, to be read again, and where it goes. */
struct viewer_gather {
	struct strb head, body;
	struct arena arena;
	struct route route;
	size_t pushed; /* bytes of body that the exchange has */
	struct viewer *viewer;
	bool asked;
};

/* What is the same of a request and of the response to it. */
static void
message_init(
    struct lua_message *m, const struct viewer *v, const struct http_head *head, size_t max)
{
	lua_message_init(m, head, max);
	m->peer = conn_peer_host(v->conn);
	m->tls = conn_is_tls(v->conn);
	m->request_id = v->tag.request;
	m->fields_max = v->policy->limits.fields_max;
}

static void
request_init(
    struct lua_message *m, const struct viewer *v, const struct http_head *head, struct span host)
{
	message_init(m, v, head, LUA_EDIT_MAX + LUA_ANSWER_MAX);
	m->host = host;
	m->id_valid = tunnel_id_valid;
}

/* The head at hand: one message for all that the script is asked about it. */
static struct lua_message *
request_at_hand(struct viewer *v)
{
	struct viewer_asked *asked = v->asked;

	if (!asked->shown)
		request_init(&asked->message, v, &asked->head, asked->host);
	asked->shown = true;
	return &asked->message;
}

/* ---- on_route ---- */

static void
viewer_decide(struct viewer *v, struct span id, struct span path)
{
	decision_free(&v->decision);
	v->decision = must_alloc(sizeof(*v->decision));
	v->decision->id = span_dup(id);
	v->decision->path = path.p ? span_dup(path) : NULL;
}

/* As the script has it, in place of the route that there was. */
static void
viewer_decide_route(struct viewer *v, const struct lua_verdict *verdict)
{
	struct strb path;

	strb_init(&path, LUA_EDIT_MAX + v->policy->limits.head_max);
	outcome_path(verdict, v->asked->usual_path, v->asked->message.now.query, &path);
	viewer_decide(v, verdict->id, span_str(strb_cstr(&path)));
	strb_free(&path);
	viewer_follow_decision(v);
}

void
viewer_ask_route(struct viewer *v)
{
	struct route *route = &v->asked->route;
	struct lua_verdict verdict;
	struct lua_message *m;

	if (!route_is_for_script(route))
		return;
	m = request_at_hand(v);
	m->id = route->kind == ROUTE_TUNNEL ? route->id : span_of(NULL, 0);
	if (v->asked->target.p != v->asked->head.target.p) /* it is of the absolute form */
		lua_message_aim(m, v->asked->target);
	hooks_ask(v->worker, LUA_ROUTE, m, NULL, m->id, &verdict);
	if (verdict.kind == VERDICT_FAILED)
		*route = (struct route){.kind = ROUTE_REFUSED, .why = R_HOOK_FAILED};
	else if (verdict.kind == VERDICT_NAME)
		viewer_decide_route(v, &verdict);
}

void
viewer_follow_decision(struct viewer *v)
{
	const struct decision *d = v->decision;
	struct route *route = &v->asked->route;

	if (!d->path)
		return;
	*route = route_to(&v->asked->head, span_str(d->id), span_str(d->path));
	route->by_host = d->by_host;
}

/* Before a move: the next worker must not ask again. */
void
viewer_keep_decision(struct viewer *v, const struct route *route)
{
	if (route->kind != ROUTE_TUNNEL || v->decision || !hooks_have(v->worker, LUA_ROUTE))
		return;
	viewer_decide(v, route->id, route->path.p ? route->path : SPAN(""));
	v->decision->by_host = route->by_host;
}

/* ---- on_register ---- */

static enum reason
register_verdict(struct viewer *v, const struct http_head *head, struct span id,
    const struct lua_verdict *verdict)
{
	bool named = verdict->kind == VERDICT_NAME && verdict->id.p;

	if (verdict->kind == VERDICT_FAILED)
		return R_HOOK_FAILED;
	if (verdict->kind == VERDICT_DENY) {
		viewer_note_refusal(v, id, R_HOOK_DENIED, JWT_OK);
		viewer_reply_by_script(v, head, verdict);
		return R_HOOK_DENIED;
	}
	viewer_decide(v, named ? verdict->id : id, span_of(NULL, 0));
	snprintf(v->decision->label, sizeof(v->decision->label), "%.*s", SPAN_FMT(verdict->label));
	return R_NONE;
}

enum reason
viewer_ask_register(struct viewer *v, const struct http_head *head, const struct admission *a)
{
	struct lua_message *m = request_at_hand(v);
	struct lua_verdict verdict;

	m->id = span_str(a->client.id);
	m->secret = true;
	m->iss = span_str(a->client.claims.iss);
	m->sub = span_str(a->client.claims.sub);
	m->jti = span_str(a->client.claims.jti);
	hooks_ask(v->worker, LUA_REGISTER, m, NULL, m->id, &verdict);
	return register_verdict(v, head, m->id, &verdict);
}

/* ---- answers ---- */

void
viewer_reply_by_script(
    struct viewer *v, const struct http_head *head, const struct lua_verdict *verdict)
{
	bool close = viewer_must_close(v, head);
	enum reason why = verdict->kind == VERDICT_DENY ? R_HOOK_DENIED : R_HOOK_ANSWERED;

	if (verdict->kind == VERDICT_FAILED) {
		viewer_refuse(v, head, R_HOOK_FAILED);
		return;
	}
	reply_verdict(v->conn, verdict, v->tag.request, close, span_eq(head->method, SPAN("HEAD")));
	viewer_note_end(
	    v, verdict->status, verdict->kind == VERDICT_ANSWER ? verdict->text.n : 0, why);
	viewer_after_answer(v, close);
}

/* ---- on_request and on_body ---- */

/* The head and the route as they are now: the fields of m live until it is freed. */
static void
apply_edits(struct lua_message *m, struct http_head *head, struct route *route)
{
	head->fields = m->now.fields;
	head->nfields = m->now.nfields;
	if (m->now.path_edited)
		route->path = lua_message_target(m);
}

/* The head and the route are as the script left them. */
static void
viewer_do_verdict(struct viewer *v, const struct lua_verdict *verdict, const struct http_head *head,
    const struct route *route)
{
	switch (verdict->kind) {
	case VERDICT_DENY:
	case VERDICT_ANSWER:
	case VERDICT_FAILED:
		viewer_reply_by_script(v, head, verdict);
		break;
	case VERDICT_BODY:
		if (head->framing == HTTP_NO_BODY)
			viewer_ask_body(v, head, route, SPAN(""));
		else
			viewer_gather(v, head, route);
		break;
	default:
		viewer_into_tunnel(v, head, route);
	}
}

static void
viewer_ask(struct viewer *v, enum lua_phase phase, struct lua_message *m, const struct route *route,
    struct lua_verdict *verdict)
{
	m->id = route->id;
	lua_message_aim(m, route->path);
	hooks_ask(v->worker, phase, m, NULL, route->id, verdict);
}

void
viewer_ask_request(struct viewer *v)
{
	struct viewer_asked *asked = v->asked;

	viewer_ask(v, LUA_REQUEST, request_at_hand(v), &asked->route, &asked->verdict);
	asked->has_verdict = true;
}

void
viewer_follow_request(struct viewer *v)
{
	struct viewer_asked *asked = v->asked;
	struct http_head now = asked->head;
	struct route to = asked->route;

	apply_edits(&asked->message, &now, &to);
	viewer_remember(v, &asked->head, &to, outcome_of(&asked->verdict), asked->verdict.status);
	viewer_do_verdict(v, &asked->verdict, &now, &to);
}

/* A message of its own: the head may be what on_request made of the one at hand. */
void
viewer_ask_body(
    struct viewer *v, const struct http_head *head, const struct route *route, struct span body)
{
	struct http_head now = *head;
	struct route to = *route;
	struct lua_verdict verdict;
	struct lua_message m;
	struct span host, target;

	if (!hooks_have(v->worker, LUA_BODY)) {
		viewer_refuse(v, head, R_HOOK_FAILED); /* it asked for what it does not look at */
		return;
	}
	route_asked(head, &host, &target);
	request_init(&m, v, head, host);
	m.body = body;
	viewer_ask(v, LUA_BODY, &m, route, &verdict);
	apply_edits(&m, &now, &to);
	viewer_do_verdict(v, &verdict, &now, &to);
	lua_message_free(&m);
}

/* ---- a body that is looked at first ---- */

static void
write_head(struct strb *b, const struct http_head *head)
{
	strb_printf(b, "%.*s %.*s HTTP/1.%d\r\n", SPAN_FMT(head->method), SPAN_FMT(head->target),
	    head->minor);
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id != HF_EXPECT) /* it is answered */
			http_write_field(b, head->fields[i].name, head->fields[i].value);
	}
	http_write_end(b);
}

static bool
keep_route(struct viewer_gather *g, const struct route *route)
{
	g->route = *route;
	g->route.id = arena_copy(&g->arena, route->id);
	g->route.path = arena_copy(&g->arena, route->path);
	g->route.original = arena_copy(&g->arena, route->original);
	g->route.host = arena_copy(&g->arena, route->host);
	return g->route.id.p && g->route.path.p && g->route.original.p && g->route.host.p;
}

static void
gather_free(struct viewer_gather *g)
{
	struct edge_shared *shared = g->viewer->worker->shared;

	atomic_fetch_sub_explicit(&shared->held, g->body.n, memory_order_relaxed);
	strb_free(&g->head);
	strb_free(&g->body);
	arena_reset(&g->arena);
	free(g);
}

void
viewer_forget_gather(struct viewer *v)
{
	if (v->gather)
		gather_free(v->gather);
	v->gather = NULL;
}

void
viewer_gather(struct viewer *v, const struct http_head *head, const struct route *route)
{
	struct viewer_gather *g = must_alloc(sizeof(*g));

	strb_init(&g->head, v->policy->limits.head_max + LUA_EDIT_MAX);
	strb_init(&g->body, LUA_BODY_MAX);
	arena_init(&g->arena, 4 * v->policy->limits.head_max + LUA_EDIT_MAX);
	write_head(&g->head, head);
	g->viewer = v;
	v->gather = g;
	if (head->framing == HTTP_BY_LENGTH && head->length > LUA_BODY_MAX) {
		viewer_refuse(v, NULL, R_BODY_TOO_LARGE);
		return;
	}
	if (!keep_route(g, route) || strb_failed(&g->head)) {
		viewer_refuse(v, NULL, R_HEAD_TOO_LARGE);
		return;
	}
	viewer_set_state(v, VIEWER_GATHERING);
	if (head->expect_continue)
		conn_write(v->conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
}

void
viewer_gather_body(struct viewer *v, struct span data)
{
	struct viewer_gather *g = v->gather;

	strb_add(&g->body, data);
	if (strb_failed(&g->body)) {
		viewer_end(v, R_BODY_TOO_LARGE);
		return;
	}
	atomic_fetch_add_explicit(&v->worker->shared->held, data.n, memory_order_relaxed);
	if (worker_over_memory(v->worker))
		viewer_end(v, R_PROCESS_MEMORY);
	else
		viewer_set_state(v, VIEWER_GATHERING); /* the deadline starts anew */
}

static int
on_head_again(void *user, const struct http_head *head, struct span raw)
{
	struct viewer_gather *g = user;

	(void)raw;
	g->asked = true;
	viewer_ask_body(g->viewer, head, &g->route, strb_span(&g->body));
	return HTTP_HOLD;
}

/* Nothing of it is the viewer's while the script is asked: an answer forgets the request. */
void
viewer_gathered(struct viewer *v)
{
	static const struct http_parser_ops again = {.on_head = on_head_again};
	struct viewer_gather *g = v->gather;
	struct http_parser *parser =
	    http_parser_new(HTTP_REQUEST, &v->worker->http_limits, &again, g);
	size_t used;

	v->gather = NULL;
	viewer_set_state(v, VIEWER_HEAD);
	if (http_parser_feed(parser, strb_span(&g->head), &used) < 0 && !g->asked)
		viewer_refuse(v, NULL, R_HEAD_TOO_LARGE);
	http_parser_free(&parser);
	if (v->x) {
		v->gather = g;
		viewer_push_gathered(v);
	} else {
		gather_free(g);
	}
}

void
viewer_push_gathered(struct viewer *v)
{
	struct viewer_gather *g = v->gather;
	size_t room;

	while (g->pushed < g->body.n && (room = exchange_room(v->x)) > 0) {
		struct span part =
		    span_take(span_of(g->body.p + g->pushed, g->body.n - g->pushed), room);

		exchange_body(v->x, part);
		g->pushed += part.n;
	}
	if (g->pushed < g->body.n)
		return;
	viewer_forget_gather(v);
	exchange_request_end(v->x);
}

/* ---- on_response ---- */

/* Of the request that it answers. A script that came by a reload meanwhile knows less of it. */
static void
response_init(struct lua_message *m, const struct viewer *v, const struct http_head *head)
{
	const struct note *note = v->note;

	message_init(m, v, head, LUA_EDIT_MAX);
	m->method = note->method;
	m->now.path = note->path;
	m->host = note->seen.host;
	if (note->seen.target.n)
		lua_message_aim(m, note->seen.target);
	m->id = note->tag.tunnel;
}

const struct http_head *
viewer_ask_response(struct viewer *v, const struct http_head *head)
{
	struct viewer_response *r = must_alloc(sizeof(*r));
	struct lua_verdict verdict;

	viewer_forget_response(v);
	v->response = r;
	response_init(&r->m, v, head);
	hooks_ask(v->worker, LUA_RESPONSE, &r->m, NULL, r->m.id, &verdict);
	if (verdict.kind == VERDICT_FAILED)
		return NULL;
	r->head = *head;
	r->head.status = r->m.now.status;
	r->head.fields = r->m.now.fields;
	r->head.nfields = r->m.now.nfields;
	return &r->head;
}

void
viewer_forget_response(struct viewer *v)
{
	if (!v->response)
		return;
	lua_message_free(&v->response->m);
	free(v->response);
	v->response = NULL;
}
