/* What was done, in a sentence: the answers of the commands that change something. */
#include "cli/ctl.h"
#include "cli/ctl_value.h"

#include <stdlib.h>

/* A sentence with members of the answer in it: {match} as it is, {ended#tunnel} as "2 tunnels". */
static const char *const sentences[CTL_COUNT] = {
    [CTL_TUNNEL_KILL] = "{ended#tunnel} ended",
    [CTL_BAN_ADD] = "{match} is banned {until}; {ended#tunnel} ended",
    [CTL_BAN_REMOVE] = "{match} is no longer banned",
    [CTL_RELOAD] = "the configuration was read again",
    [CTL_DRAIN] = "the service finishes what is under way, then stops",
    [CTL_LOG_LEVEL] = "the log's level is {level}, until the next reload",
};

bool
ctl_is_said(enum ctl_id command)
{
	return sentences[command] != NULL;
}

static void
add_counted(struct strb *out, const json_t *value, struct span noun)
{
	long long n = json_integer_value(value);

	if (n == 0)
		strb_add(out, SPAN("no "));
	else
		strb_printf(out, "%lld ", n);
	strb_add(out, noun);
	if (n != 1)
		strb_char(out, 's');
}

static void
add_until(struct strb *out, const json_t *value, int64_t now_ms)
{
	if (json_is_null(value) || !value) {
		strb_add(out, SPAN("for ever"));
		return;
	}
	strb_add(out, SPAN("until "));
	value_text(out, value, VALUE_AROUND, now_ms);
}

static void
add_member(struct ctl *c, const json_t *answer, struct span name)
{
	struct span noun = name, member;
	struct strb text;
	json_t *value;

	span_cut(&noun, '#', &member);
	value = json_object_getn(answer, member.p, member.n);
	strb_init(&text, ANSWER_MAX);
	if (noun.p)
		add_counted(&text, value, noun);
	else if (span_eq(member, SPAN("until")))
		add_until(&text, value, c->now_ms);
	else
		value_text(&text, value, VALUE_PLAIN, c->now_ms);
	strb_visible(&c->out, strb_span(&text));
	strb_free(&text);
}

static void
say(struct ctl *c, const json_t *answer)
{
	struct span rest = span_str(sentences[c->line.command]), part, name;

	while (span_cut(&rest, '{', &part)) {
		strb_add(&c->out, part);
		if (rest.p && span_cut(&rest, '}', &name))
			add_member(c, answer, name);
	}
	strb_char(&c->out, '\n');
}

static void
warn(const json_t *warnings)
{
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		struct strb text;

		strb_init(&text, ANSWER_MAX);
		strb_visible(&text, span_str(json_string_value(json_array_get(warnings, i))));
		ctl_complain(strb_cstr(&text));
		strb_free(&text);
	}
}

enum ctl_leave
ctl_run_say(struct ctl *c)
{
	struct answer answer;
	enum ctl_leave leave = ctl_ask(c, &answer);

	if (leave == CTL_LEAVE_OK && c->json)
		strb_add(&c->out, strb_span(&answer.text));
	else if (leave == CTL_LEAVE_OK)
		say(c, answer.json);
	if (leave == CTL_LEAVE_OK && !c->json)
		warn(json_object_get(answer.json, "warnings"));
	answer_free(&answer);
	return leave;
}
