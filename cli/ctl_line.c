#include "cli/ctl_line.h"

#include <ctype.h>
#include <stdio.h>

#include "cli/ctl_sheet.h"

const struct ctl_option_row ctl_options[CTLOPT_COUNT] = {
#define OPTION(NAME, letter, word, argument, help) [CTLOPT_##NAME] = {letter, word, argument, help},
#include "cli/ctl_option_tbl.h"
#undef OPTION
};

enum { GIVEN_MAX = 32 };

/* An option of a command, before the command is known. */
struct given {
	struct span name;
	const char *value;
};

struct parser {
	struct ctl_line *line;
	int argc, at;
	const char *const *argv;
	struct given given[GIVEN_MAX];
	size_t ngiven;
};

static int
wrong(struct ctl_line *line, const char *about, const char *what)
{
	struct strb text;

	strb_init(&text, LINE_ERROR_MAX - 1);
	sheet_fit(&text, span_str(about), LINE_ERROR_MAX / 2, false);
	snprintf(line->error, sizeof(line->error), "%s%s%s", strb_cstr(&text), about[0] ? ": " : "",
	    what);
	strb_free(&text);
	return -WHT_EINVAL;
}

/* ---- options ---- */

static const struct ctl_option_row *
option_find(struct span name)
{
	for (int i = 0; i < CTLOPT_COUNT; i++) {
		if (span_eq(span_str(ctl_options[i].word), name))
			return &ctl_options[i];
	}
	return NULL;
}

bool
ctl_option_wants_value(struct span name)
{
	const struct ctl_option_row *option = option_find(name);

	if (option)
		return option->argument != NULL;
	for (int i = 0; i < ARG_COUNT; i++) {
		if (span_eq(span_str(ctl_args[i].name), name))
			return ctl_args[i].place != PLACE_FLAG;
	}
	return false;
}

static int
take_long(struct parser *p, const char *text)
{
	struct span rest = span_str(text + 2), name;
	const struct ctl_option_row *option;
	const char *value = "";

	span_cut(&rest, '=', &name);
	option = option_find(name);
	if (rest.p)
		value = rest.p;
	if (ctl_option_wants_value(name) && !rest.p) {
		if (p->at == p->argc)
			return wrong(p->line, text, "wants a value");
		value = p->argv[p->at++];
	} else if (option && !option->argument && rest.p) {
		return wrong(p->line, text, "takes no value");
	}
	if (option)
		p->line->options[option - ctl_options] = value;
	else if (p->ngiven < GIVEN_MAX)
		p->given[p->ngiven++] = (struct given){name, value};
	else
		return wrong(p->line, "", "too many options");
	return 0;
}

static int
take_letter(struct parser *p, const char *text)
{
	for (int i = 0; i < CTLOPT_COUNT; i++) {
		if (ctl_options[i].letter != text[1] || text[2] != '\0')
			continue;
		p->line->options[i] = "";
		if (ctl_options[i].argument && p->at == p->argc)
			return wrong(p->line, text, "wants a value");
		if (ctl_options[i].argument)
			p->line->options[i] = p->argv[p->at++];
		return 0;
	}
	return wrong(p->line, text, "there is no such option");
}

static int
take_word(struct parser *p, const char *text)
{
	if (p->line->nwords == LINE_WORDS_MAX)
		return wrong(p->line, "", "too many words");
	p->line->words[p->line->nwords++] = text;
	return 0;
}

static int
take_all(struct parser *p)
{
	bool only_words = false;
	int err = 0;

	while (err == 0 && p->at < p->argc) {
		const char *text = p->argv[p->at++];

		if (only_words || text[0] != '-' || text[1] == '\0')
			err = take_word(p, text);
		else if (strcmp(text, "--") == 0)
			only_words = true;
		else if (text[1] == '-')
			err = take_long(p, text);
		else
			err = take_letter(p, text);
	}
	return err;
}

/* ---- the command's own ---- */

static int
assign_options(struct parser *p)
{
	for (size_t i = 0; i < p->ngiven; i++) {
		enum ctl_arg_id id = ctl_arg_find(p->line->command, p->given[i].name);

		if (id == ARG_COUNT || ctl_args[id].need == NEED_REQUIRED)
			return wrong(p->line, p->given[i].name.p - 2, "there is no such option");
		if (ctl_args[id].place == PLACE_FLAG && p->given[i].value[0] != '\0')
			return wrong(p->line, p->given[i].name.p - 2, "takes no value");
		p->line->values[id] = p->given[i].value;
	}
	return 0;
}

static int
missing(struct ctl_line *line, const char *name)
{
	size_t i = 0;

	for (; name[i]; i++)
		line->error[i] = (char)toupper((unsigned char)name[i]);
	snprintf(line->error + i, sizeof(line->error) - i, " is missing");
	return -WHT_EINVAL;
}

/* The words as they stand, so that a slip of the finger is seen. */
static int
unknown(struct ctl_line *line)
{
	struct strb words;
	int err;

	strb_init(&words, LINE_ERROR_MAX);
	strb_add(&words, span_str(line->words[0]));
	if (line->nwords > 1 && ctl_command_noun(line->words[0]))
		strb_printf(&words, " %s", line->words[1]);
	err = wrong(line, strb_cstr(&words), "there is no such command");
	strb_free(&words);
	return err;
}

static int
assign_words(struct ctl_line *line, size_t taken)
{
	size_t n = 0;
	enum ctl_arg_id id;

	if (line->command == CTL_HELP)
		return 0;
	for (; (id = ctl_arg_required(line->command, n)) != ARG_COUNT; n++) {
		if (taken + n == line->nwords)
			return missing(line, ctl_args[id].name);
		line->values[id] = line->words[taken + n];
	}
	if (taken + n < line->nwords)
		return wrong(line, line->words[taken + n], "one word too many");
	return 0;
}

int
ctl_line_parse(struct ctl_line *line, int argc, const char *const *argv)
{
	struct parser p = {.line = line, .argc = argc, .argv = argv, .at = 1};
	size_t taken = 0;

	*line = (struct ctl_line){.command = CTL_COUNT};
	if (take_all(&p))
		return -WHT_EINVAL;
	line->command = ctl_command_find(line->words, line->nwords, &taken);
	if (line->options[CTLOPT_HELP] || line->options[CTLOPT_VERSION] || line->nwords == 0)
		return 0;
	if (line->command == CTL_COUNT)
		return unknown(line);
	if (assign_options(&p))
		return -WHT_EINVAL;
	return assign_words(line, taken);
}
