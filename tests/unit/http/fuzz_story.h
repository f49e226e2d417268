/* One fuzz input: a byte of options (1: hold each head, 2: answers to HEAD), a byte
 * of small piece sizes (four bits each), and the stream of messages. Told whole, in those
 * pieces and byte by byte. */
#ifndef WHT_TESTS_HTTP_FUZZ_STORY_H
#define WHT_TESTS_HTTP_FUZZ_STORY_H

#include "tests/unit/http/story.h"

static inline struct story
fuzz_telling(enum http_kind kind, uint8_t options, struct span in, size_t cut, size_t other)
{
	struct story s = {.hold = options & 1 ? HTTP_HOLD : HTTP_GO, .to_head = options & 2};

	strb_init(&s.text, 1 << 24);
	story_run(&s, kind, &story_limits, in, (size_t[]){cut, other}, 2);
	ENSURE(!strb_failed(&s.text));
	return s;
}

static inline void
fuzz_story(enum http_kind kind, const uint8_t *data, size_t size)
{
	struct span in = span_drop(span_of(data, size), 2);
	struct story whole, cut, bytes;

	if (size < 2)
		return;
	whole = fuzz_telling(kind, data[0] & 2, in, SIZE_MAX, SIZE_MAX);
	cut = fuzz_telling(kind, data[0], in, 1 + (data[1] & 15), 1 + (data[1] >> 4) * 8);
	bytes = fuzz_telling(kind, data[0] & 2, in, 1, 1);
	ENSURE(span_eq(strb_span(&whole.text), strb_span(&cut.text)));
	ENSURE(span_eq(strb_span(&whole.text), strb_span(&bytes.text)));
	strb_free(&whole.text);
	strb_free(&cut.text);
	strb_free(&bytes.text);
}

#endif
