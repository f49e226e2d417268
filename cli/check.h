/* cli/check.h - whclient --check: ten lines that say what works on the way, and what does not. */
#ifndef WHT_CLI_CHECK_H
#define WHT_CLI_CHECK_H

#include "cli/tunnel.h"

/* Prints to stdout. True: all is well. */
bool check_run(struct whc_tunnel *);

#endif
