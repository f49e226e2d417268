/* wsmux/session.h - many streams over one ordered message pipe (../shared/wire-protocol.md, 2 and 5).
 *
 * Pure: messages in through feed(), frames out through pull(), time in through tick(). It knows no
 * WebSocket, socket, clock or thread; a test is two sessions and a loop.
 *
 *   OPEN --fault or end()--> ENDED         an ended session takes and gives nothing; streams are told
 *
 * Owner: the link. Rules that every caller can rely on:
 *   - feed, write, used, fin and abort never call back into the caller that made them except for the
 *     stream_ops named in wsmux/stream.h during feed(); on_done comes only from reap(), end() or free().
 *   - output is pulled: on_output says once that there is some; pull() until it answers false.
 *   - control frames go first, then data, round-robin over the streams that have both data and credit,
 *     at most WSMUX_DATA_MAX bytes each.
 *
 * Memory: bytes arrive in chunks of the pool. What was received and not yet used() is counted per
 * stream and per session; when the session's sum passes held_max, the stream that holds most is
 * given up (R_STREAM_MEMORY), never the session.
 */
#ifndef WHT_WSMUX_SESSION_H
#define WHT_WSMUX_SESSION_H

#include "base/buf.h"
#include "base/reason.h"
#include "wsmux/stream.h"

#define WSMUX_DATA_MAX	 16384 /* payload bytes that we put into one DAT */
#define WSMUX_HEADER_MAX 9     /* bytes of a frame before DAT payload: type, id, and credit of an ACK */
#define WSMUX_OPENS_MAX	 190   /* our SYNs un-ACKed at once; a Go peer dies of 200 */
#define WSMUX_BACKLOG_MAX 200  /* the peer's SYNs that we leave unaccepted; one more is R_TOO_MANY_OPENS */
#define WSMUX_LEGACY_CREDIT 4096 /* what we dare to send a Go server before its first ACK */

enum wsmux_role {
	WSMUX_SERVER, /* opens even ids, from 0 */
	WSMUX_CLIENT, /* opens odd ids, from 1 */
};

struct wsmux_config {
	enum wsmux_role role;
	uint32_t window;      /* bytes that we take per stream before they are used */
	bool windows_agreed;  /* extension "window": both directions start with the other's window */
	uint32_t peer_window; /* what the peer said, when agreed */
	bool rst_agreed;      /* extension "rst" */
	size_t send_max;      /* bytes that a stream queues for sending: wsmux_stream_write's bound */
	size_t stream_held_max;	 /* un-ACKed bytes of one stream; a legacy peer may send up to it unasked */
	size_t session_held_max; /* un-ACKed bytes of all streams */
	uint64_t open_timeout_ms;   /* SYN unanswered: R_OPEN_TIMEOUT */
	uint64_t linger_timeout_ms; /* a legacy stream given up: how long its late bytes are still ACKed */
	size_t linger_bytes;	    /* and how many of them */
	unsigned streams_max;	    /* streams that may exist at once, both sides' together */
};

struct wsmux_counts {
	uint64_t opened, accepted, ignored_frames, given_up; /* since the session began */
	uint64_t data_in, data_out;			     /* DAT payload bytes */
};

struct wsmux_session_ops {
	/* There is output; called once until pull() has answered false. */
	void (*on_output)(void *user);
	/* The peer opened a stream. Answer true to accept it, with its ops and user set; false leaves it
	 * in the backlog, unanswered. NULL: never accept. */
	bool (*on_stream)(void *user, struct wsmux_stream *, const struct wsmux_stream_ops **ops,
	    void **stream_user);
	/* delta bytes more (or less) are held; the owner keeps the sum over sessions. May be NULL. */
	void (*on_held)(void *user, ptrdiff_t delta);
};

struct wsmux_session;

struct wsmux_session *wsmux_session_new(const struct wsmux_config *, struct chunk_pool *,
    const struct wsmux_session_ops *, void *user);
/* Every stream that still exists gets on_done(why), now. Never from inside feed() or pull(). */
void wsmux_session_free(struct wsmux_session **, enum reason why);
/* From now on nothing is taken or given; every stream gets on_done(why) at the next reap(). */
void wsmux_session_end(struct wsmux_session *, enum reason why);

/* One piece of a message, in order; last on its final piece. R_NONE, or why the session must end:
 * R_PROTOCOL, R_OVER_CREDIT, R_TOO_MANY_OPENS. The session is ended then. */
enum reason wsmux_session_feed(struct wsmux_session *, struct span piece, bool last) MUST_CHECK;

/* The next frame to send as one message: head then data. Both spans die with the next call on the
 * session. False: nothing to send now. */
bool wsmux_session_pull(struct wsmux_session *, struct span *head, struct span *data);

/* Delivers on_done to streams that have ended and frees them. Call when no callback is on the stack. */
void wsmux_session_reap(struct wsmux_session *);

/* Time passes: opens and lingering streams run out. About once a second. now in milliseconds. */
void wsmux_session_tick(struct wsmux_session *, uint64_t now_ms);

/* Opens a stream; NULL when streams_max exist or the session ended. What is written goes out behind
 * the SYN as credit allows. */
struct wsmux_stream *wsmux_session_open(struct wsmux_session *, const struct wsmux_stream_ops *,
    void *user);

size_t wsmux_session_streams(const struct wsmux_session *); /* live ones, lingering ones not counted */
size_t wsmux_session_held(const struct wsmux_session *);    /* bytes received and not yet used */
bool wsmux_session_has_output(const struct wsmux_session *);
const struct wsmux_counts *wsmux_session_counts(const struct wsmux_session *);
/* For tests of the wrap: the id that the next open() tries first (its parity is ours to keep). */
void wsmux_session_set_next_id(struct wsmux_session *, uint32_t id);

#endif
