/* The ledger in fair weather and foul: what is acknowledged is there, and nobody waits for ever. */
#include "ledger_world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "shaky.h"

/* ---- fair weather ---- */

static void
test_a_session_comes_and_goes(void **state)
{
	int64_t session;

	(void)state;
	open_well();
	session = registered("alpha");
	assert_string_equal(
	    ask("SELECT id || ' ' || peer || ' ' || client || ' ' || family || ' ' || iss || ' ' ||"
		" sub || ' ' || jti || ' ' || token_expires FROM tunnels"),
	    "alpha 192.0.2.7:4711 whclient/1 webhooktunnel issuer subject j1 1800000000000");
	assert_string_equal(ask("SELECT event || ' ' || actor || ' ' || subject FROM audit"),
	    "tunnel.open client alpha");
	end_session(session, "alpha", R_LINK_LOST, "");
	until(heard.written == 1);
	assert_int_equal(count("SELECT count(*) FROM tunnels"), 0);
	assert_string_equal(ask("SELECT reason || ' ' || requests || ' ' || bytes_in || ' ' || "
				"bytes_out FROM sessions"),
	    "link_lost 3 1000 50");
	assert_string_equal(
	    ask("SELECT event || ' ' || actor || ' ' || detail FROM audit WHERE seq = 2"),
	    "tunnel.close whtd "
	    "{\"session\":1,\"reason\":\"link_lost\",\"requests\":3,\"bytes_in\":1000,\"bytes_"
	    "out\":50}");
	assert_whole();
}

static void
test_the_reason_names_the_event(void **state)
{
	(void)state;
	open_well();
	end_session(registered("a"), "a", R_REPLACED, "");
	end_session(registered("b"), "b", R_KILLED, "uid=0");
	end_session(registered("c"), "c", R_BANNED, "uid=0");
	end_session(registered("d"), "", R_VIEWER_GONE, ""); /* whoever ends it forgot the id */
	until(heard.written == 4);
	assert_string_equal(ask("SELECT group_concat(event || ' ' || actor || ' ' || subject) FROM"
				" (SELECT * FROM audit WHERE event <> 'tunnel.open' ORDER BY seq)"),
	    "tunnel.replaced whtd a,tunnel.killed uid=0 b,tunnel.killed uid=0 c,tunnel.close whtd "
	    "d");
}

static void
test_a_thousand_in_one_turn_are_one_commit(void **state)
{
	char id[16];

	(void)state;
	open_well();
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "t%d", i);
		register_id(id);
	}
	assert_int_equal(heard.written, 0); /* not before they are on disk */
	until(heard.written == 1000);
	assert_int_equal(state_now().commits, 1);
	assert_int_equal(state_now().rows, 1000);
	assert_int_equal(count("SELECT count(*) FROM tunnels"), 1000);
	assert_whole();
}

static void
test_bans_follow_their_rows(void **state)
{
	struct ban ban = {.match = "ci-*", .by = "uid=0", .why = "too \"loud\"", .added_ms = 5};
	int64_t now = clock_wall_ms();
	size_t n;

	(void)state;
	open_well();
	ledger_ban_add(ledger, &ban, on_done, NULL);
	assert_false(ledger_is_banned(ledger, "ci-1", now)); /* not on disk yet */
	until(heard.written == 1);
	assert_true(ledger_is_banned(ledger, "ci-1", now));
	assert_false(ledger_is_banned(ledger, "xci-1", now));
	snprintf(ban.match, sizeof(ban.match), "brief");
	ban.until_ms = now + 1000;
	ledger_ban_add(ledger, &ban, on_done, NULL);
	until(heard.written == 2);
	assert_true(ledger_is_banned(ledger, "brief", now));
	assert_false(ledger_is_banned(ledger, "brief", now + 1000));
	ledger_close(&ledger, 1000);

	open_well(); /* they outlive the service */
	ledger_bans(ledger, &n);
	assert_int_equal(n, 2);
	assert_true(ledger_is_banned(ledger, "ci-2", now));
	ledger_ban_remove(ledger, "ci-*", "uid=0", on_done, NULL);
	until(heard.written == 3);
	assert_false(ledger_is_banned(ledger, "ci-2", now));
	assert_string_equal(
	    ask("SELECT group_concat(event) FROM audit"), "ban.added,ban.added,ban.removed");
	assert_string_equal(
	    ask("SELECT detail FROM audit"), "{\"until\":null,\"why\":\"too \\\"loud\\\"\"}");
}

static void
test_a_ban_that_is_over_is_taken_away(void **state)
{
	struct ban ban = {.match = "brief", .by = "uid=0", .until_ms = 1};
	size_t n = 1;

	(void)state;
	open_well();
	ledger_ban_add(ledger, &ban, on_done, NULL);
	until(heard.written == 1);
	ledger_on_upkeep(ledger);
	until((ledger_bans(ledger, &n), n == 0));
	assert_int_equal(count("SELECT count(*) FROM bans"), 0);
	assert_string_equal(ask("SELECT event || detail FROM audit WHERE seq = 2"),
	    "ban.removed{\"why\":\"expired\"}");
}

/* A19 */
static void
test_what_strangers_write_is_kept_and_harms_nothing(void **state)
{
	static const char nasty[] = "'; DROP TABLE audit; --\"\\\0\n\xff\xc3\xa9\x1b[31m";
	const struct span subject = span_of(nasty, sizeof(nasty) - 1);
	struct client_facts c = client_of("alpha");
	char *big = malloc(1 << 20);

	(void)state;
	open_well();
	tell_event("auth.refused", "client", subject, "{}");
	snprintf(c.agent, sizeof(c.agent), "%s", "\xff'\"\n");
	snprintf(c.claims.sub, sizeof(c.claims.sub), "%s", "\xc3\xa9 fine");
	snprintf(c.claims.iss, sizeof(c.claims.iss), "%s", "\"\x01\xfe");
	ledger_tunnel_open(ledger, &c, 0, on_done, NULL);
	memset(big, 'x', 1 << 20);
	tell_event("auth.refused", "client", span_of(big, 1 << 20), "{}");
	memset(big, 1, 1 << 20);
	tell_event("auth.refused", "client", span_of(big, 1 << 20), "{}");
	until(heard.written == 4);
	free(big);
	assert_string_equal(ask("SELECT subject FROM audit WHERE seq = 1"),
	    "'; DROP TABLE audit; --\"\\\\\\x00\\x0a\\xff\\xc3\\xa9\\x1b[31m");
	assert_string_equal(
	    ask("SELECT client || sub FROM sessions"), "\\xff'\"\\x0a\xc3\xa9 fine");
	assert_string_equal(ask("SELECT json_extract(detail, '$.client') FROM audit WHERE seq = 2"),
	    "\xc3\xbf'\"\n");
	assert_int_equal(count("SELECT length(subject) FROM audit WHERE seq = 3"), DB_TEXT_MAX);
	assert_int_equal(count("SELECT length(subject) FROM audit WHERE seq = 4"), DB_TEXT_MAX);
	assert_whole();
}

static void
test_one_bad_row_does_not_hold_up_the_others(void **state)
{
	(void)state;
	open_well();
	tell_event("auth.refused", "client", SPAN("before"), "{}");
	tell_event("auth.refused", "client", SPAN("bad"), "{not json");
	register_id("alpha");
	until(heard.written == 2);
	assert_int_equal(heard.refused, 1);
	assert_string_equal(ask("SELECT group_concat(subject) FROM (SELECT * FROM audit WHERE "
				"event <> 'audit.gap' ORDER BY seq)"),
	    "before,alpha");
	assert_false(troubled());
	assert_whole();
}

/* ---- somebody else's lock ---- */

static sqlite3 *
hold_exclusive(void)
{
	sqlite3 *sql = look();

	assert_int_equal(sqlite3_exec(sql, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	return sql;
}

static void
let_go(sqlite3 *sql)
{
	assert_int_equal(sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sql);
}

/* A12 */
static void
test_a_lock_that_goes_soon_is_waited_for(void **state)
{
	sqlite3 *other;

	(void)state;
	open_well();
	other = hold_exclusive();
	register_id("alpha");
	until(troubled());
	assert_int_equal(heard.written + heard.refused, 0);
	let_go(other);
	until(heard.written == 1);
	assert_false(troubled());
	assert_int_equal(count("SELECT count(*) FROM audit WHERE event = 'audit.gap'"), 0);
}

/* A12 */
static void
test_a_lock_that_stays_refuses_what_cannot_wait_and_keeps_what_can(void **state)
{
	sqlite3 *other;
	int64_t session;
	uint64_t begin;

	(void)state;
	open_well();
	session = registered("alpha");
	other = hold_exclusive();
	register_id("beta");
	end_session(session, "alpha", R_LINK_LOST, "");
	begin = clock_mono_ms();
	until(heard.refused == 1);
	/* It is looked at with each attempt, every tenth of a second. */
	assert_in_range(clock_mono_ms() - begin, PATIENCE_MS, PATIENCE_MS + 100 + 2 * LOOP_TICK_MS);
	begin = clock_mono_ms();
	register_id("gamma"); /* nobody waits twice for the same trouble */
	until(heard.refused == 2);
	assert_true(clock_mono_ms() - begin < PATIENCE_MS);
	assert_int_equal(heard.written, 0);
	let_go(other);
	until(heard.written == 1);
	assert_false(troubled());
	registered("delta"); /* and everything goes on */
	assert_string_equal(
	    ask("SELECT group_concat(subject) FROM (SELECT * FROM audit ORDER BY seq)"),
	    "alpha,-,alpha,delta");
	assert_int_equal(
	    count("SELECT json_extract(detail, '$.refused') FROM audit WHERE event = 'audit.gap'"),
	    2);
	assert_int_equal(count("SELECT count(*) FROM sessions WHERE id IN ('beta', 'gamma')"), 0);
	assert_whole();
}

/* A12 A17: nothing grows without end, and what is lost is counted. */
static void
test_the_queue_is_bounded_and_what_falls_off_is_counted(void **state)
{
	enum { MORE = 500 };
	sqlite3 *other;

	(void)state;
	open_well();
	other = hold_exclusive();
	for (int i = 0; i < LEDGER_QUEUE_MAX + MORE; i++)
		tell_event("auth.refused", "client", SPAN("x"), "{}");
	until(heard.refused == MORE);
	assert_int_equal(state_now().queued, LEDGER_QUEUE_MAX);
	assert_int_equal(state_now().dropped, MORE);
	for (int i = 0; i < MORE; i++)
		tell_event("auth.refused", "client", SPAN("x"), "{}");
	until(heard.refused == 2 * MORE);
	let_go(other);
	until(heard.written == LEDGER_QUEUE_MAX);
	assert_int_equal(
	    count("SELECT json_extract(detail, '$.dropped') FROM audit WHERE event = 'audit.gap'"),
	    2 * MORE);
	assert_whole();
}

/* A18 */
static void
test_a_close_writes_what_waits(void **state)
{
	(void)state;
	open_well();
	for (int i = 0; i < 10000; i++)
		tell_event("auth.refused", "client", SPAN("x"), "{}");
	ledger_close(&ledger, 5000);
	assert_int_equal(heard.written, 10000);
	/* A slow disk has rows of its own. */
	assert_int_equal(count("SELECT count(*) FROM audit WHERE event = 'auth.refused'"), 10000);
	assert_int_equal(count("SELECT value FROM meta WHERE key = 'clean'"), 1);
	assert_int_equal(access(path, R_OK), 0);
}

/* A18 */
static void
test_a_close_that_cannot_write_says_what_is_lost(void **state)
{
	uint64_t begin;
	sqlite3 *other;

	(void)state;
	open_well();
	other = hold_exclusive();
	for (int i = 0; i < 100; i++)
		tell_event("auth.refused", "client", SPAN("x"), "{}");
	begin = clock_mono_ms();
	ledger_close(&ledger, 200);
	assert_in_range(clock_mono_ms() - begin, 200, 200 + LOOP_TICK_MS);
	assert_int_equal(heard.refused, 100);
	let_go(other);
	open_well();
	assert_int_equal(
	    count("SELECT count(*) FROM audit WHERE event = 'server.crash_recovered'"), 1);
}

/* ---- a disk that fails ---- */

/* A13 */
static void
test_a_full_disk_refuses_and_recovers_by_itself(void **state)
{
	(void)state;
	shaky_begin();
	open_well();
	registered("alpha");
	shaky.write = SQLITE_FULL;
	register_id("beta");
	until(heard.refused == 1);
	assert_true(troubled());
	assert_non_null(strstr(state_now().trouble, "full"));
	shaky.write = SQLITE_OK;
	until(!troubled());
	registered("gamma");
	assert_string_equal(
	    ask("SELECT group_concat(id) FROM (SELECT * FROM tunnels ORDER BY session)"),
	    "alpha,gamma");
	assert_int_equal(count("SELECT count(*) FROM audit WHERE event = 'audit.gap'"), 1);
	assert_whole();
}

/* A14 */
static void
test_an_io_error_on_write_is_no_success(void **state)
{
	(void)state;
	shaky_begin();
	open_well();
	shaky.write = SQLITE_IOERR_WRITE;
	register_id("alpha");
	until(heard.refused == 1);
	shaky.write = SQLITE_OK;
	until(!troubled());
	assert_int_equal(count("SELECT count(*) FROM sessions"), 0);
	assert_whole();
}

/* A14: the rows are in the WAL and the disk would not say so. Once opened again, they are there. */
static void
test_a_failed_fsync_is_believed_only_after_looking(void **state)
{
	(void)state;
	shaky_begin();
	open_well();
	registered("alpha");
	shaky.suffix = "-wal";
	shaky.sync = SQLITE_IOERR_FSYNC;
	register_id("beta");
	until(shaky.failed > 0);
	assert_int_equal(heard.written, 0);
	shaky.sync = SQLITE_OK;
	until(heard.written == 1);
	assert_false(troubled());
	assert_int_equal(count("SELECT count(*) FROM sessions WHERE id = 'beta'"), 1);
	assert_int_equal(count("SELECT count(*) FROM audit WHERE subject = 'beta'"), 1);
	assert_whole();
}

/* A14: with a reader at work the index of the WAL stays as it was, and the rows are not there. */
static void
test_a_failed_fsync_is_written_again_if_it_left_nothing(void **state)
{
	sqlite3 *reader;

	(void)state;
	shaky_begin();
	open_well();
	registered("alpha");
	reader = ledger_reader(ledger);
	assert_int_equal(
	    sqlite3_exec(reader, "BEGIN; SELECT * FROM audit", NULL, NULL, NULL), SQLITE_OK);
	shaky.suffix = "-wal";
	shaky.sync = SQLITE_IOERR_FSYNC;
	register_id("beta");
	until(shaky.failed > 0);
	shaky.sync = SQLITE_OK;
	until(heard.written == 1);
	assert_int_equal(count("SELECT count(*) FROM sessions WHERE id = 'beta'"), 1);
	assert_int_equal(count("SELECT count(*) FROM audit WHERE subject = 'beta'"), 1);
	sqlite3_close(reader);
	assert_whole();
}

/* A14: refused while in doubt, found on disk later: it is taken back. */
static void
test_who_was_refused_in_doubt_has_no_open_session(void **state)
{
	(void)state;
	shaky_begin();
	open_well();
	shaky.sync = SQLITE_IOERR_FSYNC;
	register_id("beta");
	until(heard.refused == 1);
	shaky.sync = SQLITE_OK;
	until(!troubled() && state_now().queued == 0);
	assert_int_equal(heard.written, 0);
	assert_int_equal(count("SELECT count(*) FROM tunnels"), 0);
	assert_string_equal(ask("SELECT reason FROM sessions WHERE id = 'beta'"), "not_recorded");
	assert_whole();
}

/* ---- a file that is not what it was ---- */

/* A15 */
static void
test_a_deleted_database_is_noticed(void **state)
{
	char away[128];

	(void)state;
	open_well();
	registered("alpha");
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	register_id("beta");
	until(heard.refused == 1);
	assert_int_equal(access(path, F_OK), -1); /* nobody makes a new one */
	assert_int_equal(rename(away, path), 0);
	until(!troubled());
	registered("gamma");
	assert_int_equal(count("SELECT count(*) FROM sessions"), 2);
	assert_whole();
}

/* A15 */
static void
test_a_database_from_a_backup_is_not_written_to(void **state)
{
	char command[512];

	(void)state;
	open_well();
	registered("alpha");
	ledger_close(&ledger, 1000);
	snprintf(command, sizeof(command), "cp %s %s.backup", path, path);
	assert_int_equal(system(command), 0);
	open_well();
	registered("beta");
	snprintf(command, sizeof(command), "rm %s-wal %s-shm && mv %s.backup %s", path, path, path,
	    path);
	assert_int_equal(system(command), 0);
	register_id("gamma");
	until(heard.refused == 1);
	turn_for(250);
	assert_non_null(strstr(state_now().trouble, "not as it was left"));
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
}

static void
spoil(off_t at, const char *with)
{
	int fd = open(path, O_WRONLY);

	assert_true(pwrite(fd, with, strlen(with), at) > 0);
	close(fd);
}

/* A15 */
static void
test_what_is_no_database_is_refused_at_start(void **state)
{
	(void)state;
	close(open(path, O_WRONLY | O_CREAT, 0600));
	spoil(0, "this has never been a database, and it will not become one by waiting for it");
	refused_with("file is not a database");
}

/* A15 */
static void
test_a_truncated_database_is_refused_at_start(void **state)
{
	(void)state;
	open_well();
	registered("alpha");
	ledger_close(&ledger, 1000);
	assert_int_equal(truncate(path, 8192), 0);
	refused_with("malformed");
}

/* A15 */
static void
test_damage_after_a_crash_is_found_at_start(void **state)
{
	char page[2000];

	(void)state;
	open_well();
	for (int i = 0; i < 200; i++)
		tell_event("auth.refused", "client", SPAN("somebody"), "{}");
	registered("alpha");
	assert_int_equal(ledger_checkpoint(ledger), SQLITE_OK);
	crash();
	memset(page, 'Z', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\0';
	spoil(count("SELECT rootpage FROM sqlite_schema WHERE name = 'audit_by_at'") * 4096 - 4096,
	    page);
	refused_with("the database is damaged");
}

/* A15 */
static void
test_damage_while_running_is_trouble_and_no_crash(void **state)
{
	char page[2000];

	(void)state;
	open_well();
	registered("alpha");
	assert_int_equal(ledger_checkpoint(ledger), SQLITE_OK);
	memset(page, 'Z', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\0';
	spoil(0, page);
	register_id("beta");
	db_close(&ledger->db); /* nothing of it is in memory */
	until(heard.refused == 1);
	assert_true(troubled());
}

/* A15 */
static void
test_a_read_only_database_is_refused_at_start(void **state)
{
	(void)state;
	open_well();
	ledger_close(&ledger, 1000);
	chmod(path, 0400);
	if (geteuid() == 0)
		skip(); /* whom no mode stops */
	refused_with("cannot be written to");
}

/* A22 */
static void
test_a_second_service_is_refused_and_the_first_goes_on(void **state)
{
	struct ledger *first;
	int status;

	(void)state;
	open_well();
	first = ledger;
	if (fork() == 0) {
		char sentence[64];

		snprintf(sentence, sizeof(sentence), "is in use by another whtd (process %d)",
		    getppid());
		_exit(open_ledger() == NULL && strstr(error, sentence) ? 0 : 1);
	}
	wait(&status);
	assert_int_equal(status, 0);
	ledger = first;
	registered("alpha");
	assert_whole();
}

/* ---- after a crash ---- */

/* A11 */
static void
test_sessions_that_a_crash_left_open_are_closed(void **state)
{
	(void)state;
	open_well();
	registered("alpha");
	end_session(registered("beta"), "beta", R_LINK_LOST, "");
	until(heard.written == 1);
	registered("gamma");
	register_id("never written");
	crash();
	open_well();
	assert_int_equal(count("SELECT count(*) FROM tunnels"), 0);
	assert_string_equal(ask("SELECT group_concat(id || ' ' || reason) FROM (SELECT * FROM "
				"sessions ORDER BY session)"),
	    "alpha crash,beta link_lost,gamma crash");
	assert_int_equal(count("SELECT json_extract(detail, '$.sessions') FROM audit"
			       " WHERE event = 'server.crash_recovered'"),
	    2);
	assert_whole();
	ledger_close(&ledger, 1000);
	open_well(); /* that was an end, and no crash */
	assert_int_equal(
	    count("SELECT count(*) FROM audit WHERE event = 'server.crash_recovered'"), 1);
}

/* ---- a reader that stays ---- */

/* A16 */
static void
test_the_wal_shrinks_when_a_long_reader_leaves(void **state)
{
	sqlite3 *reader;

	(void)state;
	open_well();
	registered("alpha");
	reader = ledger_reader(ledger);
	assert_int_equal(
	    sqlite3_exec(reader, "BEGIN; SELECT * FROM audit", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 40; i++) {
		for (int j = 0; j < 1000; j++)
			tell_event("auth.refused", "client", SPAN("x"), "{}");
		until(state_now().queued == 0);
	}
	assert_true(state_now().wal_bytes > 8 << 20);
	assert_false(troubled());
	sqlite3_close(reader);
	ledger_on_upkeep(ledger);
	assert_int_equal(state_now().wal_bytes, 0);
	for (int i = 0; i < 20000; i++)
		tell_event("auth.refused", "client", SPAN("x"), "{}");
	until(state_now().queued == 0);
	assert_true(state_now().wal_bytes < 8 << 20); /* and stays small */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_session_comes_and_goes),
	    TEST(test_the_reason_names_the_event),
	    TEST(test_a_thousand_in_one_turn_are_one_commit),
	    TEST(test_bans_follow_their_rows),
	    TEST(test_a_ban_that_is_over_is_taken_away),
	    TEST(test_what_strangers_write_is_kept_and_harms_nothing),
	    TEST(test_one_bad_row_does_not_hold_up_the_others),
	    TEST(test_a_lock_that_goes_soon_is_waited_for),
	    TEST(test_a_lock_that_stays_refuses_what_cannot_wait_and_keeps_what_can),
	    TEST(test_the_queue_is_bounded_and_what_falls_off_is_counted),
	    TEST(test_a_close_writes_what_waits),
	    TEST(test_a_close_that_cannot_write_says_what_is_lost),
	    TEST(test_a_full_disk_refuses_and_recovers_by_itself),
	    TEST(test_an_io_error_on_write_is_no_success),
	    TEST(test_a_failed_fsync_is_believed_only_after_looking),
	    TEST(test_a_failed_fsync_is_written_again_if_it_left_nothing),
	    TEST(test_who_was_refused_in_doubt_has_no_open_session),
	    TEST(test_a_deleted_database_is_noticed),
	    TEST(test_a_database_from_a_backup_is_not_written_to),
	    TEST(test_what_is_no_database_is_refused_at_start),
	    TEST(test_a_truncated_database_is_refused_at_start),
	    TEST(test_damage_after_a_crash_is_found_at_start),
	    TEST(test_damage_while_running_is_trouble_and_no_crash),
	    TEST(test_a_read_only_database_is_refused_at_start),
	    TEST(test_a_second_service_is_refused_and_the_first_goes_on),
	    TEST(test_sessions_that_a_crash_left_open_are_closed),
	    TEST(test_the_wal_shrinks_when_a_long_reader_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
