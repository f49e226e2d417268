/* A stream's states, and what follows when one of its facts changes.
 *
 * The hard thing: three parties let go of a stream at different times. Its user is done at on_done,
 * the peer when nothing is owed to it, and a callback that is still on the stack holds a bare
 * pointer. DONE waits for the first and the last, SHADOW for the second.
 */
#include "wsmux/session_priv.h"

#define BIT(state) (1u << MUX_##state)

/* Which states may follow each. */
static const unsigned next_states[MUX_STATES] = {
    [MUX_NONE] = BIT(QUEUED) | BIT(OPEN) | BIT(BACKLOG),
    [MUX_QUEUED] = BIT(OPENING) | BIT(DONE),
    [MUX_OPENING] = BIT(OPEN) | BIT(DONE),
    [MUX_OPEN] = BIT(BACKLOG) | BIT(DONE),
    [MUX_BACKLOG] = BIT(NONE),
    [MUX_DONE] = BIT(SHADOW) | BIT(NONE),
    [MUX_SHADOW] = BIT(NONE),
};

/* ---- life ---- */

void
mux_set_state(struct wsmux_stream *st, enum mux_state to)
{
	struct wsmux_session *s = st->session;

	ENSURE(next_states[st->state] & (1u << to));
	if (st->state != MUX_NONE) {
		TAILQ_REMOVE(&s->list[st->state], st, place);
		s->count[st->state]--;
	}
	st->state = to;
	if (to != MUX_NONE) {
		TAILQ_INSERT_TAIL(&s->list[to], st, place);
		s->count[to]++;
	}
}

struct wsmux_stream *
mux_find(struct wsmux_session *s, uint32_t id)
{
	struct wsmux_stream *st;

	HASH_FIND(hh, s->map, &id, sizeof(id), st);
	return st;
}

/* What both sides may send at birth. Without agreement each acceptor presumes, and each
 * opener waits for the accepting ACK; an acceptor from before the agreement presumes as much
 * as its own buffer holds. */
static void
stream_set_credit(struct wsmux_stream *st)
{
	const struct wsmux_config *c = &st->session->config;

	st->limit = c->window;
	st->ack_step = mux_ack_step(c->window);
	if (c->windows_agreed) {
		st->credit = c->peer_window;
	} else if (st->accepted) {
		st->credit = c->presumed_credit ? c->presumed_credit : WSMUX_LEGACY_CREDIT;
		st->ack_due = c->window;
	} else if (c->stream_held_max > c->window) {
		st->limit = c->stream_held_max;
	}
}

struct wsmux_stream *
mux_stream_new(struct wsmux_session *s, uint32_t id, enum mux_state state)
{
	struct wsmux_stream *st;

	OBJ_NEW(st, STREAM_MAGIC);
	st->session = s;
	st->id = id;
	st->accepted = st->accept_due = state == MUX_OPEN;
	stream_set_credit(st);
	buf_init(&st->sendq, s->pool, s->config.send_max);
	buf_init(&st->recvq, s->pool, st->limit);
	HASH_ADD(hh, s->map, id, sizeof(st->id), st);
	mux_set_state(st, state);
	return st;
}

void
mux_hold(struct wsmux_stream *st, ptrdiff_t delta)
{
	struct wsmux_session *s = st->session;

	if (delta == 0)
		return;
	st->held += (size_t)delta;
	s->held += (size_t)delta;
	if (s->ops->on_held)
		s->ops->on_held(s->user, delta);
}

void
mux_finish(struct wsmux_stream *st, enum reason why)
{
	if (st->session->pulled == st)
		st->session->pulled = NULL;
	st->pulled = 0;
	buf_clear(&st->sendq);
	buf_clear(&st->recvq);
	mux_hold(st, -(ptrdiff_t)st->held);
	st->why = why;
	st->deadline = 0;
	mux_set_state(st, MUX_DONE);
}

void
mux_owe_nothing(struct wsmux_stream *st)
{
	st->in = st->out = MUX_ENDED;
	st->rst_due = st->accept_due = false;
	st->linger_left = 0;
}

/* A legacy peer's writer waits for credit until it has sent all: it gets some for what we drop. */
static void
stream_linger(struct wsmux_stream *st)
{
	if (st->out == MUX_FLOWING)
		st->out = MUX_ENDING;
	if (st->in != MUX_FLOWING)
		return;
	st->ack_due += st->held;
	st->linger_left = st->session->config.linger_bytes;
}

void
mux_abort(struct wsmux_stream *st, enum reason why)
{
	bool known = st->state != MUX_QUEUED; /* to the peer */
	bool rst = st->session->config.rst_agreed;

	if (known && !rst)
		stream_linger(st);
	else
		mux_owe_nothing(st);
	st->rst_due = known && rst;
	mux_finish(st, why);
	mux_update(st);
}

static bool
stream_owes(const struct wsmux_stream *st)
{
	return st->rst_due || st->accept_due || st->out == MUX_ENDING || st->linger_left > 0;
}

void
mux_retire(struct wsmux_stream *st)
{
	struct wsmux_session *s = st->session;

	if (!stream_owes(st)) {
		mux_forget(st);
		return;
	}
	mux_set_state(st, MUX_SHADOW);
	if (s->count[MUX_SHADOW] > s->config.streams_max)
		mux_forget(TAILQ_FIRST(&s->list[MUX_SHADOW]));
}

void
mux_answered(struct wsmux_stream *st)
{
	if (!st->unanswered)
		return;
	st->unanswered = false;
	st->session->unanswered--;
	mux_wake(st->session);
}

void
mux_forget(struct wsmux_stream *st)
{
	struct wsmux_session *s = st->session;

	if (st->in_control)
		TAILQ_REMOVE(&s->control, st, control);
	if (st->in_ready)
		TAILQ_REMOVE(&s->ready, st, ready);
	if (s->dat == st)
		s->dat = NULL;
	mux_answered(st);
	buf_clear(&st->sendq);
	buf_clear(&st->recvq);
	HASH_DEL(s->map, st);
	mux_set_state(st, MUX_NONE);
	OBJ_FREE(st);
}

/* ---- what is to be sent ---- */

bool
mux_ack_is_due(const struct wsmux_stream *st)
{
	if (st->accept_due)
		return true;
	if (st->in != MUX_FLOWING)
		return false;
	return mux_alive(st) ? st->ack_due >= st->ack_step : st->linger_left > 0 && st->ack_due > 0;
}

bool
mux_fin_is_due(const struct wsmux_stream *st)
{
	return st->out == MUX_ENDING && wsmux_stream_queued(st) == 0;
}

static bool
stream_has_control(const struct wsmux_stream *st)
{
	if (st->state == MUX_QUEUED || st->state == MUX_BACKLOG)
		return false;
	return st->rst_due || mux_ack_is_due(st) || mux_fin_is_due(st);
}

static bool
stream_has_data(const struct wsmux_stream *st)
{
	if (st->state != MUX_OPENING && st->state != MUX_OPEN)
		return false;
	return st->credit > 0 && wsmux_stream_queued(st) > 0;
}

/* A stream that stays in a queue keeps its turn. */
static void
stream_queue(struct wsmux_stream *st)
{
	struct wsmux_session *s = st->session;
	bool control = stream_has_control(st);
	bool data = stream_has_data(st);

	if (control && !st->in_control)
		TAILQ_INSERT_TAIL(&s->control, st, control);
	if (!control && st->in_control)
		TAILQ_REMOVE(&s->control, st, control);
	if (data && !st->in_ready)
		TAILQ_INSERT_TAIL(&s->ready, st, ready);
	if (!data && st->in_ready)
		TAILQ_REMOVE(&s->ready, st, ready);
	st->in_control = control;
	st->in_ready = data;
}

void
mux_update(struct wsmux_stream *st)
{
	if (mux_alive(st) && st->in == MUX_ENDED && st->out == MUX_ENDED)
		mux_finish(st, R_NONE);
	if (mux_alive(st) && st->in == MUX_FLOWING)
		ENSURE(st->held + st->ack_due <= st->limit);
	if (st->state == MUX_SHADOW && !stream_owes(st)) {
		mux_forget(st);
		return;
	}
	stream_queue(st);
	mux_wake(st->session);
}

/* ---- what came in ---- */

/* The user may abort the stream inside: nothing of it is touched afterwards but flags. */
struct span
mux_offer(struct wsmux_stream *st, struct span in)
{
	size_t took = 0;

	while (in.n > 0 && mux_alive(st)) {
		struct span part = span_take(in, WSMUX_DATA_MAX);

		st->offering = true;
		took = st->ops->on_data(st->user, part);
		st->offering = false;
		ENSURE(took <= part.n);
		in = span_drop(in, took);
		if (took < part.n)
			break;
	}
	return in;
}

void
mux_tell_fin(struct wsmux_stream *st)
{
	if (!mux_alive(st) || st->in != MUX_ENDING || st->recvq.len > 0)
		return;
	st->in = MUX_ENDED;
	if (st->ops->on_fin)
		st->ops->on_fin(st->user);
	mux_update(st);
}

void
wsmux_stream_resume(struct wsmux_stream *st)
{
	CHECK_OBJ(st, STREAM_MAGIC);
	while (!st->offering && mux_alive(st) && st->recvq.len > 0) {
		struct span front = buf_front(&st->recvq);
		struct span rest = mux_offer(st, front);

		if (!mux_alive(st))
			return;
		buf_drop(&st->recvq, front.n - rest.n);
		if (rest.n > 0)
			return;
	}
	mux_tell_fin(st);
}

void
wsmux_stream_used(struct wsmux_stream *st, size_t n)
{
	CHECK_OBJ(st, STREAM_MAGIC);
	if (!mux_alive(st))
		return;
	ENSURE(n <= st->held);
	mux_hold(st, -(ptrdiff_t)n);
	st->ack_due += n;
	mux_update(st);
}

/* ---- what goes out ---- */

size_t
wsmux_stream_write(struct wsmux_stream *st, struct span out)
{
	size_t n;

	CHECK_OBJ(st, STREAM_MAGIC);
	if (!mux_alive(st) || st->out != MUX_FLOWING)
		return 0;
	n = buf_append_some(&st->sendq, out);
	if (n < out.n)
		st->starved = true;
	if (n < out.n && buf_room(&st->sendq) > 0)
		mux_abort(st, R_PROCESS_MEMORY); /* on_room would never come */
	else
		mux_update(st);
	return n;
}

bool
wsmux_stream_full(struct wsmux_stream *st)
{
	CHECK_OBJ(st, STREAM_MAGIC);
	if (buf_room(&st->sendq) < st->sendq.max / 2)
		st->starved = true;
	return st->starved;
}

void
wsmux_stream_fin(struct wsmux_stream *st)
{
	CHECK_OBJ(st, STREAM_MAGIC);
	if (!mux_alive(st) || st->out != MUX_FLOWING)
		return;
	st->out = MUX_ENDING;
	mux_update(st);
}

void
wsmux_stream_abort(struct wsmux_stream *st, enum reason why)
{
	CHECK_OBJ(st, STREAM_MAGIC);
	if (mux_alive(st))
		mux_abort(st, why);
}

size_t
wsmux_stream_room(const struct wsmux_stream *st)
{
	return mux_alive(st) && st->out == MUX_FLOWING ? buf_room(&st->sendq) : 0;
}

size_t
wsmux_stream_queued(const struct wsmux_stream *st)
{
	return st->sendq.len - st->pulled;
}

bool
wsmux_stream_accepted(const struct wsmux_stream *st)
{
	return st->accepted;
}

uint32_t
wsmux_stream_id(const struct wsmux_stream *st)
{
	return st->id;
}

size_t
wsmux_stream_held(const struct wsmux_stream *st)
{
	return st->held;
}
