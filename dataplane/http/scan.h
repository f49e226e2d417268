/* http/scan.h - finds where a head (or a trailer section) ends, and refuses it early.
 *
 *   METHOD -> TARGET -> VERSION -\
 *             STATUS -> PHRASE ---+-> LINES -> DONE        trailers begin at LINES
 *
 * The hard thing is that the verdict must not depend on how the bytes were split. So every byte is
 * looked at once and in order, and each verdict belongs to one position: a longer input can only
 * confirm it. What the scan lets pass has known words in its start line, no line end but CRLF, no
 * CR elsewhere, no folded line, and keeps to the limits; its field lines are http/lex.h's to read.
 */
#ifndef WHT_HTTP_SCAN_H
#define WHT_HTTP_SCAN_H

#include "http/parse.h"

enum http_scan_state {
	SCAN_METHOD,
	SCAN_TARGET,
	SCAN_VERSION,
	SCAN_STATUS,
	SCAN_PHRASE,
	SCAN_LINES,
	SCAN_DONE,
};

struct http_scan {
	enum http_scan_state state;
	size_t at;     /* first byte not looked at; when DONE, the length of the whole */
	size_t begin;  /* where the word or line under way began */
	size_t fields; /* field lines seen */
};

void http_scan_init(struct http_scan *, enum http_scan_state first);
/* all: every byte since the beginning, at least one, those of earlier calls included (they may have
 * been moved). R_NONE: done, or so far so good. */
enum reason http_scan(struct http_scan *, struct span all, const struct http_limits *);

#endif
