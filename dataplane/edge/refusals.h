/* edge/refusals.h - refused registrations on their way to the audit: alike ones are told once, with
 * a count, so that a flood of bad tokens costs a row a second and not a row each. */
#ifndef WHT_EDGE_REFUSALS_H
#define WHT_EDGE_REFUSALS_H

#include "base/span.h"
#include "msg/msg.h"

/* (reason, detail) pairs told apart at once; further ones share the last. */
#define REFUSALS_KINDS 24

struct refusal {
	enum reason why;
	const char *detail; /* static text */
	char id[TUNNEL_ID_MAX + 1];
	char peer[FACT_PEER_MAX];
	uint64_t count;
	int64_t at_ms;
};

struct refusals {
	struct refusal of[REFUSALS_KINDS];
	int n;
};

void refusals_note(
    struct refusals *, enum reason why, const char *detail, struct span id, const char *peer);
/* Takes one out as a letter; NULL when there is none. */
struct msg_refusals *refusals_letter(struct refusals *, unsigned worker);

#endif
