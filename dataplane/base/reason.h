/* base/reason.h - one vocabulary for every ending (base/reason_tbl.h says what each row means). */
#ifndef WHT_BASE_REASON_H
#define WHT_BASE_REASON_H

#include <stddef.h>
#include <stdint.h>

enum reason {
#define REASON(code, NAME, word, status, close, fault, text) R_##NAME,
#include "base/reason_tbl.h"
#undef REASON
	REASON_COUNT
};

enum fault { FAULT_NOBODY, FAULT_VIEWER, FAULT_CLIENT, FAULT_POLICY, FAULT_SERVER };

struct reason_info {
	uint32_t code;
	const char *word;
	int status;
	int close;
	enum fault fault;
	const char *text;
};

/* The row; never NULL. */
const struct reason_info *reason_info(enum reason);
/* The reason with that number on the wire; R_STREAM_RESET for one that we do not know. */
enum reason reason_of_code(uint32_t code);

/* The reason with that word; R_NONE for one that we do not know. */
enum reason reason_of_word(const char *word, size_t n);

static inline const char *
reason_word(enum reason r)
{
	return reason_info(r)->word;
}

#endif
