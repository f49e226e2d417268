#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>

#include "base/err.h"

enum { LETTER_BASE = 256 }; /* getopt_long's value of an option is LETTER_BASE + its number */

static const struct {
	int code;
	const char *text;
} leaves[] = {
#define LEAVE(NAME, code, text) {code, text},
#include "cli/exit_tbl.h"
#undef LEAVE
};

void
command_print_help(void)
{
	fputs(
	    "usage: whclient [OPTION...] [TARGET] [/PATH=TARGET...]\n"
	    "       whclient [OPTION...] SERVER ID TARGET\n"
	    "       whclient [OPTION...] CLIENT_ID ACCESS_TOKEN PORT\n"
	    "       whclient [OPTION...] start NAME...\n"
	    "       whclient [OPTION...] login URL\n\n"
	    "Makes TARGET reachable through a webhooktunnel server until stopped, and prints the\n"
	    "URL. TARGET is a local port, host:port, http://host[:port], https://host[:port],\n"
	    "unix:/path or file:FOLDER.\n\n"
	    "Secrets are best kept in the environment or in a file: WHT_TOKEN, --token-file, the\n"
	    "profiles that 'whclient login' writes, or TASKCLUSTER_ACCESS_TOKEN. What is not "
	    "given\n"
	    "as an option is taken from the environment, then from the profile. Without any "
	    "token,\n"
	    "each line on stdin is one for the next registration.\n\n",
	    stdout);
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_infos[i];
		char letter[] = {'-', o->letter, ',', '\0'};
		char words[40];

		snprintf(words, sizeof(words), "--%s%s%s", o->word, o->argument ? " " : "",
		    o->argument ? o->argument : "");
		printf("  %3s %-24s  %s%s%s%s\n", o->letter ? letter : "", words, o->help,
		    o->environment ? " [" : "", o->environment ? o->environment : "",
		    o->environment ? "]" : "");
	}
	printf("\nexit status:\n");
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		printf("  %d  %s\n", leaves[i].code, leaves[i].text);
}

/* Out of the process list. */
static void
wipe(char *argument)
{
	memset(argument, '*', strlen(argument));
}

static int
wrong(char error[COMMAND_ERROR_MAX], const char *what)
{
	snprintf(error, COMMAND_ERROR_MAX, "%s", what);
	return -WHT_EINVAL;
}

static int
take_option(struct command *c, enum option_id option, char *argument, char error[COMMAND_ERROR_MAX])
{
	const struct option_info *o = &option_infos[option];
	const char *what =
	    settings_set(&c->settings, option, span_str(argument ? argument : "yes"));

	if (argument && (o->kind & OPT_SECRET))
		wipe(argument);
	if (what)
		snprintf(error, COMMAND_ERROR_MAX, "--%s: %s", o->word, what);
	return what ? -WHT_EINVAL : 0;
}

/* getopt_long's own words would repeat the whole argument, and a secret with it. */
static int
refuse_option(int value, char **argv, char error[COMMAND_ERROR_MAX])
{
	struct span word = span_str(argv[optind - 1]), name;
	char letter[] = {'-', (char)optopt, '\0'};

	span_cut(&word, '=', &name);
	if (optopt >= LETTER_BASE)
		snprintf(error, COMMAND_ERROR_MAX, "--%s: %s",
		    option_infos[optopt - LETTER_BASE].word,
		    value == ':' ? "a value is wanted behind it" : "no value is wanted");
	else if (value == ':')
		snprintf(error, COMMAND_ERROR_MAX, "%s: a value is wanted behind it", letter);
	else
		snprintf(error, COMMAND_ERROR_MAX, "%.*s: there is no such option",
		    SPAN_FMT(optopt ? span_str(letter) : name));
	return -WHT_EINVAL;
}

static int
read_options(struct command *c, int argc, char **argv, char error[COMMAND_ERROR_MAX])
{
	struct option longs[OPT_COUNT + 1] = {0};
	char shorts[2 * OPT_COUNT + 2] = ":";
	int value;

	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_infos[i];
		int wants = o->argument ? required_argument : no_argument;

		longs[i] = (struct option){o->word, wants, NULL, LETTER_BASE + i};
		if (o->letter)
			snprintf(
			    shorts + strlen(shorts), 3, "%c%s", o->letter, o->argument ? ":" : "");
	}
	optind = opterr = 0;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (value == '?' || value == ':')
			return refuse_option(value, argv, error);
		for (int i = 0; i < OPT_COUNT; i++) {
			bool it = value == LETTER_BASE + i || value == option_infos[i].letter;

			if (it && take_option(c, (enum option_id)i, optarg, error) < 0)
				return -WHT_EINVAL;
		}
	}
	return 0;
}

static int
take_targets(struct command *c, char **operands, int n, char error[COMMAND_ERROR_MAX])
{
	for (int i = 0; i < n; i++) {
		if (settings_set(&c->settings, OPT_TARGET, span_str(operands[i])))
			return wrong(error, "there are too many targets");
	}
	return 0;
}

/* /PATH=TARGET, all from the second one on? */
static bool
only_routes(char **operands, int n)
{
	for (int i = 1; i < n; i++) {
		if (operands[i][0] != '/')
			return false;
	}
	return true;
}

static int
take_names(struct command *c, char **operands, int n, char error[COMMAND_ERROR_MAX])
{
	c->verb = COMMAND_START;
	if (n == 0 || n > COMMAND_NAMES_MAX)
		return wrong(error, "start wants the names of profiles");
	for (int i = 0; i < n; i++)
		c->names[c->nnames++] = operands[i];
	return 0;
}

static int
take_login(struct command *c, char **operands, int n, char error[COMMAND_ERROR_MAX])
{
	c->verb = COMMAND_LOGIN;
	if (n != 1)
		return wrong(error, "login wants the server's URL, and nothing else");
	c->login_url = operands[0];
	return 0;
}

static int
take_successor(struct command *c, char **operands, int n, char error[COMMAND_ERROR_MAX])
{
	c->successor = true;
	settings_set(&c->settings, OPT_SERVER, span_str(operands[0]));
	settings_set(&c->settings, OPT_ID, span_str(operands[1]));
	return take_targets(c, operands + 2, n - 2, error);
}

static int
take_of_old(struct command *c, char **operands, char error[COMMAND_ERROR_MAX])
{
	c->of_old = true;
	settings_set(&c->settings, OPT_CLIENT_ID, span_str(operands[0]));
	settings_set(&c->settings, OPT_ACCESS_TOKEN, span_str(operands[1]));
	wipe(operands[1]);
	return take_targets(c, operands + 2, 1, error);
}

int
command_read(struct command *c, int argc, char **argv, char error[COMMAND_ERROR_MAX])
{
	char **operands;
	int n;

	*c = (struct command){.verb = COMMAND_RUN};
	error[0] = '\0';
	if (read_options(c, argc, argv, error) < 0)
		return -WHT_EINVAL;
	operands = argv + optind;
	n = argc - optind;
	if (n && strcmp(operands[0], "start") == 0)
		return take_names(c, operands + 1, n - 1, error);
	if (n && strcmp(operands[0], "login") == 0)
		return take_login(c, operands + 1, n - 1, error);
	if (n < 2 || only_routes(operands, n))
		return take_targets(c, operands, n, error);
	if (n >= 3 && strstr(operands[0], "://"))
		return take_successor(c, operands, n, error);
	if (n == 3)
		return take_of_old(c, operands, error);
	return wrong(
	    error, "TARGET, or SERVER ID TARGET, or CLIENT_ID ACCESS_TOKEN PORT, is wanted");
}
