#include "controlplane/db.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/obj.h"

#define WAL_KEPT_BYTES "4194304" /* a larger WAL is cut down when it begins anew */

/* An own checkpoint runs when no reader is in the way; SQLite's would run inside a COMMIT. */
static const char settings[] = "PRAGMA foreign_keys = ON;"
			       "PRAGMA cell_size_check = ON;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA wal_autocheckpoint = 0;"
			       "PRAGMA journal_size_limit = " WAL_KEPT_BYTES ";";

static const char *const statements[DB_STATEMENTS] = {
#define STATEMENT(NAME, sql) sql,
#include "controlplane/db_tbl.h"
#undef STATEMENT
};

static int
failed(struct db *db, int code)
{
	snprintf(db->error, sizeof(db->error), "%s",
	    db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code));
	return code;
}

int
db_exec(struct db *db, const char *sql)
{
	int r = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);

	return r == SQLITE_OK ? r : failed(db, r);
}

/* ---- life ---- */

/* Made before SQLite does: it is nobody's but ours, and the WAL takes its mode over. A file that is
 * there is never opened here: closing it would drop the locks that readers in this process hold. */
static int
find_file(struct db *db, const char *path, enum db_mode mode)
{
	int fd = mode == DB_CREATE ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	struct stat st;

	if (fd >= 0)
		close(fd);
	if (stat(path, &st) < 0) {
		snprintf(db->error, sizeof(db->error), "%m");
		return SQLITE_CANTOPEN;
	}
	db->dev = st.st_dev;
	db->ino = st.st_ino;
	return SQLITE_OK;
}

static int
choose_settings(struct db *db, bool sync_normal)
{
	int r = db_exec(db, settings);

	if (r == SQLITE_OK)
		r = db_exec(
		    db, sync_normal ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
	if (r == SQLITE_OK && sqlite3_db_readonly(db->sql, "main")) {
		snprintf(db->error, sizeof(db->error), "it cannot be written to");
		r = SQLITE_READONLY;
	}
	return r;
}

int
db_open(struct db *db, const char *path, enum db_mode mode, bool sync_normal)
{
	int r;

	*db = (struct db){.sql = NULL};
	r = find_file(db, path, mode);
	if (r != SQLITE_OK)
		return r;
	r = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE, NULL);
	if (r == SQLITE_OK) {
		sqlite3_extended_result_codes(db->sql, 1);
		sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		r = choose_settings(db, sync_normal);
	} else {
		failed(db, r);
	}
	if (r != SQLITE_OK)
		db_close(db);
	return r;
}

void
db_close(struct db *db)
{
	for (int i = 0; i < DB_STATEMENTS; i++) {
		sqlite3_finalize(db->prepared[i]);
		db->prepared[i] = NULL;
	}
	sqlite3_close(db->sql);
	db->sql = NULL;
}

bool
db_is_at(const struct db *db, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == db->dev && st.st_ino == db->ino;
}

sqlite3 *
db_reader(const char *path)
{
	sqlite3 *sql = NULL;

	if (sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_exec(sql, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK) {
		sqlite3_close(sql);
		return NULL;
	}
	return sql;
}

/* ---- statements ---- */

static int
bind_one(sqlite3_stmt *stmt, int at, char type, va_list *ap)
{
	struct span s;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(stmt, at, va_arg(*ap, int64_t));
	case 't':
		return sqlite3_bind_text(stmt, at, va_arg(*ap, const char *), -1, SQLITE_TRANSIENT);
	case 's':
		s = va_arg(*ap, struct span);
		return sqlite3_bind_text(stmt, at, s.n ? s.p : "", (int)s.n, SQLITE_TRANSIENT);
	}
	wht_panic(__FILE__, __LINE__, "a type of argument");
}

static int
step(struct db *db, enum db_statement which, const char *types, va_list *ap)
{
	sqlite3_stmt **stmt = &db->prepared[which];
	int r = SQLITE_OK;

	if (!*stmt)
		r = sqlite3_prepare_v3(
		    db->sql, statements[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	for (int i = 0; types[i] && r == SQLITE_OK; i++)
		r = bind_one(*stmt, i + 1, types[i], ap);
	if (r == SQLITE_OK)
		r = sqlite3_step(*stmt);
	if (r != SQLITE_ROW && r != SQLITE_DONE) {
		failed(db, r);
		db_end(db, which);
	}
	return r;
}

int
db_step(struct db *db, enum db_statement which, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = step(db, which, types, &ap);
	va_end(ap);
	return r;
}

void
db_end(struct db *db, enum db_statement which)
{
	if (!db->prepared[which])
		return;
	sqlite3_reset(db->prepared[which]);
	sqlite3_clear_bindings(db->prepared[which]);
}

int
db_do(struct db *db, enum db_statement which, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = step(db, which, types, &ap);
	va_end(ap);
	if (r != SQLITE_ROW && r != SQLITE_DONE)
		return r;
	db_end(db, which);
	return SQLITE_OK;
}

int64_t
db_i64(struct db *db, enum db_statement which, int column)
{
	return sqlite3_column_int64(db->prepared[which], column);
}

const char *
db_text(struct db *db, enum db_statement which, int column)
{
	const unsigned char *text = sqlite3_column_text(db->prepared[which], column);

	return text ? (const char *)text : "";
}

int
db_meta_set(struct db *db, const char *key, const char *value)
{
	return db_do(db, DB_META_SET, "tt", key, value);
}

bool
db_meta_get(struct db *db, const char *key, char *out, size_t size)
{
	bool found = db_step(db, DB_META_GET, "t", key) == SQLITE_ROW;

	if (found)
		snprintf(out, size, "%s", db_text(db, DB_META_GET, 0));
	db_end(db, DB_META_GET);
	return found;
}

/* ---- text ---- */

static bool
is_clean(struct span s)
{
	while (s.n) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = span_utf8_len(s);

		if (n == 0 || c < 0x20 || c == 0x7F || c == '\\')
			return false;
		s = span_drop(s, n);
	}
	return true;
}

struct span
db_clean(struct span s, struct strb *scratch)
{
	size_t begin = scratch->n;

	if (s.n <= DB_TEXT_MAX && is_clean(s))
		return s;
	strb_visible(scratch, span_take(s, DB_TEXT_MAX / 4));
	return span_drop(strb_span(scratch), begin);
}
