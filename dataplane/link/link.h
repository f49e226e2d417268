/* link/link.h - a wsmux session over a WebSocket over a connection: both ends of a tunnel.
 *
 * It begins where the handshake is over (the 101 is written, or was read) and adds what a session
 * needs to live: pings and the judgement that a peer is dead, the Close handshake, back-pressure
 * between connection and session, one write per turn for many frames.
 *
 *   LIVE --link_close, peer's Close, fault, silence--> CLOSING --EOF, or a moment--> GONE
 *     \---------------- connection lost ---------------------------------------------^
 *
 * CLOSING: a Close frame with the reason goes out in front of our FIN, streams are told, what still
 * comes is swallowed; it lasts LINK_CLOSE_MS at most. GONE: on_gone, on a later turn than the call
 * that caused it; the link is freed when it returns.
 *
 * Silence is judged by any byte received. A clock that jumped (the machine slept, the process was
 * stopped) is no silence: then the peer is pinged again first.
 */
#ifndef WHT_LINK_LINK_H
#define WHT_LINK_LINK_H

#include "net/conn.h"
#include "wsmux/session.h"

#define LINK_CLOSE_MS 5000

struct link;

struct link_config {
	struct wsmux_config mux;
	size_t message_max;	   /* bytes of one WebSocket message */
	uint64_t ping_interval_ms; /* also the silence that is allowed after a ping */
};

struct link_ops {
	/* The peer opened a stream (wsmux/session.h); NULL: streams are never accepted. */
	bool (*on_stream)(void *user, struct wsmux_stream *, const struct wsmux_stream_ops **ops,
	    void **stream_user);
	/* A ping came back. May be NULL. */
	void (*on_round_trip)(void *user, uint64_t us);
	/* Bytes held for this session changed. May be NULL. */
	void (*on_held)(void *user, ptrdiff_t delta);
	/* The session is no longer usable, by no wish of the user's: stop opening streams on it.
	 * Comes before on_gone, once; not after link_close. */
	void (*on_down)(void *user, enum reason why);
	/* The last call. Every stream has had its on_done. */
	void (*on_gone)(void *user, enum reason why);
};

/* Takes the conn, open and with the handshake behind it, from whoever shook hands; bytes that it
 * kept are read at the end of this turn. config is copied. */
struct link *link_new(
    struct loop *, struct conn **, const struct link_config *, const struct link_ops *, void *user);

struct wsmux_session *link_session(struct link *);
/* A stream's owner changed something from outside a callback of the link:
 * flush at the end of the turn. */
void link_flush(struct link *);
/* Is the peer still there? Pings now; when nothing comes within ms, it is as dead
 * as after a ping interval. */
void link_probe(struct link *, uint64_t ms);
/* Sends Close with the reason's code and text; streams end with why. Takes the caller's pointer:
 * only on_gone follows. */
void link_close(struct link **, enum reason why);

/* What the peer's Close frame said: its code (WS_CLOSE_NO_CODE if none) and text; 0 and "" when
 * there was none. Valid in on_down and on_gone. */
int link_close_code(const struct link *);
const char *link_close_text(const struct link *);

/* The last round trip measured by a ping, in microseconds; 0: none yet. */
uint64_t link_rtt_us(const struct link *);
const char *link_peer(const struct link *);
uint64_t link_bytes_in(const struct link *);
uint64_t link_bytes_out(const struct link *);

#endif
