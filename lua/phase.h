/* lua/phase.h - the phases of lua/phase_tbl.h, to be asked about. */
#ifndef WHT_LUA_PHASE_H
#define WHT_LUA_PHASE_H

#include <stdbool.h>

#include "base/span.h"

enum lua_phase {
#define PHASE(NAME, word, function, may, fails, argument, help) LUA_##NAME,
#include "lua/phase_tbl.h"
#undef PHASE
	LUA_PHASES
};

enum lua_may {
	MAY_DENY = 1,
	MAY_NAME = 2,
	MAY_ROUTE = 4,
	MAY_ANSWER = 8,
	MAY_BODY = 16,
	MAY_EDIT = 32,
	MAY_DROP = 64,
	MAY_LINE = 128,
};

struct lua_phase_info {
	const char *word, *function;
	unsigned may;
	bool closed; /* by default */
	const char *argument, *help;
};

const struct lua_phase_info *lua_phase_info(enum lua_phase);
/* By the script function's name; -1: there is none. */
int lua_phase_find(struct span function);

#endif
