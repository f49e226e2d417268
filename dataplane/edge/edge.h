/* edge/edge.h - the data plane as its owner sees it: N workers that serve until told to stop.
 *
 * Each worker is a thread with one loop and owns the tunnels whose id falls to it (owner_of) and
 * every connection that speaks to them. The control plane starts it, talks to it in messages, and
 * is told things in messages (msg/msg.h).
 *
 *   RUNNING --edge_drain--> DRAINING --every worker posted DRAINED--> STOPPED --edge_free--> gone
 */
#ifndef WHT_EDGE_EDGE_H
#define WHT_EDGE_EDGE_H

#include "lua/shared.h"
#include "msg/policy.h"
#include "net/mailbox.h"

struct edge;

#define EDGE_LISTEN_MAX 16
#define EDGE_ERROR_MAX	256

struct edge_config {
	unsigned workers;				 /* at least 1 */
	struct sockaddr_storage listen[EDGE_LISTEN_MAX]; /* port 0 is replaced by the port taken */
	int nlisten;
	struct policy *policy;	 /* borrowed; every worker takes a reference */
	struct mailbox *control; /* where workers post what they have to tell; outlives the edge */
};

/* Binds every socket, then starts the workers. NULL, nothing left behind,
 * and a sentence in error. */
struct edge *edge_start(struct edge_config *, char error[EDGE_ERROR_MAX]);
/* Every worker works under this policy from its next turn on. */
void edge_publish(struct edge *, struct policy *);
/* Gives a letter to one worker. */
void edge_post(struct edge *, unsigned worker, struct mail *);
unsigned edge_workers(const struct edge *);
/* What the scripts of the workers have in common; any thread. Its counters are for /metrics. */
struct lua_shared *edge_lua(struct edge *);
/* Stop accepting, let requests finish, end sessions with 1001. Each worker posts MSG_DRAINED when
 * it is empty. now: do not wait for requests. */
void edge_drain(struct edge *, bool now);
/* After every MSG_DRAINED: joins the threads and frees. */
void edge_free(struct edge **);

#endif
