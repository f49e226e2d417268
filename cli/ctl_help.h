/* cli/ctl_help.h - what whtctl says of itself, printed from the tables of commands, options, column
 * and exit statuses. */
#ifndef WHT_CLI_CTL_HELP_H
#define WHT_CLI_CTL_HELP_H

#include "base/strb.h"
#include "cli/ctl_line.h"

/* All commands, the options and the exit statuses. */
void ctl_help(struct strb *out);
/* One command, as a page of a manual. */
void ctl_help_command(struct strb *out, enum ctl_id);
/* The page of the command that the words name, or what all commands of a noun are for; false: there
 * are none. */
bool ctl_help_words(struct strb *out, const char *const *words, size_t nwords);
/* "usage: whtctl tunnel kill ID [--reason TEXT]" */
void ctl_usage(struct strb *out, enum ctl_id);

#endif
