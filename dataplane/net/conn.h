/* net/conn.h - one byte stream to somebody: TCP or a Unix socket,
 * plain or TLS, accepted or dialled.
 *
 *   DIALLING --connected--> [GREETING] -> HANDSHAKING --done--> OPEN --conn_finish--> FINISHING
 *                                  \---------- plain -----------^
 *   any --conn_close, conn_reset, failure; FINISHING --all is out, or time is up--> CLOSED
 *
 * A conn owns exactly one descriptor and belongs to one loop. The rules that callers rely on:
 *   - conn_write and conn_out only queue; bytes leave at the end of the turn, together.
 *   - conn_close never calls back; on_gone comes on a later turn, once, and is the last call.
 *   - after conn_close or conn_detach no other callback comes.
 *   - on_data answers how many bytes were taken. What was not is kept (reading stops at
 *     CONN_IN_MAX) and offered again, in front of what comes, when more arrives or conn_resume
 *     is called. Kept bytes come in runs as they lie: taking nothing, hoping for a longer run,
 *     is for ever.
 * Back-pressure outward: stop when conn_full() says so; on_drain comes when the queue
 * is below CONN_LOW again.
 */
#ifndef WHT_NET_CONN_H
#define WHT_NET_CONN_H

#include <sys/socket.h>

#include "base/reason.h"
#include "net/loop.h"
#include "net/tls.h"

#define CONN_HIGH     (256 * 1024) /* queued bytes above which a source should pause */
#define CONN_LOW      (64 * 1024)
#define TLS_OUT_MAX   (64 * 1024) /* cipher text made ahead of the kernel */
#define CONN_IN_MAX   (32 * 1024) /* untaken bytes at which reading stops, give or take one read */
#define CONN_PEER_MAX 64	  /* "[::ffff:10.0.0.7]:51234" and a NUL */

struct conn;
struct proxy;

struct conn_ops {
	/* Connected, and the TLS handshake is over. Not called for a plain
	 * accepted or an adopted conn. */
	void (*on_open)(void *user);
	size_t (*on_data)(void *user, struct span in);
	/* The queue fell below CONN_LOW after conn_full() had said yes. May be NULL. */
	void (*on_drain)(void *user);
	/* n of the queued bytes left for the kernel (or, with TLS, at most TLS_OUT_MAX of them for
	 * the cipher text in front of it): the moment to give credit for them. May be NULL. */
	void (*on_sent)(void *user, size_t n);
	/* The end of a turn in which something was written, flushed or resumed, and nothing is
	 * queued any more: the moment to give the conn away. May be NULL. */
	void (*on_empty)(void *user);
	/* The peer sends no more, and all it sent was taken. We still may.
	 * May be NULL: the conn closes. */
	void (*on_eof)(void *user);
	/* The last call. The conn is freed when it returns. why: what conn_close was told, or
	 * R_EOF, R_IO, R_TLS_FAILED, R_DIAL_FAILED, R_PROCESS_MEMORY. */
	void (*on_gone)(void *user, enum reason why);
};

/* Takes the descriptor of an accepted connection; tls NULL: plain. NULL when it could not be used
 * (the descriptor is closed). */
struct conn *conn_accept(
    struct loop *, int fd, struct tls_context *tls, const struct conn_ops *, void *user);

/* Where to dial; strings are copied. */
struct dial {
	const char *host; /* a name or address; NULL: ::1, then 127.0.0.1 */
	uint16_t port;
	const char *unix_path;	   /* instead of host and port */
	struct tls_context *tls;   /* NULL: plain */
	const char *server_name;   /* for SNI and the certificate; NULL: host */
	const struct proxy *proxy; /* net/proxy.h: asked for the way to host and port; NULL: none */
};
/* Never NULL: a failure comes by on_gone(R_DIAL_FAILED or R_TLS_FAILED),
 * and conn_error() says more. */
struct conn *conn_dial(struct loop *, const struct dial *, const struct conn_ops *, void *user);

/* From now on another user hears of this conn: how a handshake hands over
 * to what it shook hands for. */
void conn_set_user(struct conn *, const struct conn_ops *, void *user);

/* Queues bytes. The caller minds conn_queued(); there is no other bound. */
void conn_write(struct conn *, struct span out);
/* The queue itself, for callers that build frames in place; ask for a flush afterwards. */
struct buf *conn_out(struct conn *);
void conn_flush(struct conn *);
/* Bytes given to the conn that the kernel has not taken yet. */
size_t conn_queued(const struct conn *);
/* Bytes that the kernel has taken and the peer has not acknowledged; a call of the system. */
size_t conn_unacked(const struct conn *);
/* conn_queued() has reached CONN_HIGH; after a yes, on_drain follows. */
bool conn_full(struct conn *);

/* Offers kept bytes again, and reads on; the offer is made later in this turn or in the next. */
void conn_resume(struct conn *);
/* When the queue is empty: close_notify and FIN. Reading goes on. */
void conn_shutdown(struct conn *);
/* Takes the caller's pointer. What is queued is dropped. */
void conn_close(struct conn **, enum reason why);
/* The same, and the peer is told by a RST: for a stream of bytes whose end would
 * look like its completion. */
void conn_reset(struct conn **, enum reason why);
/* As conn_close, but what is queued goes out first, for ms at most; then FIN, and late
 * bytes are swallowed for a moment so that a RST does not overtake the last answer.
 * One that is not open yet is closed. */
void conn_finish(struct conn **, enum reason why, uint64_t ms);

uint64_t conn_received(const struct conn *); /* bytes of the user's stream, ever */
/* Bytes that left for the kernel, ever (TLS overhead included). */
uint64_t conn_sent(const struct conn *);
bool conn_is_tls(const struct conn *);
/* When the peer's certificate ends, in seconds since 1970; 0: none was shown. */
int64_t conn_peer_not_after(const struct conn *);
/* "10.0.0.7:51234", "[::1]:51234" or "unix". Lives as long as the conn. */
const char *conn_peer(const struct conn *);
/* The same without port and brackets. */
struct span conn_peer_host(const struct conn *);
const struct sockaddr *conn_peer_addr(const struct conn *);
/* One sentence about the last failure, "" if none; valid in on_gone. */
const char *conn_error(const struct conn *);

#endif
