/* The chain, and everybody who would like to bend it. */
#include "ledger_world.h"

#include <openssl/evp.h>

#define NO_TRIGGERS "DROP TRIGGER audit_is_not_edited; DROP TRIGGER audit_goes_by_segments;"

/* Ten rows: server.start and registrations and ends of two clients. */
static int
setup(void **state)
{
	world_setup(state);
	open_well();
	tell_event("server.start", "whtd", SPAN("-"), "{}");
	for (int i = 0; i < 4; i++) {
		int64_t session = registered(i % 2 ? "beta" : "alpha");

		end_session(session, i % 2 ? "beta" : "alpha", R_LINK_LOST, "");
	}
	ledger_close(&ledger, 1000);
	return 0;
}

static void
assert_broken(int64_t seq, const char *problem)
{
	struct audit_verdict v = verify();

	assert_false(v.whole);
	if (!strstr(v.problem, problem) || v.broken_seq != seq)
		print_message("%lld: %s\n", (long long)v.broken_seq, v.problem);
	assert_int_equal(v.broken_seq, seq);
	assert_non_null(strstr(v.problem, problem));
}

static void
test_a_chain_that_nobody_touched_is_whole(void **state)
{
	struct audit_verdict v = verify();

	(void)state;
	assert_true(v.whole);
	assert_int_equal(v.rows, 9);
	assert_int_equal(v.first_seq, 1);
	assert_int_equal(v.last_seq, 9);
	assert_string_equal(v.head, ask("SELECT hash FROM audit WHERE seq = 9"));
}

/* What docs/audit.md promises to somebody who has nothing of ours. */
static void
test_the_view_gives_what_is_hashed(void **state)
{
	unsigned char digest[32];
	char hash[65], question[128];

	(void)state;
	for (int seq = 1; seq <= 9; seq++) {
		const char *hashed;

		snprintf(question, sizeof(question),
		    "SELECT hashed FROM v_audit_chain WHERE seq = %d", seq);
		hashed = ask(question);
		EVP_Digest(hashed, strlen(hashed), digest, NULL, EVP_sha256(), NULL);
		for (int i = 0; i < 32; i++)
			snprintf(hash + 2 * i, 3, "%02x", digest[i]);
		snprintf(question, sizeof(question), "SELECT hash FROM audit WHERE seq = %d", seq);
		assert_string_equal(hash, ask(question));
	}
}

static void
test_a_slip_of_the_hand_is_stopped(void **state)
{
	sqlite3 *sql = look();

	(void)state;
	assert_int_equal(
	    sqlite3_exec(sql, "UPDATE audit SET actor = 'x'", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_exec(sql, "DELETE FROM audit WHERE seq = 3", NULL, NULL, NULL),
	    SQLITE_CONSTRAINT);
	sqlite3_close(sql);
	assert_whole();
}

/* A24 */
static void
test_an_edit_is_found_in_every_column(void **state)
{
	static const char *const columns[] = {"at = at + 1", "event = 'tunnel.open '",
	    "actor = 'root'", "subject = 'gamma'", "detail = '{}'"};

	(void)state;
	tamper(NO_TRIGGERS "CREATE TABLE kept AS SELECT * FROM audit");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		char statement[256];

		snprintf(
		    statement, sizeof(statement), "UPDATE audit SET %s WHERE seq = 4", columns[i]);
		tamper(statement);
		assert_broken(4, "row 4 was changed");
		tamper("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept");
		assert_whole();
	}
}

/* A24: who knows how to hash breaks the next link instead. */
static void
test_an_edit_with_a_new_hash_is_found_one_row_on(void **state)
{
	struct audit_row row = {.seq = 4,
	    .event = SPAN("tunnel.open"),
	    .actor = SPAN("client"),
	    .subject = SPAN("forged"),
	    .detail = SPAN("{}")};
	char prev[65], hash[65], statement[512];
	struct strb scratch;

	(void)state;
	row.at = count("SELECT at FROM audit WHERE seq = 4");
	snprintf(prev, sizeof(prev), "%s", ask("SELECT prev_hash FROM audit WHERE seq = 4"));
	row.prev_hash = span_str(prev);
	strb_init(&scratch, 4096);
	audit_hash(&row, &scratch, hash);
	strb_free(&scratch);
	snprintf(statement, sizeof(statement),
	    NO_TRIGGERS
	    "UPDATE audit SET event = 'tunnel.open', actor = 'client', subject = 'forged',"
	    " detail = '{}', hash = '%s' WHERE seq = 4",
	    hash);
	tamper(statement);
	assert_broken(5, "row 5 does not follow");
}

/* A24 */
static void
test_a_deleted_row_is_missed(void **state)
{
	(void)state;
	tamper(NO_TRIGGERS "DELETE FROM audit WHERE seq = 5");
	assert_broken(5, "row 5 is missing");
}

/* A24 */
static void
test_rows_in_another_order_are_found(void **state)
{
	(void)state;
	tamper(NO_TRIGGERS
	    "UPDATE audit SET seq = -1 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;"
	    "UPDATE audit SET seq = 5 WHERE seq = -1");
	assert_broken(4, "row 4 was changed");
}

/* A24 */
static void
test_rows_cut_off_at_the_end_are_missed(void **state)
{
	(void)state;
	tamper(NO_TRIGGERS "DELETE FROM audit WHERE seq > 6");
	assert_broken(7, "rows behind 6 were cut off");
}

/* A24: the service goes on behind the hole, so that it stays one. */
static void
test_a_cut_is_still_missed_after_the_next_start(void **state)
{
	(void)state;
	tamper(NO_TRIGGERS "DELETE FROM audit WHERE seq > 6");
	open_well();
	registered("later");
	ledger_close(&ledger, 1000);
	assert_int_equal(count("SELECT seq FROM audit WHERE event = 'audit.mismatch'"), 10);
	assert_broken(7, "row 7 is missing");
}

static void
test_a_row_put_in_at_the_end_is_found(void **state)
{
	(void)state;
	tamper("INSERT INTO audit SELECT seq + 1, at, event, actor, subject, detail, hash, hash "
	       "FROM audit"
	       " WHERE seq = 9");
	assert_broken(10, "row 10 was changed");
}

static void
test_segments_are_part_of_it(void **state)
{
	(void)state;
	tamper("UPDATE audit_segment SET retired = 1, closed = 1, last_seq = 4,"
	       " last_hash = (SELECT hash FROM audit WHERE seq = 4)");
	assert_broken(1, "row 1 is in no segment");
	tamper(NO_TRIGGERS "DELETE FROM audit; DELETE FROM audit_segment");
	assert_broken(1, "rows behind 0 were cut off");
}

/* ---- retention ---- */

/* Two segments that are over and one that is not. */
static void
make_segments(void)
{
	open_well();
	for (int i = 0; i < 2 * AUDIT_SEGMENT_ROWS; i++) {
		tell_event("auth.refused", "client", SPAN("x"), "{}");
		if (i % 5000 == 0)
			turn_for(60);
	}
	until(state_now().queued == 0);
}

static void
test_old_segments_go_and_the_chain_holds(void **state)
{
	struct audit_verdict v;

	(void)state;
	keep_ms = 1;
	make_segments();
	assert_int_equal(count("SELECT count(*) FROM audit_segment"), 3);
	assert_whole();
	skip_wall_s++;
	ledger_on_upkeep(ledger);
	until(count("SELECT count(*) FROM audit_segment WHERE retired IS NOT NULL") == 2);
	until(state_now().queued == 0);
	v = verify();
	if (!v.whole)
		print_message("%s\n", v.problem);
	assert_true(v.whole);
	assert_int_equal(v.first_seq, 2 * AUDIT_SEGMENT_ROWS + 1);
	assert_int_equal(count("SELECT count(*) FROM audit WHERE event = 'audit.retired'"), 2);
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	registered("later");
	ledger_close(&ledger, 1000);
	assert_whole();
}

static void
test_what_is_kept_still_hangs_on_what_is_gone(void **state)
{
	int64_t first = 2 * AUDIT_SEGMENT_ROWS + 1;

	(void)state;
	keep_ms = 1;
	make_segments();
	skip_wall_s++;
	ledger_on_upkeep(ledger);
	until(count("SELECT count(*) FROM audit_segment WHERE retired IS NOT NULL") == 2);
	ledger_close(&ledger, 1000);
	tamper("UPDATE audit_segment SET last_hash = "
	       "iif(last_hash GLOB '0*', '1', '0') || substr(last_hash, 2) WHERE segment = 2");
	assert_broken(first, "segment 3 does not follow");
}

#define ON_TEN_ROWS(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_TEN_ROWS(test_a_chain_that_nobody_touched_is_whole),
	    ON_TEN_ROWS(test_the_view_gives_what_is_hashed),
	    ON_TEN_ROWS(test_a_slip_of_the_hand_is_stopped),
	    ON_TEN_ROWS(test_an_edit_is_found_in_every_column),
	    ON_TEN_ROWS(test_an_edit_with_a_new_hash_is_found_one_row_on),
	    ON_TEN_ROWS(test_a_deleted_row_is_missed),
	    ON_TEN_ROWS(test_rows_in_another_order_are_found),
	    ON_TEN_ROWS(test_rows_cut_off_at_the_end_are_missed),
	    ON_TEN_ROWS(test_a_cut_is_still_missed_after_the_next_start),
	    ON_TEN_ROWS(test_a_row_put_in_at_the_end_is_found),
	    ON_TEN_ROWS(test_segments_are_part_of_it),
	    ON_TEN_ROWS(test_old_segments_go_and_the_chain_holds),
	    ON_TEN_ROWS(test_what_is_kept_still_hangs_on_what_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
