/* A story must come out the same however its bytes arrive (H46): whole, by bytes, in two pieces cut
 * at every offset, and with a pause behind every head. */
#ifndef WHT_TESTS_HTTP_EVERY_SPLIT_H
#define WHT_TESTS_HTTP_EVERY_SPLIT_H

#include "tests/unit/http/story.h"

struct telling {
	enum http_kind kind;
	const struct http_limits *limits;
	bool to_head;
	int hold;
};

static inline void
tell(const struct telling *t, struct span in, const size_t *cuts, size_t ncuts, struct story *s)
{
	*s = (struct story){.to_head = t->to_head, .hold = t->hold};
	strb_init(&s->text, 1 << 24);
	story_run(s, t->kind, t->limits, in, cuts, ncuts);
}

static inline void
expect_telling(
    const struct telling *t, struct span in, const size_t *cuts, size_t ncuts, const char *want)
{
	struct story s;

	tell(t, in, cuts, ncuts, &s);
	if (strcmp(strb_cstr(&s.text), want) != 0)
		fail_msg("cut at %zu: \"%.*s\"\n   told: %s\n expect: %s", cuts[0], SPAN_FMT(in),
		    strb_cstr(&s.text), want);
	strb_free(&s.text);
}

static inline void
expect_story_as(struct telling t, struct span in, const char *want)
{
	const size_t whole[] = {SIZE_MAX}, bytes[] = {1}, threes[] = {3, 1};

	for (t.hold = HTTP_GO; t.hold <= HTTP_HOLD; t.hold++) {
		expect_telling(&t, in, whole, 1, want);
		expect_telling(&t, in, bytes, 1, want);
		expect_telling(&t, in, threes, 2, want);
		for (size_t at = 1; at < in.n && in.n < 1000; at++)
			expect_telling(&t, in, (size_t[]){at, SIZE_MAX}, 2, want);
	}
}

static inline void
expect_request(struct span in, const char *want)
{
	expect_story_as((struct telling){HTTP_REQUEST, &story_limits, false, 0}, in, want);
}

static inline void
expect_response(struct span in, const char *want)
{
	expect_story_as((struct telling){HTTP_RESPONSE, &story_limits, false, 0}, in, want);
}

/* One message out of a format, for rows that differ in one place. */
static inline void expect_requestf(const char *want, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline void
expect_requestf(const char *want, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	ENSURE(n >= 0);
	expect_request(span_of(text, (size_t)n), want);
	free(text);
}

#endif
