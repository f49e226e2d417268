/* Databases of every age, and those that are none of ours. */
#include "ledger_world.h"

#include "controlplane/file.h"
#include "controlplane/migrate.h"

#define CURRENT VECTORS "/../../schema/current.sql"

/* As schema/current.sql was made. */
static void
dump(sqlite3 *sql, struct strb *out)
{
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_prepare_v2(sql,
			     "SELECT sql || ';' FROM sqlite_schema WHERE sql NOT NULL"
			     " AND name NOT LIKE 'sqlite%' ORDER BY rowid",
			     -1, &stmt, NULL),
	    SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		strb_printf(out, "%s\n", sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
}

static void
assert_current(struct db *db)
{
	struct file_text file;
	struct span expected, line;
	struct strb found;

	strb_init(&found, 1 << 20);
	dump(db->sql, &found);
	assert_int_equal(file_read(CURRENT, 1 << 20, &file), 0);
	expected = file.text;
	for (int i = 0; i < 4; i++) /* what it says of itself */
		assert_true(span_cut(&expected, '\n', &line) && span_starts(line, SPAN("--")));
	assert_int_equal(expected.n, strb_span(&found).n);
	assert_memory_equal(expected.p, strb_cstr(&found), expected.n);
	file_forget(&file);
	strb_free(&found);
}

/* A23 */
static void
test_a_new_database_is_what_current_sql_says(void **state)
{
	struct db db;

	(void)state;
	assert_int_equal(db_open(&db, path, DB_CREATE, false), SQLITE_OK);
	assert_int_equal(migrate(&db), SQLITE_OK);
	assert_current(&db);
	db_close(&db);
	assert_int_equal(count("PRAGMA user_version"), migrations_count);
	assert_int_equal(count("PRAGMA application_id"), SCHEMA_APPLICATION);
	assert_string_equal(ask("PRAGMA journal_mode"), "wal");
}

/* A23 */
static void
test_every_older_version_becomes_the_same(void **state)
{
	struct db db;

	(void)state;
	for (int version = 1; version < migrations_count; version++) {
		assert_int_equal(db_open(&db, path, DB_CREATE, false), SQLITE_OK);
		assert_int_equal(migrate_to(&db, version), SQLITE_OK);
		assert_int_equal(
		    db_exec(&db, "INSERT INTO sessions (id, peer, client, family, iss, sub, jti,"
				 " token_expires, opened) VALUES"
				 " ('old', 'p', 'c', 'webhooktunnel', '', '', '', 1, 2)"),
		    SQLITE_OK);
		assert_int_equal(migrate(&db), SQLITE_OK);
		assert_current(&db);
		db_close(&db);
		assert_string_equal(ask("SELECT id FROM tunnels"), "old");
		open_well(); /* and it is served from */
		registered("new");
		ledger_close(&ledger, 1000);
		assert_whole();
		unlink(path);
	}
}

/* A23 */
static void
test_a_newer_version_is_refused_and_left_alone(void **state)
{
	(void)state;
	open_well();
	ledger_close(&ledger, 1000);
	tamper("PRAGMA user_version = 999");
	refused_with("its schema has version 999, and this whtd knows versions up to");
	assert_int_equal(count("PRAGMA user_version"), 999);
}

/* A15 */
static void
test_the_database_of_another_program_is_refused(void **state)
{
	(void)state;
	tamper("CREATE TABLE recipes (name TEXT)");
	refused_with("it is a database of another program");
	assert_int_equal(count("SELECT count(*) FROM sqlite_schema"), 1);
}

static void
test_a_step_that_fails_leaves_the_version_before_it(void **state)
{
	struct db db;

	(void)state;
	assert_int_equal(db_open(&db, path, DB_CREATE, false), SQLITE_OK);
	assert_int_equal(migrate_to(&db, 2), SQLITE_OK);
	/* In step 4's way. */
	assert_int_equal(db_exec(&db, "CREATE VIEW v_audit AS SELECT 1"), SQLITE_OK);
	assert_int_not_equal(migrate(&db), SQLITE_OK);
	assert_non_null(strstr(db.error, "0004_views.sql"));
	db_close(&db);
	assert_int_equal(count("PRAGMA user_version"), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_new_database_is_what_current_sql_says),
	    TEST(test_every_older_version_becomes_the_same),
	    TEST(test_a_newer_version_is_refused_and_left_alone),
	    TEST(test_the_database_of_another_program_is_refused),
	    TEST(test_a_step_that_fails_leaves_the_version_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
