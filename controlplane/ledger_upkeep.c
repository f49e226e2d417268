/* What is done beside the rows: the mark of a clean end, retention, and the size of the WAL.
 *
 * The WAL goes back to nothing by a checkpoint that truncates it, and that is possible only when no
 * reader still looks at an older state. While one does, it grows: what can be done is to move what
 * may be moved, to try again, and to tell. */
#include "controlplane/ledger_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"

#define CHECKPOINT_BYTES (4ull << 20)
#define WAL_ALARM_BYTES	 (64ull << 20)
#define DETAIL_MAX	 512

/* ---- a life begins ---- */

static int
tell_mismatch(struct ledger *l, char mismatch[2][AUDIT_HEAD_MAX])
{
	char detail[DETAIL_MAX];

	snprintf(detail, sizeof(detail), "{\"expected\":\"%s\",\"found\":\"%s\"}", mismatch[0],
	    mismatch[1]);
	log_event(LVL_ERROR, "ledger.mismatch", NULL, LOG_STR("expected", mismatch[0]),
	    LOG_STR("found", mismatch[1]));
	return ledger_append(l, clock_wall_ms(), audit_event_word(AUDIT_AUDIT_MISMATCH), "whtd",
	    SPAN("-"), span_str(detail));
}

static int
close_the_crashed(struct ledger *l)
{
	int64_t now = clock_wall_ms();
	char detail[DETAIL_MAX], last[CLOCK_TEXT_MAX];
	int sessions, r = db_do(&l->db, DB_SESSIONS_CRASHED, "i", now);

	if (r != SQLITE_OK)
		return r;
	sessions = sqlite3_changes(l->db.sql);
	snprintf(detail, sizeof(detail), "{\"sessions\":%d,\"last_row_at\":\"%s\"}", sessions,
	    clock_text(l->audit.kept.at, last));
	log_event(LVL_WARN, "server.crash_recovered", NULL, LOG_INT("sessions", sessions));
	return ledger_append(
	    l, now, audit_event_word(AUDIT_CRASH_RECOVERED), "whtd", SPAN("-"), span_str(detail));
}

int
ledger_begin(struct ledger *l, char mismatch[2][AUDIT_HEAD_MAX])
{
	char clean[2] = "1"; /* a new database has seen no crash */
	int r = db_do(&l->db, DB_BEGIN, "");

	if (r != SQLITE_OK)
		return r;
	db_meta_get(&l->db, "clean", clean, sizeof(clean));
	if (mismatch[0][0])
		r = tell_mismatch(l, mismatch);
	if (r == SQLITE_OK && clean[0] != '1')
		r = close_the_crashed(l);
	if (r == SQLITE_OK)
		r = db_meta_set(&l->db, "clean", "0");
	if (r == SQLITE_OK)
		r = audit_seal(&l->audit, &l->db);
	if (r == SQLITE_OK)
		r = db_do(&l->db, DB_COMMIT, "");
	if (r == SQLITE_OK)
		audit_keep(&l->audit);
	l->checkpoint_bytes = CHECKPOINT_BYTES;
	return r;
}

/* ---- checkpoints ---- */

uint64_t
ledger_wal_bytes(const struct ledger *l)
{
	struct strb path;
	struct stat st = {.st_size = 0};

	strb_init(&path, strlen(l->path) + sizeof("-wal"));
	strb_printf(&path, "%s-wal", l->path);
	if (stat(strb_cstr(&path), &st) < 0)
		st.st_size = 0;
	strb_free(&path);
	return (uint64_t)st.st_size;
}

int
ledger_checkpoint(struct ledger *l)
{
	int r = sqlite3_wal_checkpoint_v2(l->db.sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (r != SQLITE_OK)
		snprintf(l->db.error, sizeof(l->db.error), "a checkpoint failed: %s",
		    sqlite3_errmsg(l->db.sql));
	return r;
}

static void
set_wal_alarm(struct ledger *l, bool on, uint64_t bytes)
{
	if (l->wal_alarm == on)
		return;
	l->wal_alarm = on;
	log_event(on ? LVL_WARN : LVL_INFO, on ? "ledger.wal_grows" : "ledger.wal_shrank", NULL,
	    LOG_INT("bytes", bytes));
}

static void
checkpoint(struct ledger *l, uint64_t bytes)
{
	if (ledger_checkpoint(l) == SQLITE_OK) {
		l->checkpoint_bytes = CHECKPOINT_BYTES;
		set_wal_alarm(l, false, bytes);
		return;
	}
	l->checkpoint_bytes = bytes + CHECKPOINT_BYTES;
	log_event(LVL_DEBUG, "ledger.checkpoint", NULL, LOG_STR("text", l->db.error));
	if (bytes >= WAL_ALARM_BYTES)
		set_wal_alarm(l, true, bytes);
}

void
ledger_checkpoint_if_due(struct ledger *l)
{
	uint64_t bytes = ledger_wal_bytes(l);

	if (bytes >= l->checkpoint_bytes)
		checkpoint(l, bytes);
}

/* ---- retention ---- */

struct row_retire {
	struct row row;
	bool more;
};

static int64_t
cutoff(const struct ledger *l)
{
	return clock_wall_ms() - (int64_t)l->config.keep_ms;
}

static int
retire_write(struct ledger *l, struct row *row)
{
	struct row_retire *retire = (struct row_retire *)row;
	int64_t before = cutoff(l);
	int r = audit_retire(&l->audit, &l->db, row->at, before, &retire->more);

	if (r == SQLITE_OK)
		r = db_do(&l->db, DB_SESSIONS_FORGET, "i", before);
	if (r == SQLITE_OK && sqlite3_changes(l->db.sql) > 0)
		retire->more = true;
	row->number = l->audit.now.seq;
	return r;
}

static void retire_committed(struct ledger *, struct row *);

/* One segment a transaction: nobody waits long behind it. */
static void
retire(struct ledger *l)
{
	static const struct row_kind kind = {retire_write, retire_committed, NULL};
	struct row_retire *row = must_alloc(sizeof(*row));

	ledger_queue(l, &row->row, &kind, NULL, NULL);
}

static void
retire_committed(struct ledger *l, struct row *row)
{
	if (((const struct row_retire *)row)->more)
		retire(l);
}

static bool
something_is_old(struct ledger *l)
{
	bool old = db_step(&l->db, DB_SOMETHING_OLD, "ii", cutoff(l), cutoff(l)) == SQLITE_ROW;

	db_end(&l->db, DB_SOMETHING_OLD);
	return old;
}

void
ledger_on_upkeep(void *user)
{
	struct ledger *l;
	uint64_t bytes;

	CAST_OBJ(l, user, LEDGER_MAGIC);
	timer_start(&l->upkeep, LEDGER_UPKEEP_MS);
	if (l->mode != LEDGER_WRITING || !l->db.sql)
		return;
	ledger_bans_expire(l);
	if (something_is_old(l))
		retire(l);
	bytes = ledger_wal_bytes(l);
	if (bytes >= CHECKPOINT_BYTES)
		checkpoint(l, bytes);
}
