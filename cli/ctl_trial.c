#include "cli/ctl_trial.h"

#include "auth/tunnel_id.h"
#include "http/parse.h"

enum { TEXTS_MAX = 256 << 10 };

static const struct http_limits limits = {
    .head_max = 64 << 10, .target_max = 64 << 10, .fields_max = 1000};

/* ---- a head, looked at within its callback; it was fed whole, so its spans lie in what was fed ----
 */

typedef void look_f(void *user, const struct http_head *);

struct looking {
	look_f *look;
	void *user;
	bool seen;
};

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	struct looking *l = user;

	(void)raw;
	l->seen = true;
	l->look(l->user, head);
	return HTTP_HOLD;
}

static int
look_at(struct span head, look_f *look, void *user, struct strb *why)
{
	static const struct http_parser_ops ops = {.on_head = on_head};
	struct looking l = {.look = look, .user = user};
	struct http_parser *parser = http_parser_new(HTTP_REQUEST, &limits, &ops, &l);
	size_t used;
	int rc = http_parser_feed(parser, head, &used);

	if (!l.seen)
		strb_add(why, rc < 0 ? span_str(reason_info(http_parser_fault(parser))->text)
				     : SPAN("that is no whole request"));
	http_parser_free(&parser);
	return l.seen ? 0 : -WHT_EINVAL;
}

/* ---- the built-in rule ---- */

/* An absolute target without its authority. */
static struct span
origin_form(struct span target)
{
	const char *scheme = target.p[0] == '/' ? NULL : memmem(target.p, target.n, "://", 3);
	struct span rest;
	ptrdiff_t slash;

	if (!scheme)
		return target;
	rest = span_drop(target, (size_t)(scheme + 3 - target.p));
	slash = span_find(rest, '/');
	return slash < 0 ? SPAN("/") : span_drop(rest, (size_t)slash);
}

static void
go_by_path(void *user, const struct http_head *head)
{
	struct trial_request *r = user;
	struct span path = span_drop(origin_form(head->target), 1);
	size_t n = 0;

	while (n < path.n && path.p[n] != '/' && path.p[n] != '?')
		n++;
	r->host = http_head_value(head, HF_HOST);
	r->built_in = span_take(path, n);
	r->built_in_path = n < path.n ? span_drop(path, n) : SPAN("/");
	r->usual_path = r->built_in_path;
}

int
trial_built_in(struct trial_request *r, struct strb *why)
{
	return look_at(r->head, go_by_path, r, why);
}

/* ---- the script ---- */

struct asking {
	struct lua_vm *vm;
	const struct trial_request *request;
	struct trial *trial;
	struct strb *story;
};

static void
message_init(struct lua_message *m, const struct asking *a, const struct http_head *head,
    struct span id, size_t room)
{
	lua_message_init(m, head, room);
	m->host = a->request->host;
	m->peer = a->request->peer;
	m->request_id = a->request->request_id;
	m->tls = a->request->tls;
	m->id = id;
	m->id_valid = tunnel_id_valid;
}

static void
tell_edits(struct strb *out, struct lua_message *m)
{
	struct span target = m->now.path_edited ? lua_message_target(m) : SPAN("");

	if (target.n)
		strb_printf(out, "  path %.*s\n", SPAN_FMT(target));
	for (size_t i = 0; m->now.fields_edited && i < m->now.nfields; i++) {
		strb_add(out, SPAN("  "));
		strb_visible(out, m->now.fields[i].name);
		strb_add(out, SPAN(": "));
		strb_visible(out, m->now.fields[i].value);
		strb_char(out, '\n');
	}
}

static void
tell_verdict(struct strb *out, const struct lua_verdict *v)
{
	switch (v->kind) {
	case VERDICT_DENY:
		strb_printf(out, "deny %d ", v->status);
		strb_visible(out, v->text);
		break;
	case VERDICT_ANSWER:
		strb_printf(out, "answer %d, %zu bytes", v->status, v->text.n);
		break;
	case VERDICT_NAME:
		strb_printf(out, "id %.*s path %.*s", SPAN_FMT(v->id),
		    SPAN_FMT(v->path.p ? v->path : SPAN("as usual")));
		break;
	case VERDICT_BODY:
		strb_add(out, SPAN("read the body"));
		break;
	default:
		strb_add(out, SPAN("goes on"));
	}
	strb_char(out, '\n');
}

void
trial_add_error(struct strb *out, const struct lua_vm *vm)
{
	struct span rest = span_str(lua_vm_error(vm)), line;

	while (span_cut(&rest, '\n', &line)) {
		strb_visible(out, line);
		if (rest.p)
			strb_char(out, '\n');
	}
}

static void
tell(struct asking *a, enum lua_phase phase, struct lua_message *m, const struct lua_verdict *v)
{
	strb_printf(a->story, "%s: ", lua_phase_info(phase)->function);
	if (v->failed) {
		strb_printf(a->story, "fails, and the request %s\n",
		    v->kind == VERDICT_FAILED ? "is refused" : "goes on");
		trial_add_error(a->story, a->vm);
		strb_char(a->story, '\n');
		return;
	}
	tell_verdict(a->story, v);
	tell_edits(a->story, m);
}

/* VERDICT_NONE when there is no such function. */
static void
ask(struct asking *a, enum lua_phase phase, struct lua_message *m, struct lua_verdict *v)
{
	*v = (struct lua_verdict){.kind = VERDICT_NONE};
	if (!lua_vm_has(a->vm, phase))
		return;
	lua_ask(a->vm, phase, m->id, m, NULL, v);
	a->trial->erred |= v->failed;
	if (a->story)
		tell(a, phase, m, v);
}

/* Where it goes: id and path of the trial. */
static void
ask_route(struct asking *a, const struct http_head *head)
{
	const struct trial_request *r = a->request;
	struct trial *t = a->trial;
	struct lua_message m;
	struct lua_verdict v;
	struct strb path;

	message_init(&m, a, head, r->built_in.n ? r->built_in : span_of(NULL, 0), LUA_EDIT_MAX);
	lua_message_aim(&m, origin_form(head->target));
	ask(a, LUA_ROUTE, &m, &v);
	strb_init(&path, TEXTS_MAX);
	if (v.kind == VERDICT_NAME)
		outcome_path(&v, r->usual_path, m.now.query, &path);
	else
		strb_add(&path, r->built_in_path);
	t->id = arena_copy(&t->arena, v.kind == VERDICT_NAME ? v.id : r->built_in);
	t->path = arena_copy(&t->arena, strb_span(&path));
	t->outcome = t->id.n ? OUTCOME_PASSED : OUTCOME_NOT_FOUND;
	if (v.kind == VERDICT_FAILED)
		t->outcome = OUTCOME_FAILED;
	strb_free(&path);
	lua_message_free(&m);
}

/* Whether it may: the outcome. */
static void
ask_request(struct asking *a, const struct http_head *head)
{
	struct trial *t = a->trial;
	struct lua_message m;
	struct lua_verdict v;

	message_init(&m, a, head, t->id, LUA_EDIT_MAX + LUA_ANSWER_MAX);
	lua_message_aim(&m, t->path);
	ask(a, LUA_REQUEST, &m, &v);
	if (v.kind == VERDICT_BODY && a->request->body.p) {
		m.body = a->request->body;
		ask(a, LUA_BODY, &m, &v);
	}
	t->outcome = outcome_of(&v);
	t->status = v.kind == VERDICT_DENY || v.kind == VERDICT_ANSWER ? v.status : 0;
	if (m.now.path_edited)
		t->path = arena_copy(&t->arena, lua_message_target(&m));
	lua_message_free(&m);
}

static void
ask_all(void *user, const struct http_head *head)
{
	struct asking *a = user;

	ask_route(a, head);
	if (a->trial->outcome == OUTCOME_PASSED)
		ask_request(a, head);
}

int
trial_run(struct lua_vm *vm, const struct trial_request *request, struct trial *trial,
    struct strb *story, struct strb *why)
{
	struct asking a = {vm, request, trial, story};

	*trial = (struct trial){.outcome = OUTCOME_PASSED};
	arena_init(&trial->arena, TEXTS_MAX);
	return look_at(request->head, ask_all, &a, why);
}

void
trial_free(struct trial *t)
{
	arena_reset(&t->arena);
}
