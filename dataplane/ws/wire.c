/* ws/wire.c - frames in: what wslay shows piece by piece, judged and handed on.
 *
 * The hard thing is to know when nothing is half done. wslay reads ahead, up to its 4 KiB, across
 * as many frames as fit; so the end of our input says little. What it took is counted (ahead), and
 * what its frames account for is taken off again, header by header and piece by piece: a frame is
 * not open and ahead is zero exactly when its context may go.
 */
#include "ws/wire.h"

#include "base/obj.h"
#include "ws/close.h"
#include "ws/frame_out.h"
#include "ws/receiver.h"

#define WS_WIRE_MAGIC 0x57495245

enum wire_state { WIRE_OPEN, WIRE_CLOSED, WIRE_FAILED };

struct ws_wire {
	uint32_t magic;
	enum ws_role role;
	const struct ws_wire_ops *ops;
	void *user;
	size_t message_max;

	enum wire_state state; /* wire_set_state() is the only writer */
	enum reason fault;

	struct receiver *rx; /* NULL at a frame boundary */
	struct span in;	     /* fed, but not yet taken by wslay */
	size_t ahead;	     /* bytes taken by wslay that belong to no piece it has shown */

	bool frame_open;
	uint64_t frame_left; /* payload bytes to come */

	bool message_open;
	uint64_t message_len; /* as announced by its frames so far; 0 between messages */
	size_t fragments;

	size_t control_len;
	char control[WS_CONTROL_MAX];
};

static void
wire_let_go(struct ws_wire *w, bool at_rest)
{
	if (w->rx)
		receiver_give(&w->rx, at_rest);
	w->ahead = 0;
}

static void
wire_set_state(struct ws_wire *w, enum wire_state state, enum reason fault)
{
	ENSURE(w->state == WIRE_OPEN && state != WIRE_OPEN);
	w->state = state;
	w->fault = fault;
	wire_let_go(w, false);
}

static ssize_t
wire_on_want(uint8_t *out, size_t room, void *user)
{
	struct ws_wire *w;
	struct span part;

	CAST_OBJ(w, user, WS_WIRE_MAGIC);
	part = span_take(w->in, room);
	if (part.n == 0)
		return -1;
	memcpy(out, part.p, part.n);
	w->in = span_drop(w->in, part.n);
	w->ahead += part.n;
	return (ssize_t)part.n;
}

/* May this frame, of whatever opcode below 8, stand here? */
static enum reason
wire_judge_data(const struct ws_wire *w, const struct wslay_frame_iocb *f)
{
	bool begins = f->opcode != WSLAY_CONTINUATION_FRAME;

	if (f->opcode > WS_BINARY || begins == w->message_open)
		return R_WS_PROTOCOL;
	if (f->opcode == WS_TEXT)
		return R_TEXT_MESSAGE;
	if (f->payload_length > w->message_max - w->message_len)
		return R_MESSAGE_TOO_BIG;
	if (w->fragments >= WS_FRAGMENTS_FREE &&
	    w->message_len + f->payload_length < (w->fragments + 1) * WS_FRAGMENT_MEAN_MIN)
		return R_WS_PROTOCOL;
	return R_NONE;
}

/* wslay itself refuses long and fragmented control frames, and lengths that are not minimal. */
static enum reason
wire_judge(const struct ws_wire *w, const struct wslay_frame_iocb *f)
{
	if (f->rsv != WSLAY_RSV_NONE || (f->mask != 0) != (w->role == WS_SERVER))
		return R_WS_PROTOCOL;
	if (wslay_is_ctrl_frame(f->opcode))
		return f->opcode <= WS_PONG ? R_NONE : R_WS_PROTOCOL;
	return wire_judge_data(w, f);
}

static void
wire_begin_frame(struct ws_wire *w, const struct wslay_frame_iocb *f)
{
	w->frame_open = true;
	w->frame_left = f->payload_length;
	w->ahead -= ws_frame_header_len(f->payload_length, f->mask);
	if (wslay_is_ctrl_frame(f->opcode)) {
		w->control_len = 0;
		return;
	}
	w->message_open = true;
	w->message_len += f->payload_length;
	w->fragments++;
}

static enum reason
wire_on_data(struct ws_wire *w, struct span piece, bool last)
{
	if (last) {
		w->message_open = false;
		w->message_len = 0;
		w->fragments = 0;
	}
	if (piece.n == 0 && !last)
		return R_NONE;
	return w->ops->on_binary(w->user, piece, last);
}

static enum reason
wire_on_close(struct ws_wire *w, struct span payload)
{
	struct span text;
	enum reason why;
	int code;

	why = ws_close_read(payload, &code, &text);
	if (why != R_NONE)
		return why;
	wire_set_state(w, WIRE_CLOSED, R_NONE);
	w->ops->on_close(w->user, code, text);
	return R_NONE;
}

static enum reason
wire_on_control(struct ws_wire *w, uint8_t opcode, struct span piece)
{
	struct span payload;

	memcpy(w->control + w->control_len, piece.p, piece.n);
	w->control_len += piece.n;
	if (w->frame_open)
		return R_NONE;
	payload = span_of(w->control, w->control_len);
	if (opcode == WS_CLOSE)
		return wire_on_close(w, payload);
	if (opcode == WS_PING)
		w->ops->on_ping(w->user, payload);
	else
		w->ops->on_pong(w->user, payload);
	return R_NONE;
}

static enum reason
wire_on_piece(struct ws_wire *w, const struct wslay_frame_iocb *f)
{
	struct span piece = span_of(f->data, f->data_length);
	enum reason why;

	if (!w->frame_open) {
		why = wire_judge(w, f);
		if (why != R_NONE)
			return why;
		wire_begin_frame(w, f);
	}
	w->ahead -= piece.n;
	w->frame_left -= piece.n;
	w->frame_open = w->frame_left > 0;
	if (wslay_is_ctrl_frame(f->opcode))
		return wire_on_control(w, f->opcode, piece);
	return wire_on_data(w, piece, f->fin && !w->frame_open);
}

/* One step of wslay; false when it needs bytes that nobody has. */
static bool
wire_step(struct ws_wire *w)
{
	struct wslay_frame_iocb f;
	enum reason why;
	ssize_t n = wslay_frame_recv(w->rx->ctx, &f);

	/* A short read inside a header makes it ask again though there is more to read. */
	if (n == WSLAY_ERR_WANT_READ)
		return w->in.n > 0;
	why = n < 0 ? R_WS_PROTOCOL : wire_on_piece(w, &f);
	if (why != R_NONE)
		wire_set_state(w, WIRE_FAILED, why);
	return w->state == WIRE_OPEN;
}

struct ws_wire *
ws_wire_new(enum ws_role role, size_t message_max, const struct ws_wire_ops *ops, void *user)
{
	struct ws_wire *w;

	OBJ_NEW(w, WS_WIRE_MAGIC);
	w->role = role;
	w->message_max = message_max;
	w->ops = ops;
	w->user = user;
	return w;
}

void
ws_wire_free(struct ws_wire **wp)
{
	struct ws_wire *w;

	TAKE_OBJ(w, wp, WS_WIRE_MAGIC);
	wire_let_go(w, false);
	OBJ_FREE(w);
}

enum reason
ws_wire_feed(struct ws_wire *w, struct span in)
{
	CHECK_OBJ(w, WS_WIRE_MAGIC);
	if (w->state != WIRE_OPEN || in.n == 0)
		return w->fault;
	if (!w->rx && !(w->rx = receiver_take(wire_on_want, w))) {
		wire_set_state(w, WIRE_FAILED, R_PROCESS_MEMORY);
		return w->fault;
	}
	w->in = in;
	while (wire_step(w))
		;
	w->in = (struct span){NULL, 0};
	if (!w->frame_open && w->ahead == 0)
		wire_let_go(w, true);
	return w->fault;
}

bool
ws_wire_at_rest(const struct ws_wire *w)
{
	CHECK_OBJ(w, WS_WIRE_MAGIC);
	return w->rx == NULL;
}

int
ws_wire_send_runs(
    struct ws_wire *w, enum ws_opcode opcode, const struct iovec *runs, int nruns, struct buf *out)
{
	CHECK_OBJ(w, WS_WIRE_MAGIC);
	return ws_frame_send(w->role == WS_CLIENT, opcode, runs, nruns, out);
}

int
ws_wire_send(
    struct ws_wire *w, enum ws_opcode opcode, struct span a, struct span b, struct buf *out)
{
	const struct iovec runs[] = {{(void *)a.p, a.n}, {(void *)b.p, b.n}};

	return ws_wire_send_runs(w, opcode, runs, 2, out);
}

int
ws_wire_send_close(struct ws_wire *w, int code, struct span text, struct buf *out)
{
	char payload[WS_CONTROL_MAX];

	return ws_wire_send(w, WS_CLOSE, ws_close_write(payload, code, text), SPAN(""), out);
}
