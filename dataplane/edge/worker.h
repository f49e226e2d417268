/* edge/worker.h - one thread of the data plane: a loop, its connections,
 * and the tunnels that fall to it.
 *
 *   RUNNING --drain--> DRAINING --no viewer left, or the deadline--> ENDING
 *   ENDING --no tunnel and no viewer left--> STOPPED: DRAINED is posted, the thread ends
 *
 * Everything below struct worker belongs to its thread. struct edge_shared is all that workers have
 * in common: constants, mailboxes, two counters, and what their scripts share.
 */
#ifndef WHT_EDGE_WORKER_H
#define WHT_EDGE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/tunnel_id.h"
#include "base/log.h"
#include "base/reason.h"
#include "edge/edge.h"
#include "edge/failures.h"
#include "edge/refusals.h"
#include "edge/request_id.h"
#include "http/parse.h"
#include "lua/vm.h"
#include "msg/history.h"
#include "msg/msg.h"
#include "net/listen.h"

struct note;
struct tunnel;
struct viewer;
struct viewer_asked;
struct viewer_ticket;

#define ROWS_MAX 8192 /* a worker's rows that may be on their way to the disk at once */

enum worker_state { WORKER_RUNNING, WORKER_DRAINING, WORKER_ENDING, WORKER_STOPPED };

struct edge_shared {
	unsigned workers;
	struct owner_key owner_key;
	struct mailbox **boxes; /* one a worker */
	struct mailbox *control;
	struct lua_shared *lua; /* behind a lock of its own */
	/* Connections that are no tunnel's, in flight between workers included. */
	atomic_size_t viewers;
	atomic_size_t held; /* bytes held for all sessions, and for bodies that are gathered */
};

struct worker {
	unsigned magic;
	enum worker_state state; /* worker_set_state() only */
	unsigned no;
	struct edge_shared *shared;
	pthread_t thread;
	struct loop *loop;
	struct mailbox *box;
	struct policy *policy;
	struct http_limits http_limits; /* of policy */
	struct listener *listeners[EDGE_LISTEN_MAX];
	int nlisteners;
	struct tunnel *by_id;	     /* uthash: LIVE tunnels */
	LIST_HEAD(, tunnel) tunnels; /* all of them */
	LIST_HEAD(, viewer) viewers;
	uint64_t serial; /* of the next viewer or tunnel, for the log */
	struct timer drain_deadline;
	struct log_tag tag;
	struct worker_metrics metrics; /* the counters; gauges are filled in when asked for */
	struct failures failures;
	struct history *history; /* of the size that policy says */
	struct refusals refusals;
	struct timer refusals_due;
	struct timer lag;
	struct task left;		    /* somebody is gone */
	TAILQ_HEAD(, viewer_asked) waiting; /* heads for the script; edge/viewer_wait.c */
	TAILQ_HEAD(, viewer_asked) spare;
	unsigned nspare;
	struct task ask;
	STAILQ_HEAD(, note) over; /* requests that are to be told of; edge/note.h */
	struct task tell;
	uint64_t lag_due_ms;
	struct request_ids request_ids;
	struct viewer_ticket *tickets; /* uthash: registrations that wait for their row */
	struct lua_vm *script;	       /* NULL: there is none; edge/hooks.h */
	uint64_t hook_said_ms, hook_unsaid;
	uint64_t last_ticket;
	uint64_t unrecorded; /* rows sent and not yet said to be on disk */
};

#define WORKER_MAGIC 0x3042c340u

/* Before any thread runs; fds are taken. */
struct worker *worker_new(
    struct edge_shared *, unsigned no, struct policy *, const int *fds, int nfds);
void worker_start(struct worker *);
/* Waits for the thread to end; every letter that is still in the box is dropped. */
void worker_join(struct worker *);
void worker_free(struct worker **);

/* Which worker owns that id? Ids that differ only in case fall to the same one:
 * a host names them all. */
unsigned worker_owner(const struct worker *, struct span id);
/* A viewer or a tunnel is gone: a drain may be over. */
void worker_left(struct worker *);
bool worker_over_memory(const struct worker *);

/* Sends a letter that is a row of the audit: ADMIT, TUNNEL_END or REFUSALS. */
void worker_record(struct worker *, struct mail *);
/* The control plane has that many of them on disk. */
void worker_recorded(struct worker *, unsigned rows);
/* False when too many are on their way: then no tunnel is admitted. Serving goes on. */
bool worker_has_credit(const struct worker *);
/* Those that were noted go out now. */
void worker_flush_refusals(struct worker *);
void worker_note_refusal(
    struct worker *, enum reason why, const char *detail, struct span id, const char *peer);

#define MSG_TO_DP(type) void worker_on_##type(struct worker *, struct msg_##type *);
MSG_TO_DP(conn_move)
MSG_TO_DP(policy)
MSG_TO_DP(drain)
MSG_TO_DP(admitted)
MSG_TO_DP(recorded)
MSG_TO_DP(kick)
MSG_TO_DP(ask)
#undef MSG_TO_DP

#endif
