#include "ws/close.h"

#include "base/obj.h"

enum { CODE_SIZE = 2 };

/* Codes that may stand in a frame: those of RFC 6455, 7.4.1, those registered since
 * (1012 to 1014), and the ranges for libraries and applications. The others only
 * describe how a connection ended. */
static bool
code_may_be_sent(int code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

enum reason
ws_close_read(struct span payload, int *code, struct span *text)
{
	*code = WS_CLOSE_NO_CODE;
	*text = (struct span){NULL, 0};
	if (payload.n == 0)
		return R_NONE;
	if (payload.n < CODE_SIZE)
		return R_BAD_CLOSE;
	*code = (unsigned char)payload.p[0] << 8 | (unsigned char)payload.p[1];
	*text = span_drop(payload, CODE_SIZE);
	if (!code_may_be_sent(*code))
		return R_BAD_CLOSE;
	return span_take_utf8(*text, text->n).n == text->n ? R_NONE : R_BAD_TEXT;
}

struct span
ws_close_write(char out[WS_CONTROL_MAX], int code, struct span text)
{
	if (code == WS_CLOSE_NO_CODE)
		return span_of(out, 0);
	ENSURE(code_may_be_sent(code));
	text = span_take_utf8(text, WS_CONTROL_MAX - CODE_SIZE);
	out[0] = (char)(code >> 8);
	out[1] = (char)(code & 0xFF);
	if (text.n > 0)
		memcpy(out + CODE_SIZE, text.p, text.n);
	return span_of(out, CODE_SIZE + text.n);
}
