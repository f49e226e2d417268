/* Scripts, looked over and tried here, before a service works by them: on a request that is made up,
 * or on the last ones of a service. */
#include "cli/ctl.h"

#include <stdio.h>

#include "cli/ctl_trial.h"

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

/* ---- a request that is made up ---- */

/* "GET /x", lines of fields if there are any, an empty line and a body: as a browser would send it.
 */
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

/* One that is told phase by phase; false: it was none. */
static bool
try_request(struct ctl *c, struct lua_vm *vm, const char *request, struct trial *trial)
{
	const char *peer = c->line.values[ARG_LUA_TEST_peer];
	struct trial_request r = {
	    .peer = peer ? span_str(peer) : SPAN("127.0.0.1"),
	    .request_id = SPAN("test"),
	};
	struct strb text, head, why;
	bool good;

	strb_init(&text, REQUEST_MAX);
	strb_init(&head, REQUEST_MAX);
	strb_init(&why, FAULTS_MAX);
	if (strcmp(request, "-") == 0)
		read_stdin(&text);
	else
		strb_add(&text, span_str(request));
	write_request(&head, strb_span(&text), &r.body);
	r.head = strb_span(&head);
	if (!r.body.p)
		r.body = SPAN("");
	good = trial_built_in(&r, &why) == 0 && trial_run(vm, &r, trial, &c->out, &why) == 0;
	if (!good)
		ctl_complain(strb_cstr(&why));
	strb_free(&why);
	strb_free(&head);
	strb_free(&text);
	return good;
}

static enum ctl_leave
test_request(struct ctl *c, struct lua_vm *vm)
{
	const char *request = c->line.values[ARG_LUA_TEST_request];
	struct trial trial = {.outcome = OUTCOME_PASSED};
	enum ctl_leave leave = CTL_LEAVE_USAGE;

	if (try_request(c, vm, request ? request : "GET /", &trial))
		leave = trial.erred ? CTL_LEAVE_NO : CTL_LEAVE_OK;
	trial_free(&trial);
	return leave;
}

/* ---- the command ---- */

enum ctl_leave
ctl_run_lua_test(struct ctl *c)
{
	struct lua_script *script = read_script(c->line.values[ARG_LUA_TEST_file]);
	struct lua_shared *shared;
	struct lua_vm *vm;
	struct strb why;
	enum ctl_leave leave = CTL_LEAVE_NO;

	if (!script)
		return CTL_LEAVE_NO;
	shared = lua_shared_new();
	vm = lua_vm_new(script, shared);
	strb_init(&why, FAULTS_MAX);
	trial_add_error(&why, vm);
	if (why.n)
		ctl_complain(strb_cstr(&why));
	else if (c->line.values[ARG_LUA_TEST_since])
		leave = ctl_lua_since(c, vm, shared);
	else
		leave = test_request(c, vm);
	strb_free(&why);
	lua_vm_free(&vm);
	lua_shared_free(&shared);
	lua_script_unref(&script);
	return leave;
}
