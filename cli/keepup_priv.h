/* cli/keepup_priv.h - the inside of keepup, shared by the files that its states fall into. Each
 * calls only those below it:
 *
 *   keepup.c          life; what passing time and others cause
 *   keepup_watch.c    sleep, and tokens that end
 *   keepup_attempt.c  DIALLING and REGISTERING
 *   keepup_session.c  SERVING
 *   keepup_state.c    the states, and what comes next: rest, wait, give up
 */
#ifndef WHT_CLI_KEEPUP_PRIV_H
#define WHT_CLI_KEEPUP_PRIV_H

#include "base/log.h"
#include "base/obj.h"
#include "cli/backoff.h"
#include "cli/keepup.h"
#include "auth/tunnel_id.h"
#include "cli/register.h"

#define KEEPUP_MAGIC 0x6ee90001u

enum keepup_state {
#define STATE(NAME, before, deadline_ms, late, text) KEEPUP_##NAME,
#include "cli/keepup_tbl.h"
#undef STATE
};

struct refusal {
	int status;
	enum leave leave;
	const char *text;
};

struct keepup {
	unsigned magic;
	enum keepup_state state; /* changed by keepup_enter() only */
	struct keepup_config config;
	struct place server;		   /* the one that is dialled */
	char id[TUNNEL_ID_MAX + 1];	   /* the one that is registered */
	struct timer watch;		   /* every second: did we sleep, does the token end? */
	uint64_t watched_ms;		   /* of the clock that counts sleep, at the last look */
	int64_t token_ends, renew_at;	   /* seconds since 1970 */
	int64_t renew_every;		   /* seconds */
	bool renewing;			   /* it was said that another token is wanted */
	bool eager;			   /* the next attempt comes without a pause */
	bool woke;			   /* from sleep, in the session under way */
	struct conn *conn;		   /* DIALLING and REGISTERING */
	struct registration *registration; /* the same */
	struct link *link;		   /* SERVING and DRAINING */
	struct timer deadline;		   /* the state's */
	struct task idle;		   /* the last stream is done */
	struct backoff backoff;
	uint64_t served_since, adrift_since; /* ms */
	const struct refusal *refusal;	     /* the last attempt's; NULL: it ended otherwise */
	bool stopping;
	enum leave result;
	char url[REGISTER_URL_MAX + 1]; /* of the last session */
	struct log_tag tag;
};

/* keepup_watch.c: every second. */
void keepup_watch(struct keepup *);
void keepup_on_watch(void *user);

/* keepup_attempt.c. To DIALLING; or, without a token, to wherever one may come from. */
void keepup_dial(struct keepup *);
/* The server did not answer in time. */
void keepup_on_late(struct keepup *);

/* keepup_session.c. The 101 is read: what is left of the connection is a session. */
void keepup_serve(struct keepup *);

/* keepup_state.c. The one place where a state changes. */
void keepup_enter(struct keepup *, enum keepup_state);
/* Until the next attempt; or, with --once, for ever. */
void keepup_rest(struct keepup *);
/* For a token on stdin. */
void keepup_wait(struct keepup *);
/* There was no session for too long. */
void keepup_give_up(struct keepup *);
/* Lets go of the connection or the session; when that is gone, keepup_next() must be called. */
void keepup_leave(struct keepup *, enum reason why);
void keepup_next(struct keepup *);
void keepup_finish(struct keepup *, enum leave result);

void keepup_tell(struct keepup *, struct whc_event *);
/* To the log, and as a notice. */
void keepup_say(struct keepup *, enum log_level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
