/* Scripts, looked at and tried here, before a service works by them: no service is asked. */
#include "cli/ctl.h"

#include <stdio.h>

#include "http/parse.h"
#include "lua/vm.h"

enum { REQUEST_MAX = 2 << 20, FAULTS_MAX = 64 << 10 };

/* ---- the script ---- */

static struct lua_script *
read_script(const char *path)
{
	struct lua_budget budget;
	struct lua_script *script;
	struct strb error;

	lua_budget_default(&budget);
	script = lua_script_new(&budget);
	strb_init(&error, FAULTS_MAX);
	if (lua_script_read(script, path, &error) < 0) {
		ctl_complain(strb_cstr(&error));
		lua_script_unref(&script);
	} else {
		lua_script_seal(script);
	}
	strb_free(&error);
	return script;
}

enum ctl_leave
ctl_run_lua_check(struct ctl *c)
{
	struct lua_script *script = read_script(c->line.values[ARG_LUA_CHECK_file]);
	struct strb faults;
	enum ctl_leave leave = CTL_LEAVE_OK;

	if (!script)
		return CTL_LEAVE_NO;
	strb_init(&faults, FAULTS_MAX);
	if (lua_script_check(script, &faults) < 0) {
		if (faults.n && faults.p[faults.n - 1] == '\n')
			faults.p[--faults.n] = '\0';
		ctl_complain(strb_cstr(&faults));
		leave = CTL_LEAVE_NO;
	} else {
		strb_printf(&c->out, "good: %zu files, sha256 %s\n", lua_script_files(script),
		    lua_script_sha256(script));
	}
	strb_free(&faults);
	lua_script_unref(&script);
	return leave;
}

/* ---- the request ---- */

/* "GET /x", lines of fields if there are any, an empty line and a body: as a browser would send it.
 */
struct trial {
	struct ctl *c;
	struct lua_vm *vm;
	struct span body;
	bool seen, failed;
};

static void
read_stdin(struct strb *text)
{
	char part[4096];
	size_t n;

	while (!strb_failed(text) && (n = fread(part, 1, sizeof(part), stdin)) > 0)
		strb_add(text, span_of(part, n));
}

static struct span
next_line(struct span *rest)
{
	struct span line = {NULL, 0};

	span_cut(rest, '\n', &line);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* What people leave out is put in: the version, Host, the length of the body. */
static void
write_request(struct strb *out, struct span text, struct span *body)
{
	struct span line = next_line(&text);
	bool host = false;

	strb_add(out, line);
	if (line.n < 9 || !span_starts(span_drop(line, line.n - 9), SPAN(" HTTP/1.")))
		strb_add(out, SPAN(" HTTP/1.1"));
	strb_add(out, SPAN("\r\n"));
	while ((line = next_line(&text)).n) {
		host |= line.n > 5 && span_ieq(span_take(line, 5), SPAN("host:"));
		if (line.n > 15 && span_ieq(span_take(line, 15), SPAN("content-length:")))
			continue;
		strb_add(out, line);
		strb_add(out, SPAN("\r\n"));
	}
	*body = text;
	if (!host)
		strb_add(out, SPAN("Host: localhost\r\n"));
	if (body->n)
		strb_printf(out, "Content-Length: %zu\r\n", body->n);
	strb_add(out, SPAN("\r\n"));
}

/* ---- asking ---- */

static void
print_edits(struct strb *out, const struct lua_message *m)
{
	if (m->now.path_edited)
		strb_printf(out, "  path %.*s%s%.*s\n", SPAN_FMT(m->now.path),
		    m->now.query.n ? "?" : "", SPAN_FMT(m->now.query));
	for (size_t i = 0; m->now.fields_edited && i < m->now.nfields; i++) {
		strb_add(out, SPAN("  "));
		strb_visible(out, m->now.fields[i].name);
		strb_add(out, SPAN(": "));
		strb_visible(out, m->now.fields[i].value);
		strb_char(out, '\n');
	}
}

static void
print_verdict(struct strb *out, const struct lua_verdict *v)
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

/* Asks one phase and prints what came of it; false when there is nothing to ask further. */
static bool
ask(struct trial *t, enum lua_phase phase, struct lua_message *m, struct lua_verdict *v)
{
	const char *function = lua_phase_info(phase)->function;

	if (!lua_vm_has(t->vm, phase))
		return true;
	lua_ask(t->vm, phase, m->id, m, NULL, v);
	strb_printf(&t->c->out, "%s: ", function);
	if (v->failed) {
		strb_printf(&t->c->out, "fails, and the request %s\n%s\n",
		    v->kind == VERDICT_FAILED ? "is refused" : "goes on", lua_vm_error(t->vm));
		t->failed = true;
		return v->kind != VERDICT_FAILED;
	}
	print_verdict(&t->c->out, v);
	print_edits(&t->c->out, m);
	return v->kind == VERDICT_NONE || v->kind == VERDICT_NAME || v->kind == VERDICT_BODY;
}

/* The built-in rule of a service that has no host names for tunnels: /id/path. */
static void
go_by_path(struct lua_message *m)
{
	struct span path = span_drop(m->now.path, 1);
	size_t n = 0;

	while (n < path.n && path.p[n] != '/')
		n++;
	m->id = span_take(path, n);
	m->now.path = n < path.n ? span_drop(path, n) : SPAN("/");
}

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	struct trial *t = user;
	struct lua_message m, routed;
	struct lua_verdict v = {.kind = VERDICT_NONE};
	const char *peer = t->c->line.values[ARG_LUA_TEST_peer];

	(void)raw;
	t->seen = true;
	lua_message_init(&routed, head, LUA_EDIT_MAX);
	routed.host = http_head_value(head, HF_HOST);
	routed.peer = peer ? span_str(peer) : SPAN("127.0.0.1");
	routed.request_id = SPAN("test");
	m = routed; /* its own arena: nothing is in the other one yet */
	arena_init(&m.arena, LUA_EDIT_MAX + LUA_ANSWER_MAX);
	go_by_path(&m);
	routed.id = m.id;
	if (!ask(t, LUA_ROUTE, &routed, &v))
		goto done;
	if (v.kind == VERDICT_NAME)
		m.id = v.id;
	if (v.kind == VERDICT_NAME && v.path.p)
		m.now.path = v.path;
	v.kind = VERDICT_NONE;
	if (ask(t, LUA_REQUEST, &m, &v) && v.kind == VERDICT_BODY) {
		m.body = t->body.p ? t->body : SPAN("");
		ask(t, LUA_BODY, &m, &v);
	}
done:
	lua_message_free(&m);
	lua_message_free(&routed);
	return HTTP_HOLD;
}

static void
on_body(void *user, struct span data)
{
	(void)user;
	(void)data;
}

static void
on_end(void *user)
{
	(void)user;
}

static bool
try_request(struct trial *t, const char *request)
{
	static const struct http_parser_ops ops = {
	    .on_head = on_head, .on_body = on_body, .on_end = on_end};
	static const struct http_limits limits = {
	    .head_max = 32 * 1024, .target_max = 8 * 1024, .fields_max = 100};
	struct http_parser *parser = http_parser_new(HTTP_REQUEST, &limits, &ops, t);
	struct strb text, head;
	size_t used;
	int rc;

	strb_init(&text, REQUEST_MAX);
	strb_init(&head, REQUEST_MAX);
	if (strcmp(request, "-") == 0)
		read_stdin(&text);
	else
		strb_add(&text, span_str(request));
	write_request(&head, strb_span(&text), &t->body);
	rc = http_parser_feed(parser, strb_span(&head), &used);
	if (!t->seen)
		ctl_complain(rc < 0 ? reason_info(http_parser_fault(parser))->text
				    : "that is no whole request");
	http_parser_free(&parser);
	strb_free(&head);
	strb_free(&text);
	return t->seen;
}

enum ctl_leave
ctl_run_lua_test(struct ctl *c)
{
	const char *request = c->line.values[ARG_LUA_TEST_request];
	struct lua_script *script = read_script(c->line.values[ARG_LUA_TEST_file]);
	struct lua_shared *shared;
	struct trial t = {.c = c};
	enum ctl_leave leave = CTL_LEAVE_USAGE;

	if (!script)
		return CTL_LEAVE_NO;
	shared = lua_shared_new();
	t.vm = lua_vm_new(script, shared);
	if (lua_vm_error(t.vm)[0])
		ctl_complain(lua_vm_error(t.vm));
	else if (try_request(&t, request ? request : "GET /"))
		leave = t.failed ? CTL_LEAVE_NO : CTL_LEAVE_OK;
	if (lua_vm_error(t.vm)[0])
		leave = CTL_LEAVE_NO;
	lua_vm_free(&t.vm);
	lua_shared_free(&shared);
	lua_script_unref(&script);
	return leave;
}
