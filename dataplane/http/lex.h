/* http/lex.h - a whole head into its words and fields, by llhttp. For this folder only.
 *
 * The one door to llhttp: its names (HTTP_REQUEST, HTTP_HEAD ...) collide with ours, so no other
 * file includes it. It is only ever shown a whole head that http/scan.h has let pass, in one call,
 * so nothing of its state outlives that call. Bodies never reach it: it reports nothing about the
 * bytes between those of a chunked body, and http/chunk.h must see them all.
 */
#ifndef WHT_HTTP_LEX_H
#define WHT_HTTP_LEX_H

#include "base/err.h"
#include "http/head.h"

/* Fills method and target or status, minor, and the fields (room for max). 0, or -WHT_EPROTO. */
int http_lex_request(
    struct span raw, struct http_head *, struct http_field *fields, size_t max) MUST_CHECK;
int http_lex_response(
    struct span raw, struct http_head *, struct http_field *fields, size_t max) MUST_CHECK;
/* A trailer section, its empty line included: the fields only. */
int http_lex_trailers(
    struct span raw, struct http_head *, struct http_field *fields, size_t max) MUST_CHECK;

#endif
