/* Which frame goes next: our SYNs while the peer has answered enough of them, then control frames
 * in the order in which they became due, then data by turns. So a SYN precedes its stream's data, a
 * FIN follows it, and a stream in bulk delays no other's ACK by more than one frame. */
#include "wsmux/session_priv.h"

static struct wsmux_stream *
session_next_open(const struct wsmux_session *s)
{
	return s->unanswered < WSMUX_OPENS_MAX ? TAILQ_FIRST(&s->list[MUX_QUEUED]) : NULL;
}

bool
wsmux_session_has_output(const struct wsmux_session *s)
{
	return !s->ended &&
	       (session_next_open(s) || !TAILQ_EMPTY(&s->control) || !TAILQ_EMPTY(&s->ready));
}

void
mux_wake(struct wsmux_session *s)
{
	if (s->output_told || s->ended)
		return;
	if (!wsmux_session_has_output(s) && TAILQ_EMPTY(&s->list[MUX_DONE]))
		return;
	s->output_told = true;
	s->ops->on_output(s->user);
}

static void
out_frame(struct wsmux_out *out, uint32_t id, enum wsmux_type type, uint32_t number)
{
	struct wsmux_frame f = {.type = (uint8_t)type, .id = id, .number = number};

	out->head_len = wsmux_frame_encode(&f, out->head);
	out->ndata = 0;
	out->data_len = 0;
}

static void
pull_syn(struct wsmux_stream *st, struct wsmux_out *out)
{
	out_frame(out, st->id, WSMUX_SYN, 0);
	st->unanswered = true;
	st->session->unanswered++;
	mux_set_state(st, MUX_OPENING);
	mux_update(st);
}

static uint32_t
stream_take_ack(struct wsmux_stream *st)
{
	uint32_t n = st->ack_due < UINT32_MAX ? (uint32_t)st->ack_due : UINT32_MAX;

	st->ack_due -= n;
	st->accept_due = false;
	return n;
}

static void
pull_control(struct wsmux_stream *st, struct wsmux_out *out)
{
	if (st->rst_due) {
		out_frame(out, st->id, WSMUX_RST, reason_info(st->why)->code);
		st->rst_due = false;
	} else if (mux_ack_is_due(st)) {
		out_frame(out, st->id, WSMUX_ACK, stream_take_ack(st));
	} else {
		ENSURE(mux_fin_is_due(st));
		out_frame(out, st->id, WSMUX_FIN, 0);
		st->out = MUX_ENDED;
	}
	mux_update(st);
}

/* The first runs of the send queue, n bytes at most. */
static void
out_data(struct wsmux_out *out, const struct buf *sendq, size_t n)
{
	int nv = buf_vec(sendq, out->data, WSMUX_RUNS_MAX);

	for (; out->ndata < nv && out->data_len < n; out->ndata++) {
		struct iovec *v = &out->data[out->ndata];

		if (v->iov_len > n - out->data_len)
			v->iov_len = n - out->data_len;
		out->data_len += v->iov_len;
	}
}

static void
pull_data(struct wsmux_stream *st, struct wsmux_out *out)
{
	struct wsmux_session *s = st->session;

	out_frame(out, st->id, WSMUX_DAT, 0);
	out_data(out, &st->sendq, st->credit < WSMUX_DATA_MAX ? st->credit : WSMUX_DATA_MAX);
	st->pulled = out->data_len;
	st->credit -= (uint32_t)out->data_len;
	s->pulled = st;
	s->counts.data_out += out->data_len;
	TAILQ_REMOVE(&s->ready, st, ready); /* its turn is over: to the end, if there is more */
	st->in_ready = false;
	mux_update(st);
}

/* The caller is through with what it was handed last. */
static void
session_drop_pulled(struct wsmux_session *s)
{
	struct wsmux_stream *st = s->pulled;

	if (!st)
		return;
	s->pulled = NULL;
	buf_drop(&st->sendq, st->pulled);
	st->pulled = 0;
	if (!st->starved || st->sendq.len > st->sendq.max / 2)
		return;
	st->starved = false;
	if (st->ops->on_room && st->out == MUX_FLOWING)
		st->ops->on_room(st->user);
}

bool
wsmux_session_pull(struct wsmux_session *s, struct wsmux_out *out)
{
	struct wsmux_stream *st;

	CHECK_OBJ(s, SESSION_MAGIC);
	session_drop_pulled(s);
	s->output_told = wsmux_session_has_output(s);
	if (!s->output_told)
		return false;
	if ((st = session_next_open(s)) != NULL)
		pull_syn(st, out);
	else if ((st = TAILQ_FIRST(&s->control)) != NULL)
		pull_control(st, out);
	else
		pull_data(TAILQ_FIRST(&s->ready), out);
	return true;
}
