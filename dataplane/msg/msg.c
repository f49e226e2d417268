#include "msg/msg.h"

#include <stdlib.h>

#include "base/obj.h"

void
decision_free(struct decision **dp)
{
	struct decision *d = *dp;

	*dp = NULL;
	if (!d)
		return;
	free(d->id);
	free(d->path);
	free(d);
}

void
msg_conn_move_free(struct msg_conn_move *m)
{
	decision_free(&m->decision);
	if (m->bundle)
		conn_bundle_free(&m->bundle);
	free(m);
}

void
msg_policy_free(struct msg_policy *m)
{
	policy_unref(&m->policy);
	free(m);
}

void
msg_told_free(struct msg_told *m)
{
	free(m->tunnels);
	free(m->metrics);
	free(m->failure);
	if (m->requests)
		history_free(&m->requests);
	free(m);
}

/* Letters that own nothing but themselves. */
#define PLAIN(type)                                                                                \
	void msg_##type##_free(struct msg_##type *m)                                               \
	{                                                                                          \
		free(m);                                                                           \
	}
PLAIN(drain)
PLAIN(drained)
PLAIN(admit)
PLAIN(admitted)
PLAIN(tunnel_end)
PLAIN(refusals)
PLAIN(hook_failed)
PLAIN(recorded)
PLAIN(kick)
PLAIN(kicked)
PLAIN(ask)
#undef PLAIN

void
msg_free(struct mail *mail)
{
	switch ((enum msg_type)mail->type) {
#define MSG(NAME, type, from, to, text)                                                            \
	case MSG_##NAME:                                                                           \
		msg_##type##_free((struct msg_##type *)mail);                                      \
		return;
#include "msg/msg_tbl.h"
#undef MSG
	case MSG_COUNT:
		break;
	}
	ENSURE(!"a letter of a known type");
}

const char *
msg_name(unsigned type)
{
	static const char *const names[MSG_COUNT] = {
#define MSG(NAME, type, from, to, text) #type,
#include "msg/msg_tbl.h"
#undef MSG
	};

	return type < MSG_COUNT ? names[type] : "unknown";
}

void
msg_post(struct mailbox *box, struct mail *mail)
{
	if (!mailbox_post(box, mail))
		msg_free(mail);
}
