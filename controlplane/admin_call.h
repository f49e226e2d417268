/* controlplane/admin_call.h - one command under way, from its checked arguments to its answer.
 *
 * A call is the handler's until it is answered or refused, exactly once, now or later. Its peer may
 * hang up meanwhile: the command runs to its end all the same, and the answer goes nowhere. For
 * this folder's admin_*.c only.
 *
 *   CHECKED --row on disk (or none needed)--> RUNNING --answer or refuse--> freed
 */
#ifndef WHT_CONTROLPLANE_ADMIN_CALL_H
#define WHT_CONTROLPLANE_ADMIN_CALL_H

#include <sys/queue.h>

#include "controlplane/admin.h"
#include "controlplane/admin_json.h"
#include "controlplane/questions.h"

#define ADMIN_CALLS_MAX 128 /* under way at once */

struct admin_conn;
struct admin_reader;

struct admin_peer {
	enum admin_role role;
	uid_t uid;
	pid_t pid;
	char actor[32]; /* as rows of the audit name it: "uid:1000" */
};

#define ADMIN_CALL_MAGIC 0xadca1100u
struct admin_call {
	unsigned magic;
	struct admin *admin;	 /* NULL: the service ends, and there is nobody to act for */
	struct admin_conn *conn; /* NULL: the peer is gone */
	enum admin_command command;
	struct admin_peer peer;
	struct admin_args args;
	LIST_ENTRY(admin_call) entry;  /* in admin->calls */
	LIST_ENTRY(admin_call) follow; /* in admin->followers, while it waits for rows */
	uint64_t until_ms;	       /* then its waiting is over; monotonic */
	uint64_t seen_rows;	       /* of the ledger, when it last looked */
};

#define ADMIN_MAGIC 0xad317000u
struct admin {
	unsigned magic;
	struct loop *loop;
	struct admin_place place;
	struct ledger *ledger;
	const struct admin_ops *ops;
	void *user;
	unsigned workers;
	bool shut;
	dev_t socket_dev; /* which socket is ours, should another take its place */
	ino_t socket_ino;
	struct listener *door, *metrics_door;
	struct questions *questions;
	struct admin_reader *reader;
	LIST_HEAD(, admin_conn) conns;
	unsigned nconns[2]; /* operators, scrapers: neither takes the other's places */
	LIST_HEAD(, admin_call) calls;
	unsigned ncalls;
	LIST_HEAD(, admin_call) followers;
	struct timer follow_tick;
};

static inline const char *
call_text(const struct admin_call *call, enum admin_arg a)
{
	return call->args.of[a].text; /* NULL: not given */
}

static inline uint64_t
call_number(const struct admin_call *call, enum admin_arg a, uint64_t otherwise)
{
	return call->args.of[a].text ? call->args.of[a].number : otherwise;
}

/* Both take the call, and admin_answer the JSON. */
void admin_answer(struct admin_call **, json_t *);
void admin_answer_text(struct admin_call **, const char *type, struct span text);
void admin_refuse(struct admin_call **, int status, const char *error, const char *hint,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Some workers said nothing in time. */
void admin_refuse_silent(struct admin_call **, const struct answer *);

/* A request that arrived whole. One answer will go to the connection. */
void admin_dispatch(struct admin *, struct admin_conn *, const struct admin_peer *,
    struct span method, struct span target, struct span body);
/* No answer of any call is for that connection any more. */
void admin_forget_conn(struct admin *, struct admin_conn *);

/* A peer at the door: the descriptor is taken. over_tcp: it may see the
 * metrics, and nothing else. */
void admin_conn_accept(struct admin *, int fd, bool over_tcp);
void admin_conn_reply(
    struct admin_conn *, int status, const char *type, struct span fields, struct span body);
void admin_conns_shut(struct admin *);

/* The Unix socket: a listening descriptor, or -1 and a sentence. */
int admin_socket_open(struct admin *, char error[ADMIN_ERROR_MAX]);
void admin_socket_remove(struct admin *);
/* Who is at the other end. */
void admin_socket_peer(const struct admin *, int fd, struct admin_peer *);

/* The handlers, one a row of the table. */
#define ADMIN(NAME, ...) void admin_do_##NAME(struct admin_call *);
#include "controlplane/admin_tbl.h"

#endif
