/* A response that we take from a client, re-framed for a viewer, is one that every strict viewer
 * reads alike: the same status, the same body however it was framed, nothing of the client's hop.
 *
 * The first byte says who asked and how; the rest is the client's stream. */
#include "edge_forward.h"

#include "edge/body.h"

enum { HTTP10 = 1, HEAD = 2, CLOSE = 4, UPGRADE = 8 };

struct trip {
	uint8_t how;
	struct strb out; /* the final response as the viewer gets it */
	struct body_out body;
	struct strb body_in, body_back;
	int status;
	enum http_framing framing;
	size_t cookies;
	bool whole, upgraded, raw;
};

static size_t
count_name(const struct http_head *head, struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < head->nfields; i++)
		n += span_ieq(head->fields[i].name, name);
	return n;
}

/* ---- the viewer ---- */

static int
on_head_back(void *user, const struct http_head *head, struct span raw)
{
	struct trip *t = user;
	bool close = (t->how & CLOSE) && t->status >= 200;

	(void)raw;
	ENSURE(head->status == t->status && head->minor == 1);
	ENSURE(head->framing == t->framing);
	ENSURE(count_name(head, SPAN("set-cookie")) == t->cookies);
	fuzz_check_hops(head, t->upgraded, close && !t->upgraded);
	if (head->status < 200 || head->status == 204)
		ENSURE(!http_head_find(head, HF_CONTENT_LENGTH));
	ENSURE(http_head_count(head, HF_CONTENT_LENGTH) +
		   http_head_count(head, HF_TRANSFER_ENCODING) <=
	       1);
	return HTTP_GO;
}

static void
on_body_back(void *user, struct span data)
{
	strb_add(&((struct trip *)user)->body_back, data);
}

static void
read_back(struct trip *t)
{
	static const struct http_parser_ops ops = {
	    .on_head = on_head_back, .on_body = on_body_back, .on_end = fuzz_ignore_end};
	struct http_parser *p = http_parser_new(HTTP_RESPONSE, &fuzz_limits_out, &ops, t);
	struct span out = strb_span(&t->out);
	size_t used;

	http_parser_expect(p, t->how & HEAD);
	ENSURE(!strb_failed(&t->out) && http_parser_feed(p, out, &used) == 0 && used == out.n);
	if (t->whole)
		ENSURE(http_parser_eof(p) == 0);
	else
		ENSURE(!http_parser_done(p)); /* what was broken off does not look complete */
	ENSURE(span_eq(strb_span(&t->body_in), strb_span(&t->body_back)));
	http_parser_free(&p);
}

/* ---- the client ---- */

static void
write_out(void *to, struct span out)
{
	strb_add(&((struct trip *)to)->out, out);
}

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	struct trip *t = user;
	bool upgraded = head->status == 101 && head->upgrade && (t->how & UPGRADE);
	const struct forward_response f = {
	    .head = head,
	    .to_http10 = t->how & HTTP10,
	    .to_head = t->how & HEAD,
	    .close = t->how & CLOSE,
	    .upgraded = upgraded,
	    .request_id = SPAN("r1"),
	};

	(void)raw;
	t->raw = head->status == 101;
	if (t->raw && !upgraded)
		return HTTP_HOLD; /* an exchange ends here */
	t->status = head->status;
	t->upgraded = upgraded;
	t->framing = forward_framing(head, f.to_http10);
	t->cookies = count_name(head, SPAN("set-cookie"));
	if (http_connection_has(head, SPAN("set-cookie")))
		t->cookies = 0;
	strb_reset(&t->out);
	strb_reset(&t->body_in);
	forward_write_response(&t->out, &f);
	t->body =
	    (struct body_out){.write = write_out, .to = t, .chunked = t->framing == HTTP_CHUNKED};
	return upgraded ? HTTP_HOLD : HTTP_GO;
}

static void
on_body(void *user, struct span data)
{
	struct trip *t = user;

	body_write(&t->body, data);
	strb_add(&t->body_in, data);
}

static void
on_trailer(void *user, struct http_field field)
{
	body_trailer(&((struct trip *)user)->body, field);
}

static void
on_end(void *user)
{
	struct trip *t = user;

	body_end(&t->body);
	t->whole = true;
}

static void
read_stream(struct trip *t, struct http_parser *p, struct span in)
{
	size_t used;

	http_parser_expect(p, t->how & HEAD);
	while (in.n && http_parser_feed(p, in, &used) == 0) {
		in = span_drop(in, used);
		if (t->raw || (http_parser_done(p) && t->status >= 200))
			return;
		if (!http_parser_done(p))
			continue;
		read_back(t); /* an interim one */
		t->whole = false;
		http_parser_next(p);
	}
	/* A body until the end of the stream is whole then; any other was broken off. */
	if (http_parser_eof(p) < 0)
		t->whole = false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_parser_ops ops = {
	    .on_head = on_head, .on_body = on_body, .on_trailer = on_trailer, .on_end = on_end};
	struct trip t = {.how = size ? data[0] : 0};
	struct http_parser *p;

	if (size == 0 || size > 65536)
		return 0;
	strb_init(&t.out, 1 << 20);
	strb_init(&t.body_in, 1 << 20);
	strb_init(&t.body_back, 1 << 20);
	p = http_parser_new(HTTP_RESPONSE, &fuzz_limits, &ops, &t);
	read_stream(&t, p, span_of(data + 1, size - 1));
	if (t.out.n && (!t.raw || t.upgraded) && t.status >= 200)
		read_back(&t);
	http_parser_free(&p);
	strb_free(&t.out);
	strb_free(&t.body_in);
	strb_free(&t.body_back);
	return 0;
}
