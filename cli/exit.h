/* cli/exit.h - the exit statuses of cli/exit_tbl.h by name. */
#ifndef WHT_CLI_EXIT_H
#define WHT_CLI_EXIT_H

enum leave {
#define LEAVE(NAME, code, text) LEAVE_##NAME = code,
#include "cli/exit_tbl.h"
#undef LEAVE
};

#endif
