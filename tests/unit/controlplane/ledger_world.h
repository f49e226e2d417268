/* tests/unit/controlplane/ledger_world.h - a ledger on a loop, in a directory of its own, and
 * questions to its database over a connection that only reads. Time is the test's (skew.h): it
 * passes tick by tick as the loop turns, and however slow the disk, a commit takes none. */
#ifndef WHT_TEST_LEDGER_WORLD_H
#define WHT_TEST_LEDGER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "controlplane/ledger_priv.h"
#include "net/loop_uv.h"
#include "tests/unit/net/skew.h"

#define WORLD_LIMIT_MS 60000
#define PATIENCE_MS    300

static struct loop *loop;
static struct ledger *ledger;
static char dir[64], path[96], error[LEDGER_ERROR_MAX];
static uint64_t keep_ms = 400ull * 24 * 3600 * 1000;

/* What the callbacks said. */
static struct {
	unsigned written, refused;
	int64_t row;
} heard;

static inline void
on_done(void *user, enum reason why, int64_t row)
{
	(void)user;
	heard.written += why == R_NONE;
	heard.refused += why == R_NOT_RECORDED;
	if (why == R_NONE)
		heard.row = row;
}

static inline void
turn_for(uint64_t ms)
{
	for (uint64_t end = clock_mono_ms() + ms; clock_mono_ms() < end;) {
		time_pass(LOOP_TICK_MS);
		uv_run(loop_uv(loop), UV_RUN_NOWAIT);
	}
}

#define until(what)                                                                                \
	do {                                                                                       \
		uint64_t until_end = clock_mono_ms() + WORLD_LIMIT_MS;                             \
		while (!(what)) {                                                                  \
			assert_true(clock_mono_ms() < until_end);                                  \
			turn_for(LOOP_TICK_MS);                                                    \
		}                                                                                  \
	} while (0)

static inline struct ledger *
open_ledger(void)
{
	const struct ledger_config config = {
	    .path = path, .keep_ms = keep_ms, .patience_ms = PATIENCE_MS};

	return ledger = ledger_open(loop, &config, error);
}

static inline void
open_well(void)
{
	if (!open_ledger())
		fail_msg("%s", error);
}

static inline void
refused_with(const char *sentence)
{
	assert_null(open_ledger());
	if (!strstr(error, sentence))
		print_message("%s\n", error);
	assert_non_null(strstr(error, sentence));
}

/* As kill -9 leaves it: nothing is flushed, nothing is told. */
static inline void
crash(void)
{
	struct row_list *lists[] = {&ledger->queue, &ledger->batch, &ledger->refused};
	struct row *row;

	for (int i = 0; i < 3; i++) {
		while ((row = TAILQ_FIRST(lists[i]))) {
			TAILQ_REMOVE(lists[i], row, entry);
			free(row);
		}
	}
	ledger->waiting = 0;
	/* So that nothing is marked. */
	sqlite3_exec(ledger->db.sql, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	ledger->mode = LEDGER_WRITING;
	db_close(&ledger->db);
	sqlite3_open(":memory:", &ledger->db.sql);
	ledger_close(&ledger, 0);
}

static inline int
world_setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ledger_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/webhooktunnel.db", dir);
	time_stop();
	loop = loop_new();
	heard.written = heard.refused = 0;
	heard.row = 0;
	keep_ms = 400ull * 24 * 3600 * 1000;
	return 0;
}

static inline int
world_teardown(void **state)
{
	char command[128];

	(void)state;
	if (ledger)
		ledger_close(&ledger, 0);
	loop_free(&loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* ---- questions ---- */

static inline sqlite3 *
look(void)
{
	sqlite3 *sql;

	assert_int_equal(
	    sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
	    SQLITE_OK);
	/* The last to leave would take the WAL along. */
	sqlite3_db_config(sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return sql;
}

/* The first column of the first row, as text; "" when there is none. */
static inline const char *
ask(const char *question)
{
	static char answer[4096];
	sqlite3 *sql = look();
	sqlite3_stmt *stmt;

	answer[0] = '\0';
	if (sqlite3_prepare_v2(sql, question, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", question, sqlite3_errmsg(sql));
	if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
		snprintf(answer, sizeof(answer), "%s", sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(sql);
	return answer;
}

static inline long
count(const char *question)
{
	return atol(ask(question));
}

/* Somebody with sqlite3 and no respect. */
static inline void
tamper(const char *statements)
{
	sqlite3 *sql = look();
	char *why = NULL;

	if (sqlite3_exec(sql, statements, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", statements, why);
	sqlite3_close(sql);
}

static inline struct audit_verdict
verify(void)
{
	struct audit_verdict v;
	sqlite3 *sql = look();

	assert_int_equal(audit_verify(sql, &v), SQLITE_OK);
	sqlite3_close(sql);
	return v;
}

static inline void
assert_whole(void)
{
	struct audit_verdict v = verify();

	if (!v.whole)
		fail_msg("%s", v.problem);
	assert_int_equal(v.broken_seq, 0);
}

/* ---- rows ---- */

static inline struct client_facts
client_of(const char *id)
{
	struct client_facts c = {.peer = "192.0.2.7:4711",
	    .agent = "whclient/1",
	    .window = 262144,
	    .rst = true,
	    .claims = {.exp = 1800000000, .iss = "issuer", .sub = "subject", .jti = "j1"},
	    .opened_ms = clock_wall_ms()};

	snprintf(c.id, sizeof(c.id), "%s", id);
	return c;
}

static inline void
register_id(const char *id)
{
	struct client_facts c = client_of(id);

	ledger_tunnel_open(ledger, &c, 0, on_done, NULL);
}

/* Registers, and waits for the row. */
static inline void
on_registered(void *user, enum reason why, int64_t row)
{
	assert_int_equal(why, R_NONE);
	*(int64_t *)user = row;
}

static inline int64_t
registered(const char *id)
{
	struct client_facts c = client_of(id);
	int64_t session = 0;

	ledger_tunnel_open(ledger, &c, 0, on_registered, &session);
	until(session != 0);
	return session;
}

static inline void
end_session(int64_t session, const char *id, enum reason why, const char *actor)
{
	const struct ledger_end end = {.session = session,
	    .id = id,
	    .actor = actor,
	    .why = why,
	    .requests = 3,
	    .bytes_in = 1000,
	    .bytes_out = 50,
	    .closed_ms = clock_wall_ms()};

	ledger_tunnel_end(ledger, &end, on_done, NULL);
}

static inline void
tell_event(const char *event, const char *actor, struct span subject, const char *detail)
{
	const struct ledger_event e = {
	    .event = event, .actor = actor, .subject = subject, .detail = span_str(detail)};

	ledger_event(ledger, &e, on_done, NULL);
}

static inline bool
troubled(void)
{
	struct ledger_state s;

	ledger_state(ledger, &s);
	return s.troubled;
}

static inline struct ledger_state
state_now(void)
{
	struct ledger_state s;

	ledger_state(ledger, &s);
	return s;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

#endif
