/* A wire fed whole and fed in pieces says the same, as a server and as a client.
 *
 * Byte 0: bit 0 the role, the rest the size of a piece. Then the bytes of the connection. */
#include <stdio.h>
#include <stdlib.h>

#include "base/strb.h"
#include "ws/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 3000, TRANSCRIPT_MAX = 1 << 20 };

static enum reason
on_binary(void *user, struct span piece, bool last)
{
	strb_add(user, piece);
	if (last)
		strb_add(user, SPAN("|"));
	return R_NONE;
}

static void
on_ping(void *user, struct span payload)
{
	strb_printf(user, "<%zu:", payload.n);
	strb_add(user, payload);
}

static void
on_pong(void *user, struct span payload)
{
	strb_printf(user, "(%zu:", payload.n);
	strb_add(user, payload);
}

static void
on_close(void *user, int code, struct span text)
{
	strb_printf(user, "{%d:", code);
	strb_add(user, text);
}

static const struct ws_wire_ops ops = {
    .on_binary = on_binary,
    .on_ping = on_ping,
    .on_pong = on_pong,
    .on_close = on_close,
};

static void
play(struct strb *log, enum ws_role role, struct span in, size_t step)
{
	struct ws_wire *w = ws_wire_new(role, MESSAGE_MAX, &ops, log);
	enum reason why = R_NONE;

	while (in.n > 0) {
		why = ws_wire_feed(w, span_take(in, step));
		in = span_drop(in, step);
	}
	strb_printf(log, "!%s %d", reason_word(why), ws_wire_at_rest(w));
	ws_wire_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct strb whole, pieces;
	enum ws_role role;

	if (size == 0)
		return 0;
	role = data[0] & 1 ? WS_CLIENT : WS_SERVER;
	strb_init(&whole, TRANSCRIPT_MAX);
	strb_init(&pieces, TRANSCRIPT_MAX);
	play(&whole, role, span_drop(in, 1), size);
	play(&pieces, role, span_drop(in, 1), 1 + (data[0] >> 1));
	if (!span_eq(strb_span(&whole), strb_span(&pieces)))
		abort();
	strb_free(&whole);
	strb_free(&pieces);
	return 0;
}
