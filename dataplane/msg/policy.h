/* msg/policy.h - what the service is told to do: an immutable, reference-counted snapshot.
 *
 * Made by the control plane, handed to every worker by a message, held by whoever still works under
 * it. Nothing in it changes after policy_seal(); a reload makes another one. Any thread may hold a
 * reference; the last unref frees.
 */
#ifndef WHT_MSG_POLICY_H
#define WHT_MSG_POLICY_H

#include <stdatomic.h>

#include "auth/jwt.h"
#include "base/span.h"
#include "base/strb.h"
#include "base/network.h"
#include "lua/script.h"
#include "net/tls.h"

struct limits {
#define LIMIT(field, name, unit, value, help) uint64_t field;
#include "msg/limit_tbl.h"
#undef LIMIT
};

/* Every limit at its default; process_memory is worked out for this machine. */
void limits_default(struct limits *);
/* The same for one that is 0: automatic. */
void limits_settle(struct limits *);

struct policy {
	atomic_uint refs; /* private */
	char *hostname;	  /* lower case, without a port; never NULL */
	char *authority;  /* the hostname as configured, with its port if it has one; never NULL */
	/* Before "/<id>" in a client URL, no trailing slash; NULL: made from authority. */
	char *url_prefix;
	char *audience; /* "" when unset */
	char *secrets[JWT_SECRETS_MAX];
	struct tls_context *tls; /* NULL: plain HTTP, single-hosted only */
	bool close_at_expiry;	 /* a session ends when its token does */
	struct networks trusted; /* whose X-Forwarded-* and Forwarded are taken */
	struct limits limits;
	struct lua_script *script; /* NULL: none */
};

/* An empty policy with one reference and default limits;
 * the strings are malloc'ed and become its own. */
struct policy *policy_new(void);
struct policy *policy_ref(struct policy *);
void policy_unref(struct policy **);

/* Where viewers find that tunnel: <url_prefix>/<id>; else https://<id>.<authority> with TLS
 * (domain-hosted), http://<authority>/<id> without (single-hosted). */
void policy_client_url(const struct policy *, struct span id, struct strb *out);

#endif
