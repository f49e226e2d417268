/* wsmux/session_priv.h - what the files of this folder share; nobody else includes it.
 *
 *   stream.c       states, lists, what is owed; the stream's own calls
 *   session.c      birth, ids, reap, tick, end
 *   session_in.c   feed: what each frame does in each state
 *   session_out.c  pull: which frame goes next
 *
 * The hard part is that facts change from four sides (user, peer, output, time), often inside a
 * callback of another stream. So: every change ends in mux_update(), which alone draws the
 * consequences; a state is written by mux_set_state() alone, which moves the stream to that state's
 * list; a stream that its user knows is freed in reap() alone.
 */
#ifndef WHT_WSMUX_SESSION_PRIV_H
#define WHT_WSMUX_SESSION_PRIV_H

#include <sys/queue.h>

#include "base/obj.h"

#define uthash_fatal(text) wht_panic(__FILE__, __LINE__, text)
#include <uthash.h>

#include "wsmux/session.h"

#define SESSION_MAGIC 0x5e551041
#define STREAM_MAGIC  0x57e4a302

/* Each state but NONE is a list of the session. wsmux/stream.h draws how they follow each other. */
enum mux_state {
	MUX_NONE,    /* being born or freed */
	MUX_QUEUED,  /* ours; SYN not sent: the peer cannot know it */
	MUX_OPENING, /* ours; SYN sent, no ACK yet */
	MUX_OPEN,    /* both sides know it */
	MUX_BACKLOG, /* the peer's SYN, which nobody took */
	MUX_DONE,    /* the user is owed its on_done */
	MUX_SHADOW,  /* the peer is owed RST, FIN or ACKs */
	MUX_STATES,
};

/* One direction of a stream, inside QUEUED, OPENING and OPEN. */
enum mux_flow {
	MUX_FLOWING,
	MUX_ENDING, /* out: FIN waits behind the queue.  in: FIN came, bytes wait to be taken */
	MUX_ENDED,  /* out: FIN was sent.                in: the user was told */
};

struct wsmux_stream {
	unsigned magic;
	uint32_t id;
	enum mux_state state; /* mux_set_state() only */
	enum mux_flow in, out;
	struct wsmux_session *session;
	const struct wsmux_stream_ops *ops; /* NULL: nobody took it */
	void *user;
	UT_hash_handle hh;
	TAILQ_ENTRY(wsmux_stream) place;   /* in session->list[state] */
	TAILQ_ENTRY(wsmux_stream) control; /* in session->control while in_control */
	TAILQ_ENTRY(wsmux_stream) ready;   /* in session->ready while in_ready */
	bool in_control, in_ready;	   /* mux_update() and mux_forget() only */

	bool accepted;	 /* its ACK came, or the peer opened it */
	bool unanswered; /* its SYN counts in session->unanswered */

	struct buf sendq;
	size_t pulled;	 /* bytes at its front that pull() handed out, dropped by the next pull() */
	uint32_t credit; /* bytes that we may still send */
	bool starved;	 /* write() answered short; on_room is due */

	struct buf recvq; /* what on_data did not take */
	bool offering;	  /* on_data is on the stack */
	size_t held;	  /* received and not yet used */
	size_t ack_due;	  /* credit that the peer has coming */
	size_t ack_step;  /* ack_due from which on an ACK is worth a frame */
	size_t limit;	  /* held + ack_due: what the peer may have sent un-ACKed */
	bool accept_due;  /* the accepting ACK goes out even if its credit is 0 */

	enum reason why; /* DONE: what on_done will say */
	bool rst_due;
	size_t linger_left; /* late bytes that will still be ACKed and dropped */
	uint64_t deadline; /* of QUEUED and OPENING, then of SHADOW; 0: starts with the next tick */
};

TAILQ_HEAD(mux_list, wsmux_stream);

struct wsmux_session {
	unsigned magic;
	struct wsmux_config config;
	const struct wsmux_session_ops *ops;
	void *user;
	struct chunk_pool *pool;
	struct wsmux_counts counts;
	bool ended;
	enum reason why;

	struct wsmux_stream *map; /* by id, every state */
	uint32_t next_id;
	struct mux_list list[MUX_STATES];
	size_t count[MUX_STATES];
	size_t unanswered; /* our SYNs that the peer has not ACKed, aborted ones included */
	size_t held;

	struct wsmux_decoder decoder;
	struct wsmux_stream *dat; /* whose DAT is arriving; NULL: dropped */

	struct mux_list control;     /* streams with a control frame to send */
	struct mux_list ready;	     /* streams with data and credit, the next one first */
	struct wsmux_stream *pulled; /* the stream whose bytes pull() handed out last */
	bool output_told;	     /* on_output was called; pull() has not answered false since */
};

/* The user's to use: neither over nor in the backlog. */
static inline bool
mux_alive(const struct wsmux_stream *st)
{
	return st->state == MUX_QUEUED || st->state == MUX_OPENING || st->state == MUX_OPEN;
}

/* An ACK is worth a frame when it gives back a quarter of the window. */
static inline size_t
mux_ack_step(size_t window)
{
	return window > 4 ? window / 4 : 1;
}

struct wsmux_stream *mux_find(struct wsmux_session *, uint32_t id);
struct wsmux_stream *mux_stream_new(struct wsmux_session *, uint32_t id, enum mux_state);
void mux_set_state(struct wsmux_stream *, enum mux_state to);
/* Draws every consequence of changed facts. A SHADOW may be gone when it returns. */
void mux_update(struct wsmux_stream *);
/* held += delta, here and in the sums above. */
void mux_hold(struct wsmux_stream *, ptrdiff_t delta);
/* Our SYN needs no answer any more: one more open may go out. */
void mux_answered(struct wsmux_stream *);
/* Calls on_fin when the FIN is in and nothing waits before it. */
void mux_tell_fin(struct wsmux_stream *);
/* in goes to on_data; answers what it did not take. */
struct span mux_offer(struct wsmux_stream *, struct span in);

/* The end of an alive stream for its user, who hears why at the next reap(). */
void mux_finish(struct wsmux_stream *, enum reason why);
/* The same, and the peer is owed what tells it so. */
void mux_abort(struct wsmux_stream *, enum reason why);
/* The peer needs no word any more. */
void mux_owe_nothing(struct wsmux_stream *);
/* DONE and told: becomes a SHADOW if the peer is owed something, else it is freed. */
void mux_retire(struct wsmux_stream *);
/* Frees it, whatever is owed. */
void mux_forget(struct wsmux_stream *);

/* What a stream would send next, in this order. */
bool mux_ack_is_due(const struct wsmux_stream *);
bool mux_fin_is_due(const struct wsmux_stream *);
/* Calls on_output if there is reason to and it was not told yet. */
void mux_wake(struct wsmux_session *);

#endif
