/* net/conn_priv.h - the inside of a conn, for conn*.c, dial.c and move.c. */
#ifndef WHT_NET_CONN_PRIV_H
#define WHT_NET_CONN_PRIV_H

#include <netinet/in.h>

#include "base/obj.h"
#include "net/addr.h"
#include "net/conn.h"
#include "net/loop_uv.h"
#include "net/proxy.h"
#include "net/tls_io.h"

#define CONN_MAGIC 0xc0222ec7u
#define SWALLOW_MS 1000 /* after our FIN, for the peer's last bytes */

enum conn_state {
	CONN_DIALLING,	  /* no peer yet; dial.c owns the handle's life */
	CONN_GREETING,	  /* connected to a proxy, which is asked for the way */
	CONN_HANDSHAKING, /* TLS, not yet over */
	CONN_OPEN,
	CONN_FINISHING, /* the user let go; the queue goes out, input is swallowed */
	CONN_CLOSED,	/* the handle is closing, or closed */
};

struct conn {
	unsigned magic;
	enum conn_state state; /* changed by conn_set_state() only */
	struct loop *loop;
	const struct conn_ops *ops;
	void *user;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
	union {
		uv_connect_t connect; /* DIALLING */
		uv_write_t write;     /* later */
	};
	size_t writing;	 /* bytes in the write under way */
	struct buf in;	 /* read, not yet taken by the user */
	size_t offering; /* of these, the bytes in front that an on_data under way is looking at */
	struct buf out;	 /* the user's bytes on their way out */
	struct tls_io *tls;
	struct task task; /* end of the turn: flush, offer, shut down */
	bool handle_open, handle_closing;
	bool reading, offer_asked, was_full;
	bool eof, eof_told;		    /* the peer's end of stream */
	bool shutdown_asked, shutdown_done; /* ours */
	bool moved;			    /* given away: no on_gone */
	enum reason why;
	uint64_t received, sent;
	uint64_t finish_by_ms; /* of FINISHING */
	/* Of DIALLING, GREETING and FINISHING; CLOSED, no handle: the later turn. */
	struct timer deadline;
	struct dial_attempt *dial;
	struct greeting *greeting; /* NULL: no proxy */
	char *error;
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} peer;
	char peer_text[ADDR_TEXT_MAX];
	struct span peer_host; /* in it */
};

/* A conn without a handle. */
struct conn *conn_new(struct loop *, const struct conn_ops *, void *user);
/* Frees one that never had a handle, or whose handle is closed. */
void conn_free(struct conn *);
void conn_set_state(struct conn *, enum conn_state);
/* Opens the handle on a connected descriptor; 0, or -WHT_EIO and the descriptor is closed. */
int conn_open_fd(struct conn *, int fd) MUST_CHECK;
/* The handle is connected: begin the handshake, or be open. */
void conn_connected(struct conn *);
/* The connection is over; on_gone follows on a later turn. */
void conn_fail(struct conn *, enum reason why, const char *error);
/* Closes the handle; on_closed sees to what comes then. */
void conn_close_handle(struct conn *, uv_close_cb on_closed);
/* CLOSED, and the handle is too: delivers on_gone and frees. */
void conn_end(struct conn *);
void conn_set_peer(struct conn *, const struct sockaddr *);

/* conn_in.c: reads from now on, as far as there is room. */
void conn_read(struct conn *);
/* Takes the TLS handshake as far as it goes. */
void conn_handshake(struct conn *);
/* The task's part of conn_resume. */
void conn_offer(struct conn *);
/* Nobody will take any more. */
void conn_forget_input(struct conn *);

/* conn_out.c, the parts of the task: sends what is queued, ... */
void conn_push(struct conn *);
/* ... says that there is room again, ... */
void conn_tell_drain(struct conn *);
/* ... and that nothing more will come. */
void conn_shut_if_asked(struct conn *);
/* TLS failed: its alert goes out if the kernel takes it at once. */
void conn_fail_tls(struct conn *, const char *error);

/* greet.c: what will be said to a proxy once it is connected, ... */
struct greeting *greeting_new(const struct proxy *, const char *host, uint16_t port);
void greeting_free(struct greeting **);
/* ... its beginning, ... */
void conn_greet(struct conn *);
/* ... and what it answers; how many bytes were its. */
size_t conn_greet_feed(struct conn *, struct span in);

/* dial.c: the conn goes away while dialling; what is under way ends by itself. */
void dial_forget(struct conn *);
/* The present address, or the look-up, has had its time. */
void dial_timed_out(struct conn *);

#endif
