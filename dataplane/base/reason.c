#include "base/reason.h"

#include <string.h>

#include "base/obj.h"

static const struct reason_info table[REASON_COUNT] = {
#define REASON(code, NAME, word, status, close, fault, text)                                       \
	[R_##NAME] = {code, word, status, close, FAULT_##fault, text},
#include "base/reason_tbl.h"
#undef REASON
};

const struct reason_info *
reason_info(enum reason r)
{
	ENSURE((unsigned)r < REASON_COUNT);
	return &table[r];
}

enum reason
reason_of_code(uint32_t code)
{
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		if (table[r].code == code)
			return (enum reason)r;
	}
	return R_STREAM_RESET;
}

enum reason
reason_of_word(const char *word, size_t n)
{
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		if (strlen(table[r].word) == n && memcmp(table[r].word, word, n) == 0)
			return (enum reason)r;
	}
	return R_NONE;
}
