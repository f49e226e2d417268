#include "cli/ctl.h"
#include "cli/ctl_value.h"

enum { DEPTH_MAX = 4 };

/* held_bytes is "held bytes"; a member of ledger is "ledger queued"; rtt_ms is "rtt", since its
 * value is told with a unit. */
static void
add_label(struct strb *out, const char *within, const char *name)
{
	enum value_kind kind = value_kind_of(name);
	const char *end = strrchr(name, '_');

	if (kind != VALUE_SECONDS && kind != VALUE_MS && kind != VALUE_US)
		end = name + strlen(name);
	if (within[0])
		strb_printf(out, "%s ", within);
	for (; name < end; name++)
		strb_char(out, *name == '_' ? ' ' : *name);
}

static void
add_line(
    struct ctl *c, struct sheet *sheet, const char *label, const char *name, const json_t *value)
{
	struct strb text;
	struct span cells[2];

	strb_init(&text, ANSWER_MAX);
	value_text(&text, value, value_kind_of(name), c->now_ms);
	cells[0] = span_str(label);
	cells[1] = strb_span(&text);
	sheet_add(sheet, cells);
	strb_free(&text);
}

static void
add_object(struct ctl *c, struct sheet *sheet, const char *within, const json_t *object, int depth)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		struct strb label;

		strb_init(&label, 256);
		add_label(&label, within, name);
		if (json_is_object(value) && depth < DEPTH_MAX)
			add_object(c, sheet, strb_cstr(&label), value, depth + 1);
		else
			add_line(c, sheet, strb_cstr(&label), name, value);
		strb_free(&label);
	}
}

void
ctl_fields(struct ctl *c, const json_t *object)
{
	static const struct sheet_column columns[] = {{.header = "NAME"}, {.header = "VALUE"}};
	const struct sheet_look look = {.header = false};
	struct sheet sheet;

	sheet_init(&sheet, columns, 2, ANSWER_MAX);
	add_object(c, &sheet, "", object, 0);
	sheet_print(&sheet, &look, &c->out);
	sheet_free(&sheet);
}

enum ctl_leave
ctl_run_fields(struct ctl *c)
{
	struct answer answer;
	enum ctl_leave leave = ctl_ask(c, &answer);

	if (leave == CTL_LEAVE_OK && c->json)
		strb_add(&c->out, strb_span(&answer.text));
	else if (leave == CTL_LEAVE_OK)
		ctl_fields(c, answer.json);
	answer_free(&answer);
	return leave;
}

enum ctl_leave
ctl_run_text(struct ctl *c)
{
	struct answer answer;
	enum ctl_leave leave = ctl_ask(c, &answer);

	if (leave == CTL_LEAVE_OK)
		strb_add(&c->out, strb_span(&answer.text));
	answer_free(&answer);
	return leave;
}

/* The sentence first: it is what was asked for. */
enum ctl_leave
ctl_run_why(struct ctl *c)
{
	struct answer answer;
	enum ctl_leave leave = ctl_ask(c, &answer);

	if (leave == CTL_LEAVE_OK && c->json) {
		strb_add(&c->out, strb_span(&answer.text));
	} else if (leave == CTL_LEAVE_OK) {
		json_t *sentence = json_object_get(answer.json, "sentence");

		strb_visible(&c->out, span_str(json_string_value(sentence)));
		strb_add(&c->out, SPAN("\n\n"));
		json_object_del(answer.json, "sentence");
		ctl_fields(c, answer.json);
	}
	answer_free(&answer);
	return leave;
}
