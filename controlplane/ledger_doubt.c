/* What to believe after a failure.
 *
 * A COMMIT that failed may still be in the file: the disk took the rows and then refused to say so.
 * To write them again could write them twice, to forget them could forget what is there. And an
 * fsync that failed may have thrown the pages away, whatever a later one says. So nothing is
 * concluded from a connection that saw an error: it is closed, the file is opened again, and its
 * head decides. When the batch is there, it counts only after a checkpoint has carried it into the
 * database: those pages are written anew, and their fsync is an honest one. */
#include "controlplane/ledger_priv.h"

#include <stdio.h>

#include "base/log.h"

void
ledger_distrust(struct ledger *l, int code, bool committing)
{
	char why[DB_ERROR_MAX];

	snprintf(why, sizeof(why), "%s", l->db.error);
	l->in_doubt = committing;
	if (!sqlite3_get_autocommit(l->db.sql))
		db_exec(&l->db, "ROLLBACK");
	if ((code & 0xFF) != SQLITE_BUSY)
		db_close(&l->db);
	snprintf(l->db.error, sizeof(l->db.error), "%s", why);
	if (l->in_doubt)
		return;
	audit_undo(&l->audit);
	ledger_undo_batch(l);
}

static int
give_up(struct ledger *l, int code, const char *why)
{
	db_close(&l->db);
	snprintf(l->db.error, sizeof(l->db.error), "%s", why);
	return code;
}

/* The batch is in the file, if only a checkpoint goes through. */
static int
believe(struct ledger *l)
{
	int r = ledger_checkpoint(l);

	if (r != SQLITE_OK)
		return r;
	log_event(LVL_WARN, "ledger.doubt", NULL, LOG_BOOL("written", true));
	l->in_doubt = false;
	audit_keep(&l->audit);
	ledger_settle_batch(l);
	return SQLITE_OK;
}

static int
resolve(struct ledger *l)
{
	char mismatch[2][AUDIT_HEAD_MAX], why[DB_ERROR_MAX];
	struct audit found;
	int r;

	audit_init(&found);
	r = audit_load(&found, &l->db, mismatch);
	audit_free(&found);
	if (r != SQLITE_OK) {
		snprintf(why, sizeof(why), "%s", l->db.error);
		return give_up(l, r, why);
	}
	if (l->in_doubt && mismatch[0][0] == '\0' && audit_same(&found.now, &l->audit.now))
		return believe(l);
	if (mismatch[0][0] || !audit_same(&found.now, &l->audit.kept))
		return give_up(l, SQLITE_NOTADB,
		    "the database is not as it was left: it was replaced, or rows of the audit "
		    "were");
	if (l->in_doubt) {
		l->in_doubt = false;
		audit_undo(&l->audit);
		ledger_undo_batch(l);
	}
	return SQLITE_OK;
}

static int
reopen(struct ledger *l)
{
	char why[DB_ERROR_MAX];
	int r = db_open(&l->db, l->path, DB_EXISTING, l->config.sync_normal);

	if (r == SQLITE_OK)
		return resolve(l);
	snprintf(
	    why, sizeof(why), "%s: %.180s", "the database cannot be opened again", l->db.error);
	return give_up(l, r, why);
}

int
ledger_ready(struct ledger *l)
{
	if (l->db.sql && !db_is_at(&l->db, l->path))
		return give_up(l, SQLITE_CANTOPEN, "the database was deleted or replaced");
	if (l->db.sql && !l->in_doubt)
		return SQLITE_OK;
	return l->db.sql ? resolve(l) : reopen(l);
}
