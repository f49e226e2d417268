/* docs/audit.md keeps its word: each of its questions has an answer,
 * and its verifier agrees with ours. */
#include "ledger_world.h"

#include "controlplane/file.h"

#define PAGE VECTORS "/../../docs/audit.md"

static struct file_text page;

/* What stands between ```kind and ```; false when there is no further one. */
static bool
next_block(struct span *rest, const char *kind, char *out, size_t size)
{
	char begin[32];
	const char *at, *end;

	snprintf(begin, sizeof(begin), "```%s\n", kind);
	at = rest->n ? memmem(rest->p, rest->n, begin, strlen(begin)) : NULL;
	if (!at)
		return false;
	at += strlen(begin);
	end = memmem(at, rest->n - (size_t)(at - rest->p), "```", 3);
	assert_non_null(end);
	assert_true((size_t)(end - at) < size);
	snprintf(out, size, "%.*s", (int)(end - at), at);
	*rest = span_drop(*rest, (size_t)(end - rest->p) + 3);
	return true;
}

/* A day in the life, with something in it for every question. */
static int
setup(void **state)
{
	const struct ban ban = {.match = "beta", .by = "uid:1000", .why = "loud"};

	world_setup(state);
	assert_int_equal(file_read(PAGE, 1 << 20, &page), 0);
	open_well();
	tell_event("server.start", "whtd", SPAN("-"), "{}");
	registered("gamma");
	end_session(registered("alpha"), "alpha", R_LINK_LOST, "");
	end_session(registered("beta"), "beta", R_KILLED, "uid:1000");
	ledger_ban_add(ledger, &ban, on_done, NULL);
	tell_event("auth.refused", "client", SPAN("zeta"),
	    "{\"reason\":\"bad_token\",\"fault\":\"expired\",\"peer\":\"192.0.2.7:1\",\"count\":"
	    "3}");
	until(state_now().queued == 0);
	return 0;
}

static int
teardown(void **state)
{
	file_forget(&page);
	return world_teardown(state);
}

static int
rows_of(const char *question)
{
	sqlite3 *sql = look();
	sqlite3_stmt *stmt;
	int rows = 0;

	if (sqlite3_prepare_v2(sql, question, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", question, sqlite3_errmsg(sql));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		rows++;
	sqlite3_finalize(stmt);
	sqlite3_close(sql);
	return rows;
}

static void
test_every_question_has_an_answer(void **state)
{
	struct span rest = page.text;
	char question[2048];
	int questions = 0;

	(void)state;
	for (; next_block(&rest, "sql", question, sizeof(question)); questions++) {
		if (rows_of(question) == 0)
			fail_msg("no answer to %s", question);
	}
	assert_int_equal(questions, 10);
}

/* The verifier of the page, as it stands there. */
static int
verify_by_page(void)
{
	struct span rest = page.text;
	char script[4096], file[128], command[512];
	FILE *out;

	assert_true(next_block(&rest, "python", script, sizeof(script)));
	snprintf(file, sizeof(file), "%s/verify.py", dir);
	assert_non_null(out = fopen(file, "w"));
	fputs(script, out);
	fclose(out);
	snprintf(command, sizeof(command), "/usr/bin/env python3 %s %s >/dev/null 2>%s/why", file,
	    path, dir);
	return system(command);
}

static void
test_the_verifier_of_the_page_agrees(void **state)
{
	(void)state;
	assert_whole();
	assert_int_equal(verify_by_page(), 0);
	tamper("DROP TRIGGER audit_is_not_edited; UPDATE audit SET subject = 'x' WHERE seq = 3");
	assert_false(verify().whole);
	assert_int_not_equal(verify_by_page(), 0);
}

static void
test_it_agrees_about_a_cut(void **state)
{
	(void)state;
	tamper("DROP TRIGGER audit_goes_by_segments; DELETE FROM audit WHERE seq > 4");
	assert_false(verify().whole);
	assert_int_not_equal(verify_by_page(), 0);
}

#define ON_A_DAY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DAY(test_every_question_has_an_answer),
	    ON_A_DAY(test_the_verifier_of_the_page_agrees),
	    ON_A_DAY(test_it_agrees_about_a_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
