#include "cli/ctl_value.h"

#include <stdlib.h>

#include "cli/ctl_unit.h"

/* The end of a member's name, or its whole; the first that fits. */
static const struct {
	const char *ending;
	enum value_kind kind;
} endings[] = {
    {"_at", VALUE_AROUND},
    {"until", VALUE_AROUND},
    {"at", VALUE_AROUND},
    {"_bytes", VALUE_BYTES},
    {"bytes_in", VALUE_BYTES},
    {"bytes_out", VALUE_BYTES},
    {"bytes", VALUE_BYTES},
    {"window", VALUE_BYTES},
    {"_us", VALUE_US},
    {"_ms", VALUE_MS},
    {"_s", VALUE_SECONDS},
};

enum value_kind
value_kind_of(const char *name)
{
	struct span whole = span_str(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct span ending = span_str(endings[i].ending);

		if (whole.n < ending.n || !span_eq(span_drop(whole, whole.n - ending.n), ending))
			continue;
		if (ending.p[0] == '_' || whole.n == ending.n)
			return endings[i].kind;
	}
	return VALUE_PLAIN;
}

static void
add_json(struct strb *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	strb_add(out, span_str(text));
	free(text);
}

static void
add_plain(struct strb *out, const json_t *value)
{
	if (json_is_string(value))
		strb_add(out, span_of(json_string_value(value), json_string_length(value)));
	else if (json_is_integer(value))
		strb_printf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		strb_add(out, json_is_true(value) ? SPAN("yes") : SPAN("no"));
	else if (!value || json_is_null(value))
		strb_char(out, '-');
	else
		add_json(out, value);
}

static void
add_number(struct strb *out, double n, enum value_kind kind)
{
	char text[UNIT_TEXT_MAX];

	switch (kind) {
	case VALUE_COUNT:
		unit_count(n, text);
		break;
	case VALUE_BYTES:
		unit_bytes(n, text);
		break;
	case VALUE_SECONDS:
		unit_duration(n * 1e6, text);
		break;
	case VALUE_MS:
		unit_duration(n * 1e3, text);
		break;
	default:
		unit_duration(n, text);
		break;
	}
	strb_add(out, span_str(text));
}

/* 4m10s, or "over" when it lies on the other side of now. */
static void
add_distance(struct strb *out, int64_t ms, const char *over)
{
	char text[UNIT_TEXT_MAX];

	if (ms < 0 && over)
		strb_add(out, span_str(over));
	else /* in whole seconds: a column of them is not drawn again for less */
		strb_add(
		    out, span_str(unit_duration((double)(llabs(ms) / 1000 * 1000) * 1e3, text)));
}

static void
add_moment(struct strb *out, int64_t ms, enum value_kind kind, int64_t now_ms)
{
	char text[UNIT_TEXT_MAX];

	if (kind == VALUE_AGE) {
		add_distance(out, ms < now_ms ? now_ms - ms : 0, NULL);
	} else if (kind == VALUE_LEFT || kind == VALUE_EVER) {
		add_distance(out, ms - now_ms, "over");
	} else {
		strb_add(out, span_str(unit_moment(ms, text)));
		if (kind != VALUE_AROUND)
			return;
		strb_add(out, ms > now_ms ? SPAN(" (in ") : SPAN(" ("));
		add_distance(out, ms - now_ms, NULL);
		strb_add(out, ms > now_ms ? SPAN(")") : SPAN(" ago)"));
	}
}

void
value_text(struct strb *out, const json_t *value, enum value_kind kind, int64_t now_ms)
{
	int64_t ms;

	if (kind == VALUE_EVER && json_is_null(value))
		strb_add(out, SPAN("for ever"));
	else if (kind >= VALUE_MOMENT && json_is_string(value) &&
		 unit_parse_moment(span_str(json_string_value(value)), &ms) == 0)
		add_moment(out, ms, kind, now_ms);
	else if (kind >= VALUE_COUNT && kind < VALUE_MOMENT && json_is_number(value))
		add_number(out, json_number_value(value), kind);
	else
		add_plain(out, value);
}
