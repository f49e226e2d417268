/* controlplane/value.h - one setting's value: read strictly, and written so that it reads again.
 *
 * A number that would have to be cut, rounded or guessed is refused: a service that starts with
 * another limit than the one that was meant is worse than one that does not start.
 */
#ifndef WHT_CONTROLPLANE_VALUE_H
#define WHT_CONTROLPLANE_VALUE_H

#include "base/err.h"
#include "base/span.h"
#include "base/strb.h"

enum value_type {
#define VALUE(TYPE, kind, least, most, expected) VALUE_##TYPE,
#include "controlplane/value_tbl.h"
#undef VALUE
	VALUE_TYPES
};

/* What a setting holds; which of the two, its type says. */
struct value {
	char *text; /* malloc'ed; NULL: not set */
	uint64_t number;
};

bool value_is_text(enum value_type);
/* Not to be shown to anybody. */
bool value_is_secret(enum value_type);
/* For "expected ..." */
const char *value_expected(enum value_type);

/* Replaces *v; unchanged on -WHT_EINVAL. */
int value_read(enum value_type, struct span text, struct value *v) MUST_CHECK;
void value_show_number(enum value_type, uint64_t number, struct strb *out);
bool value_same(enum value_type, const struct value *, const struct value *);
/* Frees the text, and leaves nothing of a secret in memory. */
void value_clear(enum value_type, struct value *);

#endif
