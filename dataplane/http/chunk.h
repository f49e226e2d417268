/* http/chunk.h - the framing of a chunked body (RFC 9112, 7.1), byte by byte.
 *
 *   SIZE -> [EXT <-> QUOTED <-> ESCAPED] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE
 *                                              \-- size 0 --> LAST: the trailer section begins
 *
 * Framing is paid for by data, or a sender could keep us busy for ever with a body of nothing: a
 * body begins with CHUNK_BUDGET bytes of framing, each byte of data earns CHUNK_RATE more, and no
 * more than CHUNK_BUDGET is ever saved up. One-byte chunks cost 5 and so pass.
 */
#ifndef WHT_HTTP_CHUNK_H
#define WHT_HTTP_CHUNK_H

#include "base/span.h"

#define CHUNK_DIGITS_MAX 16
#define CHUNK_EXT_MAX	 256 /* bytes of extensions on one size line, behind the first ';' */
#define CHUNK_BUDGET	 16384
#define CHUNK_RATE	 8

enum http_chunk_state {
	CHUNK_SIZE,
	CHUNK_EXT,
	CHUNK_QUOTED,
	CHUNK_ESCAPED,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_LAST,
	CHUNK_BAD,
};

struct http_chunk {
	enum http_chunk_state state;
	uint64_t left;	 /* of the size line: its value so far; of the data: bytes to come */
	unsigned digits; /* of the size line */
	unsigned ext;	 /* bytes of extensions on it */
	size_t budget;	 /* framing bytes that may still come */
};

void http_chunk_init(struct http_chunk *);
/* Takes framing from *in until data begins, and then the data that is there; empty when there is
 * none yet. Look at the state afterwards: LAST and BAD take nothing. */
struct span http_chunk_feed(struct http_chunk *, struct span *in);

#endif
