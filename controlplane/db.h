/* controlplane/db.h - one connection to the database: its settings, its statements, its last words.
 *
 * Functions that answer int answer SQLite's own (extended) codes, 0 being SQLITE_OK:
 * whoever calls must tell a lock held by somebody from a disk that fails, and the codes do.
 * error has the sentence.
 *
 * The hard thing is what SQLite does not see: a file that was deleted or replaced is still written
 * to, under its old inode, and every row would be lost while each commit succeeds. So the file is
 * known by device and inode, and db_is_at() asks whether the path still leads to it.
 */
#ifndef WHT_CONTROLPLANE_DB_H
#define WHT_CONTROLPLANE_DB_H

#include <sqlite3.h>
#include <sys/types.h>

#include "base/span.h"
#include "base/strb.h"

#define DB_ERROR_MAX 256
#define DB_TEXT_MAX  (64 * 1024) /* bytes of one text, escaped; longer ones are cut */

enum db_statement {
#define STATEMENT(NAME, sql) DB_##NAME,
#include "controlplane/db_tbl.h"
#undef STATEMENT
	DB_STATEMENTS
};

struct db {
	sqlite3 *sql;			       /* NULL: closed */
	sqlite3_stmt *prepared[DB_STATEMENTS]; /* private */
	dev_t dev;
	ino_t ino;
	char error[DB_ERROR_MAX]; /* about the last failure */
};

enum db_mode { DB_CREATE, DB_EXISTING };

/* Opens for writing, in WAL mode, without a busy handler and without
 * checkpoints of SQLite's own. */
int db_open(struct db *, const char *path, enum db_mode, bool sync_normal);
/* Leaves the WAL as it is: what a failed disk may have swallowed is
 * looked at when opening again. */
void db_close(struct db *);
/* Does the path lead to the file that is open? */
bool db_is_at(const struct db *, const char *path);
/* A connection that only reads, of anybody's own; NULL: it cannot be had. */
sqlite3 *db_reader(const char *path);

int db_exec(struct db *, const char *sql);

/* Binds and runs one step: SQLITE_ROW (read it, then db_end), SQLITE_DONE or an error.
 * types: a letter an argument: i int64_t; t const char *, NULL is NULL; s struct span;
 * both are stored as they are. */
int db_step(struct db *, enum db_statement, const char *types, ...);
void db_end(struct db *, enum db_statement);
/* The same, to the end, for what has no rows. */
int db_do(struct db *, enum db_statement, const char *types, ...);
/* Column of the row that db_step stopped at. */
int64_t db_i64(struct db *, enum db_statement, int column);
const char *db_text(struct db *, enum db_statement, int column); /* never NULL */

int db_meta_set(struct db *, const char *key, const char *value);
/* Into out, cut to size; false: not there, or not to be read. */
bool db_meta_get(struct db *, const char *key, char *out, size_t size);

/* What a stranger wrote, as it may stand in a column: s itself when it is UTF-8 without
 * controls and backslashes, else as strb_visible has it, which is as good:
 * it can be read back. In scratch. */
struct span db_clean(struct span s, struct strb *scratch);

#endif
