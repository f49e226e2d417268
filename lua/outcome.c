#include "lua/outcome.h"

static const char *const words[OUTCOMES] = {
#define OUTCOME(NAME, word) [OUTCOME_##NAME] = word,
#include "lua/outcome_tbl.h"
#undef OUTCOME
};

const char *
outcome_word(enum outcome outcome)
{
	return words[outcome];
}

enum outcome
outcome_find(struct span word)
{
	int i = 0;

	while (i < OUTCOMES && !span_eq(word, span_str(words[i])))
		i++;
	return (enum outcome)i;
}

enum outcome
outcome_of(const struct lua_verdict *verdict)
{
	switch (verdict->kind) {
	case VERDICT_DENY:
		return OUTCOME_DENIED;
	case VERDICT_ANSWER:
		return OUTCOME_ANSWERED;
	case VERDICT_BODY:
		return OUTCOME_READ_BODY;
	case VERDICT_FAILED:
		return OUTCOME_FAILED;
	default:
		return OUTCOME_PASSED;
	}
}

void
outcome_path(
    const struct lua_verdict *verdict, struct span usual, struct span query, struct strb *out)
{
	strb_add(out, verdict->path.p ? verdict->path : usual);
	if (!verdict->path.p || query.n == 0 || span_find(verdict->path, '?') >= 0)
		return;
	strb_char(out, '?');
	strb_add(out, query);
}
