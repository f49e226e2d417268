#include "base/log_line.h"

#include <inttypes.h>

#include "base/clock.h"

static const struct log_field cut[] = {LOG_BOOL("cut", true), {.name = NULL}};

static const struct {
	const char *word, *column;
	int severity;
} levels[] = {
    [LVL_DEBUG] = {"debug", "debug ", 7},
    [LVL_INFO] = {"info", "info  ", 6},
    [LVL_WARN] = {"warn", "warn  ", 4},
    [LVL_ERROR] = {"error", "error ", 3},
};

const char *
log_level_word(enum log_level level)
{
	return levels[level].word;
}

int
log_level_severity(enum log_level level)
{
	return levels[level].severity;
}

int
log_level_parse(struct span name)
{
	for (int i = LVL_DEBUG; i <= LVL_ERROR; i++) {
		if (span_eq(name, span_str(levels[i].word)))
			return i;
	}
	return -1;
}

size_t
log_tag_fields(const struct log_tag *tag, struct log_field out[LOG_TAG_FIELDS_MAX])
{
	static const struct log_tag nobody = {.worker = -1};
	const struct log_tag *t = tag ? tag : &nobody;
	size_t n = 0;

	if (t->worker >= 0)
		out[n++] = (struct log_field)LOG_INT("worker", t->worker);
	if (t->kind)
		out[n++] = (struct log_field)LOG_INT(t->kind, t->serial);
	if (t->tunnel.n)
		out[n++] = (struct log_field)LOG_TEXT("tunnel", t->tunnel);
	if (t->request.n)
		out[n++] = (struct log_field)LOG_TEXT("request_id", t->request);
	out[n] = (struct log_field){.name = NULL};
	return n;
}

/* The part of a value that is shown; *mark tells the reader that there was more. */
static struct span
shown(struct span value, const char **mark)
{
	*mark = value.n > LOG_VALUE_MAX ? "..." : "";
	return span_take(value, LOG_VALUE_MAX);
}

static bool
needs_quotes(struct span value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == ' ' || value.p[i] == '"' || value.p[i] == '=')
			return true;
	}
	return value.n == 0;
}

static void
quoted(struct strb *b, struct span value)
{
	struct span part;
	const char *separator = "\"";

	while (span_cut(&value, '"', &part)) {
		strb_add(b, span_str(separator));
		strb_visible(b, part);
		separator = "\\\"";
	}
}

static void
text_value(struct strb *b, struct span value)
{
	const char *mark;
	struct span part = shown(value, &mark);
	bool quote = needs_quotes(part);

	if (quote)
		quoted(b, part.p ? part : SPAN(""));
	else
		strb_visible(b, part);
	strb_add(b, span_str(mark));
	if (quote)
		strb_char(b, '"');
}

static void
text_fields(struct strb *b, const struct log_field *f)
{
	for (; f->name; f++) {
		strb_char(b, ' ');
		strb_add(b, span_str(f->name));
		strb_char(b, '=');
		if (f->kind == LOG_F_INT)
			strb_number(b, f->number);
		else if (f->kind == LOG_F_BOOL)
			strb_add(b, f->number ? SPAN("true") : SPAN("false"));
		else
			text_value(b, f->text);
	}
}

static void
text_try(struct strb *b, const struct log_record *r, const struct log_field *fields)
{
	char when[CLOCK_TEXT_MAX];
	struct log_field known[LOG_TAG_FIELDS_MAX];

	log_tag_fields(r->tag, known);
	strb_reset(b);
	strb_add(b, clock_span(r->wall_ms, when));
	strb_char(b, ' ');
	strb_add(b, span_str(levels[r->level].column));
	strb_visible(b, span_str(r->type));
	text_fields(b, known);
	text_fields(b, fields);
	strb_char(b, '\n');
}

void
log_line_text(struct strb *b, const struct log_record *r)
{
	text_try(b, r, r->fields);
	if (strb_failed(b))
		text_try(b, r, cut);
}

static void
json_string(struct strb *b, struct span s)
{
	const char *mark;
	struct span part = shown(s, &mark);

	strb_char(b, '"');
	strb_json(b, part);
	strb_add(b, span_str(mark));
	strb_char(b, '"');
}

static void
json_fields(struct strb *b, const struct log_field *f, const char **separator)
{
	for (; f->name; f++, *separator = ",") {
		strb_add(b, span_str(*separator));
		strb_char(b, '"');
		strb_add(b, span_str(f->name));
		strb_add(b, SPAN("\":"));
		if (f->kind == LOG_F_INT)
			strb_number(b, f->number);
		else if (f->kind == LOG_F_BOOL)
			strb_add(b, f->number ? SPAN("true") : SPAN("false"));
		else
			json_string(b, f->text);
	}
}

static void
json_try(struct strb *b, const struct log_record *r, const struct log_origin *o,
    const struct log_field *fields)
{
	struct log_field known[LOG_TAG_FIELDS_MAX];
	const char *separator = "";

	log_tag_fields(r->tag, known);
	strb_reset(b);
	strb_printf(b, "{\"Timestamp\":%" PRId64 "000000,\"Type\":", r->wall_ms);
	json_string(b, span_str(r->type));
	strb_add(b, SPAN(",\"Logger\":"));
	json_string(b, span_str(o->logger));
	strb_add(b, SPAN(",\"Hostname\":"));
	json_string(b, span_str(o->host));
	strb_printf(b, ",\"EnvVersion\":\"2.0\",\"Severity\":%d,\"Pid\":%ld,\"Fields\":{",
	    log_level_severity(r->level), o->pid);
	json_fields(b, known, &separator);
	json_fields(b, fields, &separator);
	strb_add(b, SPAN("}}\n"));
}

void
log_line_json(struct strb *b, const struct log_record *r, const struct log_origin *o)
{
	json_try(b, r, o, r->fields);
	if (strb_failed(b))
		json_try(b, r, o, cut);
}
