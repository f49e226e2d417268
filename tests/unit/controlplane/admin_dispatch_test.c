/* Requests over a real Unix socket, to a real ledger, and to workers that are this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin.h"

enum { WORKERS = 2, ANSWER_MAX = 256 * 1024, PATIENCE_MS = 300 * 1000, TICK_MS = 5 };

static struct world {
	char folder[32], path[64], database[64];
	struct loop *loop;
	struct ledger *ledger;
	struct admin *admin;
	struct config *config;
	struct policy *policy;
	bool draining, reload_fails, mute; /* mute: the workers say nothing */
	unsigned reloads, drains, kicks;
	char kicked[TUNNEL_ID_MAX + 1];
	enum reason kicked_for;
} world;

/* ---- the service ---- */

static void
facts(void *user, struct admin_facts *out)
{
	(void)user;
	*out = (struct admin_facts){.state = world.draining ? "draining" : "serving",
	    .draining = world.draining,
	    .started_ms = 1,
	    .config = world.config,
	    .policy = world.policy};
}

static struct msg_told *
told(const struct msg_ask *ask, unsigned worker)
{
	struct msg_told *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_TOLD;
	letter->ticket = ask->ticket;
	letter->worker = worker;
	if (ask->what == ASK_METRICS) {
		letter->metrics = must_alloc(sizeof(*letter->metrics));
		letter->metrics->tunnels = worker + 1;
	} else if (ask->what == ASK_TUNNELS) {
		letter->tunnels = must_alloc(sizeof(*letter->tunnels));
		letter->ntunnels = 1;
		snprintf(letter->tunnels->client.id, TUNNEL_ID_MAX, "tunnel-%u", worker);
		snprintf(letter->tunnels->client.agent, FACT_AGENT_MAX, "\xff\x1b[2J\"\n");
	}
	return letter;
}

static void
answer_kick(const struct msg_kick *kick, unsigned worker)
{
	struct msg_kicked *letter = must_alloc(sizeof(*letter));

	world.kicks++;
	world.kicked_for = kick->why;
	snprintf(world.kicked, sizeof(world.kicked), "%s", kick->match);
	letter->mail.type = MSG_KICKED;
	letter->ticket = kick->ticket;
	letter->worker = worker;
	letter->ended = strcmp(kick->match, "nobody") != 0;
	admin_on_kicked(world.admin, letter);
}

static void
post(void *user, unsigned worker, struct mail *mail)
{
	(void)user;
	if (!world.mute && mail->type == MSG_ASK)
		admin_on_told(world.admin, told((struct msg_ask *)mail, worker));
	else if (!world.mute && mail->type == MSG_KICK)
		answer_kick((struct msg_kick *)mail, worker);
	msg_free(mail);
}

static void
reload(void *user, struct report *report)
{
	(void)user;
	world.reloads++;
	report_warning(report, "a warning");
	if (world.reload_fails)
		report_error(report, "an error");
}

static void
drain(void *user)
{
	(void)user;
	world.drains++;
	world.draining = true;
}

static const struct admin_ops ops = {
    .facts = facts, .post = post, .reload = reload, .drain = drain};

static void
ignore(void *user, enum log_level level, const char *sentence)
{
	(void)user;
	(void)level;
	(void)sentence;
}

static char secret[] = "TASKCLUSTER_PROXY_SECRET_A=hush", audience[] = "AUDIENCE=all";
static char *const environment[] = {secret, audience, NULL};

static void
open_ledger(void)
{
	struct ledger_config config = {
	    .path = world.database, .keep_ms = UINT64_MAX / 4, .patience_ms = PATIENCE_MS};
	char error[LEDGER_ERROR_MAX];

	world.ledger = ledger_open(world.loop, &config, error);
	assert_non_null(world.ledger);
}

static void
open_admin(void)
{
	struct admin_place place = {.group_role = ROLE_NONE};
	char error[ADMIN_ERROR_MAX];

	snprintf(place.socket, sizeof(place.socket), "%s", world.path);
	world.admin = admin_open(world.loop, &place, WORKERS, world.ledger, &ops, NULL, error);
	assert_non_null(world.admin);
}

static int
begin(void **state)
{
	struct report report = {.say = ignore};

	(void)state;
	world = (struct world){.folder = "/tmp/wht-admin-XXXXXX"};
	assert_non_null(mkdtemp(world.folder));
	snprintf(world.path, sizeof(world.path), "%s/a.sock", world.folder);
	snprintf(world.database, sizeof(world.database), "%s/w.db", world.folder);
	world.loop = loop_new();
	world.config = config_load(environment, &report);
	world.policy = policy_new();
	world.policy->secrets[0] = span_dup(SPAN("hush"));
	open_ledger();
	open_admin();
	return 0;
}

static int
end(void **state)
{
	char command[64];

	(void)state;
	admin_shut(world.admin);
	ledger_close(&world.ledger, 1000);
	loop_run_down(world.loop);
	admin_free(&world.admin);
	policy_unref(&world.policy);
	config_free(&world.config);
	loop_free(&world.loop);
	snprintf(command, sizeof(command), "rm -r %s", world.folder);
	assert_int_equal(system(command), 0);
	return 0;
}

/* ---- a peer ---- */

/* The loop turns while the peer, which is no part of it, waits for bytes. */
static struct peer {
	int fd;
	struct strb got;
	struct timer tick;
	uint64_t until_ms;
	bool closed;
	size_t wanted; /* answers */
} peer;

static size_t
answers(void)
{
	size_t n = 0;

	for (const char *at = strb_cstr(&peer.got); (at = strstr(at, "HTTP/1.1 ")); at++)
		n += strstr(at, "}\n") || strstr(at, "wht_log_dropped");
	return n;
}

static void
on_tick(void *user)
{
	char bytes[65536];
	ssize_t n;

	(void)user;
	while ((n = recv(peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		strb_add(&peer.got, span_of(bytes, (size_t)n));
	peer.closed = n == 0;
	if (peer.closed || answers() >= peer.wanted || clock_mono_ms() > peer.until_ms)
		loop_stop(world.loop);
	else
		timer_start(&peer.tick, TICK_MS);
}

static void
peer_wait(size_t wanted)
{
	peer.wanted = wanted;
	peer.until_ms = clock_mono_ms() + PATIENCE_MS;
	timer_start(&peer.tick, 0);
	loop_run(world.loop);
}

static void
peer_connect(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	memcpy(to.sun_path, world.path, sizeof(world.path));
	peer = (struct peer){.fd = socket(AF_UNIX, SOCK_STREAM, 0)};
	assert_int_equal(connect(peer.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	strb_init(&peer.got, ANSWER_MAX);
	timer_init(&peer.tick, world.loop, on_tick, NULL);
}

static void
peer_leave(void)
{
	close(peer.fd);
	timer_stop(&peer.tick);
	strb_free(&peer.got);
}

static void
peer_send(const char *text)
{
	assert_int_equal(send(peer.fd, text, strlen(text), 0), strlen(text));
}

/* One command on a connection of its own; the answer's status, its text in *answer. */
static int
ask(const char *method, const char *target, const char *body, const char **answer)
{
	static char text[ANSWER_MAX];
	char request[4096];
	int status = 0;

	snprintf(request, sizeof(request),
	    "%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", method, target,
	    strlen(body), body);
	peer_connect();
	peer_send(request);
	peer_wait(1);
	snprintf(text, sizeof(text), "%s", strb_cstr(&peer.got));
	sscanf(text, "HTTP/1.1 %d", &status);
	peer_leave();
	*answer = text;
	return status;
}

static void
asked(const char *method, const char *target, const char *body, int status, const char *part)
{
	const char *answer;
	int got = ask(method, target, body, &answer);

	if (got != status || !strstr(answer, part))
		print_message("%s %s: %s\n", method, target, answer);
	assert_int_equal(got, status);
	assert_non_null(strstr(answer, part));
}

/* How many rows of the audit are of that event. */
static size_t
recorded(const char *event)
{
	char target[128], mark[128];
	const char *answer;
	size_t n = 0;

	snprintf(target, sizeof(target), "/v1/audit?limit=1000&event=%s", event);
	snprintf(mark, sizeof(mark), "\"event\":\"%s\"", event);
	assert_int_equal(ask("GET", target, "", &answer), 200);
	for (; (answer = strstr(answer, mark)); answer++)
		n++;
	return n;
}

/* ---- stories ---- */

static void
every_command_is_answered(void **state)
{
	(void)state;
	asked("GET", "/v1/status", "", 200, "\"tunnels\":3");
	asked("GET", "/v1/tunnels", "", 200, "\"total\":2");
	asked("GET", "/v1/tunnels/x", "", 200, "\"id\":\"tunnel-");
	asked("DELETE", "/v1/tunnels/x", "", 200, "{\"ended\":2}");
	asked("POST", "/v1/bans", "{\"match\": \"x*\", \"for\": \"1h\"}", 200, "\"ended\":2");
	asked("GET", "/v1/bans", "", 200, "\"match\":\"x*\"");
	asked("DELETE", "/v1/bans/x%2A", "", 200, "{\"match\":\"x*\"}");
	asked("GET", "/v1/audit", "", 200, "\"event\":\"ban.removed\"");
	asked("GET", "/v1/audit?last=1", "", 200, "\"next\":null");
	asked("GET", "/v1/audit/follow?wait=0s", "", 200, "{\"rows\":[],\"next\":");
	asked("GET", "/v1/audit/verify", "", 200, "{\"ok\":true");
	asked("GET", "/v1/sessions", "", 200, "{\"sessions\":[],\"next\":null}");
	asked("POST", "/v1/tokens", "{\"id\": \"x\"}", 200, "{\"token\":\"ey");
	asked("POST", "/v1/reload", "", 200, "{\"warnings\":[\"a warning\"]}");
	asked("PUT", "/v1/log-level", "{\"level\": \"error\"}", 200, "{\"level\":\"error\"}");
	asked("GET", "/v1/config", "", 200, "(not shown)");
	asked("GET", "/metrics", "", 200, "wht_tunnels{worker=\"1\"} 2");
	asked("GET", "/v1/requests/x", "", 404, "no_such_failure");
	asked("POST", "/v1/drain", "", 200, "{\"state\":\"draining\"}");
}

static void
whatever_changes_something_has_its_row(void **state)
{
	(void)state;
	asked("DELETE", "/v1/tunnels/x?reason=noise", "", 200, "");
	asked("POST", "/v1/tokens", "{\"id\": \"x\"}", 200, "");
	asked("POST", "/v1/reload", "", 200, "");
	assert_int_equal(recorded("admin.tunnel.kill"), 1);
	assert_int_equal(recorded("admin.token.mint"), 1);
	assert_int_equal(recorded("admin.reload"), 1);
	asked("GET", "/v1/audit?event=admin.tunnel.kill", "", 200, "\"reason\":\"noise\"");
}

static void
what_is_refused_has_none_and_does_nothing(void **state)
{
	(void)state;
	asked("DELETE", "/v1/tunnels/a%20b", "", 400, "bad_argument");
	asked("POST", "/v1/bans", "{\"match\": 1}", 400, "bad_argument");
	asked("PUT", "/v1/log-level", "{}", 400, "missing_argument");
	asked("GET", "/v1/bans/x", "", 405, "Allow: DELETE");
	assert_int_equal(world.kicks, 0);
	assert_int_equal(recorded("admin.*"), 0);
}

/* A kill that finds nobody was a command all the same. */
static void
killing_nobody_is_not_found_and_on_record(void **state)
{
	(void)state;
	asked("DELETE", "/v1/tunnels/nobody", "", 404, "no_such_tunnel");
	assert_int_equal(recorded("admin.tunnel.kill"), 1);
}

static void
a_ban_ends_the_live_ones_for_its_own_reason(void **state)
{
	(void)state;
	asked("POST", "/v1/bans", "{\"match\": \"evil-?\"}", 200, "\"until\":null");
	assert_int_equal(world.kicks, WORKERS);
	assert_string_equal(world.kicked, "evil-?");
	assert_int_equal(world.kicked_for, R_BANNED);
	assert_true(ledger_is_banned(world.ledger, "evil-1", clock_wall_ms()));
}

/* A09 */
static void
what_strangers_call_themselves_is_one_line_of_ascii(void **state)
{
	const char *answer, *body;

	(void)state;
	assert_int_equal(ask("GET", "/v1/tunnels", "", &answer), 200);
	body = strstr(answer, "\r\n\r\n") + 4;
	for (; body[1]; body++)
		assert_true(*body >= 0x20 && *body < 0x7F);
	assert_int_equal(*body, '\n');
}

static void
a_silent_worker_is_named(void **state)
{
	(void)state;
	world.mute = true;
	asked("GET", "/v1/tunnels", "", 504, "worker_silent");
	asked("GET", "/v1/status", "", 200, "\"workers_silent\":2");
}

static void
what_makes_no_sense_while_stopping_is_refused(void **state)
{
	(void)state;
	world.draining = true;
	asked("POST", "/v1/reload", "", 409, "draining");
	asked("POST", "/v1/drain", "", 200, "draining");
	assert_int_equal(world.reloads, 0);
	assert_int_equal(world.drains, 0);
}

static void
a_reload_that_fails_says_why(void **state)
{
	(void)state;
	world.reload_fails = true;
	asked("POST", "/v1/reload", "", 422, "an error");
}

/* A04 */
static void
a_request_may_come_in_any_pieces(void **state)
{
	static const char request[] =
	    "POST /v1/bans HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n10\r\n{\"match\": \"abc\"}\r\n0\r\n\r\n";

	(void)state;
	for (size_t at = 0; at < sizeof(request) - 1; at += 7) {
		peer_connect();
		assert_int_equal(send(peer.fd, request, at, 0), at);
		peer.until_ms = 0;
		timer_start(&peer.tick, 0);
		peer.wanted = 0;
		loop_run(world.loop);
		peer_send(request + at);
		peer_wait(1);
		assert_non_null(strstr(strb_cstr(&peer.got), "\"match\":\"abc\""));
		peer_leave();
	}
}

static void
answers_come_in_the_order_of_the_requests(void **state)
{
	const char *first, *second, *third;

	(void)state;
	peer_connect();
	peer_send("GET /v1/audit/verify HTTP/1.1\r\nHost: a\r\n\r\n"
		  "GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n"
		  "GET /v1/bans HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	peer_wait(99); /* until it is closed */
	assert_true(peer.closed);
	first = strstr(strb_cstr(&peer.got), "\"ok\":true");
	second = strstr(strb_cstr(&peer.got), "no_such_command");
	third = strstr(strb_cstr(&peer.got), "\"bans\":[]");
	assert_true(first && first < second && second < third);
	peer_leave();
}

/* A10 */
static void
a_command_outlives_its_peer(void **state)
{
	(void)state;
	peer_connect();
	peer_send(
	    "POST /v1/bans HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n{\"match\": \"abc\"}");
	close(peer.fd);
	strb_free(&peer.got);
	for (int i = 0; i < 100 && world.kicks == 0; i++)
		(void)recorded("admin.ban.add");
	assert_string_equal(world.kicked, "abc");
	assert_int_equal(recorded("admin.ban.add"), 1);
}

/* A10 */
static void
half_a_command_is_none(void **state)
{
	(void)state;
	peer_connect();
	peer_send(
	    "POST /v1/bans HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n{\"match\": \"abc\"}");
	peer_leave();
	assert_int_equal(recorded("admin.*"), 0);
	assert_int_equal(world.kicks, 0);
}

/* Whatever waits for whomever when the service ends: nothing is called, and nothing stays. */
static void
the_end_finds_commands_of_every_kind_under_way(void **state)
{
	static const char *const requests[] = {
	    "GET /v1/audit/follow?wait=60s HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET /v1/audit/verify HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET /v1/tunnels HTTP/1.1\r\nHost: a\r\n\r\n",
	    "DELETE /v1/tunnels/x HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET /v1/st",
	};
	int fds[5];

	(void)state;
	world.mute = true;
	for (size_t i = 0; i < 5; i++) {
		peer_connect();
		peer_send(requests[i]);
		fds[i] = peer.fd;
	}
	peer.until_ms = 0;
	timer_start(&peer.tick, 0);
	loop_run(world.loop);
	strb_free(&peer.got);
	end(state);
	for (size_t i = 0; i < 5; i++)
		close(fds[i]);
	begin(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_command_is_answered, begin, end),
	    cmocka_unit_test_setup_teardown(whatever_changes_something_has_its_row, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_refused_has_none_and_does_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(killing_nobody_is_not_found_and_on_record, begin, end),
	    cmocka_unit_test_setup_teardown(
		a_ban_ends_the_live_ones_for_its_own_reason, begin, end),
	    cmocka_unit_test_setup_teardown(
		what_strangers_call_themselves_is_one_line_of_ascii, begin, end),
	    cmocka_unit_test_setup_teardown(a_silent_worker_is_named, begin, end),
	    cmocka_unit_test_setup_teardown(
		what_makes_no_sense_while_stopping_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(a_reload_that_fails_says_why, begin, end),
	    cmocka_unit_test_setup_teardown(a_request_may_come_in_any_pieces, begin, end),
	    cmocka_unit_test_setup_teardown(answers_come_in_the_order_of_the_requests, begin, end),
	    cmocka_unit_test_setup_teardown(a_command_outlives_its_peer, begin, end),
	    cmocka_unit_test_setup_teardown(half_a_command_is_none, begin, end),
	    cmocka_unit_test_setup_teardown(
		the_end_finds_commands_of_every_kind_under_way, begin, end),
	};

	signal(SIGPIPE, SIG_IGN); /* as whtd does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
