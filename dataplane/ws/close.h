/* ws/close.h - what is inside a Close frame: nothing, or a code and a text (RFC 6455, 5.5.1).
 *
 * Internal to ws. The text came from outside: whoever shows it escapes it.
 */
#ifndef WHT_WS_CLOSE_H
#define WHT_WS_CLOSE_H

#include "base/reason.h"
#include "base/span.h"
#include "ws/wire.h"

/* R_NONE with the code (WS_CLOSE_NO_CODE if there is none) and the text,
 * or R_BAD_CLOSE, R_BAD_TEXT. */
enum reason ws_close_read(struct span payload, int *code, struct span *text);
/* The payload for a code and as much of the text as fits, in whole characters. */
struct span ws_close_write(char out[WS_CONTROL_MAX], int code, struct span text);

#endif
