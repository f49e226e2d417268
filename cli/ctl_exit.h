/* cli/ctl_exit.h - whtctl's exit statuses, of cli/exit_tbl.h, by name. */
#ifndef WHT_CLI_CTL_EXIT_H
#define WHT_CLI_CTL_EXIT_H

enum ctl_leave {
#define LEAVE_CTL(NAME, code, text) CTL_LEAVE_##NAME = code,
#include "cli/exit_tbl.h"
#undef LEAVE_CTL
};

#endif
