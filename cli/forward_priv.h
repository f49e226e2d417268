/* cli/forward_priv.h - the inside of a forward, shared by the files that its sides fall into:
 *
 *   forward.c          the stream, the forwarder, life
 *   forward_request.c  the viewer's requests: heads, verdicts, bodies
 *   forward_leg.c      the connection to the local target
 *   forward_answer.c   answers of our own: pages, files, the program
 */
#ifndef WHT_CLI_FORWARD_PRIV_H
#define WHT_CLI_FORWARD_PRIV_H

#include "base/log.h"
#include "base/obj.h"
#include "cli/forward.h"
#include "http/parse.h"

#define FORWARDER_MAGIC 0xf02d0001u
#define FORWARD_MAGIC	0xf02d0002u
#define LEG_MAGIC	0xf02d0003u

#define EXCHANGE_METHOD_MAX 32
#define EXCHANGE_PATH_MAX   1024
#define REPLY_MAX	    (64 << 20)
#define PROGRAM_BODY_MAX    (1 << 20)

/* A connection to a target: one forward's, or nobody's while it waits for the next. */
struct leg {
	unsigned magic;
	struct forwarder *owner;
	struct forward *forward; /* NULL: nobody's */
	const struct route *route;
	struct conn *conn;
	bool open, idle, reused;
	struct timer rest; /* of an idle one */
	TAILQ_ENTRY(leg) entry;
};

struct forwarder {
	unsigned magic;
	struct loop *loop;
	const struct rules *rules;
	const struct forwarder_ops *ops;
	void *user;
	struct link *link;
	size_t streams;
	bool trusted;
	bool refusing; /* the last dial failed: said once, not once a request */
	TAILQ_HEAD(, leg) idle;
	size_t nidle;
	void (*on_idle)(void *user);
	void *idle_user;
};

enum forward_state { FORWARD_HEAD, FORWARD_COPYING, FORWARD_LINGERING, FORWARD_DRAINING };

/* The exchange under way. */
struct exchange {
	char method[EXCHANGE_METHOD_MAX], path[EXCHANGE_PATH_MAX];
	const struct route *route;
	uint64_t began_ns, bytes; /* bytes of the answer */
	int status;
	bool under_way, asked, answered; /* asked: the request is whole; answered: the response */
	bool told;
	bool safe; /* may be sent twice: no body, and nothing changes by it */
	bool keep, upgrade;
};

struct forward {
	unsigned magic;
	enum forward_state state; /* changed by forward_set_state() only */
	struct forwarder *owner;
	struct wsmux_stream *stream;
	struct leg *leg; /* NULL: none */
	struct http_parser *requests, *responses;
	struct exchange now;
	struct strb seen; /* of a head that is not whole: as it came */
	struct strb out;  /* the head for the target, kept until the answer begins */
	bool raw;	  /* what comes is copied without looking */
	bool blind;	  /* the target's answers are */
	bool local_eof;	  /* the target sends no more, and our FIN is behind its last byte */
	size_t ours,
	    owed; /* bytes queued for the target: made here; the server's, without credit yet */
	struct strb reply; /* of our own, not yet taken by the stream from reply_at on */
	size_t reply_at;
	int file; /* behind the reply; -1: none */
	uint64_t file_left;
	struct strb body; /* for the program */
	struct timer linger;
};

/* forward.c */
void forward_set_state(struct forward *, enum forward_state);
void forward_flush(const struct forward *);
void forward_stirred(struct forward *);
/* Nobody will take the server's bytes any more. */
void forward_drain(struct forward *);
/* The target broke: so does the answer. */
void forward_break(struct forward *, const char *error);
/* The exchange is over, one way or the other; says so once. */
void forward_tell(struct forward *, const char *error);
/* Both sides of it are through: ready for the next. */
void forward_next(struct forward *);

/* forward_request.c */
void forward_requests_init(struct forward *);
size_t forward_take_requests(struct forward *, struct span in);
/* Looks at what went out of the target's answer. */
void forward_look_at_answer(struct forward *, struct span sent);
void forward_answer_ended(struct forward *);

/* forward_leg.c */
void leg_begin(struct forward *);
/* The forward lets go: for the next request, or for good. */
void leg_keep(struct forward *);
void leg_drop(struct forward *, enum reason why, bool finish);
void leg_close_idle(struct forwarder *);

/* forward_answer.c */
/* Instead of a target. */
void forward_refuse(struct forward *, int status, const char *error, enum reason why);
void forward_answer_file(struct forward *);
void forward_answer_program(struct forward *);
/* More of the answer, as the stream takes it. */
void forward_pump(struct forward *);

#endif
