/* http/write.h - heads and chunks as bytes.
 *
 * Everything that we write is made here, so that no field of a stranger ever frames a message of
 * ours: framing, hop-by-hop and forwarding fields are left out when a head is copied, and set anew.
 */
#ifndef WHT_HTTP_WRITE_H
#define WHT_HTTP_WRITE_H

#include "base/strb.h"
#include "http/head.h"

/* "GET /x HTTP/1.1\r\n" / "HTTP/1.1 200 OK\r\n" (the phrase is ours, never a stranger's). */
void http_write_request_line(struct strb *, struct span method, struct span target);
void http_write_status_line(struct strb *, int status);
/* "Name: value\r\n". */
void http_write_field(struct strb *, struct span name, struct span value);
/* "Date: Thu, 26 Nov 2026 22:18:00 GMT\r\n" (RFC 9110, 6.6.1), of seconds since 1970. */
void http_write_date(struct strb *, int64_t seconds);
/* The empty line. */
void http_write_end(struct strb *);

/* Copies the fields that may cross a proxy (RFC 9110, 7.6.1): all but hop-by-hop ones, those that
 * Connection names (framing, Host, Authorization and forwarding fields excepted: they are not
 * Connection's to remove), Content-Length and Transfer-Encoding, and, in a request, forwarding
 * fields and names that read as one of those when '_' is taken for '-'. Host is copied. "TE:
 * trailers" survives as such. */
void http_write_end_to_end(struct strb *, const struct http_head *, bool request);

/* The framing fields for a body that is passed on: "Content-Length: n", "Transfer-Encoding:
 * chunked" or nothing. */
void http_write_framing(struct strb *, enum http_framing, uint64_t length);

/* The line before n > 0 bytes of chunked data; out needs HTTP_CHUNK_HEAD_MAX bytes. Behind the data
 * comes HTTP_CHUNK_TAIL, behind the last chunk HTTP_LAST_CHUNK (no trailers). */
#define HTTP_CHUNK_HEAD_MAX 20
struct span http_chunk_head(char out[HTTP_CHUNK_HEAD_MAX], size_t n);
#define HTTP_CHUNK_TAIL SPAN("\r\n")
#define HTTP_LAST_CHUNK SPAN("0\r\n\r\n")

/* A whole small response: status line, the given extra fields ("Name: value\r\n..."
 * or empty), Content-Type: text/plain, Content-Length, Connection: close if asked, and
 * the body unless head_only. */
void http_write_reply(
    struct strb *, int status, struct span extra, struct span body, bool close, bool head_only);

/* The phrase of RFC 9110, 15; "Unknown" for a code without one. */
const char *http_status_phrase(int status);

#endif
