/* Commands about the record: audit and sessions, read on the reader's thread.
 *
 * What may be filtered by is a table of SQL conditions and the arguments that they are bound to;
 * text of a stranger is never part of a statement. */
#include "controlplane/admin_audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin_reader.h"
#include "controlplane/audit.h"

enum { ROWS_MAX = 1000, ROWS_USUAL = 100, SQL_MAX = 2000 };
enum { FOLLOW_TICK_MS = 100, FOLLOW_USUAL_MS = 20 * 1000, FOLLOW_MAX_MS = 60 * 1000 };

/* What a listing may be narrowed down by. */
struct clause {
	enum admin_arg arg;
	const char *sql;
};

/* What stands in a column, and what it is called in an answer. */
struct column {
	const char *name;
	enum { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_TIME, COLUMN_JSON } kind;
};

struct select {
	const char *sql;
	const struct column *columns;
	const struct clause *clauses;
	size_t nclauses;
	const char *order;
	uint64_t limit; /* one row more is read, to know whether there are more */
};

/* ---- statements ---- */

static bool
is_number(enum admin_type type)
{
	return type == ARG_IS_COUNT || type == ARG_IS_MOMENT;
}

static void
bind_clause(sqlite3_stmt *st, int at, const struct admin_args *args, enum admin_arg a)
{
	if (is_number(admin_arg_row(a)->type))
		sqlite3_bind_int64(st, at, (sqlite3_int64)args->of[a].number);
	else
		sqlite3_bind_text(st, at, args->of[a].text, -1, SQLITE_STATIC);
}

/* NULL, with SQLite's word for it in problem. */
static sqlite3_stmt *
prepare(sqlite3 *db, const struct select *q, const struct admin_args *args,
    char problem[QUERY_PROBLEM_MAX])
{
	sqlite3_stmt *st = NULL;
	struct strb sql;
	int at = 0;

	strb_init(&sql, SQL_MAX);
	strb_add(&sql, span_str(q->sql));
	for (size_t i = 0; i < q->nclauses; i++) {
		if (args->of[q->clauses[i].arg].text)
			strb_printf(&sql, "%s%s", at++ ? " AND " : " WHERE ", q->clauses[i].sql);
	}
	strb_printf(&sql, " ORDER BY %s LIMIT %" PRIu64, q->order, q->limit + 1);
	if (sqlite3_prepare_v2(db, strb_cstr(&sql), -1, &st, NULL) != SQLITE_OK)
		snprintf(problem, QUERY_PROBLEM_MAX, "%s", sqlite3_errmsg(db));
	at = 0;
	for (size_t i = 0; st && i < q->nclauses; i++) {
		if (args->of[q->clauses[i].arg].text)
			bind_clause(st, ++at, args, q->clauses[i].arg);
	}
	strb_free(&sql);
	return st;
}

/* Somebody may have written to the database what is no JSON. */
static json_t *
detail_json(const char *text)
{
	json_t *detail = json_loads(text ? text : "", JSON_REJECT_DUPLICATES, NULL);

	return detail ? detail : json_text(text);
}

static json_t *
row_json(sqlite3_stmt *st, const struct column *columns)
{
	json_t *row = json_object();

	for (int i = 0; columns[i].name; i++) {
		const char *text = (const char *)sqlite3_column_text(st, i);
		int64_t number = sqlite3_column_int64(st, i);

		if (columns[i].kind == COLUMN_TEXT)
			put_text(row, columns[i].name, text);
		else if (columns[i].kind == COLUMN_JSON)
			put_json(row, columns[i].name, detail_json(text));
		else if (columns[i].kind == COLUMN_TIME)
			put_time(row, columns[i].name, number);
		else
			put_number(row, columns[i].name, number);
	}
	return row;
}

/* Up to limit rows; NULL with a problem. */
static json_t *
read_rows(sqlite3 *db, const struct select *q, const struct admin_args *args, bool *more,
    char problem[QUERY_PROBLEM_MAX])
{
	sqlite3_stmt *st = prepare(db, q, args, problem);
	json_t *rows = json_array();
	int code = st ? SQLITE_ROW : SQLITE_ERROR;

	*more = false;
	while (!*more && code == SQLITE_ROW && (code = sqlite3_step(st)) == SQLITE_ROW) {
		*more = json_array_size(rows) == q->limit;
		if (!*more)
			json_array_append_new(rows, row_json(st, q->columns));
	}
	if (st && code != SQLITE_ROW && code != SQLITE_DONE)
		snprintf(problem, QUERY_PROBLEM_MAX, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return rows;
	json_decref(rows);
	return NULL;
}

static uint64_t
rows_wanted(const struct admin_args *args, enum admin_arg a)
{
	uint64_t n = args->of[a].text ? args->of[a].number : ROWS_USUAL;

	return n < ROWS_MAX ? n : ROWS_MAX;
}

/* The number that the last of the rows has, or null. */
static json_t *
last_number(const json_t *rows, const char *key, bool wanted)
{
	size_t n = json_array_size(rows);

	if (!wanted || n == 0)
		return json_null();
	return json_incref(json_object_get(json_array_get(rows, n - 1), key));
}

/* ---- audit ---- */

#define AUDIT_SQL "SELECT seq, at, event, actor, subject, detail, prev_hash, hash FROM audit"

static const struct column audit_columns[] = {
    {"seq", COLUMN_NUMBER},
    {"at", COLUMN_TIME},
    {"event", COLUMN_TEXT},
    {"actor", COLUMN_TEXT},
    {"subject", COLUMN_TEXT},
    {"detail", COLUMN_JSON},
    {"prev_hash", COLUMN_TEXT},
    {"hash", COLUMN_TEXT},
    {NULL, 0},
};

/* Takes the rows, and from where to ask on. */
static json_t *
page_json(const char *name, json_t *rows, json_t *next)
{
	json_t *page = json_object();

	put_json(page, name, rows);
	put_json(page, "next", next);
	return page;
}

static json_t *
reversed(json_t *rows)
{
	json_t *turned = json_array();

	for (size_t i = json_array_size(rows); i > 0; i--)
		json_array_append(turned, json_array_get(rows, i - 1));
	json_decref(rows);
	return turned;
}

static json_t *
run_audit_list(sqlite3 *db, const struct admin_args *args, char problem[QUERY_PROBLEM_MAX])
{
	static const struct clause clauses[] = {
	    {ARG_AUDIT_LIST_since, "at >= ?"},
	    {ARG_AUDIT_LIST_until, "at < ?"},
	    {ARG_AUDIT_LIST_event, "event GLOB ?"},
	    {ARG_AUDIT_LIST_id, "subject = ?"},
	    {ARG_AUDIT_LIST_actor, "actor = ?"},
	    {ARG_AUDIT_LIST_after, "seq > ?"},
	};
	bool from_end = args->of[ARG_AUDIT_LIST_last].text != NULL, more;
	struct select q = {
	    .sql = AUDIT_SQL,
	    .columns = audit_columns,
	    .clauses = clauses,
	    .nclauses = sizeof(clauses) / sizeof(clauses[0]),
	    .order = from_end ? "seq DESC" : "seq",
	    .limit = rows_wanted(args, from_end ? ARG_AUDIT_LIST_last : ARG_AUDIT_LIST_limit),
	};
	json_t *rows = read_rows(db, &q, args, &more, problem);

	if (!rows)
		return NULL;
	if (from_end)
		rows = reversed(rows);
	return page_json("rows", rows, last_number(rows, "seq", more && !from_end));
}

static json_t *
highest_seq(sqlite3 *db, char problem[QUERY_PROBLEM_MAX])
{
	sqlite3_stmt *st = NULL;
	json_t *seq = NULL;

	if (sqlite3_prepare_v2(db, "SELECT max(seq) FROM audit", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		seq = json_integer(sqlite3_column_int64(st, 0));
	else
		snprintf(problem, QUERY_PROBLEM_MAX, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return seq;
}

/* Who says no seq wants what is still to come: first of all he is told where that begins. */
static json_t *
run_audit_follow(sqlite3 *db, const struct admin_args *args, char problem[QUERY_PROBLEM_MAX])
{
	static const struct clause clauses[] = {
	    {ARG_AUDIT_FOLLOW_after, "seq > ?"},
	    {ARG_AUDIT_FOLLOW_event, "event GLOB ?"},
	    {ARG_AUDIT_FOLLOW_id, "subject = ?"},
	    {ARG_AUDIT_FOLLOW_actor, "actor = ?"},
	};
	const struct select q = {
	    .sql = AUDIT_SQL,
	    .columns = audit_columns,
	    .clauses = clauses,
	    .nclauses = sizeof(clauses) / sizeof(clauses[0]),
	    .order = "seq",
	    .limit = ROWS_MAX,
	};
	json_t *next = highest_seq(db, problem), *rows;
	bool more;

	if (!next)
		return NULL;
	if (!args->of[ARG_AUDIT_FOLLOW_after].text)
		return page_json("rows", json_array(), next);
	rows = read_rows(db, &q, args, &more, problem);
	if (json_array_size(rows) > 0) {
		json_decref(next);
		next = last_number(rows, "seq", true);
	}
	if (rows)
		return page_json("rows", rows, next);
	json_decref(next);
	return NULL;
}

static json_t *
run_audit_verify(sqlite3 *db, const struct admin_args *args, char problem[QUERY_PROBLEM_MAX])
{
	struct audit_verdict v;
	json_t *o;

	(void)args;
	if (audit_verify(db, &v) != SQLITE_OK) {
		snprintf(problem, QUERY_PROBLEM_MAX, "%s", sqlite3_errmsg(db));
		return NULL;
	}
	o = json_object();
	put_bool(o, "ok", v.whole);
	put_number(o, "rows", v.rows);
	put_number(o, "first_seq", v.first_seq);
	put_number(o, "last_seq", v.last_seq);
	put_json(o, "broken_seq", v.broken_seq ? json_integer(v.broken_seq) : json_null());
	put_text(o, "problem", v.problem);
	put_text(o, "head", v.head);
	return o;
}

/* ---- sessions ---- */

#define SESSION_SQL                                                                                \
	"SELECT session, id, peer, client, family, iss, sub, jti, token_expires, opened, closed,"  \
	" reason, requests, bytes_in, bytes_out FROM sessions"

static const struct column session_columns[] = {
    {"session", COLUMN_NUMBER},
    {"id", COLUMN_TEXT},
    {"peer", COLUMN_TEXT},
    {"agent", COLUMN_TEXT},
    {"family", COLUMN_TEXT},
    {"iss", COLUMN_TEXT},
    {"sub", COLUMN_TEXT},
    {"jti", COLUMN_TEXT},
    {"token_expires_at", COLUMN_TIME},
    {"opened_at", COLUMN_TIME},
    {"closed_at", COLUMN_TIME},
    {"reason", COLUMN_TEXT},
    {"requests", COLUMN_NUMBER},
    {"bytes_in", COLUMN_NUMBER},
    {"bytes_out", COLUMN_NUMBER},
    {NULL, 0},
};

static json_t *
run_session_list(sqlite3 *db, const struct admin_args *args, char problem[QUERY_PROBLEM_MAX])
{
	static const struct clause clauses[] = {
	    {ARG_SESSION_LIST_id, "id GLOB ?"},
	    {ARG_SESSION_LIST_since, "opened >= ?"},
	    {ARG_SESSION_LIST_before, "session < ?"},
	};
	const struct select q = {
	    .sql = SESSION_SQL,
	    .columns = session_columns,
	    .clauses = clauses,
	    .nclauses = sizeof(clauses) / sizeof(clauses[0]),
	    .order = "session DESC",
	    .limit = rows_wanted(args, ARG_SESSION_LIST_limit),
	};
	bool more;
	json_t *rows = read_rows(db, &q, args, &more, problem);

	return rows ? page_json("sessions", rows, last_number(rows, "session", more)) : NULL;
}

/* ---- asking ---- */

static void
ask(struct admin_call *call,
    json_t *(*run)(sqlite3 *, const struct admin_args *, char problem[QUERY_PROBLEM_MAX]),
    void (*done)(struct admin_query *))
{
	struct admin_query *q = must_alloc(sizeof(*q));

	q->run = run;
	q->args = &call->args;
	q->done = done;
	q->user = call;
	admin_reader_ask(call->admin->reader, q);
}

static struct admin_call *
call_of(struct admin_query *q)
{
	struct admin_call *call;

	CAST_OBJ(call, q->user, ADMIN_CALL_MAGIC);
	return call;
}

static void
refuse_unread(struct admin_call **callp, const struct admin_query *q)
{
	admin_refuse(callp, 503, "unreadable", "status says what is wrong with the ledger",
	    "the database cannot be read: %s", q->problem[0] ? q->problem : "it is not there");
}

static void
on_read(struct admin_query *q)
{
	struct admin_call *call = call_of(q);

	if (q->answer)
		admin_answer(&call, q->answer);
	else
		refuse_unread(&call, q);
	free(q);
}

void
admin_do_AUDIT_LIST(struct admin_call *call)
{
	ask(call, run_audit_list, on_read);
}

void
admin_do_AUDIT_VERIFY(struct admin_call *call)
{
	ask(call, run_audit_verify, on_read);
}

void
admin_do_SESSION_LIST(struct admin_call *call)
{
	ask(call, run_session_list, on_read);
}

/* ---- following ---- */

static uint64_t
rows_written(const struct admin *a)
{
	struct ledger_state state;

	ledger_state(a->ledger, &state);
	return state.rows;
}

static void on_followed(struct admin_query *);

static void
look(struct admin_call *call)
{
	call->seen_rows = rows_written(call->admin);
	ask(call, run_audit_follow, on_followed);
}

/* Back among those that wait; what was found so far decides what is asked for next. */
static void
wait_on(struct admin_call *call, json_t *next)
{
	char digits[24];

	if (!call_text(call, ARG_AUDIT_FOLLOW_after)) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(next));
		ENSURE(admin_value_read(ARG_IS_COUNT, span_str(digits), 0,
			   &call->args.of[ARG_AUDIT_FOLLOW_after]) == 0);
	}
	LIST_INSERT_HEAD(&call->admin->followers, call, follow);
	if (!timer_armed(&call->admin->follow_tick))
		timer_start(&call->admin->follow_tick, FOLLOW_TICK_MS);
}

static void
on_followed(struct admin_query *q)
{
	struct admin_call *call = call_of(q);
	bool found = json_array_size(json_object_get(q->answer, "rows")) > 0;
	bool over =
	    call->admin->shut || !call->conn || loop_now_ms(call->admin->loop) >= call->until_ms;

	if (!q->answer) {
		refuse_unread(&call, q);
	} else if (found || over) {
		admin_answer(&call, q->answer);
	} else {
		wait_on(call, json_object_get(q->answer, "next"));
		json_decref(q->answer);
	}
	free(q);
}

/* The database is read when something was written, and when the waiting is over. */
static void
on_tick(void *user)
{
	struct admin_call *call, *next;
	struct admin *a;

	CAST_OBJ(a, user, ADMIN_MAGIC);
	for (call = LIST_FIRST(&a->followers); call; call = next) {
		next = LIST_NEXT(call, follow);
		if (call->conn && call->seen_rows == rows_written(a) &&
		    loop_now_ms(a->loop) < call->until_ms)
			continue;
		LIST_REMOVE(call, follow);
		look(call);
	}
	if (!LIST_EMPTY(&a->followers))
		timer_start(&a->follow_tick, FOLLOW_TICK_MS);
}

void
admin_do_AUDIT_FOLLOW(struct admin_call *call)
{
	uint64_t ms = call_number(call, ARG_AUDIT_FOLLOW_wait, FOLLOW_USUAL_MS);

	call->until_ms = loop_now_ms(call->admin->loop) + (ms < FOLLOW_MAX_MS ? ms : FOLLOW_MAX_MS);
	look(call);
}

void
admin_follow_init(struct admin *a)
{
	LIST_INIT(&a->followers);
	timer_init(&a->follow_tick, a->loop, on_tick, a);
}

void
admin_follow_end(struct admin *a)
{
	struct admin_call *call;

	timer_stop(&a->follow_tick);
	while ((call = LIST_FIRST(&a->followers))) {
		LIST_REMOVE(call, follow);
		admin_refuse(&call, 503, "shutdown", "", "the service is stopping");
	}
}
