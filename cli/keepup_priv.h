/* cli/keepup_priv.h - the inside of keepup, shared by the files that its states fall into:
 *
 *   keepup.c          what comes next: rest, wait, give up, stop
 *   keepup_attempt.c  DIALLING and REGISTERING
 *   keepup_session.c  SERVING
 */
#ifndef WHT_CLI_KEEPUP_PRIV_H
#define WHT_CLI_KEEPUP_PRIV_H

#include "base/log.h"
#include "base/obj.h"
#include "cli/backoff.h"
#include "cli/keepup.h"
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
	char url[REGISTER_URL_MAX + 1]; /* as printed */
	struct log_tag tag;
};

/* The one place where a state changes. */
void keepup_enter(struct keepup *, enum keepup_state);

/* To DIALLING; or, without a token, to wherever one may come from. */
void keepup_dial(struct keepup *);
void keepup_rest(struct keepup *);
/* For a token on stdin. */
void keepup_wait(struct keepup *);
/* Lets go of the connection or the session; when that is gone, keepup_next() must be called. */
void keepup_leave(struct keepup *, enum reason why);
void keepup_next(struct keepup *);
void keepup_finish(struct keepup *, enum leave result);

/* The 101 is read: what is left of the connection is a session. */
void keepup_serve(struct keepup *);

/* Deadlines, as in keepup_tbl.h. */
void keepup_on_late(struct keepup *);
void keepup_on_drained(struct keepup *);
void keepup_give_up(struct keepup *);

#endif
