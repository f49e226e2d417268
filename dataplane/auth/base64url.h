/* auth/base64url.h - RFC 4648, 5, without padding, and with exactly one text for each run of bytes.
 *
 * For auth, and for who shows a token's parts. OpenSSL's decoder takes stray bits behind the last
 * byte, spaces at either end and '-' for an end mark; a token must not have two spellings, so this
 * one takes none of them.
 */
#ifndef WHT_AUTH_BASE64URL_H
#define WHT_AUTH_BASE64URL_H

#include "base/err.h"
#include "base/span.h"
#include "base/strb.h"

/* Bytes that n characters stand for, rounded up. */
#define BASE64URL_BYTES(n) (((n) + 3) / 4 * 3)

/* *n bytes of out, which has room for BASE64URL_BYTES(text.n); -WHT_EINVAL unless canonical. */
int base64url_decode(struct span text, char *out, size_t *n) MUST_CHECK;
void base64url_add(struct strb *, struct span bytes);

#endif
