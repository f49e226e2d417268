/* A new script on the last requests of a running service: whose verdict would change?
 *
 * The service tells its last requests and what became of them; they are put to the script here, so
 * an untried script never runs where requests are served. What it can know of the service it is
 * told: which tunnels are up. What it cannot: wht.kv is empty, and what a viewer proves himself with
 * is not kept. */
#include <stdlib.h>

#include "auth/base64url.h"
#include "cli/ctl.h"
#include "cli/ctl_trial.h"

#define ASK_FOR "10000" /* requests; the service has no more */

enum { WHY_MAX = 4096, ERROR_MAX = 4 * LUA_ERROR_MAX };

struct tally {
	struct ctl *ctl;
	struct lua_vm *vm;
	json_t *changes;
	size_t requests, changed, erred, blotted, unread;
	struct strb error; /* the first failure of the script */
};

/* ---- what the service tells ---- */

static struct span
text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return SPAN("");
	return span_of(json_string_value(value), json_string_length(value));
}

static struct trial_request
request_of(const json_t *row, struct span head)
{
	return (struct trial_request){
	    .head = head,
	    .host = text_of(row, "host"),
	    .peer = text_of(row, "peer"),
	    .request_id = text_of(row, "request"),
	    .tls = json_is_true(json_object_get(row, "tls")),
	    .built_in = text_of(row, "built_in"),
	    .built_in_path = text_of(row, "built_in_path"),
	    .usual_path = text_of(row, "usual_path"),
	};
}

/* As it became, in the shape of a trial; nothing of it is to be freed. */
static struct trial
past_of(const json_t *row)
{
	return (struct trial){
	    .outcome = outcome_find(text_of(row, "verdict")),
	    .status = (int)json_integer_value(json_object_get(row, "status")),
	    .id = text_of(row, "id"),
	    .path = text_of(row, "path"),
	};
}

/* What is the same for the viewer and for the tunnel's client. */
static bool
same(const struct trial *a, const struct trial *b)
{
	bool goes = a->outcome == OUTCOME_PASSED || a->outcome == OUTCOME_READ_BODY;
	struct span x = a->path.n ? a->path : SPAN("/"), y = b->path.n ? b->path : SPAN("/");

	if (a->outcome != b->outcome || a->status != b->status)
		return false;
	return !goes || (span_eq(a->id, b->id) && span_eq(x, y));
}

/* ---- telling ---- */

static void
add_trial(struct strb *out, const struct trial *t)
{
	strb_add(out, span_str(t->outcome < OUTCOMES ? outcome_word(t->outcome) : "unknown"));
	if (t->status)
		strb_printf(out, " %d", t->status);
	if (t->outcome == OUTCOME_PASSED || t->outcome == OUTCOME_READ_BODY) {
		strb_add(out, SPAN(" to "));
		strb_visible(out, t->id);
		strb_add(out, SPAN(" as "));
		strb_visible(out, t->path.n ? t->path : SPAN("/"));
	}
	strb_char(out, '\n');
}

static void
say_change(struct tally *y, const json_t *row, const struct trial *was, const struct trial *now)
{
	struct strb *out = &y->ctl->out;

	strb_visible(out, text_of(row, "at"));
	strb_char(out, ' ');
	strb_visible(out, text_of(row, "what"));
	strb_add(out, SPAN(" from "));
	strb_visible(out, text_of(row, "peer"));
	strb_add(out, SPAN(", request "));
	strb_visible(out, text_of(row, "request"));
	strb_add(out, SPAN("\n  was "));
	add_trial(out, was);
	strb_add(out, SPAN("  now "));
	add_trial(out, now);
}

static json_t *
text_json(struct span text)
{
	return text.n ? json_stringn(text.p, text.n) : json_null();
}

static json_t *
trial_json(const struct trial *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "verdict",
	    t->outcome < OUTCOMES ? json_string(outcome_word(t->outcome)) : json_null());
	json_object_set_new(o, "status", t->status ? json_integer(t->status) : json_null());
	json_object_set_new(o, "id", text_json(t->id));
	json_object_set_new(o, "path", text_json(t->path));
	return o;
}

static void
note_change(struct tally *y, const json_t *row, const struct trial *was, const struct trial *now)
{
	json_t *o;

	y->changed++;
	if (!y->ctl->json) {
		say_change(y, row, was, now);
		return;
	}
	o = json_object();
	json_object_set(o, "at", json_object_get(row, "at"));
	json_object_set(o, "request", json_object_get(row, "request"));
	json_object_set(o, "what", json_object_get(row, "what"));
	json_object_set_new(o, "was", trial_json(was));
	json_object_set_new(o, "now", trial_json(now));
	json_array_append_new(y->changes, o);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void
say_sum(struct tally *y)
{
	struct strb *out = &y->ctl->out;

	strb_printf(out, "%zu request%s: %zu verdict%s would change, the script failed for %zu\n",
	    y->requests, plural(y->requests), y->changed, plural(y->changed), y->erred);
	if (y->error.n) {
		strb_add(out, SPAN("its first failure: "));
		strb_add(out, strb_span(&y->error));
		strb_char(out, '\n');
	}
	if (y->blotted)
		strb_printf(out,
		    "%zu of them carried credentials or cookies, which are not kept: of those the "
		    "script saw asterisks\n",
		    y->blotted);
}

static void
print_sum_json(struct tally *y)
{
	json_t *o = json_pack("{s:I s:I s:I s:I s:s? s:O}", "requests", (json_int_t)y->requests,
	    "changed", (json_int_t)y->changed, "failed", (json_int_t)y->erred, "blotted",
	    (json_int_t)y->blotted, "first_failure", y->error.n ? strb_cstr(&y->error) : NULL,
	    "changes", y->changes);
	char *text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;

	strb_printf(&y->ctl->out, "%s\n", text ? text : "{}");
	free(text);
	json_decref(o);
}

/* ---- trying ---- */

static void
try_head(struct tally *y, const json_t *row, struct span head)
{
	const struct trial_request request = request_of(row, head);
	struct trial was = past_of(row), now;
	struct strb why;

	strb_init(&why, WHY_MAX);
	if (trial_run(y->vm, &request, &now, NULL, &why) < 0) {
		y->unread++;
	} else {
		y->requests++;
		y->erred += now.erred;
		y->blotted += json_is_true(json_object_get(row, "blotted"));
		if (now.erred && y->error.n == 0)
			trial_add_error(&y->error, y->vm);
		if (!same(&was, &now))
			note_change(y, row, &was, &now);
	}
	trial_free(&now);
	strb_free(&why);
}

static void
try_row(struct tally *y, const json_t *row)
{
	struct span text = text_of(row, "head");
	char *head = malloc(BASE64URL_BYTES(text.n) + 1);
	size_t n;

	if (head && text.n && base64url_decode(text, head, &n) == 0)
		try_head(y, row, span_of(head, n));
	else
		y->unread++;
	free(head);
}

/* wht.tunnels() answers as it would there. */
static enum ctl_leave
learn_tunnels(struct ctl *c, struct lua_shared *shared)
{
	const char *values[ARG_COUNT] = {NULL};
	struct answer answer;
	enum ctl_leave leave;
	const json_t *rows;

	answer_init(&answer);
	leave = api_ask(c->api, CTL_TUNNEL_LIST, values, &answer);
	rows = json_object_get(answer.json, "tunnels");
	for (size_t i = 0; leave == CTL_LEAVE_OK && i < json_array_size(rows); i++)
		lua_tunnel_up(shared, text_of(json_array_get(rows, i), "id"));
	if (leave != CTL_LEAVE_OK)
		ctl_complain(strb_cstr(&answer.why));
	answer_free(&answer);
	return leave;
}

static void
try_all(struct tally *y, const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		try_row(y, json_array_get(rows, i));
	if (y->unread)
		ctl_complain("some of what the service told is no request; is it of this version?");
	if (y->ctl->json)
		print_sum_json(y);
	else
		say_sum(y);
}

enum ctl_leave
ctl_lua_since(struct ctl *c, struct lua_vm *vm, struct lua_shared *shared)
{
	const char *values[ARG_COUNT] = {
	    [ARG_REQUEST_LIST_since] = c->line.values[ARG_LUA_TEST_since],
	    [ARG_REQUEST_LIST_limit] = ASK_FOR,
	};
	struct tally y = {.ctl = c, .vm = vm};
	enum ctl_leave leave = learn_tunnels(c, shared);
	struct answer answer;

	if (leave != CTL_LEAVE_OK)
		return leave;
	strb_init(&y.error, ERROR_MAX);
	answer_init(&answer);
	leave = api_ask(c->api, CTL_REQUEST_LIST, values, &answer);
	if (leave != CTL_LEAVE_OK) {
		ctl_complain(strb_cstr(&answer.why));
	} else {
		y.changes = json_array();
		try_all(&y, json_object_get(answer.json, "requests"));
		json_decref(y.changes);
		leave = y.erred ? CTL_LEAVE_NO : CTL_LEAVE_OK;
	}
	strb_free(&y.error);
	answer_free(&answer);
	return leave;
}
