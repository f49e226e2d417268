/* lua/outcome.h - what verdicts come to: one word for a request, and the path it takes.
 *
 * Said once, for the service, which does it, and for whtctl, which says what would be done. */
#ifndef WHT_LUA_OUTCOME_H
#define WHT_LUA_OUTCOME_H

#include "lua/vm.h"

enum outcome {
#define OUTCOME(NAME, word) OUTCOME_##NAME,
#include "lua/outcome_tbl.h"
#undef OUTCOME
	OUTCOMES
};

const char *outcome_word(enum outcome);
/* The one called that, or OUTCOMES. */
enum outcome outcome_find(struct span word);

/* Of on_request, or of on_body. */
enum outcome outcome_of(const struct lua_verdict *);

/* The path behind a verdict of on_route that names a tunnel: its own, else the usual one; the query
 * that the viewer sent stays, unless the verdict's path has one. */
void outcome_path(
    const struct lua_verdict *, struct span usual, struct span query, struct strb *out);

#endif
