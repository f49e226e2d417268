/* cli/ctl_line.h - whtctl's command line: which command, and what it was given.
 *
 * Options may stand anywhere, as --name VALUE or --name=VALUE; "--" makes words of all that
 * follows. What a value means is for the service to judge: it has the last word anyway, and says it
 * well.
 */
#ifndef WHT_CLI_CTL_LINE_H
#define WHT_CLI_CTL_LINE_H

#include "base/err.h"
#include "cli/ctl_command.h"

enum ctl_option {
#define OPTION(NAME, letter, word, argument, help) CTLOPT_##NAME,
#include "cli/ctl_option_tbl.h"
#undef OPTION
	CTLOPT_COUNT
};

struct ctl_option_row {
	char letter;
	const char *word, *argument, *help;
};
extern const struct ctl_option_row ctl_options[CTLOPT_COUNT];

/* Whether an option takes a value, which can be told before the command is known: no two commands
 * differ in it. False for one that does not exist. */
bool ctl_option_wants_value(struct span name);

#define LINE_WORDS_MAX 16
#define LINE_ERROR_MAX 256

struct ctl_line {
	enum ctl_id command;		   /* CTL_COUNT: none was named */
	const char *options[CTLOPT_COUNT]; /* NULL: not given; "" for one without an argument */
	const char *values[ARG_COUNT];	   /* likewise */
	const char *words[LINE_WORDS_MAX]; /* all that are no options */
	size_t nwords;
	char error[LINE_ERROR_MAX]; /* what is wrong, for people */
};

/* The strings of argv are kept. 0, or -WHT_EINVAL with line->error. When no word was given, or
 * --help or --version was, nothing is demanded of the rest. */
int ctl_line_parse(struct ctl_line *, int argc, const char *const *argv) MUST_CHECK;

#endif
