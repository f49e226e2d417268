/* http/status.c - the phrase behind a status code. */
#include "http/write.h"

const char *
http_status_phrase(int status)
{
	switch (status) {
#define STATUS(code, phrase)                                                                       \
	case code:                                                                                 \
		return phrase;
#include "http/status_tbl.h"
#undef STATUS
	default:
		return "Unknown";
	}
}
