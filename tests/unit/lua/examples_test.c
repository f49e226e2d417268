/* The examples that docs/lua.md teaches by: each does what it says, and is shorter than a page. */
#include "tests/unit/lua/play.h"

#include "base/obj.h"

static void
begin_example(struct play *p, const char *name)
{
	struct lua_budget budget;
	struct lua_script *s;
	struct strb path, error;

	strb_init(&path, 4096);
	strb_init(&error, 1 << 16);
	lua_budget_default(&budget);
	budget.time_us = 600 * 1000 * 1000;
	strb_printf(&path, "%s/%s", EXAMPLES, name);
	s = lua_script_new(&budget);
	if (lua_script_read(s, strb_cstr(&path), &error) < 0)
		fail_msg("%s", strb_cstr(&error));
	lua_script_seal(s);
	if (lua_script_check(s, &error) < 0)
		fail_msg("%s", strb_cstr(&error));
	play_begin(p, "", NULL);
	lua_vm_free(&p->vm);
	p->vm = lua_vm_new(s, p->shared);
	lua_script_unref(&s);
	strb_free(&path);
	strb_free(&error);
}

/* Another request: the last one's edits are gone. */
static void
again(struct play *p, const char *id, const char *method)
{
	lua_message_free(&p->m);
	lua_message_init(&p->m, &play_head, LUA_EDIT_MAX);
	p->m.host = SPAN("a.example");
	p->m.peer = SPAN("192.0.2.7");
	p->m.id = span_str(id);
	p->m.method = span_str(method);
}

static void
set_field(struct play *p, const char *name, const char *value)
{
	struct span text = span_str(value);
	struct lua_name read;

	assert_null(lua_name_read(span_str(name), &read));
	assert_null(lua_message_set(&p->m, &read, &text, false));
}

static enum lua_verdict_kind
asks(struct play *p, enum lua_phase phase)
{
	enum lua_verdict_kind kind = play_ask(p, phase);

	if (p->v.failed)
		fail_msg("%s", play_error(p));
	return kind;
}

static void
test_aliases(void **state)
{
	struct play p;
	int canaries = 0;
	char peer[32];

	(void)state;
	begin_example(&p, "aliases.lua");
	again(&p, "alpha", "GET");
	assert_int_equal(asks(&p, LUA_ROUTE), VERDICT_NONE);
	p.m.host = SPAN("Hooks.Example.NET:8443");
	assert_int_equal(asks(&p, LUA_ROUTE), VERDICT_NAME);
	assert_true(span_eq(p.v.id, SPAN("net-prod")));
	lua_tunnel_up(p.shared, SPAN("org-canary"));
	for (int i = 0; i < 200; i++) {
		again(&p, "org-prod", "GET");
		snprintf(peer, sizeof(peer), "192.0.2.%d", i);
		p.m.peer = span_str(peer);
		canaries += asks(&p, LUA_ROUTE) == VERDICT_NAME;
	}
	assert_in_range(canaries, 5, 40);
	play_end(&p);
}

static void
test_allow_networks(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "allow_networks.lua");
	again(&p, "internal", "GET");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_DENY);
	p.m.peer = SPAN("10.9.8.7");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	again(&p, "open", "GET");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	play_end(&p);
}

static void
test_deny_agents(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "deny_agents.lua");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	set_field(&p, "User-Agent", "Mozilla (compatible; BadBot/2)");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_DENY);
	play_end(&p);
}

static void
test_github(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "github.lua");
	again(&p, "ci", "POST");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_BODY);
	p.m.body = SPAN("{}");
	assert_int_equal(asks(&p, LUA_BODY), VERDICT_DENY);
	set_field(&p, "X-Hub-Signature-256",
	    "sha256=9d84ba41392be866db769be8e741c690475ec1d497f3a505ec2022f791595cb9");
	assert_int_equal(asks(&p, LUA_BODY), VERDICT_NONE);
	again(&p, "ci", "GET");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_DENY);
	again(&p, "other", "POST");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	play_end(&p);
}

/* Made by the script's own means: the time is now. */
static void
test_stripe(void **state)
{
	struct play p;
	char field[256];
	long now = (long)(clock_wall_ms() / 1000);
	struct play signer;

	(void)state;
	begin_example(&p, "stripe.lua");
	again(&p, "payments", "POST");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_BODY);
	p.m.body = SPAN("{}");
	assert_int_equal(asks(&p, LUA_BODY), VERDICT_DENY);
	for (int late = 0; late < 2; late++) {
		long when = late ? now - 4000 : now;

		snprintf(field, sizeof(field),
		    "function on_request() return { deny = 400, reason = "
		    "wht.hmac_sha256('whsec_of_the_endpoint', '%ld.{}') } end",
		    when);
		play_begin(&signer, field, NULL);
		assert_int_equal(play_ask(&signer, LUA_REQUEST), VERDICT_DENY);
		snprintf(field, sizeof(field), "t=%ld,v1=%064d,v1=%.*s", when, 0,
		    SPAN_FMT(signer.v.text));
		play_end(&signer);
		set_field(&p, "Stripe-Signature", field);
		assert_int_equal(asks(&p, LUA_BODY), late ? VERDICT_DENY : VERDICT_NONE);
	}
	play_end(&p);
}

static void
test_security_headers(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "security_headers.lua");
	set_field(&p, "X-Robots-Tag", "all");
	set_field(&p, "X-Powered-By", "PHP");
	assert_int_equal(asks(&p, LUA_RESPONSE), VERDICT_NONE);
	assert_int_equal(p.m.now.nfields, play_head.nfields + 4);
	play_end(&p);
}

static void
test_rate_limit(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "rate_limit.lua");
	for (int i = 0; i < 60; i++)
		assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	lua_message_free(&p.m);
	lua_message_init(&p.m, &play_head, LUA_ANSWER_MAX);
	p.m.id = SPAN("alpha");
	p.m.peer = SPAN("192.0.2.7");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_ANSWER);
	assert_int_equal(p.v.status, 429);
	p.m.peer = SPAN("192.0.2.8");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	play_end(&p);
}

static void
test_maintenance(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "maintenance.lua");
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_ANSWER);
	assert_int_equal(p.v.status, 503);
	lua_tunnel_up(p.shared, SPAN("alpha"));
	assert_int_equal(asks(&p, LUA_REQUEST), VERDICT_NONE);
	again(&p, "retired-x", "GET");
	assert_int_equal(asks(&p, LUA_REGISTER), VERDICT_DENY);
	again(&p, "prod-x", "GET");
	assert_int_equal(asks(&p, LUA_REGISTER), VERDICT_NAME);
	assert_true(span_eq(p.v.label, SPAN("production")));
	play_end(&p);
}

static const char *
log_line(struct play *p, const char *event, const char *path)
{
	struct log_field extra[] = {LOG_STR("event", event), LOG_INT("time_ms", 971211336042),
	    LOG_STR("method", "GET"), LOG_STR("path", path), LOG_STR("host", "a.example"),
	    LOG_STR("user_agent", "curl \"8\""), LOG_STR("referer", ""),
	    LOG_STR("address", "192.0.2.7"), {.name = NULL}};

	lua_record_free(&p->r);
	lua_record_init(&p->r);
	lua_record_add(
	    &p->r, (const struct log_field[]){LOG_STR("request", "GET /x"), LOG_INT("status", 200),
		       LOG_INT("bytes", 12), LOG_INT("ms", 3), LOG_STR("peer", "192.0.2.7"),
		       LOG_STR("tunnel", "alpha"), LOG_STR("reason", "done"), {.name = NULL}});
	p->r.extra = extra;
	return asks(p, LUA_LOG) == VERDICT_LINE ? p->v.text.p : NULL;
}

static void
test_log_common(void **state)
{
	struct play p;

	(void)state;
	begin_example(&p, "log_common.lua");
	assert_string_equal(log_line(&p, "http.request", "/x"),
	    "192.0.2.7 - alpha [10/Oct/2000:20:55:36 +0000] \"GET /x HTTP/1.1\" 200 12 \"-\" "
	    "\"curl '8'\"");
	assert_null(log_line(&p, "http.request", "/healthz"));
	assert_int_equal(p.v.kind, VERDICT_DROP);
	assert_null(log_line(&p, "tunnel.open", ""));
	assert_int_equal(p.v.kind, VERDICT_NONE);
	play_end(&p);
}

static void
test_log_ecs(void **state)
{
	struct play p;
	const char *line;

	(void)state;
	begin_example(&p, "log_ecs.lua");
	line = log_line(&p, "http.request", "/x");
	assert_says(line, "\"@timestamp\":\"2000-10-10T20:55:36.042Z\"");
	assert_says(line, "\"http.response.status_code\":200");
	assert_says(line, "\"event.duration\":3000000");
	line = log_line(&p, "tunnel.open", "");
	assert_says(line, "\"event.dataset\":\"webhooktunnel.tunnel.open\"");
	play_end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_aliases),
	    cmocka_unit_test(test_allow_networks),
	    cmocka_unit_test(test_deny_agents),
	    cmocka_unit_test(test_github),
	    cmocka_unit_test(test_stripe),
	    cmocka_unit_test(test_security_headers),
	    cmocka_unit_test(test_rate_limit),
	    cmocka_unit_test(test_maintenance),
	    cmocka_unit_test(test_log_common),
	    cmocka_unit_test(test_log_ecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
