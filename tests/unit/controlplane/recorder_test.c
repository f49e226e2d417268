/* The letters of two workers and what comes back to them. */
#include "ledger_world.h"

#include "controlplane/recorder.h"

enum { WORKERS = 2 };

static struct recorder *recorder;

/* What the workers were sent. */
static struct {
	unsigned admitted, recorded[WORKERS];
	enum reason why;
	uint64_t ticket;
	int64_t session;
} sent;

static void
post(void *user, unsigned worker, struct mail *mail)
{
	const struct msg_admitted *a = (const struct msg_admitted *)mail;

	assert_ptr_equal(user, &sent);
	assert_true(worker < WORKERS);
	if (mail->type == MSG_ADMITTED) {
		sent.admitted++;
		sent.why = a->why;
		sent.ticket = a->ticket;
		sent.session = a->session;
	} else {
		assert_int_equal(mail->type, MSG_RECORDED);
		sent.recorded[worker] += ((const struct msg_recorded *)mail)->rows;
	}
	msg_free(mail);
}

static int
setup(void **state)
{
	static const struct recorder_ops ops = {post};
	struct recorder_plan plan = {.keep_ms = keep_ms};

	world_setup(state);
	memset(&sent, 0, sizeof(sent));
	snprintf(plan.dir, sizeof(plan.dir), "%s/state", dir);
	snprintf(path, sizeof(path), "%s/state/webhooktunnel.db", dir);
	recorder = recorder_open(loop, &plan, error);
	if (!recorder)
		fail_msg("%s", error);
	recorder_serve(recorder, WORKERS, false, &ops, &sent);
	return 0;
}

static int
teardown(void **state)
{
	if (recorder)
		recorder_close(&recorder);
	return world_teardown(state);
}

static void
admit(const char *id, unsigned worker, uint64_t ticket)
{
	const struct msg_admit letter = {
	    .worker = worker, .ticket = ticket, .client = client_of(id)};

	recorder_on_admit(recorder, &letter);
}

static void
end(const char *id, unsigned worker, int64_t session)
{
	struct msg_tunnel_end letter = {
	    .worker = worker, .session = session, .why = R_EOF, .closed_ms = clock_wall_ms()};

	snprintf(letter.id, sizeof(letter.id), "%s", id);
	recorder_on_tunnel_end(recorder, &letter);
}

static void
refused(unsigned worker, uint64_t times)
{
	const struct msg_refusals letter = {.worker = worker,
	    .why = R_BAD_TOKEN,
	    .detail = "expired",
	    .id = "zeta",
	    .peer = "192.0.2.7:1",
	    .count = times};

	recorder_on_refusals(recorder, &letter);
}

static void
ban(const char *match)
{
	struct ban b = {.by = "uid:0"};

	snprintf(b.match, sizeof(b.match), "%s", match);
	ledger_ban_add(recorder_ledger(recorder), &b, on_done, NULL);
}

static void
test_nobody_is_admitted_before_the_row_is_there(void **state)
{
	(void)state;
	admit("alpha", 1, 77);
	assert_int_equal(sent.admitted, 0);
	until(sent.admitted == 1);
	assert_int_equal(sent.why, R_NONE);
	assert_int_equal(sent.ticket, 77);
	assert_int_equal(sent.session, count("SELECT session FROM tunnels WHERE id = 'alpha'"));
}

/* A17: a worker gets its credit back, each its own. */
static void
test_rows_are_counted_back_to_their_worker(void **state)
{
	(void)state;
	end("alpha", 0, 1);
	refused(1, 3);
	refused(1, 4);
	until(sent.recorded[0] == 1 && sent.recorded[1] == 2);
	assert_int_equal(count("SELECT sum(json_extract(detail, '$.count')) FROM audit WHERE event "
			       "= 'auth.refused'"),
	    7);
}

static void
test_a_banned_id_is_refused_without_a_row_each_time(void **state)
{
	(void)state;
	ban("ci-*");
	until(heard.written == 1);
	for (int i = 0; i < 50; i++)
		admit("ci-1", 0, 1);
	assert_int_equal(sent.admitted, 50);
	assert_int_equal(sent.why, R_BANNED);
	admit("other", 0, 2);
	until(sent.admitted == 51);
	assert_int_equal(sent.why, R_NONE);
	until(count("SELECT count(*) FROM audit WHERE event = 'auth.refused'") == 1);
	assert_string_equal(
	    ask("SELECT subject || ' ' || json_extract(detail, '$.reason') || ' ' ||"
		" json_extract(detail, '$.count') FROM audit WHERE event = 'auth.refused'"),
	    "ci-1 banned 50");
	assert_int_equal(count("SELECT count(*) FROM sessions"), 1);
}

static void
test_a_ban_in_the_same_commit_comes_first_or_kicks(void **state)
{
	(void)state;
	admit("alpha", 0, 1); /* before the ban: joins, and the kick that follows finds it */
	ban("*");
	admit("beta", 0, 2); /* behind it: the kick would have found nobody */
	until(sent.admitted == 2);
	assert_int_equal(sent.ticket, 2);
	assert_int_equal(sent.why, R_BANNED);
	until(count("SELECT count(*) FROM tunnels") == 1);
	assert_string_equal(ask("SELECT reason FROM sessions WHERE id = 'beta'"), "banned");
}

static void
test_a_life_is_framed_by_start_and_stop(void **state)
{
	(void)state;
	recorder_reloaded(recorder, 0, NULL);
	recorder_reloaded(recorder, 2, NULL);
	recorder_close(&recorder);
	assert_string_equal(
	    ask("SELECT group_concat(event) FROM (SELECT * FROM audit ORDER BY seq)"),
	    "server.start,config.reloaded,config.refused,server.stop");
	assert_int_equal(count("SELECT json_extract(detail, '$.errors') FROM audit WHERE event = "
			       "'config.refused'"),
	    2);
}

/* A18: who hangs up first is not answered, and leaves no session behind. */
static void
test_an_admission_that_nobody_waits_for_any_more_ends(void **state)
{
	(void)state;
	admit("alpha", 0, 1);
	recorder_hang_up(recorder);
	recorder_close(&recorder);
	assert_int_equal(sent.admitted, 0);
	assert_int_equal(count("SELECT count(*) FROM tunnels"), 0);
	assert_string_equal(ask("SELECT reason FROM sessions"), "shutdown");
	assert_whole();
}

static void
test_a_state_directory_open_to_all_is_refused(void **state)
{
	const struct recorder_plan plan = {.dir = "/tmp"};

	(void)state;
	assert_null(recorder_open(loop, &plan, error));
	assert_non_null(strstr(error, "everybody may write"));
}

#define WITH_WORKERS(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_WORKERS(test_nobody_is_admitted_before_the_row_is_there),
	    WITH_WORKERS(test_rows_are_counted_back_to_their_worker),
	    WITH_WORKERS(test_a_banned_id_is_refused_without_a_row_each_time),
	    WITH_WORKERS(test_a_ban_in_the_same_commit_comes_first_or_kicks),
	    WITH_WORKERS(test_a_life_is_framed_by_start_and_stop),
	    WITH_WORKERS(test_an_admission_that_nobody_waits_for_any_more_ends),
	    WITH_WORKERS(test_a_state_directory_open_to_all_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
