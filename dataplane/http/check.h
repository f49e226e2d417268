/* http/check.h - what a head means, and whether it may mean that. For this folder only.
 *
 * Request smuggling lives here: two readers that disagree on where a message ends. So anything that
 * another reader could take otherwise is refused, not interpreted.
 */
#ifndef WHT_HTTP_CHECK_H
#define WHT_HTTP_CHECK_H

#include "base/reason.h"
#include "http/head.h"

/* Both judge what http/lex.h read, and fill in all from framing on. R_NONE, or why not. */
enum reason http_check_request(struct http_head *);
/* to_head: it answers a HEAD request, and so has no body. */
enum reason http_check_response(struct http_head *, bool to_head);
/* For a request's trailers: refuses what is a framing field if '_' is taken for '-'. */
enum reason http_check_disguises(struct http_head *);

#endif
