/* The audit: its last rows, its rows as they come, and whether it is whole. */
#include "cli/ctl.h"
#include "cli/ctl_unit.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LAST_UNLESS_SAID "100" /* of audit list, without a bound */
#define PATIENCE_MS	 75000 /* longer than the service makes us wait */

enum { RETRY_S = 1 };

/* ---- audit verify ---- */

static long long
number(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

/* The last hash is what a later walk can be held to: rows that are cut off the end leave a shorter
 * chain, which is whole. */
static void
print_verdict(struct ctl *c, const json_t *verdict)
{
	const char *problem = json_string_value(json_object_get(verdict, "problem"));
	const char *head = json_string_value(json_object_get(verdict, "head"));

	if (json_is_true(json_object_get(verdict, "ok"))) {
		strb_printf(&c->out, "the audit is whole: %lld rows, %lld to %lld\n",
		    number(verdict, "rows"), number(verdict, "first_seq"),
		    number(verdict, "last_seq"));
		strb_add(&c->out, head ? SPAN("its last hash is ") : SPAN(""));
		strb_visible(&c->out, span_str(head));
		strb_add(&c->out, head ? SPAN("\n") : SPAN(""));
		return;
	}
	strb_printf(&c->out, "the audit is BROKEN at row %lld: ", number(verdict, "broken_seq"));
	strb_visible(&c->out, span_str(problem ? problem : "it does not fit"));
	strb_char(&c->out, '\n');
}

enum ctl_leave
ctl_run_verify(struct ctl *c)
{
	struct answer answer;
	enum ctl_leave leave;

	api_patience(c->api, 0); /* it walks every row that there is */
	leave = ctl_ask(c, &answer);
	if (leave == CTL_LEAVE_OK && c->json)
		strb_add(&c->out, strb_span(&answer.text));
	else if (leave == CTL_LEAVE_OK)
		print_verdict(c, answer.json);
	if (leave == CTL_LEAVE_OK && !json_is_true(json_object_get(answer.json, "ok")))
		leave = CTL_LEAVE_NO;
	answer_free(&answer);
	return leave;
}

/* ---- audit follow ---- */

struct following {
	struct ctl *ctl;
	struct sheet sheet;
	char after[UNIT_TEXT_MAX];
	bool heard; /* of the service, once: from then on it may go away and come back */
	bool away;
};

static void
print_rows_json(struct ctl *c, const json_t *answer)
{
	const json_t *rows = json_object_get(answer, "rows");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		char *text = json_dumps(json_array_get(rows, i), JSON_COMPACT);

		strb_printf(&c->out, "%s\n", text ? text : "");
		free(text);
	}
}

/* Rows go out as they come; the next question is for those behind them. */
static enum ctl_leave
print_rows(struct following *f, const json_t *answer)
{
	const json_t *next = json_object_get(answer, "next");
	struct ctl *c = f->ctl;

	c->now_ms = clock_wall_ms();
	if (c->json) {
		print_rows_json(c, answer);
	} else {
		sheet_empty(&f->sheet);
		ctl_list_add(c, CTL_AUDIT_LIST, &f->sheet, answer);
		if (f->sheet.nrows > 0) {
			sheet_print(&f->sheet, &c->look, &c->out);
			c->look.header = false;
		}
	}
	if (json_is_integer(next)) {
		snprintf(f->after, sizeof(f->after), "%lld", (long long)json_integer_value(next));
		c->line.values[ARG_AUDIT_FOLLOW_after] = f->after;
	}
	return ctl_flush(c);
}

/* The service may be away for a restart: what it writes then is not missed, since seq goes on. */
static enum ctl_leave
wait_for_service(struct following *f, const struct answer *answer)
{
	if (!f->heard) {
		ctl_complain(strb_cstr(&answer->why));
		return CTL_LEAVE_AWAY;
	}
	if (!f->away)
		ctl_complain("the service is away; waiting for it");
	f->away = true;
	sleep(RETRY_S);
	return CTL_LEAVE_OK;
}

static enum ctl_leave
follow_once(struct following *f)
{
	struct answer answer;
	enum ctl_leave leave;

	answer_init(&answer);
	leave = api_ask(f->ctl->api, CTL_AUDIT_FOLLOW, f->ctl->line.values, &answer);
	if (leave == CTL_LEAVE_OK) {
		f->heard = true;
		f->away = false;
		leave = print_rows(f, answer.json);
	} else if (leave == CTL_LEAVE_AWAY || leave == CTL_LEAVE_BUSY) {
		leave = wait_for_service(f, &answer);
	} else {
		ctl_complain(strb_cstr(&answer.why));
	}
	answer_free(&answer);
	return leave;
}

/* Until a signal, or an error. */
static enum ctl_leave
follow(struct following *f)
{
	enum ctl_leave leave;

	api_patience(f->ctl->api, PATIENCE_MS);
	do
		leave = follow_once(f);
	while (leave == CTL_LEAVE_OK);
	sheet_free(&f->sheet);
	return leave;
}

enum ctl_leave
ctl_run_follow(struct ctl *c)
{
	struct following f = {.ctl = c};

	ctl_list_sheet(CTL_AUDIT_LIST, &f.sheet);
	return follow(&f);
}

/* ---- audit list ---- */

/* Without any bound the oldest rows would come: the last ones are what is meant. */
static void
bound_list(struct ctl *c)
{
	const char **v = c->line.values;

	if (!v[ARG_AUDIT_LIST_since] && !v[ARG_AUDIT_LIST_until] && !v[ARG_AUDIT_LIST_after] &&
	    !v[ARG_AUDIT_LIST_last] && !v[ARG_AUDIT_LIST_limit])
		v[ARG_AUDIT_LIST_last] = LAST_UNLESS_SAID;
}

/* The list's rows first, and then those behind the last of them. */
static enum ctl_leave
list_and_follow(struct ctl *c)
{
	struct following f = {.ctl = c, .heard = true};
	const char **v = c->line.values;
	struct answer answer;
	enum ctl_leave leave = ctl_ask(c, &answer);
	const json_t *rows = json_object_get(answer.json, "rows");
	const json_t *last = json_array_get(rows, json_array_size(rows) - 1);

	ctl_list_sheet(CTL_AUDIT_LIST, &f.sheet);
	if (leave == CTL_LEAVE_OK)
		leave = print_rows(&f, answer.json);
	v[ARG_AUDIT_FOLLOW_after] = NULL;
	if (last) {
		snprintf(f.after, sizeof(f.after), "%lld",
		    (long long)json_integer_value(json_object_get(last, "seq")));
		v[ARG_AUDIT_FOLLOW_after] = f.after;
	}
	answer_free(&answer);
	v[ARG_AUDIT_FOLLOW_event] = v[ARG_AUDIT_LIST_event];
	v[ARG_AUDIT_FOLLOW_id] = v[ARG_AUDIT_LIST_id];
	v[ARG_AUDIT_FOLLOW_actor] = v[ARG_AUDIT_LIST_actor];
	if (leave == CTL_LEAVE_OK)
		return follow(&f);
	sheet_free(&f.sheet);
	return leave;
}

enum ctl_leave
ctl_run_audit(struct ctl *c)
{
	bound_list(c);
	if (c->line.values[ARG_AUDIT_LIST_follow])
		return list_and_follow(c);
	return ctl_run_list(c);
}
