/* controlplane/ledger.h - what has to be proved later: sessions,
 * bans and the audit chain, in SQLite.
 *
 * The one connection that writes. Rows are queued and committed together at the end of the loop's
 * turn (group commit): a storm of registrations costs few fsyncs. Whoever queued a row hears of it
 * once, after the commit that holds it, or of the failure: nothing that was acknowledged is ever
 * lost, and nothing is acknowledged before it is on disk.
 *
 *   WRITING --busy, full, I/O error--> TROUBLED --a commit goes through--> WRITING
 *                                                 (with the gap as a row of its own)
 *
 * TROUBLED: what cannot wait (a registration, a command that changes something) is refused when its
 * row has waited patience_ms, or at once when the trouble has lasted that long; ends of tunnels and
 * refusals of tokens go on waiting, bounded, and what is dropped beyond the bound is counted in the
 * gap row. Retried by a timer; the loop is never blocked by somebody else's lock (no busy handler).
 *
 * Thread: the control plane's. Readers (sqlite3, the admin listings) use connections of their own.
 */
#ifndef WHT_CONTROLPLANE_LEDGER_H
#define WHT_CONTROLPLANE_LEDGER_H

#include "base/span.h"
#include "msg/facts.h"
#include "net/loop.h"

struct ledger;

#define LEDGER_ERROR_MAX 256

struct ledger_config {
	const char *path;     /* the database; its folder exists */
	bool sync_normal;     /* synchronous=NORMAL instead of FULL */
	uint64_t keep_ms;     /* retention of the audit, by whole segments */
	uint64_t patience_ms; /* before a row that cannot wait is refused */
};

/* Migrates, closes what a crash left open, takes the lock that keeps a second service out. NULL and
 * a sentence in error. */
struct ledger *ledger_open(
    struct loop *, const struct ledger_config *, char error[LEDGER_ERROR_MAX]);
/* Commits what is queued (for ms at most) and closes. */
void ledger_close(struct ledger **, uint64_t ms);

/* Called once, never from within the call that asked: when the row is on disk (R_NONE) or will
 * never be (R_NOT_RECORDED). row: a session's number, an event's seq. */
typedef void ledger_done_f(void *user, enum reason why, int64_t row);

/* A session row and tunnel.open. */
void ledger_tunnel_open(
    struct ledger *, const struct client_facts *, unsigned worker, ledger_done_f *, void *user);

struct ledger_end {
	int64_t session;
	const char *id;	   /* "": the session's row knows */
	const char *actor; /* "" : nobody's wish */
	enum reason why;
	uint64_t requests, bytes_in, bytes_out;
	int64_t closed_ms;
};
/* The session row's end, and tunnel.close, tunnel.replaced or tunnel.killed by its reason. */
void ledger_tunnel_end(struct ledger *, const struct ledger_end *, ledger_done_f *, void *user);

/* Any other event of audit_event_tbl.h, or admin.<command>. detail: a JSON object as text, "" for
 * none. cannot_wait: see above. */
struct ledger_event {
	const char *event, *actor;
	struct span subject, detail;
	bool cannot_wait;
};
void ledger_event(struct ledger *, const struct ledger_event *, ledger_done_f *, void *user);

/* Bans: an id or glob, until a moment (0: for ever). Each is a row and
 * an event in one transaction. */
struct ban {
	char match[TUNNEL_ID_MAX + 1];
	int64_t until_ms, added_ms;
	char by[TUNNEL_ID_MAX + 1], why[257];
};
void ledger_ban_add(struct ledger *, const struct ban *, ledger_done_f *, void *user);
void ledger_ban_remove(
    struct ledger *, const char *match, const char *by, ledger_done_f *, void *user);
/* Does one of them cover the id, at that moment? */
bool ledger_is_banned(const struct ledger *, const char *id, int64_t now_ms);
/* Today's, from memory; *n how many. Owned by the ledger, until its next change. */
const struct ban *ledger_bans(const struct ledger *, size_t *n);

struct ledger_state {
	bool troubled;
	char trouble[LEDGER_ERROR_MAX];
	size_t queued;		/* rows that wait */
	uint64_t dropped;	/* rows lost to the bound, ever */
	uint64_t commits, rows; /* since the start */
	uint64_t last_commit_us, slowest_commit_us;
	uint64_t wal_bytes;
};
void ledger_state(const struct ledger *, struct ledger_state *);

/* A further, read-only connection to the same file, for listings; the caller's, to be closed by
 * sqlite3_close. NULL: it cannot be had. */
struct sqlite3;
struct sqlite3 *ledger_reader(struct ledger *);

#endif
