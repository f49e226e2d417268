/* ws/play.h - frames made by hand, a wire to feed them to, and a transcript of what came of it.
 *
 * The transcript joins the pieces of a message, so that it is the same however the input
 * was split: "0102|" a binary message, "<01>" a ping, "(01)" a pong, "{1000 text}"
 * a Close, "!word" the verdict.
 */
#ifndef WHT_TEST_WS_PLAY_H
#define WHT_TEST_WS_PLAY_H

#include "base/strb.h"
#include "ws/wire.h"

#define PLAY_MAX (16 << 20)

/* Header bytes of a frame as the case wants them, right or wrong. */
struct header {
	int first; /* FIN, RSV and opcode */
	bool masked;
	int form; /* 7, 16 or 64 bits of length; 0: as short as can be */
	uint64_t len;
};

#define FIN 0x80

static inline void
play_hex(struct strb *out, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		strb_add(out, span_of((char[2]){digits[c >> 4], digits[c & 15]}, 2));
	}
}

static inline void
play_header(struct strb *out, struct header h)
{
	int form = h.form ? h.form : h.len < 126 ? 7 : h.len < 65536 ? 16 : 64;
	int code = form == 7 ? (int)h.len : form == 16 ? 126 : 127;

	strb_char(out, (char)h.first);
	strb_char(out, (char)((h.masked ? 0x80 : 0) | code));
	for (int shift = form == 7 ? -8 : form - 8; shift >= 0; shift -= 8)
		strb_char(out, (char)(h.len >> shift));
	if (h.masked)
		strb_add(out, SPAN("\xa1\x02\xf3\x44"));
}

static inline void
play_payload(struct strb *out, bool masked, struct span payload)
{
	static const unsigned char mask[4] = {0xa1, 0x02, 0xf3, 0x44};

	for (size_t i = 0; i < payload.n; i++)
		strb_char(out, (char)(payload.p[i] ^ (masked ? mask[i % 4] : 0)));
}

static inline void
play_frame(struct strb *out, int first, bool masked, struct span payload)
{
	play_header(out, (struct header){.first = first, .masked = masked, .len = payload.n});
	play_payload(out, masked, payload);
}

static inline enum reason
play_on_binary(void *user, struct span piece, bool last)
{
	play_hex(user, piece);
	if (last)
		strb_char(user, '|');
	return R_NONE;
}

static inline void
play_on_ping(void *user, struct span payload)
{
	strb_char(user, '<');
	play_hex(user, payload);
	strb_char(user, '>');
}

static inline void
play_on_pong(void *user, struct span payload)
{
	strb_char(user, '(');
	play_hex(user, payload);
	strb_char(user, ')');
}

static inline void
play_on_close(void *user, int code, struct span text)
{
	strb_printf(user, "{%d %.*s}", code, SPAN_FMT(text));
}

static const struct ws_wire_ops play_ops = {
    .on_binary = play_on_binary,
    .on_ping = play_on_ping,
    .on_pong = play_on_pong,
    .on_close = play_on_close,
};

/* Feeds head, then tail, each in steps of at most step bytes; the transcript goes to log, with
 * "..." behind it when the wire still holds a part of a frame. */
static inline void
play_split(struct strb *log, enum ws_role role, size_t max, struct span head, struct span tail,
    size_t step)
{
	struct ws_wire *w = ws_wire_new(role, max, &play_ops, log);
	struct span parts[] = {head, tail};
	enum reason why = R_NONE;

	for (int i = 0; i < 2; i++) {
		while (parts[i].n > 0) {
			why = ws_wire_feed(w, span_take(parts[i], step));
			parts[i] = span_drop(parts[i], step);
		}
	}
	if (why != R_NONE)
		strb_printf(log, "!%s", reason_word(why));
	if (!ws_wire_at_rest(w))
		strb_add(log, SPAN("..."));
	ws_wire_free(&w);
}

/* What the wire makes of it, whole, byte by byte and at every split (of a long one: at some). */
static inline void
play_expect(enum ws_role role, size_t max, struct span in, const char *want)
{
	size_t stride = in.n > 4096 ? in.n / 40 : 1;
	struct strb log;

	strb_init(&log, PLAY_MAX);
	play_split(&log, role, max, in, SPAN(""), in.n + 1);
	assert_string_equal(strb_cstr(&log), want);
	strb_reset(&log);
	play_split(&log, role, max, in, SPAN(""), 1);
	assert_string_equal(strb_cstr(&log), want);
	for (size_t at = 1; at < in.n; at += stride) {
		strb_reset(&log);
		play_split(&log, role, max, span_take(in, at), span_drop(in, at), in.n);
		assert_string_equal(strb_cstr(&log), want);
	}
	strb_free(&log);
}

#endif
