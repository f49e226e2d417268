/* ws/handshake.h - the opening handshake of RFC 6455, both ends, on heads from http/parse.h. */
#ifndef WHT_WS_HANDSHAKE_H
#define WHT_WS_HANDSHAKE_H

#include "base/reason.h"
#include "base/strb.h"
#include "http/head.h"

#define WS_VERSION    "13" /* the only one; goes into the answer to R_BAD_WS_VERSION too */
#define WS_KEY_MAX    25   /* base64 of 16 bytes, and a NUL */
#define WS_ACCEPT_MAX 29   /* base64 of a SHA-1, and a NUL */

/* Server: is this request a handshake that we take? R_NONE; R_NO_UPGRADE (no Connection:
 * upgrade with Upgrade: websocket, or not HTTP/1.1), R_BAD_METHOD (not GET), R_BAD_WS_VERSION,
 * R_BAD_HANDSHAKE (key absent, twice or not the base64 of 16 bytes; a request body).
 * Checked in that order. */
enum reason ws_handshake_check(const struct http_head *);
/* The value of Sec-WebSocket-Accept for a key of WS_KEY_MAX - 1 characters. */
void ws_handshake_accept(struct span key, char out[WS_ACCEPT_MAX]);
/* Server: the 101 for a key that was checked, without its end: the caller adds its own
 * fields and http_write_end. */
void ws_handshake_write_101(struct strb *, struct span key);

/* Client: a fresh random key. */
void ws_handshake_key(char out[WS_KEY_MAX]);
/* Client: the four handshake fields of a request. */
void ws_handshake_write_request(struct strb *, const char *key);
/* Client: does this response accept what we asked with that key? (101, Upgrade, Connection, Accept;
 * no extension or subprotocol, for we ask for none). */
bool ws_handshake_accepted(const struct http_head *, const char *key);

#endif
