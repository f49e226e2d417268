#include "http/parse.h"

#include "base/obj.h"
#include "base/strb.h"
#include "http/check.h"
#include "http/chunk.h"
#include "http/lex.h"
#include "http/scan.h"

#define PARSER_MAGIC 0x48545450

/* Empty lines before a request that old clients leave behind a body (RFC 9112, 2.2), in bytes. */
#define BLANK_MAX 16

enum parser_state {
	PARSER_HEAD,
	PARSER_HELD, /* the head is out; its body waits for the next feed */
	PARSER_SIZED,
	PARSER_CHUNKED,
	PARSER_TRAILERS,
	PARSER_UNTIL_CLOSE,
	PARSER_END,
	PARSER_FAILED,
};

struct http_parser {
	unsigned magic;
	enum http_kind kind;
	enum parser_state state;
	enum reason fault;
	bool to_head; /* the response answers a HEAD request */
	bool halt;    /* this feed is over: held, ended or failed */
	const struct http_limits *limits;
	const struct http_parser_ops *ops;
	void *user;

	unsigned blank; /* bytes of empty lines taken before the head */
	struct http_scan scan;
	struct strb gathered; /* the head or trailer section under way, when it came in pieces */
	enum http_framing framing;
	uint64_t left; /* SIZED: bytes to come */
	struct http_chunk chunk;
};

static void
parser_begin(struct http_parser *p)
{
	p->state = PARSER_HEAD;
	p->blank = 0;
	http_scan_init(&p->scan, p->kind == HTTP_REQUEST ? SCAN_METHOD : SCAN_STATUS);
}

struct http_parser *
http_parser_new(enum http_kind kind, const struct http_limits *limits,
    const struct http_parser_ops *ops, void *user)
{
	struct http_parser *p;

	OBJ_NEW(p, PARSER_MAGIC);
	p->kind = kind;
	p->limits = limits;
	p->ops = ops;
	p->user = user;
	strb_init(&p->gathered, limits->head_max);
	parser_begin(p);
	return p;
}

void
http_parser_free(struct http_parser **pp)
{
	struct http_parser *p;

	TAKE_OBJ(p, pp, PARSER_MAGIC);
	strb_free(&p->gathered);
	OBJ_FREE(p);
}

void
http_parser_expect(struct http_parser *p, bool request_was_head)
{
	ENSURE(p->kind == HTTP_RESPONSE && p->state == PARSER_HEAD);
	p->to_head = request_was_head;
}

void
http_parser_next(struct http_parser *p)
{
	ENSURE(p->state == PARSER_END);
	parser_begin(p);
}

/* The only way into FAILED. Of a response, the world is told that it is wrong, not what. */
static void
parser_fail(struct http_parser *p, enum reason why)
{
	bool ours = why == R_PROCESS_MEMORY || why == R_SHORT_RESPONSE;

	p->state = PARSER_FAILED;
	p->fault = p->kind == HTTP_RESPONSE && !ours ? R_BAD_RESPONSE : why;
	p->halt = true;
	strb_free(&p->gathered);
}

static void
parser_end(struct http_parser *p)
{
	p->state = PARSER_END;
	p->halt = true;
	if (p->ops->on_end)
		p->ops->on_end(p->user);
}

static void
body_begin(struct http_parser *p)
{
	switch (p->framing) {
	case HTTP_CHUNKED:
		p->state = PARSER_CHUNKED;
		http_chunk_init(&p->chunk);
		return;
	case HTTP_UNTIL_CLOSE:
		p->state = PARSER_UNTIL_CLOSE;
		return;
	case HTTP_BY_LENGTH:
		p->state = PARSER_SIZED;
		if (p->left > 0)
			return;
		break;
	case HTTP_NO_BODY:
		break;
	}
	parser_end(p);
}

/* Takes from *in what belongs to the head or trailer section under way. True when that is whole:
 * *block is where it lies, in the input if it came in one piece. Else every byte was taken. */
static bool
take_block(struct http_parser *p, struct span *in, struct span *block)
{
	size_t before = p->gathered.n;
	struct span all = *in;
	enum reason why;

	if (before > 0) {
		strb_add(&p->gathered, span_take(*in, p->limits->head_max - before));
		all = strb_span(&p->gathered);
	}
	why = strb_failed(&p->gathered) ? R_PROCESS_MEMORY : http_scan(&p->scan, all, p->limits);
	if (why == R_NONE && p->scan.state == SCAN_DONE) {
		*block = span_take(all, p->scan.at);
		*in = span_drop(*in, p->scan.at - before);
		return true;
	}
	if (why == R_NONE && before == 0)
		strb_add(&p->gathered, *in);
	if (why == R_NONE && strb_failed(&p->gathered))
		why = R_PROCESS_MEMORY;
	if (why != R_NONE)
		parser_fail(p, why);
	*in = span_drop(*in, in->n);
	return false;
}

static enum reason
read_head(struct http_parser *p, struct span raw, struct http_head *head, struct http_field *fields)
{
	if (p->kind == HTTP_REQUEST) {
		if (http_lex_request(raw, head, fields, p->scan.fields) != 0)
			return R_BAD_REQUEST;
		return http_check_request(head);
	}
	if (http_lex_response(raw, head, fields, p->scan.fields) != 0)
		return R_BAD_RESPONSE;
	return http_check_response(head, p->to_head);
}

static void
take_head_apart(struct http_parser *p, struct span raw)
{
	struct http_field *fields = calloc(p->scan.fields + 1, sizeof(*fields));
	struct http_head head = {0};
	enum reason why = fields ? read_head(p, raw, &head, fields) : R_PROCESS_MEMORY;

	if (why != R_NONE) {
		free(fields);
		parser_fail(p, why);
		return;
	}
	p->framing = head.framing;
	p->left = head.length;
	p->state = PARSER_HELD;
	p->halt = p->ops->on_head(p->user, &head, raw) == HTTP_HOLD;
	free(fields);
	strb_free(&p->gathered);
	if (!p->halt)
		body_begin(p);
}

/* Empty lines belong to no message, and so a parser that took some is still idle. */
static void
skip_blank(struct http_parser *p, struct span *in)
{
	while (in->n && (in->p[0] == '\r' || p->blank % 2)) {
		if (in->p[0] != "\r\n"[p->blank % 2] || p->blank == BLANK_MAX) {
			parser_fail(p, R_BAD_REQUEST);
			return;
		}
		p->blank++;
		*in = span_drop(*in, 1);
	}
}

static void
step_head(struct http_parser *p, struct span *in)
{
	struct span raw;

	if (p->kind == HTTP_REQUEST && p->gathered.n == 0)
		skip_blank(p, in);
	if (in->n && !p->halt && take_block(p, in, &raw))
		take_head_apart(p, raw);
}

static void
say_body(const struct http_parser *p, struct span data)
{
	if (p->ops->on_body)
		p->ops->on_body(p->user, data);
}

static void
step_sized(struct http_parser *p, struct span *in)
{
	struct span data = span_take(*in, p->left < SIZE_MAX ? (size_t)p->left : SIZE_MAX);

	*in = span_drop(*in, data.n);
	p->left -= data.n;
	say_body(p, data);
	if (p->left == 0)
		parser_end(p);
}

static void
step_chunked(struct http_parser *p, struct span *in)
{
	struct span data = http_chunk_feed(&p->chunk, in);

	if (data.n)
		say_body(p, data);
	if (p->chunk.state == CHUNK_BAD) {
		parser_fail(p, R_BAD_REQUEST);
	} else if (p->chunk.state == CHUNK_LAST) {
		p->state = PARSER_TRAILERS;
		http_scan_init(&p->scan, SCAN_LINES);
	}
}

/* Only what means nothing to us may come this late: framing is settled,
 * and whom a message is for. */
static void
show_trailers(struct http_parser *p, const struct http_head *trailers)
{
	for (size_t i = 0; i < trailers->nfields; i++) {
		if (p->ops->on_trailer && http_field_class(trailers->fields[i].id) == FIELD_PLAIN)
			p->ops->on_trailer(p->user, trailers->fields[i]);
	}
}

static void
take_trailers_apart(struct http_parser *p, struct span raw)
{
	struct http_field *fields = calloc(p->scan.fields + 1, sizeof(*fields));
	struct http_head trailers = {0};
	enum reason why = R_NONE;

	if (!fields)
		why = R_PROCESS_MEMORY;
	else if (http_lex_trailers(raw, &trailers, fields, p->scan.fields) != 0)
		why = R_BAD_REQUEST;
	else if (p->kind == HTTP_REQUEST)
		why = http_check_disguises(&trailers);
	if (why == R_NONE)
		show_trailers(p, &trailers);
	free(fields);
	strb_free(&p->gathered);
	if (why != R_NONE)
		parser_fail(p, why);
	else
		parser_end(p);
}

static void
step_trailers(struct http_parser *p, struct span *in)
{
	struct span raw;

	if (take_block(p, in, &raw))
		take_trailers_apart(p, raw);
}

static void
step_until_close(struct http_parser *p, struct span *in)
{
	struct span data = *in;

	*in = span_drop(*in, in->n);
	say_body(p, data);
}

static void (*const steps[PARSER_FAILED + 1])(struct http_parser *, struct span *) = {
    [PARSER_HEAD] = step_head,
    [PARSER_SIZED] = step_sized,
    [PARSER_CHUNKED] = step_chunked,
    [PARSER_TRAILERS] = step_trailers,
    [PARSER_UNTIL_CLOSE] = step_until_close,
};

int
http_parser_feed(struct http_parser *p, struct span in, size_t *used)
{
	struct span rest = in;

	CHECK_OBJ(p, PARSER_MAGIC);
	p->halt = p->state == PARSER_END || p->state == PARSER_FAILED;
	if (p->state == PARSER_HELD)
		body_begin(p);
	while (rest.n && !p->halt)
		steps[p->state](p, &rest);
	*used = in.n - rest.n;
	return p->state == PARSER_FAILED ? -WHT_EPROTO : 0;
}

int
http_parser_eof(struct http_parser *p)
{
	CHECK_OBJ(p, PARSER_MAGIC);
	if (p->state == PARSER_HELD)
		body_begin(p);
	if (p->state == PARSER_FAILED)
		return -WHT_EPROTO;
	if (p->state == PARSER_UNTIL_CLOSE)
		parser_end(p);
	if (p->state == PARSER_END || http_parser_idle(p))
		return 0;
	if (p->kind == HTTP_RESPONSE)
		parser_fail(p, R_SHORT_RESPONSE);
	else
		parser_fail(p, p->state == PARSER_HEAD ? R_BAD_REQUEST : R_SHORT_BODY);
	return -WHT_EPROTO;
}

enum reason
http_parser_fault(const struct http_parser *p)
{
	return p->fault;
}

bool
http_parser_idle(const struct http_parser *p)
{
	return p->state == PARSER_HEAD && p->gathered.n == 0;
}

bool
http_parser_done(const struct http_parser *p)
{
	return p->state == PARSER_END;
}

struct span
http_parser_gathered(const struct http_parser *p)
{
	return p->state == PARSER_HEAD ? strb_span(&p->gathered) : (struct span){NULL, 0};
}
