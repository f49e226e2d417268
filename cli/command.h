/* cli/command.h - whclient's command line: which of its shapes it has, and what it says.
 *
 *   whclient [OPTION...] [TARGET] [/PATH=TARGET...]
 *       the rest from options, environment, profile
 *   whclient [OPTION...] SERVER ID TARGET
 *       without a token: lines on stdin are tokens
 *   whclient [OPTION...] CLIENT_ID ACCESS_TOKEN PORT
 *       tokens of the Taskcluster Auth service
 *   whclient [OPTION...] start NAME...
 *       profiles, several at once
 *   whclient [OPTION...] login URL
 *       writes a profile
 *
 * The third shape is the first one's elder: it is told by three operands of which the first is no
 * URL. What is secret is wiped from the arguments as soon as it is copied.
 */
#ifndef WHT_CLI_COMMAND_H
#define WHT_CLI_COMMAND_H

#include "cli/settings.h"

enum command_verb { COMMAND_RUN, COMMAND_START, COMMAND_LOGIN };

#define COMMAND_NAMES_MAX 64
#define COMMAND_ERROR_MAX 512

struct command {
	enum command_verb verb;
	struct settings settings; /* of the command line alone */
	const char *names[COMMAND_NAMES_MAX];
	int nnames;
	const char *login_url;
	bool of_old;	/* CLIENT_ID ACCESS_TOKEN PORT */
	bool successor; /* SERVER ID TARGET */
};

/* 0, or -WHT_EINVAL: error says what is wrong, without any value that was given. */
int command_read(struct command *, int argc, char **argv, char error[COMMAND_ERROR_MAX]);
void command_print_help(void);

#endif
