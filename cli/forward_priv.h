/* cli/forward_priv.h - the inside of a forward, shared by the files that its sides fall into. Each
 * calls only those below it:
 *
 *   forward.c          the stream's callbacks, and the target's; life
 *   forward_request.c  the viewer's requests: heads, verdicts, bodies; where answers end
 *   forward_answer.c   answers of our own: pages, files, the program
 *   forward_core.c     state, exchange, end
 *   leg.c              connections to targets
 */
#ifndef WHT_CLI_FORWARD_PRIV_H
#define WHT_CLI_FORWARD_PRIV_H

#include "base/log.h"
#include "base/obj.h"
#include "cli/forward.h"
#include "cli/leg.h"
#include "http/parse.h"

#define FORWARDER_MAGIC 0xf02d0001u
#define FORWARD_MAGIC	0xf02d0002u

#define EXCHANGE_METHOD_MAX 32
#define EXCHANGE_PATH_MAX   1024
#define REPLY_MAX	    (64 << 20)
#define PROGRAM_BODY_MAX    (1 << 20)

struct forwarder {
	unsigned magic;
	struct loop *loop;
	const struct rules *rules;
	const struct forwarder_ops *ops;
	void *user;
	struct link *link;
	size_t streams;
	bool trusted;
	struct legs *legs;
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

/* forward_request.c */
void forward_requests_init(struct forward *);
size_t forward_take_requests(struct forward *, struct span in);
/* Looks at what went out of the target's answer. */
void forward_look_at_answer(struct forward *, struct span sent);
void forward_answer_ended(struct forward *);

/* forward_answer.c */
/* Instead of a target. */
void forward_refuse(struct forward *, int status, const char *error, enum reason why);
void forward_answer_file(struct forward *);
void forward_answer_program(struct forward *);
/* More of the answer, as the stream takes it. */
void forward_pump(struct forward *);

/* forward_core.c */
void forward_set_state(struct forward *, enum forward_state);
void forward_flush(const struct forward *);
void forward_stirred(struct forward *);
/* Sends the head that is made to the exchange's target, on a connection that fits. */
void forward_ask_target(struct forward *);
/* The connection may be the next request's, whosever that is. */
void forward_keep_target(struct forward *);
/* Gives credit for what it did not take. */
void forward_drop_target(struct forward *);
/* Nobody will take the server's bytes any more. */
void forward_drain(struct forward *);
/* The target broke: so does the answer. */
void forward_break(struct forward *, const char *error);
/* The exchange is over, one way or the other; says so once. */
void forward_tell(struct forward *, const char *error);
/* Both sides of it are through: ready for the next. */
void forward_next(struct forward *);

#endif
