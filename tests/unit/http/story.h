/* Runs bytes through a parser, cut as asked, and writes down what it said, as one text to compare:
 *
 *   POST /x 1.1 chunked keep|Host: h|Transfer-Encoding: chunked| body(hello) trailer(A: b) end  eof
 *   GET / 1.1 none keep expect upgrade|Host: h| end   fault(bad_request)
 *
 * A whole stream of messages is one story; neighbouring pieces of a body are one body. Shared by
 * the unit tests and the fuzzers.
 */
#ifndef WHT_TESTS_HTTP_STORY_H
#define WHT_TESTS_HTTP_STORY_H

#include <stdlib.h>

#include "base/obj.h"
#include "base/strb.h"
#include "http/parse.h"

struct story {
	struct strb text;
	bool in_body, to_head, upgraded;
	int hold; /* on_head answers HTTP_HOLD */
};

static const struct http_limits story_limits = {
    .head_max = 2048, .target_max = 512, .fields_max = 20};

static inline void
story_within(struct span part, struct span whole)
{
	ENSURE(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static inline void
story_plain(struct story *s, struct span text)
{
	if (s->in_body)
		strb_char(&s->text, ')');
	s->in_body = false;
	strb_add(&s->text, text);
}

static inline void
story_spans_within(const struct http_head *head, struct span raw)
{
	story_within(head->method, raw);
	story_within(head->target, raw);
	for (size_t i = 0; i < head->nfields; i++) {
		story_within(head->fields[i].name, raw);
		story_within(head->fields[i].value, raw);
		ENSURE(head->fields[i].id == http_field_lookup(head->fields[i].name));
	}
}

static inline void
story_head(struct story *s, const struct http_head *head)
{
	static const char *const framings[] = {"none", "length=", "chunked", "until-close"};

	if (head->status)
		strb_printf(&s->text, "%d", head->status);
	strb_add(&s->text, head->method);
	if (head->target.n)
		strb_char(&s->text, ' ');
	strb_add(&s->text, head->target);
	strb_printf(&s->text, " 1.%d %s", head->minor, framings[head->framing]);
	if (head->framing == HTTP_BY_LENGTH)
		strb_printf(&s->text, "%llu", (unsigned long long)head->length);
	strb_printf(&s->text, "%s%s%s|", head->keep_alive ? " keep" : "",
	    head->expect_continue ? " expect" : "", head->upgrade ? " upgrade" : "");
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *f = &head->fields[i];

		strb_add(&s->text, f->name);
		strb_add(&s->text, SPAN(": "));
		strb_add(&s->text, f->value);
		strb_char(&s->text, '|');
	}
	s->upgraded = head->status == 101;
}

/* Told from a head that is kept, of which none of the bytes may be where they came from. */
static inline int
story_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct story *s = user;
	struct http_head kept = *head;
	struct span bytes = raw;
	void *room = malloc(http_head_room(head, raw));

	ENSURE(room);
	story_spans_within(head, raw);
	http_head_keep(&kept, &bytes, room);
	ENSURE(span_eq(bytes, raw) && bytes.p != raw.p);
	story_spans_within(&kept, bytes);
	story_plain(s, SPAN(""));
	story_head(s, &kept);
	free(room);
	return s->hold;
}

static inline void
story_on_body(void *user, struct span data)
{
	struct story *s = user;

	ENSURE(data.n > 0);
	if (!s->in_body)
		strb_add(&s->text, SPAN(" body("));
	s->in_body = true;
	strb_add(&s->text, data);
}

static inline void
story_on_trailer(void *user, struct http_field f)
{
	struct story *s = user;

	story_plain(s, SPAN(" trailer("));
	strb_add(&s->text, f.name);
	strb_add(&s->text, SPAN(": "));
	strb_add(&s->text, f.value);
	strb_char(&s->text, ')');
}

static inline void
story_on_end(void *user)
{
	story_plain(user, SPAN(" end  "));
}

static const struct http_parser_ops story_ops = {
    story_on_head, story_on_body, story_on_trailer, story_on_end};

/* One piece; every message that ends in it makes room for the next.
 * False once nothing more is taken. */
static inline bool
story_feed(struct story *s, struct http_parser *p, struct span in)
{
	size_t used;

	for (;;) {
		if (http_parser_feed(p, in, &used) != 0)
			return false;
		ENSURE(used <= in.n);
		in = span_drop(in, used);
		if (http_parser_done(p)) {
			if (s->upgraded)
				return false;
			http_parser_next(p);
		} else if (in.n == 0) {
			return true;
		}
	}
}

/* The whole story of in, cut behind cuts[0], cuts[0]+cuts[1], ... bytes, over and over. Every piece
 * lies in memory of its own, so that a sanitizer sees a step beyond it. */
static inline void
story_run(struct story *s, enum http_kind kind, const struct http_limits *limits, struct span in,
    const size_t *cuts, size_t ncuts)
{
	struct http_parser *p = http_parser_new(kind, limits, &story_ops, s);
	bool going = true;

	if (kind == HTTP_RESPONSE)
		http_parser_expect(p, s->to_head);
	for (size_t i = 0; going && in.n; i++) {
		struct span piece = span_take(in, cuts[i % ncuts]);
		char *copy = must_alloc(piece.n ? piece.n : 1);

		memcpy(copy, piece.p, piece.n);
		going = story_feed(s, p, span_of(copy, piece.n));
		free(copy);
		in = span_drop(in, piece.n);
	}
	if (http_parser_eof(p) == 0) {
		story_plain(s, s->upgraded ? SPAN("upgraded") : SPAN("eof"));
	} else {
		story_plain(s, SPAN(" fault("));
		strb_add(&s->text, span_str(reason_word(http_parser_fault(p))));
		strb_char(&s->text, ')');
	}
	http_parser_free(&p);
}

#endif
