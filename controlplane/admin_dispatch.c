/* Between a request and its handler: role, arguments, and the row that has to be on disk first. No
 * handler is reached past any of them, so none can forget one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin_call.h"
#include "http/write.h"

enum { EVENT_MAX = 64, FIELDS_MAX = 256 };

static void (*const handlers[ADMIN_COMMANDS])(struct admin_call *) = {
#define ADMIN(NAME, ...) admin_do_##NAME,
#include "controlplane/admin_tbl.h"
};

/* ---- answers ---- */

static void
reply_json(struct admin_conn *conn, int status, struct span fields, json_t *json)
{
	/* One answer is one line, whatever strangers have put into it. */
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	struct strb body;

	ENSURE(text != NULL);
	strb_init(&body, strlen(text) + 1);
	strb_add(&body, span_str(text));
	strb_char(&body, '\n');
	admin_conn_reply(conn, status, "application/json", fields, strb_span(&body));
	strb_free(&body);
	free(text);
}

static void
reply_refusal(struct admin_conn *conn, const struct admin_refusal *r)
{
	json_t *json = json_object();
	struct strb fields;

	put_text(json, "error", r->error);
	put_text(json, "message", r->message);
	put_text(json, "hint", r->hint);
	strb_init(&fields, FIELDS_MAX);
	if (r->allow[0])
		http_write_field(&fields, SPAN("Allow"), span_str(r->allow));
	if (r->status == 503)
		http_write_field(&fields, SPAN("Retry-After"), SPAN("2"));
	reply_json(conn, r->status, strb_span(&fields), json);
	strb_free(&fields);
	json_decref(json);
}

/* The end of every call. */
static void
call_free(struct admin_call **callp)
{
	struct admin_call *call;

	TAKE_OBJ(call, callp, ADMIN_CALL_MAGIC);
	if (call->admin) {
		LIST_REMOVE(call, entry);
		call->admin->ncalls--;
	}
	admin_args_clear(&call->args);
	OBJ_FREE(call);
}

/* Afterwards the connection may have its next command, which is a call of its own. */
static struct admin_conn *
call_leave(struct admin_call **callp)
{
	struct admin_conn *conn = (*callp)->conn;

	call_free(callp);
	return conn;
}

void
admin_answer(struct admin_call **callp, json_t *json)
{
	struct admin_conn *conn = call_leave(callp);

	if (conn)
		reply_json(conn, 200, SPAN(""), json);
	json_decref(json);
}

void
admin_answer_text(struct admin_call **callp, const char *type, struct span text)
{
	struct admin_conn *conn = call_leave(callp);

	if (conn)
		admin_conn_reply(conn, 200, type, SPAN(""), text);
}

void
admin_refuse(struct admin_call **callp, int status, const char *error, const char *hint,
    const char *fmt, ...)
{
	struct admin_conn *conn;
	struct admin_refusal r;
	char message[ADMIN_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	admin_refusal_set(&r, status, error, hint, "%s", message);
	conn = call_leave(callp); /* the sentence may have been about its arguments */
	if (conn)
		reply_refusal(conn, &r);
}

void
admin_refuse_silent(struct admin_call **callp, const struct answer *answer)
{
	admin_refuse(callp, 504, "worker_silent",
	    "try again; if it stays so, the log and wht_loop_lag_seconds say more",
	    "%u of %u workers did not answer within %d s", answer->silent, answer->workers,
	    QUESTION_MS / 1000);
}

/* ---- the record ---- */

/* "tunnel kill" -> "admin.tunnel.kill" */
static void
event_of(const struct admin_row *row, char out[EVENT_MAX])
{
	snprintf(out, EVENT_MAX, "admin.%s", row->words);
	for (char *c = out; *c; c++) {
		if (*c == ' ')
			*c = '.';
	}
}

/* What the command is about: its first required argument. */
static const char *
subject_of(const struct admin_call *call)
{
	for (int a = 0; a < ADMIN_ARGS; a++) {
		const struct admin_arg_row *row = admin_arg_row((enum admin_arg)a);

		if (row->command == call->command && row->required)
			return call_text(call, (enum admin_arg)a);
	}
	return "-";
}

static char *
detail_of(const struct admin_call *call)
{
	json_t *json = json_object();
	char *text;

	put_number(json, "uid", call->peer.uid);
	put_number(json, "pid", call->peer.pid);
	for (int a = 0; a < ADMIN_ARGS; a++) {
		if (call_text(call, (enum admin_arg)a))
			put_text(json, admin_arg_row((enum admin_arg)a)->name,
			    call_text(call, (enum admin_arg)a));
	}
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void
on_recorded(void *user, enum reason why, int64_t row)
{
	struct admin_call *call;

	(void)row;
	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (!call->admin)
		call_free(&call);
	else if (why != R_NONE)
		admin_refuse(&call, 503, reason_word(why),
		    "nothing was done; try again when status says that the ledger is well", "%s",
		    reason_info(why)->text);
	else
		handlers[call->command](call);
}

static void
record(struct admin_call *call)
{
	char event[EVENT_MAX], *detail = detail_of(call);
	struct ledger_event e = {
	    .event = event,
	    .actor = call->peer.actor,
	    .subject = span_str(subject_of(call)),
	    .detail = span_str(detail),
	    .cannot_wait = true,
	};

	event_of(admin_row(call->command), event);
	ledger_event(call->admin->ledger, &e, on_recorded, call);
	free(detail);
}

/* ---- the way in ---- */

static int
check_role(const struct admin_peer *peer, enum admin_command command, struct admin_refusal *r)
{
	const struct admin_row *row = admin_row(command);

	if (peer->role >= row->role)
		return 0;
	log_event(LVL_WARN, "admin.refused", NULL, LOG_STR("command", row->words),
	    LOG_INT("uid", peer->uid), LOG_INT("pid", peer->pid),
	    LOG_STR("role", admin_role_word(peer->role)));
	admin_refusal_set(r, 403, "forbidden",
	    "run it as the service's user or as root, or see WHT_ADMIN_GROUP and "
	    "WHT_ADMIN_GROUP_ROLE in docs/configuration.md",
	    "%s needs the role %s; user %u has %s", row->words, admin_role_word(row->role),
	    (unsigned)peer->uid, admin_role_word(peer->role));
	return -WHT_EDENIED;
}

/* Who may do nothing learns nothing about arguments either. */
static int
prepare(struct admin_call *call, struct span method, struct span target, struct span body,
    struct admin_refusal *r)
{
	int64_t now_ms = clock_wall_ms();

	if (admin_route_find(method, target, now_ms, &call->command, &call->args, r) < 0)
		return -WHT_EINVAL;
	if (check_role(&call->peer, call->command, r) < 0)
		return -WHT_EDENIED;
	if (admin_route_arguments(call->command, target, body, now_ms, &call->args, r) < 0)
		return -WHT_EINVAL;
	if (call->admin->ncalls <= ADMIN_CALLS_MAX)
		return 0;
	admin_refusal_set(
	    r, 503, "busy", "try again", "%d commands are under way", ADMIN_CALLS_MAX);
	return -WHT_EFULL;
}

void
admin_dispatch(struct admin *a, struct admin_conn *conn, const struct admin_peer *peer,
    struct span method, struct span target, struct span body)
{
	struct admin_refusal r;
	struct admin_call *call;

	OBJ_NEW(call, ADMIN_CALL_MAGIC);
	call->admin = a;
	call->conn = conn;
	call->peer = *peer;
	LIST_INSERT_HEAD(&a->calls, call, entry);
	a->ncalls++;
	if (prepare(call, method, target, body, &r) < 0) {
		call_free(&call);
		reply_refusal(conn, &r);
	} else if (admin_row(call->command)->recorded) {
		record(call);
	} else {
		handlers[call->command](call);
	}
}

void
admin_forget_conn(struct admin *a, struct admin_conn *conn)
{
	struct admin_call *call;

	LIST_FOREACH(call, &a->calls, entry)
	{
		if (call->conn == conn)
			call->conn = NULL;
	}
}
