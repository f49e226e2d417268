#include "base/err.h"

const char *
wht_strerror(int code)
{
	static const char *const text[WHT_ERR_COUNT] = {[WHT_OK] = "no error",
#define WHT_ERR_TEXT(name, sentence) [WHT_##name] = sentence,
	    WHT_ERR_TABLE(WHT_ERR_TEXT)
#undef WHT_ERR_TEXT
	};
	int positive = code < 0 ? -code : code;

	return positive < WHT_ERR_COUNT ? text[positive] : "unknown error";
}
