#include "cli/ctl_help.h"

#include <ctype.h>

#include "cli/ctl_exit.h"

enum { HELP_COLUMN = 30, TEXT_WIDTH = 78 };

static const struct {
	int code;
	const char *text;
} leaves[] = {
#define LEAVE_CTL(NAME, code, text) {code, text},
#include "cli/exit_tbl.h"
#undef LEAVE_CTL
};

static void
add_upper(struct strb *out, const char *text)
{
	for (; *text; text++)
		strb_char(out, (char)toupper((unsigned char)*text));
}

/* Words from column on, broken at spaces before the width. */
static void
add_wrapped(struct strb *out, const char *text, size_t column)
{
	struct span rest = span_str(text), word;
	size_t at = column;

	while (span_cut(&rest, ' ', &word)) {
		if (at > column && at + 1 + word.n > TEXT_WIDTH) {
			strb_printf(out, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			strb_char(out, ' ');
			at++;
		}
		strb_add(out, word);
		at += word.n;
	}
	strb_char(out, '\n');
}

/* "  left            help", the help on a line of its own when left is too long. */
static void
add_entry(struct strb *out, struct strb *left, const char *help)
{
	int room = HELP_COLUMN - 2;

	strb_printf(out, "  %-*s", room, strb_cstr(left));
	if (left->n >= (size_t)room)
		strb_printf(out, "\n%*s", HELP_COLUMN, "");
	add_wrapped(out, help, HELP_COLUMN);
	strb_reset(left);
}

/* ID, or [--reason TEXT]. */
static void
add_arg(struct strb *out, const struct ctl_arg *arg)
{
	if (arg->need == NEED_REQUIRED) {
		add_upper(out, arg->name);
		return;
	}
	strb_printf(out, "[--%s", arg->name);
	if (arg->place != PLACE_FLAG) {
		strb_char(out, ' ');
		add_upper(out, arg->name);
	}
	strb_char(out, ']');
}

/* Required ones first: they are the words. */
static void
add_args(struct strb *out, enum ctl_id command)
{
	for (int need = NEED_REQUIRED; need <= NEED_OPTIONAL; need++) {
		for (int i = 0; i < ARG_COUNT; i++) {
			if (ctl_args[i].command != command ||
			    ctl_args[i].need != (enum ctl_need)need)
				continue;
			strb_char(out, ' ');
			add_arg(out, &ctl_args[i]);
		}
	}
	if (command == CTL_HELP)
		strb_add(out, SPAN(" [COMMAND]"));
}

void
ctl_usage(struct strb *out, enum ctl_id command)
{
	struct strb text;

	strb_init(&text, 4096);
	strb_printf(&text, "usage: whtctl %s", ctl_commands[command].words);
	add_args(&text, command);
	add_wrapped(out, strb_cstr(&text), 0);
	strb_free(&text);
}

/* ---- all of it ---- */

static void
add_options(struct strb *out)
{
	struct strb left;

	strb_init(&left, 256);
	for (int i = 0; i < CTLOPT_COUNT; i++) {
		const struct ctl_option_row *o = &ctl_options[i];

		if (o->letter)
			strb_printf(&left, "-%c, ", o->letter);
		else
			strb_add(&left, SPAN("    "));
		strb_printf(&left, "--%s%s%s", o->word, o->argument ? " " : "",
		    o->argument ? o->argument : "");
		add_entry(out, &left, o->help);
	}
	strb_free(&left);
}

static void
add_leaves(struct strb *out)
{
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		strb_printf(out, "  %d  ", leaves[i].code);
		add_wrapped(out, leaves[i].text, 5);
	}
}

/* The commands of a noun, or all of them. */
static size_t
add_commands(struct strb *out, const char *noun)
{
	struct strb left;
	size_t n = 0;

	strb_init(&left, 256);
	for (int i = 0; i < CTL_COUNT; i++) {
		struct span rest = span_str(ctl_commands[i].words), first;

		span_cut(&rest, ' ', &first);
		if (noun && !span_eq(first, span_str(noun)))
			continue;
		strb_add(&left, span_str(ctl_commands[i].words));
		for (size_t k = 0; ctl_arg_required((enum ctl_id)i, k) != ARG_COUNT; k++) {
			strb_char(&left, ' ');
			add_arg(&left, &ctl_args[ctl_arg_required((enum ctl_id)i, k)]);
		}
		add_entry(out, &left, ctl_commands[i].help);
		n++;
	}
	strb_free(&left);
	return n;
}

void
ctl_help(struct strb *out)
{
	strb_add(out, SPAN("usage: whtctl [OPTION...] COMMAND\n\n"
			   "Asks a running whtd what goes on, and tells it what to do.\n\n"));
	add_commands(out, NULL);
	strb_add(
	    out, SPAN("\nwhtctl help COMMAND says what it takes. Options of every command:\n\n"));
	add_options(out);
	strb_add(out, SPAN("\nexit status:\n"));
	add_leaves(out);
}

/* ---- one command ---- */

static void
add_arguments(struct strb *out, enum ctl_id command)
{
	struct strb left, help;
	bool any = false;

	strb_init(&left, 256);
	strb_init(&help, 4096);
	for (int i = 0; i < ARG_COUNT; i++) {
		const struct ctl_arg *arg = &ctl_args[i];

		if (arg->command != command)
			continue;
		strb_add(out, any ? SPAN("") : SPAN("\narguments:\n"));
		any = true;
		if (arg->need == NEED_REQUIRED)
			add_upper(&left, arg->name);
		else
			strb_printf(&left, "--%s", arg->name);
		strb_printf(&help, "%s", arg->help);
		if (arg->type != TYPE_NOTHING)
			strb_printf(&help, " (%s)", ctl_expected[arg->type]);
		add_entry(out, &left, strb_cstr(&help));
		strb_reset(&help);
	}
	strb_free(&left);
	strb_free(&help);
}

/* What an operator's script and an operator's auditor want to know of it. */
static void
add_service(struct strb *out, const struct ctl_command *command)
{
	strb_printf(out, "\nservice:\n  %s %s", command->method, command->path);
	strb_printf(out, "\n  needs the role %s; %s\n  ", command->role,
	    command->recorded ? "leaves a row in the audit" : "leaves no row in the audit");
	add_wrapped(out, command->answer, 2);
}

void
ctl_help_command(struct strb *out, enum ctl_id command)
{
	const struct ctl_command *row = &ctl_commands[command];

	ctl_usage(out, command);
	strb_char(out, '\n');
	add_wrapped(out, row->help, 0);
	add_arguments(out, command);
	if (row->method)
		add_service(out, row);
	strb_add(out, SPAN("\noptions of every command:\n"));
	add_options(out);
	strb_add(out, SPAN("\nexit status:\n"));
	add_leaves(out);
}

bool
ctl_help_words(struct strb *out, const char *const *words, size_t nwords)
{
	size_t taken;
	enum ctl_id command = ctl_command_find(words, nwords, &taken);

	/* A noun alone would find its list; who asks about it wants all of it. */
	if (command != CTL_COUNT && taken == nwords &&
	    (nwords == 2 || !strchr(ctl_commands[command].words, ' '))) {
		ctl_help_command(out, command);
		return true;
	}
	return nwords == 1 && add_commands(out, words[0]) > 0;
}
