/* wsmux/session.h - many streams over one ordered message pipe.
 *
 * Each message is one frame (wsmux/frame.h). Pure: messages in through feed(), frames out
 * through pull(), time in through tick(). It knows no WebSocket, socket, clock or thread; a test is
 * two sessions and a loop.
 *
 *   OPEN --fault or end()--> ENDED     takes and gives nothing; its streams are told
 *
 * Owner: the link. Rules that every caller can rely on:
 *   - feed, write, used, fin and abort never call back into the caller that made them except for
 *     the stream_ops named in wsmux/stream.h during feed(); on_done comes only from reap()
 *     or free().
 *   - any callback may open streams and use any stream; only reap() and free() must wait until no
 *     callback is on the stack. on_output and on_held are the exception: they may only take note.
 *   - output is pulled: on_output says once that there is some; pull() until it answers false.
 *   - control frames go first, then data, round-robin over the streams that have both data and
 *     credit, at most WSMUX_DATA_MAX bytes each.
 *
 * Memory: bytes arrive in chunks of the pool. What was received and not yet used() is counted per
 * stream and per session; when the session's sum passes session_held_max, the stream that holds
 * most is given up (R_STREAM_MEMORY), never the session.
 */
#ifndef WHT_WSMUX_SESSION_H
#define WHT_WSMUX_SESSION_H

#include "base/buf.h"
#include "base/reason.h"
#include "wsmux/frame.h"
#include "wsmux/stream.h"

#define WSMUX_DATA_MAX	    16384 /* payload bytes that we put into one DAT */
#define WSMUX_RUNS_MAX	    8	  /* runs of memory that they lie in */
#define WSMUX_OPENS_MAX	    190	  /* our SYNs un-ACKed at once; a Go peer dies of 200 */
#define WSMUX_BACKLOG_MAX   200	  /* the peer's SYNs left unaccepted */
#define WSMUX_LEGACY_CREDIT 4096  /* what we dare to send a Go server before its first ACK */

enum wsmux_role {
	WSMUX_SERVER, /* opens even ids, from 0 */
	WSMUX_CLIENT, /* opens odd ids, from 1 */
};

struct wsmux_config {
	enum wsmux_role role;

	/* Bytes that we take per stream before they are used. */
	uint32_t window;
	/* Extension "window": both directions start with the window that the other side stated. */
	bool windows_agreed;
	uint32_t peer_window;
	/* Without: what we dare to send on a stream that we accepted, before the peer's first ACK.
	 * 0: WSMUX_LEGACY_CREDIT, which no peer there ever was takes amiss. */
	uint32_t presumed_credit;
	/* Extension "rst". */
	bool rst_agreed;

	unsigned streams_max; /* streams that may exist at once, both sides' together */
	size_t send_max;      /* bytes that a stream queues for sending */
	/* Un-ACKed bytes of one stream, below 2^32; a legacy peer may send that much unasked. */
	size_t stream_held_max;
	size_t session_held_max; /* un-ACKed bytes of all streams */

	uint64_t open_timeout_ms; /* a stream that we opened and nobody ACKed: R_OPEN_TIMEOUT */
	/* A stream given up towards a legacy peer: how long, and how many of,
	 * its late bytes are still ACKed. */
	uint64_t linger_timeout_ms;
	size_t linger_bytes;
};

struct wsmux_counts {
	uint64_t opened;	    /* streams of ours */
	uint64_t accepted;	    /* streams of the peer's that on_stream took */
	uint64_t ignored_frames;    /* for unknown streams, second SYNs, data behind a FIN */
	uint64_t given_up;	    /* streams that the session aborted or refused by itself */
	uint64_t data_in, data_out; /* DAT payload bytes */
};

struct wsmux_session_ops {
	/* There is output, or a stream waits for reap(); called once until pull() has answered
	 * false. Not called when the session has ended. */
	void (*on_output)(void *user);
	/* The peer opened a stream. Answer true to accept it, with its ops and user set;
	 * false leaves it in the backlog, unanswered. Not asked beyond streams_max:
	 * it is refused then. NULL: never accept. */
	bool (*on_stream)(void *user, struct wsmux_stream *, const struct wsmux_stream_ops **ops,
	    void **stream_user);
	/* delta bytes more (or less) are held; the owner sums it over sessions. May be NULL. */
	void (*on_held)(void *user, ptrdiff_t delta);
};

/* One frame on its way out: head, then the runs of data, as one message. */
struct wsmux_out {
	char head[WSMUX_HEADER_MAX];
	size_t head_len;
	struct iovec data[WSMUX_RUNS_MAX];
	int ndata;
	size_t data_len; /* the sum of the runs */
};

struct wsmux_session;

struct wsmux_session *wsmux_session_new(
    const struct wsmux_config *, struct chunk_pool *, const struct wsmux_session_ops *, void *user);
/* Every stream that still exists gets on_done(why), now. Never from inside a callback. */
void wsmux_session_free(struct wsmux_session **, enum reason why);
/* From now on nothing is taken or given; every stream gets on_done(why) at the next reap(). */
void wsmux_session_end(struct wsmux_session *, enum reason why);

/* One piece of a message, in order; last on its final piece. R_NONE, or why the session must end:
 * R_PROTOCOL, R_OVER_CREDIT, R_TOO_MANY_OPENS. The session is ended then. */
enum reason wsmux_session_feed(struct wsmux_session *, struct span piece, bool last) MUST_CHECK;

/* The next frame to send. Its runs point into the stream's queue and die with the next call on the
 * session or one of its streams. False: nothing to send now. */
bool wsmux_session_pull(struct wsmux_session *, struct wsmux_out *) MUST_CHECK;

/* Delivers on_done to streams that have ended and frees them. Never from inside a callback. */
void wsmux_session_reap(struct wsmux_session *);

/* Time passes: opens and lingering streams run out. About once a second, now in milliseconds of any
 * clock that only grows. Their time counts from the first tick that sees them. */
void wsmux_session_tick(struct wsmux_session *, uint64_t now_ms);

/* Opens a stream; NULL when streams_max exist or the session ended. What is written goes out behind
 * the SYN as credit allows. */
struct wsmux_stream *wsmux_session_open(
    struct wsmux_session *, const struct wsmux_stream_ops *, void *user);

/* Streams whose on_done is still to come. */
size_t wsmux_session_streams(const struct wsmux_session *);
/* Bytes received and not yet used. */
size_t wsmux_session_held(const struct wsmux_session *);
/* Nothing can run out of time: tick() would do nothing. */
bool wsmux_session_at_rest(const struct wsmux_session *);
bool wsmux_session_has_output(const struct wsmux_session *);
const struct wsmux_counts *wsmux_session_counts(const struct wsmux_session *);
/* For tests of the wrap: the id that the next open() tries first (its parity is ours to keep). */
void wsmux_session_set_next_id(struct wsmux_session *, uint32_t id);

#endif
