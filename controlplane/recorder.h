/* controlplane/recorder.h - between the workers' letters and the ledger.
 *
 *   ADMIT        banned? no: a session row; then ADMITTED, and only then the client sees 101
 *   TUNNEL_END   the session's end
 *   REFUSALS     auth.refused
 *   HOOK_FAILED  hook.failed
 *
 * Every row that a worker sent for is counted back to it (ADMITTED, or RECORDED with a number):
 * that is its credit. The hard thing is a ban that comes while an admission waits for its commit:
 * the kick would find no tunnel yet, so the admission is judged again when its row is there.
 */
#ifndef WHT_CONTROLPLANE_RECORDER_H
#define WHT_CONTROLPLANE_RECORDER_H

#include "controlplane/ledger.h"
#include "controlplane/state_dir.h"
#include "msg/msg.h"

struct recorder_plan {
	char dir[PATH_MAX];
	bool sync_normal;
	uint64_t keep_ms;
};
/* From the settings; what is wrong with them is in the report. */
void recorder_plan(struct recorder_plan *, const struct config *, struct report *);

struct recorder;

/* Makes the directory, opens the ledger. NULL and a sentence in error. */
struct recorder *recorder_open(
    struct loop *, const struct recorder_plan *, char error[LEDGER_ERROR_MAX]);
struct ledger *recorder_ledger(struct recorder *);

/* How letters get to a worker. */
struct recorder_ops {
	void (*post)(void *user, unsigned worker, struct mail *);
};
/* The workers run: server.start, and from now on they are answered. ops must outlive that. */
void recorder_serve(
    struct recorder *, unsigned workers, bool tls, const struct recorder_ops *, void *user);
/* The workers are gone, and nobody is left to be answered. */
void recorder_hang_up(struct recorder *);

/* The letters stay the caller's. */
void recorder_on_admit(struct recorder *, const struct msg_admit *);
void recorder_on_tunnel_end(struct recorder *, const struct msg_tunnel_end *);
void recorder_on_refusals(struct recorder *, const struct msg_refusals *);
void recorder_on_hook_failed(struct recorder *, const struct msg_hook_failed *);

/* config.reloaded, or with errors config.refused. script: the SHA-256 of the
 * operator's; NULL: there is none. */
void recorder_reloaded(struct recorder *, unsigned errors, const char *script);

/* server.stop if there was a start; writes what waits, for a few seconds at most. */
void recorder_close(struct recorder **);

#endif
