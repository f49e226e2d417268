/* http/parse.h - HTTP/1 messages out of a byte stream, strictly, however the bytes are split.
 *
 * The verdict on a message never depends on how its bytes arrived. That is the hard thing, and why
 * four files share the work: scan finds the end of a head and refuses what is sure to be wrong, lex
 * gives the whole head to llhttp, check holds it to what RFC 9112 says and llhttp 8.1 lets pass,
 * chunk reads every byte of a chunked body's framing. Pure: no socket, no clock; fed with byte
 * arrays by its unit tests and fuzzers.
 *
 *   HEAD --on_head--> BODY --on_end--> END --http_parser_next()--> HEAD
 *     \--------------- no body ----------^      any --fault--> FAILED (final)
 *
 * A head that comes in one piece is parsed where it lies; one that comes in pieces is gathered in
 * memory of the parser's, bounded by the limits. Between messages a parser holds only itself.
 */
#ifndef WHT_HTTP_PARSE_H
#define WHT_HTTP_PARSE_H

#include "base/err.h"
#include "base/reason.h"
#include "http/head.h"

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

struct http_limits {
	size_t head_max;   /* bytes of a whole head, its empty line included: R_HEAD_TOO_LARGE */
	size_t target_max; /* bytes of a request target: R_TARGET_TOO_LONG */
	size_t fields_max; /* number of fields: R_HEAD_TOO_LARGE; also bounds trailers */
};

/* Whoever wants heads only leaves the others NULL. */
struct http_parser_ops {
	/* A whole head. raw: its bytes as they came. Answer HTTP_GO, or HTTP_HOLD to stop right
	 * behind the head: feed returns with everything up to there consumed, and the parser
	 * may be freed, or fed again (if need be with nothing) to go on with the body;
	 * on_end waits for that too. Empty lines before a request are not part of raw.
	 * The spans and the head die with the callback. */
	int (*on_head)(void *user, const struct http_head *head, struct span raw);
	/* Some bytes of the body, de-chunked; never empty. */
	void (*on_body)(void *user, struct span data);
	/* One trailer field behind a chunked body, already checked;
	 * only FIELD_PLAIN ones are shown. */
	void (*on_trailer)(void *user, struct http_field field);
	/* The message is complete. */
	void (*on_end)(void *user);
};
enum { HTTP_GO = 0, HTTP_HOLD = 1 };

struct http_parser;

/* limits and ops are borrowed and must outlive the parser. */
struct http_parser *http_parser_new(
    enum http_kind, const struct http_limits *, const struct http_parser_ops *, void *user);
void http_parser_free(struct http_parser **);

/* Takes bytes until the message ends, on_head holds, or the input is used up; *used says how many
 * were taken. Never goes past the end of a message: what follows (a pipelined request) stays with
 * the caller. Once FAILED it takes nothing.
 * Answers 0, or -WHT_EPROTO; then http_parser_fault() says which reason to give. */
int http_parser_feed(struct http_parser *, struct span in, size_t *used) MUST_CHECK;

/* The byte stream ended. 0 if that was a legal end (between messages, or of a body until close;
 * on_end is called for the latter), else -WHT_EPROTO. */
int http_parser_eof(struct http_parser *) MUST_CHECK;

/* Responses: what the request was, before its response is fed: after HEAD no body follows. It
 * holds, past interim responses, until it is said anew. */
void http_parser_expect(struct http_parser *, bool request_was_head);

/* Ready for the next message on the same connection; only at the end of one. After an interim
 * response (1xx) it is needed too: that one ends at once, the final head is the next message. */
void http_parser_next(struct http_parser *);

enum reason http_parser_fault(const struct http_parser *);
/* No byte of a message has been taken since it began; empty lines before a request do not count. */
bool http_parser_idle(const struct http_parser *);
/* The message is complete (END). */
bool http_parser_done(const struct http_parser *);
/* How many bytes of an incomplete head are gathered, and those bytes. */
struct span http_parser_gathered(const struct http_parser *);

#endif
