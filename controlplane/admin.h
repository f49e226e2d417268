/* controlplane/admin.h - the operator's door: HTTP and JSON on a Unix socket, and metrics on TCP.
 *
 * What can be asked stands in controlplane/admin_tbl.h. Who asks is known by the kernel's word
 * (SO_PEERCRED): our own user and root may do everything; members of WHT_ADMIN_GROUP what
 * WHT_ADMIN_GROUP_ROLE says; anybody else nothing. What is put on record is on disk before it acts,
 * so that neither a crash nor a peer that hangs up leaves a command that nobody can account for.
 *
 * Thread: the control plane's. No peer makes it wait: listings and verification read the database
 * on a thread of their own (controlplane/admin_reader.h), workers are asked by letters.
 */
#ifndef WHT_CONTROLPLANE_ADMIN_H
#define WHT_CONTROLPLANE_ADMIN_H

#include <sys/types.h>

#include "controlplane/admin_route.h"
#include "controlplane/config.h"
#include "controlplane/ledger.h"
#include "lua/shared.h"
#include "msg/msg.h"

#define ADMIN_PATH_MAX 108 /* what a Unix socket's address holds, with the NUL */

/* Where and for whom, worked out of the settings before anything is opened. */
struct admin_place {
	char socket[ADMIN_PATH_MAX];
	bool has_group, has_metrics;
	gid_t group;
	enum admin_role group_role;
	struct sockaddr_storage metrics;
};

/* state_dir: where the socket lies when nothing else is said. What is wrong is in the report. */
void admin_plan(
    struct admin_place *, const struct config *, const char *state_dir, struct report *);

/* What the service is just now; config and policy are borrowed until the call returns. */
struct admin_facts {
	const char *state; /* "serving", "draining" */
	bool draining;
	int64_t started_ms; /* wall clock */
	const struct config *config;
	const struct policy *policy;
	struct lua_shared *lua; /* the scripts' counters */
};

/* What the service does for the operator. */
struct admin_ops {
	void (*facts)(void *user, struct admin_facts *);
	/* Gives a letter to a worker. */
	void (*post)(void *user, unsigned worker, struct mail *);
	/* Reads the configuration again; what is wrong is in the report. */
	void (*reload)(void *user, struct report *);
	void (*drain)(void *user);
};

struct admin;

#define ADMIN_ERROR_MAX 256

/* Opens the socket; ledger, ops and what they need outlive it. NULL and a sentence in error. */
struct admin *admin_open(struct loop *, const struct admin_place *, unsigned workers,
    struct ledger *, const struct admin_ops *, void *user, char error[ADMIN_ERROR_MAX]);
/* Before the ledger closes: takes the socket away, and lets last answers go out. */
void admin_shut(struct admin *);
/* When the loop has run down. */
void admin_free(struct admin **);

/* Letters of the workers; they become the admin's. */
void admin_on_told(struct admin *, struct msg_told *);
void admin_on_kicked(struct admin *, struct msg_kicked *);
/* That worker has ended. */
void admin_on_drained(struct admin *, unsigned worker);

#endif
