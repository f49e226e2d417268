#include "cli/ctl.h"
#include "cli/ctl_unit.h"
#include "cli/ctl_value.h"

#include <stdio.h>

enum { CELLS_MAX = 1 << 30 }; /* bytes of cells: what a listing of everything may take */

enum { SIDE_LEFT = false, SIDE_RIGHT = true };
enum { CUT_WHOLE = false, CUT_CUT = true };

static const struct listing {
	const char *array, *next, *whole;
} listings[CTL_COUNT] = {
#define LISTING(NAME, array, next, whole) [CTL_##NAME] = {array, next, whole},
#include "cli/ctl_column_tbl.h"
};

/* A column, and where its cells come from. */
static const struct column {
	enum ctl_id command;
	struct sheet_column look;
	const char *member;
	enum value_kind kind;
} columns[] = {
#define COLUMN(NAME, heading, member, kind, side, cut, rank)                                       \
	{CTL_##NAME, {heading, SIDE_##side, CUT_##cut, rank}, member, VALUE_##kind},
#include "cli/ctl_column_tbl.h"
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

bool
ctl_is_list(enum ctl_id command)
{
	return listings[command].array != NULL;
}

/* ---- an answer becomes rows ---- */

void
ctl_list_sheet(enum ctl_id command, struct sheet *sheet)
{
	struct sheet_column looks[SHEET_COLUMNS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (columns[i].command == command)
			looks[n++] = columns[i].look;
	}
	sheet_init(sheet, looks, n, CELLS_MAX);
}

static void
add_row(struct ctl *c, enum ctl_id command, struct sheet *sheet, const json_t *object)
{
	struct strb texts[SHEET_COLUMNS_MAX];
	struct span cells[SHEET_COLUMNS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (columns[i].command != command)
			continue;
		strb_init(&texts[n], ANSWER_MAX);
		value_text(&texts[n], json_object_get(object, columns[i].member), columns[i].kind,
		    c->now_ms);
		cells[n] = strb_span(&texts[n]);
		n++;
	}
	if (!sheet_add(sheet, cells))
		ctl_complain("there is more than fits into memory");
	while (n > 0)
		strb_free(&texts[--n]);
}

void
ctl_list_add(struct ctl *c, enum ctl_id command, struct sheet *sheet, const json_t *answer)
{
	const json_t *array = json_object_get(answer, listings[command].array);

	for (size_t i = 0; i < json_array_size(array); i++)
		add_row(c, command, sheet, json_array_get(array, i));
}

/* ---- the pages ---- */

/* What the next page is asked with; false: this was the last. */
static bool
next_page(const struct listing *l, const json_t *answer, char next[UNIT_TEXT_MAX])
{
	const json_t *value = json_object_get(answer, "next");

	if (l->next[0] == '\0' || !json_is_integer(value))
		return false;
	snprintf(next, UNIT_TEXT_MAX, "%lld", (long long)json_integer_value(value));
	return true;
}

static bool
wants_all(const struct ctl *c, const struct listing *l)
{
	enum ctl_arg_id limit = ctl_arg_find(c->line.command, SPAN("limit"));
	enum ctl_arg_id whole = ctl_arg_find(c->line.command, span_str(l->whole));

	if (limit != ARG_COUNT && c->line.values[limit])
		return false;
	return l->whole[0] == '\0' || (whole != ARG_COUNT && c->line.values[whole]);
}

static void
speak_of_more(const struct listing *l, const char *next)
{
	char text[128];

	snprintf(text, sizeof(text), "there are more: --%s %s shows the next", l->next, next);
	ctl_complain(text);
}

/* Asks until there is no more, or only once. */
static enum ctl_leave
fetch(struct ctl *c, const struct listing *l, struct sheet *sheet)
{
	enum ctl_arg_id arg = ctl_arg_find(c->line.command, span_str(l->next));
	char next[UNIT_TEXT_MAX];
	bool more = true;

	while (more) {
		struct answer answer;
		enum ctl_leave leave = ctl_ask(c, &answer);

		if (leave == CTL_LEAVE_OK && c->json)
			strb_add(&c->out, strb_span(&answer.text));
		else if (leave == CTL_LEAVE_OK)
			ctl_list_add(c, c->line.command, sheet, answer.json);
		more = leave == CTL_LEAVE_OK && !c->json && next_page(l, answer.json, next);
		answer_free(&answer);
		if (leave != CTL_LEAVE_OK)
			return leave;
		if (more && !wants_all(c, l)) {
			speak_of_more(l, next);
			return leave;
		}
		if (more)
			c->line.values[arg] = next;
	}
	return CTL_LEAVE_OK;
}

enum ctl_leave
ctl_run_list(struct ctl *c)
{
	const struct listing *l = &listings[c->line.command];
	struct sheet sheet;
	enum ctl_leave leave;

	ctl_list_sheet(c->line.command, &sheet);
	leave = fetch(c, l, &sheet);
	if (leave == CTL_LEAVE_OK && !c->json)
		sheet_print(&sheet, &c->look, &c->out);
	sheet_free(&sheet);
	return leave;
}
