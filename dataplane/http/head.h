/* http/head.h - a parsed request or response head: spans into the bytes it came in.
 *
 * Valid only inside the on_head callback that shows it (http/parse.h), unless it is kept. Fields
 * keep their order, case and count. Field meanings come from http/field_tbl.h, looked up once by
 * the parser.
 */
#ifndef WHT_HTTP_HEAD_H
#define WHT_HTTP_HEAD_H

#include "base/span.h"

enum http_field_id {
	HF_OTHER,
#define FIELD(NAME, name, class) HF_##NAME,
#include "http/field_tbl.h"
#undef FIELD
	HF_COUNT
};

enum http_field_class { FIELD_PLAIN, FIELD_FRAMING, FIELD_HOP, FIELD_FORWARDED };

struct http_field {
	struct span name, value; /* the value without surrounding spaces and tabs */
	enum http_field_id id;	 /* http_field_lookup() of the name */
};

/* How the body behind a head is delimited (RFC 9112, 6.3). */
enum http_framing {
	HTTP_NO_BODY,
	HTTP_BY_LENGTH,
	HTTP_CHUNKED,
	HTTP_UNTIL_CLOSE, /* responses only */
};

struct http_head {
	struct span method, target; /* requests */
	int status;		    /* responses: 100 to 599 */
	int minor;		    /* HTTP/1.minor, 0 or 1 */

	const struct http_field *fields;
	size_t nfields;

	enum http_framing framing;
	uint64_t length; /* Content-Length's, even if no body follows (HEAD, 304); else 0 */

	bool keep_alive;      /* the sender would keep the connection (RFC 9112, 9.3) */
	bool expect_continue; /* Expect: 100-continue on an HTTP/1.1 request */
	bool upgrade;	      /* HTTP/1.1 with Connection: upgrade and an Upgrade field */
};

/* The first field with that id, or NULL. */
const struct http_field *http_head_find(const struct http_head *, enum http_field_id);
/* Its value, or an empty span with p == NULL. */
struct span http_head_value(const struct http_head *, enum http_field_id);
size_t http_head_count(const struct http_head *, enum http_field_id);
/* True when some Connection field lists token. */
bool http_connection_has(const struct http_head *, struct span token);

/* Bytes that it takes to keep a head that came as raw. */
size_t http_head_room(const struct http_head *, struct span raw);
/* Head and raw move to room, which is aligned for any object: from then on they live as long as
 * that. */
void http_head_keep(struct http_head *, struct span *raw, void *room);

enum http_field_id http_field_lookup(struct span name);
/* What a name with '_' in it is to a reader that takes '_' for '-'; HF_OTHER for any other name. */
enum http_field_id http_field_disguised(struct span name);
/* What it is to the next reader, who may be one of those. */
enum http_field_id http_field_read_as(const struct http_field *);
enum http_field_class http_field_class(enum http_field_id);
/* The name in lower case; "" for HF_OTHER. */
struct span http_field_name(enum http_field_id);
/* May it stand there (RFC 9110, 5.1 and 5.5)? A value holds no CR, LF, NUL or other controls. */
bool http_field_name_valid(struct span name);
bool http_field_value_valid(struct span value);

#endif
