#include "controlplane/migrate.h"

#include <stdio.h>

#include "base/log.h"

static int
pragma(struct db *db, const char *sql, int *out)
{
	sqlite3_stmt *stmt = NULL;
	int r = sqlite3_prepare_v2(db->sql, sql, -1, &stmt, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(stmt);
	*out = r == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : 0;
	if (r != SQLITE_ROW)
		snprintf(db->error, sizeof(db->error), "%s", sqlite3_errmsg(db->sql));
	sqlite3_finalize(stmt);
	return r == SQLITE_ROW ? SQLITE_OK : r;
}

/* An empty file may become ours; anything else has to be ours already. */
static int
refuse_strangers(struct db *db, int *version)
{
	int application = 0, tables = 0;
	int r = pragma(db, "PRAGMA user_version", version);

	if (r == SQLITE_OK)
		r = pragma(db, "PRAGMA application_id", &application);
	if (r == SQLITE_OK)
		r = pragma(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r != SQLITE_OK)
		return r;
	if (application != (tables ? SCHEMA_APPLICATION : 0)) {
		snprintf(db->error, sizeof(db->error), "it is a database of another program");
		return SQLITE_NOTADB;
	}
	if (*version > migrations_count) {
		snprintf(db->error, sizeof(db->error),
		    "its schema has version %d, and this whtd knows versions up to %d: "
		    "run the whtd that wrote it, or a newer one",
		    *version, migrations_count);
		return SQLITE_SCHEMA;
	}
	return SQLITE_OK;
}

static int
take_step(struct db *db, const struct migration *step)
{
	char why[DB_ERROR_MAX];
	int r = db_exec(db, step->sql);

	if (r == SQLITE_OK)
		return r;
	snprintf(why, sizeof(why), "%s", db->error);
	if (!sqlite3_get_autocommit(db->sql))
		db_exec(db, "ROLLBACK");
	snprintf(db->error, sizeof(db->error), "%s: %.200s", step->name, why);
	return r;
}

int
migrate_to(struct db *db, int to)
{
	int version;
	int r = refuse_strangers(db, &version);

	/* For ever in the file, so said once; the answer is a row that nobody needs. */
	if (r == SQLITE_OK)
		r = db_exec(db, "PRAGMA journal_mode = WAL");
	for (int from = version; r == SQLITE_OK && version < to; version++) {
		r = take_step(db, &migrations[version]);
		if (r == SQLITE_OK && from > 0)
			log_event(LVL_INFO, "ledger.migrated", NULL,
			    LOG_STR("step", migrations[version].name));
	}
	return r;
}

int
migrate(struct db *db)
{
	return migrate_to(db, migrations_count);
}
