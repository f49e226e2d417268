/* controlplane/ledger_priv.h - the inside of the ledger, for its own files:
 *
 *   ledger.c         the queue, the commit, its two states
 *   ledger_doubt.c   opening again, and what became of a commit that failed
 *   ledger_rows.c    sessions and events: what a row writes
 *   ledger_bans.c    bans, which also live in memory
 *   ledger_upkeep.c  what a crash left, retention, checkpoints
 *
 * A row goes from queue to batch when a transaction begins, and from there to its end:
 *
 *   queue --take_batch--> batch --committed--> settled: R_NONE
 *     ^---the transaction is undone---'
 *   queue --it is full, waited too long, breaks the schema--> settled: R_NOT_RECORDED
 *
 * When the COMMIT itself failed, the batch stays IN DOUBT until the file has been opened again and
 * says whether it is in there. A row that waits too long meanwhile is told R_NOT_RECORDED and
 * stays: should it be in the file after all, kind->withdraw takes it back.
 */
#ifndef WHT_CONTROLPLANE_LEDGER_PRIV_H
#define WHT_CONTROLPLANE_LEDGER_PRIV_H

#include "controlplane/audit.h"
#include "controlplane/ledger.h"
#include "controlplane/pace.h"

struct row;
TAILQ_HEAD(row_list, row);

struct row_kind {
	/* Inside a transaction, perhaps more than once; sets row->number. SQLite's code. */
	int (*write)(struct ledger *, struct row *);
	/* It is committed. NULL: nothing to do. */
	void (*committed)(struct ledger *, struct row *);
	/* It is committed, although whoever asked was told that it is not. NULL: so be it. */
	void (*withdraw)(struct ledger *, struct row *);
};

/* The first member of what its kind needs. */
struct row {
	TAILQ_ENTRY(row) entry;
	const struct row_kind *kind;
	ledger_done_f *done;
	void *user;
	int64_t number;
	int64_t at;	    /* wall clock, when it was asked for */
	uint64_t queued_ms; /* monotonic */
	bool urgent;	    /* cannot wait */
	bool refused;	    /* in doubt, and told that it is not recorded */
};

enum ledger_mode { LEDGER_WRITING, LEDGER_TROUBLED };

struct ledger {
	unsigned magic;
	struct loop *loop;
	struct ledger_config config;
	char *path;
	int lock;
	struct db db;
	struct audit audit;

	enum ledger_mode mode;
	struct ledger_gap {
		uint64_t since_ms;
		int64_t since_at;
		uint64_t refused, dropped;
	} gap; /* what was not written since the last commit; since_ms 0: nothing */

	struct row_list queue, batch, refused;
	size_t waiting;	   /* rows in queue and batch */
	bool in_doubt;	   /* the batch may be in the file, or not */
	struct row *stuck; /* that SQLite would not take */
	struct pace pace;
	struct task turn_end;
	struct timer timer; /* the next commit, or the next try */
	struct timer upkeep;

	struct ban *bans;
	size_t nbans;
	uint64_t checkpoint_bytes; /* of WAL, at which the next checkpoint is tried */
	bool wal_alarm;
	struct ledger_state told;
};

#define LEDGER_MAGIC	 0x1ED6E201u
#define LEDGER_QUEUE_MAX 16384 /* rows that may wait */
#define LEDGER_BATCH_MAX 4096  /* rows in one transaction */

#define LEDGER_UPKEEP_MS 60000

/* For the files above. Functions that answer int answer SQLite's codes. */

/* Takes a malloc'ed row over. */
void ledger_queue(
    struct ledger *, struct row *, const struct row_kind *, ledger_done_f *, void *user);
void ledger_settle(struct ledger *, struct row *, enum reason);
/* Everything of the batch is on disk. */
void ledger_settle_batch(struct ledger *);
/* Nothing of it is: it waits again, in front of the others. */
void ledger_undo_batch(struct ledger *);

/* The file is open, it is the one that we wrote, and nothing is in doubt. */
int ledger_ready(struct ledger *);
/* After a failure: what has to be known before the next try. */
void ledger_distrust(struct ledger *, int code, bool committing);

/* Inside a transaction. */
int ledger_append(struct ledger *, int64_t at, const char *event, const char *actor,
    struct span subject, struct span detail);

int ledger_bans_load(struct ledger *);
void ledger_bans_expire(struct ledger *);
/* What a crash left behind, and the mark that this life is not over. */
int ledger_begin(struct ledger *, char mismatch[2][AUDIT_HEAD_MAX]);
void ledger_on_upkeep(void *user);
uint64_t ledger_wal_bytes(const struct ledger *);
int ledger_checkpoint(struct ledger *);
void ledger_checkpoint_if_due(struct ledger *);

#endif
