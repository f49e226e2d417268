/* cli/ctl_trial.h - one request put to a script, as the service would put it.
 *
 * No service is asked and nothing is sent: a head, what the service would know beside it, and what
 * the script makes of both.
 */
#ifndef WHT_CLI_CTL_TRIAL_H
#define WHT_CLI_CTL_TRIAL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/strb.h"
#include "lua/outcome.h"

struct trial_request {
	struct span head; /* whole, with its empty line */
	struct span host, peer, request_id;
	bool tls;
	struct span built_in, built_in_path; /* by the built-in rule; empty: no tunnel */
	struct span usual_path;		     /* what a client gets where a script names only it */
	struct span body;		     /* p NULL: not to be had, and on_body is not asked */
};

struct trial {
	enum outcome outcome;
	int status; /* of DENIED and ANSWERED; else 0 */
	struct span id, path;
	bool erred;	    /* the script failed somewhere, whatever became of the request */
	struct arena arena; /* of id and path */
};

/* Without host, tunnel and path: what the head says, on a service that has no host names for
 * tunnels. -WHT_EINVAL: the head is none, and *why says why. */
int trial_built_in(struct trial_request *, struct strb *why) MUST_CHECK;

/* story: what each function said, line by line; NULL: not wanted. -WHT_EINVAL as above. The trial is
 * the caller's to free, whatever the answer. */
int trial_run(struct lua_vm *, const struct trial_request *, struct trial *, struct strb *story,
    struct strb *why) MUST_CHECK;
void trial_free(struct trial *);

/* The last failure of the script, line by line, as a terminal may show it: an error holds whatever
 * its request held. */
void trial_add_error(struct strb *, const struct lua_vm *);

#endif
