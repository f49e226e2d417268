/* msg/msg.h - the letters between threads (msg/msg_tbl.h). A letter owns what it carries; ids
 * cross, pointers into a worker do not. */
#ifndef WHT_MSG_MSG_H
#define WHT_MSG_MSG_H

#include "msg/facts.h"
#include "msg/history.h"
#include "msg/metric.h"
#include "msg/policy.h"
#include "net/mailbox.h"
#include "net/move.h"

enum msg_type {
#define MSG(NAME, type, from, to, text) MSG_##NAME,
#include "msg/msg_tbl.h"
#undef MSG
	MSG_COUNT
};

/* What was decided about a request before its connection moved, so that a script is asked once. */
struct decision {
	char *id, *path; /* path NULL: a registration under another id */
	bool by_host;
	char label[FACT_LABEL_MAX];
};
void decision_free(struct decision **);

struct msg_conn_move {
	struct mail mail;
	struct conn_bundle *bundle;
	struct decision *decision; /* NULL: none was made */
	uint64_t serial;	   /* of the viewer, for the log */
	unsigned from;		   /* worker */
};

struct msg_policy {
	struct mail mail;
	struct policy *policy;
};

struct msg_drain {
	struct mail mail;
	bool now;
};

struct msg_drained {
	struct mail mail;
	unsigned worker;
};

/* A ticket is the asker's own number for a question; the answer repeats it. */

struct msg_admit {
	struct mail mail;
	unsigned worker;
	uint64_t ticket;
	struct client_facts client;
};

struct msg_admitted {
	struct mail mail;
	uint64_t ticket;
	enum reason why; /* R_NONE: join */
	int64_t session; /* the row */
};

struct msg_tunnel_end {
	struct mail mail;
	unsigned worker;
	int64_t session;
	char id[TUNNEL_ID_MAX + 1];
	char by[TUNNEL_ID_MAX + 1]; /* who ended it, when somebody did: an operator, "" */
	enum reason why;
	uint64_t requests, bytes_in, bytes_out;
	int64_t closed_ms; /* wall clock */
};

struct msg_refusals {
	struct mail mail;
	unsigned worker;
	enum reason why;
	const char *detail;	    /* static text: the fault of the token; "" */
	char id[TUNNEL_ID_MAX + 1]; /* of the first of them; cut, escaped by whoever writes it */
	char peer[FACT_PEER_MAX];
	uint64_t count;
	int64_t at_ms;
};

struct msg_hook_failed {
	struct mail mail;
	unsigned worker;
	enum lua_phase phase;
	char id[TUNNEL_ID_MAX + 1]; /* "": of none */
	char text[FACT_WHAT_MAX];   /* file:line: what; cut, escaped by whoever writes it */
	uint64_t count;
};

struct msg_recorded {
	struct mail mail;
	unsigned rows;
};

struct msg_kick {
	struct mail mail;
	uint64_t ticket;
	char match[TUNNEL_ID_MAX + 1]; /* an id, or a glob as fnmatch(3) reads it */
	char by[TUNNEL_ID_MAX + 1];
	enum reason why;
};

struct msg_kicked {
	struct mail mail;
	uint64_t ticket;
	unsigned worker, ended;
};

enum ask_what { ASK_TUNNELS, ASK_METRICS, ASK_FAILURE, ASK_REQUESTS };

struct msg_ask {
	struct mail mail;
	uint64_t ticket;
	enum ask_what what;
	char match[TUNNEL_ID_MAX + 1]; /* TUNNELS: id or glob; "" all.  FAILURE: the request id */
};

struct msg_told {
	struct mail mail;
	uint64_t ticket;
	unsigned worker;
	enum ask_what what;
	struct tunnel_facts *tunnels; /* TUNNELS: malloc'ed, the letter's */
	size_t ntunnels;
	struct worker_metrics *metrics; /* METRICS: malloc'ed, the letter's */
	struct failure_facts *failure;	/* FAILURE: malloc'ed, the letter's; NULL: not known here */
	struct history *requests;	/* REQUESTS: a copy, the letter's */
};

#define MSG(NAME, type, from, to, text) void msg_##type##_free(struct msg_##type *);
#include "msg/msg_tbl.h"
#undef MSG

/* Frees any letter with what it carries. */
void msg_free(struct mail *);
const char *msg_name(unsigned type);
/* Posts, or frees the letter when the box is shut. */
void msg_post(struct mailbox *, struct mail *);

#endif
