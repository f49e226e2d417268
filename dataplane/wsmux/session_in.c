/* What each frame does, by the state of the stream it names:
 *
 *              SYN       DAT                    ACK             FIN          RST
 *   no stream  new (1)   ignored                ignored         ignored      ignored
 *   BACKLOG    ignored   ignored                ignored         ignored      forgotten
 *   QUEUED     ignored   as no stream: the peer cannot mean what it was not told of
 *   OPENING    ignored   aborted R_PROTOCOL     OPEN, credit    in ENDING    DONE
 *   OPEN       ignored   on_data (2)            credit (3)      in ENDING    DONE
 *   DONE       ignored   ACKed, dropped (4)     -               in ENDED     owes nothing
 *   SHADOW     ignored   ACKed, dropped (4)     -               in ENDED (5) forgotten
 *
 *   (1) offered to on_stream if its id is the peer's to choose; refused beyond streams_max; else
 *       BACKLOG, where one more than WSMUX_BACKLOG_MAX ends the session
 *   (2) without bytes: nothing. Behind a FIN: ignored. Beyond the credit given: the session ends
 *   (3) a sum beyond 2^32-1 ends the session
 *   (4) while linger_left lasts
 *   (5) and forgotten, unless our own RST, ACK or FIN has yet to go out
 *
 * A frame too short, of unknown type, or with a number of the wrong length ends the session.
 */
#include "wsmux/session_priv.h"

static enum reason
frame_ignored(struct wsmux_session *s)
{
	s->counts.ignored_frames++;
	return R_NONE;
}

/* The stream that the peer means; NULL, and counted, when it cannot mean anything. */
static struct wsmux_stream *
session_stream(struct wsmux_session *s, uint32_t id)
{
	struct wsmux_stream *st = mux_find(s, id);

	if (st && st->state != MUX_QUEUED)
		return st;
	frame_ignored(s);
	return NULL;
}

/* ---- SYN ---- */

/* Said in the clearest way the peer understands: RST, or an ACK and a FIN. */
static void
session_refuse(struct wsmux_session *s, uint32_t id)
{
	struct wsmux_stream *st = mux_stream_new(s, id, MUX_OPEN);

	s->counts.given_up++;
	mux_abort(st, R_TOO_MANY_STREAMS);
	mux_retire(st);
}

static void
session_offer_stream(struct wsmux_session *s, uint32_t id)
{
	struct wsmux_stream *st = mux_stream_new(s, id, MUX_OPEN);

	if (s->ops->on_stream(s->user, st, &st->ops, &st->user)) {
		ENSURE(st->ops != NULL);
		s->counts.accepted++;
	} else if (mux_alive(st)) {
		mux_set_state(st, MUX_BACKLOG);
	}
	mux_update(st);
}

static enum reason
on_syn(struct wsmux_session *s, const struct wsmux_frame *f)
{
	bool theirs = (f->id & 1) == (s->config.role == WSMUX_SERVER);

	if (mux_find(s, f->id))
		return frame_ignored(s);
	if (!s->ops->on_stream || !theirs)
		mux_stream_new(s, f->id, MUX_BACKLOG);
	else if (wsmux_session_streams(s) >= s->config.streams_max)
		session_refuse(s, f->id);
	else
		session_offer_stream(s, f->id);
	return s->count[MUX_BACKLOG] > WSMUX_BACKLOG_MAX ? R_TOO_MANY_OPENS : R_NONE;
}

/* ---- ACK ---- */

/* The first ACK of a legacy acceptor tells how large its buffer is, and so what it presumes of
 * ours: as much, or WSMUX_LEGACY_CREDIT if it is one like us. What is granted on top lets it use
 * our whole window if it presumes the more, and the ACKs come in time if it presumes the less. */
static void
stream_accepted(struct wsmux_stream *st, uint32_t first)
{
	const struct wsmux_config *c = &st->session->config;
	size_t least = first < WSMUX_LEGACY_CREDIT ? first : WSMUX_LEGACY_CREDIT;
	size_t most = first > WSMUX_LEGACY_CREDIT ? first : WSMUX_LEGACY_CREDIT;

	st->accepted = true;
	mux_answered(st);
	mux_set_state(st, MUX_OPEN);
	if (c->windows_agreed)
		return;
	if (most < c->window)
		st->ack_due = c->window - most;
	if (least + st->ack_due < c->window)
		st->ack_step = mux_ack_step(least + st->ack_due);
}

static enum reason
on_ack(struct wsmux_session *s, const struct wsmux_frame *f)
{
	struct wsmux_stream *st = session_stream(s, f->id);

	if (!st)
		return R_NONE;
	if (st->state == MUX_BACKLOG)
		return frame_ignored(s);
	if (!mux_alive(st)) {
		mux_answered(st);
		return R_NONE;
	}
	if (f->number > UINT32_MAX - st->credit)
		return R_PROTOCOL;
	st->credit += f->number;
	if (st->state == MUX_OPENING)
		stream_accepted(st, f->number);
	mux_update(st);
	return R_NONE;
}

/* ---- FIN, RST ---- */

static enum reason
on_fin(struct wsmux_session *s, const struct wsmux_frame *f)
{
	struct wsmux_stream *st = session_stream(s, f->id);

	if (!st)
		return R_NONE;
	if (st->state == MUX_BACKLOG || (mux_alive(st) && st->in != MUX_FLOWING))
		return frame_ignored(s);
	if (mux_alive(st)) {
		st->in = MUX_ENDING;
		mux_update(st);
		mux_tell_fin(st);
		return R_NONE;
	}
	st->in = MUX_ENDED;
	st->linger_left = 0;
	mux_update(st);
	return R_NONE;
}

/* What the peer's number may mean here: a reset is never a good end, and a client's word is good
 * only for what clients do, or it could put the blame on the service. */
static enum reason
rst_reason(const struct wsmux_session *s, uint32_t number)
{
	enum reason why = reason_of_code(number);

	if (why == R_NONE)
		return R_STREAM_RESET;
	if (s->config.role == WSMUX_SERVER && reason_info(why)->fault != FAULT_CLIENT)
		return R_STREAM_RESET;
	return why;
}

static enum reason
on_rst(struct wsmux_session *s, const struct wsmux_frame *f)
{
	struct wsmux_stream *st = session_stream(s, f->id);

	if (!st)
		return R_NONE;
	if (st->state == MUX_BACKLOG) {
		mux_forget(st);
		return R_NONE;
	}
	if (mux_alive(st))
		mux_finish(st, rst_reason(s, f->number));
	mux_owe_nothing(st);
	mux_update(st);
	return R_NONE;
}

/* ---- DAT ---- */

/* One stream goes, not the session: the one whose user is slowest for what the peer sends it. */
static void
session_shed(struct wsmux_session *s)
{
	while (s->held > s->config.session_held_max) {
		struct wsmux_stream *st, *most = NULL;

		for (st = TAILQ_FIRST(&s->list[MUX_OPEN]); st; st = TAILQ_NEXT(st, place)) {
			if (!most || st->held > most->held)
				most = st;
		}
		ENSURE(most != NULL);
		s->counts.given_up++;
		mux_abort(most, R_STREAM_MEMORY);
	}
}

static enum reason
stream_receive(struct wsmux_stream *st, struct span in)
{
	struct wsmux_session *s = st->session;

	if (in.n > st->limit - st->held - st->ack_due)
		return R_OVER_CREDIT;
	s->counts.data_in += in.n;
	mux_hold(st, (ptrdiff_t)in.n);
	if (st->recvq.len == 0)
		in = mux_offer(st, in);
	if (mux_alive(st) && buf_append_some(&st->recvq, in) < in.n) {
		s->counts.given_up++;
		mux_abort(st, R_PROCESS_MEMORY);
	}
	session_shed(s);
	return R_NONE;
}

static void
stream_drop_late(struct wsmux_stream *st, size_t n)
{
	if (n > st->linger_left) {
		st->linger_left = 0;
	} else {
		st->linger_left -= n;
		st->ack_due += n;
	}
	mux_update(st);
}

/* The stream that takes this message's data; NULL: nobody does. */
static struct wsmux_stream *
dat_begin(struct wsmux_session *s, uint32_t id)
{
	struct wsmux_stream *st = session_stream(s, id);

	if (!st)
		return NULL;
	if (st->state != MUX_BACKLOG && (!mux_alive(st) || st->in == MUX_FLOWING))
		return st;
	frame_ignored(s);
	return NULL;
}

static enum reason
dat_piece(struct wsmux_stream *st, struct span in)
{
	if (in.n == 0)
		return R_NONE;
	if (st->state == MUX_OPEN)
		return stream_receive(st, in);
	if (st->state == MUX_OPENING) {
		st->session->counts.given_up++;
		mux_abort(st, R_PROTOCOL);
	}
	stream_drop_late(st, in.n);
	return R_NONE;
}

/* ---- messages ---- */

static enum reason (*const on_frame[])(struct wsmux_session *, const struct wsmux_frame *) = {
    [WSMUX_SYN] = on_syn,
    [WSMUX_ACK] = on_ack,
    [WSMUX_FIN] = on_fin,
    [WSMUX_RST] = on_rst,
};

static enum wsmux_payload
session_payload(const struct wsmux_session *s, uint8_t type)
{
	if (type == WSMUX_RST && !s->config.rst_agreed)
		return WSMUX_PAYLOAD_UNKNOWN;
	return wsmux_frame_payload(type);
}

static enum reason
session_take(struct wsmux_session *s, struct span piece, bool last)
{
	struct wsmux_decoder *d = &s->decoder;
	bool begun = d->have >= WSMUX_HEADER_MIN;
	struct wsmux_frame f;

	piece = wsmux_decoder_take(d, piece, WSMUX_HEADER_MIN);
	if (d->have < WSMUX_HEADER_MIN)
		return last ? R_PROTOCOL : R_NONE;
	f = wsmux_decoder_frame(d);
	switch (session_payload(s, f.type)) {
	case WSMUX_PAYLOAD_DATA:
		if (!begun)
			s->dat = dat_begin(s, f.id);
		return s->dat ? dat_piece(s->dat, piece) : R_NONE;
	case WSMUX_PAYLOAD_NUMBER:
		piece = wsmux_decoder_take(d, piece, WSMUX_HEADER_MAX);
		if (piece.n > 0 || (last && d->have < WSMUX_HEADER_MAX))
			return R_PROTOCOL;
		f = wsmux_decoder_frame(d);
		return last ? on_frame[f.type](s, &f) : R_NONE;
	case WSMUX_PAYLOAD_NOTHING:
		return last ? on_frame[f.type](s, &f) : R_NONE;
	case WSMUX_PAYLOAD_UNKNOWN:
		break;
	}
	return R_PROTOCOL;
}

enum reason
wsmux_session_feed(struct wsmux_session *s, struct span piece, bool last)
{
	enum reason why;

	CHECK_OBJ(s, SESSION_MAGIC);
	if (s->ended)
		return s->why;
	why = session_take(s, piece, last);
	if (last) {
		s->decoder = (struct wsmux_decoder){0};
		s->dat = NULL;
	}
	if (why != R_NONE)
		wsmux_session_end(s, why);
	return s->ended ? s->why : R_NONE;
}
