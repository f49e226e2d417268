/* msg/msg.h - the letters between threads (msg/msg_tbl.h). A letter owns what it carries; ids
 * cross, pointers into a worker do not. */
#ifndef WHT_MSG_MSG_H
#define WHT_MSG_MSG_H

#include "msg/policy.h"
#include "net/mailbox.h"
#include "net/move.h"

enum msg_type {
#define MSG(NAME, type, from, to, text) MSG_##NAME,
#include "msg/msg_tbl.h"
#undef MSG
	MSG_COUNT
};

struct msg_conn_move {
	struct mail mail;
	struct conn_bundle *bundle;
	uint64_t serial; /* of the viewer, for the log */
	unsigned from;	 /* worker */
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

#define MSG(NAME, type, from, to, text) void msg_##type##_free(struct msg_##type *);
#include "msg/msg_tbl.h"
#undef MSG

/* Frees any letter with what it carries. */
void msg_free(struct mail *);
const char *msg_name(unsigned type);
/* Posts, or frees the letter when the box is shut. */
void msg_post(struct mailbox *, struct mail *);

#endif
