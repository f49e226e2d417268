/* lua/phase.c - lua/phase_tbl.h as an array. */
#include "lua/phase.h"

#define OPEN   false
#define CLOSED true

static const struct lua_phase_info phases[LUA_PHASES] = {
#define PHASE(NAME, word, function, may, fails, argument, help)                                    \
	[LUA_##NAME] = {#word, function, may, fails, argument, help},
#include "lua/phase_tbl.h"
#undef PHASE
};

const struct lua_phase_info *
lua_phase_info(enum lua_phase phase)
{
	return &phases[phase];
}

int
lua_phase_find(struct span function)
{
	for (int i = 0; i < LUA_PHASES; i++) {
		if (span_eq(function, span_str(phases[i].function)))
			return i;
	}
	return -1;
}
