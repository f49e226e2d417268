/* controlplane/audit.h - the chain: every row carries the hash of the one before it.
 *
 *   hash = SHA-256 of  len:seq,len:at,len:event,len:actor,len:subject,len:detail,len:prev_hash,
 *
 * each column as its length in bytes, a colon, its bytes, a comma; numbers in decimal, hashes in
 * lower case hexadecimal. prev_hash of the first row is 64 zeros. docs/audit.md verifies it with
 * sqlite3 and sha256sum alone.
 *
 * Rows stand in segments. A segment is closed when it is full or a day old, and retired, rows and
 * all, when it outlived the retention; what stays of it are its first and last number and hash, so
 * that the rows behind it still have something to hang on.
 *
 * The head (the last row's number and hash) is kept in meta as well: that is how rows cut off at
 * the end are missed. In memory there are two: kept is what is committed, now is where a
 * transaction under way has come to.
 */
#ifndef WHT_CONTROLPLANE_AUDIT_H
#define WHT_CONTROLPLANE_AUDIT_H

#include "controlplane/db.h"

#define AUDIT_HASH_CHARS   64
#define AUDIT_SEGMENT_ROWS 10000
#define AUDIT_SEGMENT_MS   (24 * 3600 * 1000LL)
#define AUDIT_PROBLEM_MAX  200

enum audit_event {
#define AUDIT_EVENT(NAME, word, what, subject, detail) AUDIT_##NAME,
#include "controlplane/audit_event_tbl.h"
#undef AUDIT_EVENT
	AUDIT_EVENTS
};
const char *audit_event_word(enum audit_event);

struct audit_chain {
	int64_t seq; /* of the last row; 0: none yet */
	char hash[AUDIT_HASH_CHARS + 1];
	int64_t at;	       /* of the last row */
	int64_t segment_first; /* of the segment being written; 0: none is */
	int64_t segment_opened;
};

struct audit {
	struct audit_chain now, kept;
	struct strb scratch; /* private */
};

struct audit_row {
	int64_t seq, at;
	struct span event, actor, subject, detail; /* detail: a JSON object */
	struct span prev_hash;
};
void audit_hash(const struct audit_row *, struct strb *scratch, char out[AUDIT_HASH_CHARS + 1]);

void audit_init(struct audit *);
void audit_free(struct audit *);

/* Functions that answer int answer SQLite's codes, as db.h has it. */

/* Where the chain ends. *expected: what meta says, "seq:hash",
 * when that is not where the rows end. */
#define AUDIT_HEAD_MAX (24 + AUDIT_HASH_CHARS)
int audit_load(struct audit *, struct db *, char mismatch[2][AUDIT_HEAD_MAX]);
/* Inside a transaction: one row behind the last. seq and prev_hash
 * of the row are filled in here. */
int audit_append(struct audit *, struct db *, struct audit_row *);
/* Inside a transaction, as its last word: the head. */
int audit_seal(struct audit *, struct db *);
/* The transaction was committed, or is undone. */
void audit_keep(struct audit *);
void audit_undo(struct audit *);
bool audit_same(const struct audit_chain *, const struct audit_chain *);

/* Inside a transaction: deletes the rows of the oldest segment that was closed before cutoff, if
 * there is one, and says so in a row of its own. */
int audit_retire(struct audit *, struct db *, int64_t now, int64_t cutoff, bool *retired);

struct audit_verdict {
	bool whole;
	int64_t rows, first_seq, last_seq;
	int64_t broken_seq; /* the first row that does not fit; 0: none */
	char problem[AUDIT_PROBLEM_MAX];
	char head[AUDIT_HASH_CHARS + 1]; /* of the last row that fits */
};
/* Walks all of it, in one snapshot, on any connection and any thread.
 * A code when it cannot be read. */
int audit_verify(sqlite3 *, struct audit_verdict *);

#endif
