#include "tests/unit/lua/play.h"

static struct span
field_of(const struct lua_message *m, const char *name)
{
	for (size_t i = 0; i < m->now.nfields; i++) {
		if (span_ieq(m->now.fields[i].name, span_str(name)))
			return m->now.fields[i].value;
	}
	return (struct span){NULL, 0};
}

static void
test_a_request_as_a_script_sees_it(void **state)
{
	(void)state;
	play_holds(
	    "assert(req.method == 'GET' and req.host == 'a.example' and req.path == '/alpha/x')");
	play_holds(
	    "assert(req.query == 'k=v%20w' and req.peer == '192.0.2.7' and req.tls == false)");
	play_holds("assert(req.request_id == 'req-1' and req.id == 'alpha' and req.body == nil)");
	play_holds(
	    "assert(req.headers['user-AGENT'] == 'curl/8' and req.headers.host == 'a.example')");
	play_holds("assert(req.headers.nothing == nil and #req.headers('nothing') == 0)");
	play_holds("local all = req.headers('ACCEPT') assert(#all == 2 and all[2] == '*/*')");
	play_holds(
	    "local n = {} for name, value in pairs(req.headers) do n[#n + 1] = name end "
	    "assert(table.concat(n, ' ') == 'Host User-Agent Accept accept Cookie Authorization')");
	play_holds("assert(wht.cookie(req, 'tunnel') == 'beta' and wht.cookie(req, 'x') == nil)");
	play_holds("assert(wht.query(req.query, 'k') == 'v w' and not wht.query(req.query, 'v'))");
	play_fails("local x = req.pahts", "there is no 'pahts'", NULL);
	play_fails("local x = req.status", "there is no 'status'", NULL);
	play_fails("local x = req[{}]", "there is no 'table", NULL);
	play_fails("local x = req.headers[{}]", "string expected", NULL);
}

static void
test_a_request_is_edited(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request(req)\n"
	    "req.headers['X-New'] = 'one'\n"
	    "req.headers['accept'] = 'only/this'\n"
	    "req.headers.cookie = nil\n"
	    "req.headers['X-Many'] = {'a', 'b'}\n"
	    "wht.add_header(req.headers, 'x-many', 'c')\n"
	    "req.path = '/other' req.query = 'q=1'\n"
	    "assert(req.headers['x-new'] == 'one' and req.path == '/other')\n"
	    "end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_NONE);
	assert_string_equal(play_error(&p), "");
	assert_true(p.m.now.fields_edited && p.m.now.path_edited);
	assert_true(span_eq(p.m.now.path, SPAN("/other")) && span_eq(p.m.now.query, SPAN("q=1")));
	assert_int_equal(p.m.now.nfields, 8);
	assert_true(span_eq(field_of(&p.m, "accept"), SPAN("only/this")));
	assert_true(span_eq(field_of(&p.m, "x-new"), SPAN("one")));
	assert_null(field_of(&p.m, "cookie").p);
	assert_true(span_eq(p.m.now.fields[2].name, SPAN("accept"))); /* in its old place */
	assert_true(span_eq(p.m.now.fields[7].value, SPAN("c")));
	assert_true(span_eq(play_fields[2].value, SPAN("text/html"))); /* the head is untouched */
	play_end(&p);
}

static void
test_one_field_takes_the_place_of_many(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request(req)\n"
	    "wht.add_header(req.headers, 'X-Many', 'a')\n"
	    "wht.add_header(req.headers, 'X-Else', 'b')\n"
	    "wht.add_header(req.headers, 'x-many', 'c')\n"
	    "wht.add_header(req.headers, 'X-MANY', 'd')\n"
	    "wht.add_header(req.headers, 'X-Last', '')\n"
	    "req.headers['X-many'] = ' one '\n"
	    "end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_NONE);
	assert_string_equal(play_error(&p), "");
	assert_int_equal(p.m.now.nfields, 9);
	assert_true(span_eq(p.m.now.fields[6].name, SPAN("X-many")));
	assert_true(span_eq(p.m.now.fields[6].value, SPAN("one")));
	assert_true(span_eq(p.m.now.fields[7].name, SPAN("X-Else")));
	assert_true(span_eq(p.m.now.fields[8].name, SPAN("X-Last")));
	assert_int_equal(p.m.now.fields[8].value.n, 0);
	play_end(&p);
}

static void
test_where_nothing_can_be_added_there_can_be_replaced(void **state)
{
	(void)state;
	play_holds("local ok = true for i = 1, 200 do "
		   "ok = pcall(function() req.headers['X-' .. i] = 'a' end) and ok end "
		   "assert(not ok) req.headers['x-1'] = 'b' req.headers.accept = nil "
		   "req.headers['X-New'] = 'c' "
		   "assert(req.headers['X-1'] == 'b' and req.headers['x-new'] == 'c')");
}

/* L09 */
static void
test_what_no_header_may_be(void **state)
{
	(void)state;
	play_fails("req.headers['X-A'] = 'a\\r\\nX-B: c'", "CR, LF, NUL", NULL);
	play_fails("req.headers['X-A'] = 'a\\0b'", "CR, LF, NUL", NULL);
	play_fails("req.headers['X-A'] = {'fine', 'a\\nb'}", "CR, LF, NUL", NULL);
	play_fails("req.headers['X A'] = 'a'", "no field name", NULL);
	play_fails("req.headers['X-A\\r\\nX-B'] = 'a'", "no field name", NULL);
	play_fails("req.headers[''] = 'a'", "no field name", NULL);
	play_fails("req.headers['X-A'] = ('x'):rep(1024 * 1024)", "8 KiB", NULL);
	play_fails("for i = 1, 200 do req.headers['X-' .. i] = 'a' end", "too many", NULL);
	play_fails("for i = 1, 200 do req.headers['X'] = ('x'):rep(8000) end", "bounded", NULL);
	play_fails("req.headers['Content-Length'] = '5'", "service's own", NULL);
	play_fails("req.headers['Transfer_Encoding'] = 'chunked'", "service's own", NULL);
	play_fails("req.headers['connection'] = 'close'", "service's own", NULL);
	play_fails("req.headers['X-Forwarded-For'] = '1.2.3.4'", "service's own", NULL);
	play_fails("req.headers.host = 'b'", "service's own", NULL);
	play_fails("req.path = 'x'", "no path", NULL);
	play_fails("req.path = '/a b'", "no path", NULL);
	play_fails("req.path = '/a\\r\\nX: y'", "no path", NULL);
	play_fails("req.path = '/a?b'", "no path", NULL);
	play_fails("req.query = 'a b'", "no query", NULL);
	play_fails("req.method = 'POST'", "cannot be set", NULL);
	play_fails("req.headers['X-A'] = 5 > 4", "string expected", NULL);
}

/* A script that catches the error must not have lost what it wanted to replace. */
static void
test_a_field_that_cannot_be_replaced_stays(void **state)
{
	(void)state;
	play_holds(
	    "for i = 1, 20 do pcall(function() req.headers['X-Fill'] = ('x'):rep(8000) end) end "
	    "local ok = pcall(function() req.headers['User-Agent'] = ('y'):rep(8000) end) "
	    "assert(not ok and req.headers['user-agent'] == 'curl/8')");
}

/* L09: and a failed edit leaves none of the edits before it. */
static void
test_a_script_that_fails_has_edited_nothing(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_response(res) res.status = 201 res.headers['X-A'] = 'b' error('late') end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_RESPONSE), VERDICT_NONE);
	assert_true(p.v.failed && !p.m.now.fields_edited && !p.m.now.status_edited);
	assert_int_equal(p.m.now.status, 200);
	assert_ptr_equal(p.m.now.fields, play_fields);
	play_end(&p);
}

/* L09 */
static void
test_a_response_is_edited(void **state)
{
	static const char *const wrong[] = {"res.status = 99", "res.status = 600",
	    "res.status = 'x'", "res.status = 1e10", "res.status = 101", "res.path = '/x'",
	    "return { deny = 403 }", "return { status = 200 }"};
	char text[128];
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_response(res) if res.status == 200 then res.status = 203 end "
	    "res.headers['Strict-Transport-Security'] = 'max-age=1' end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_RESPONSE), VERDICT_NONE);
	assert_int_equal(p.m.now.status, 203);
	assert_int_equal(p.m.now.nfields, 7);
	play_end(&p);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "function on_response(res) %s end", wrong[i]);
		play_begin(&p, text, NULL);
		play_ask(&p, LUA_RESPONSE);
		if (!p.v.failed)
			fail_msg("%s passed", wrong[i]);
		play_end(&p);
	}
}

/* L09: a response goes on as it was framed. */
static void
test_a_status_moves_no_end_of_a_response(void **state)
{
	static const struct {
		int from, to;
		bool may;
	} moves[] = {
	    {200, 503, true},
	    {204, 304, true},
	    {205, 205, true},
	    {200, 204, false},
	    {304, 200, false},
	    {204, 205, false},
	    {304, 205, false},
	    {205, 204, false},
	    {205, 200, false},
	    {200, 205, false},
	};
	char text[128];
	struct play p;

	(void)state;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		snprintf(text, sizeof(text), "function on_response(res) res.status = %d end",
		    moves[i].to);
		play_begin(&p, text, NULL);
		p.m.now.status = moves[i].from;
		play_ask(&p, LUA_RESPONSE);
		assert_int_equal(p.v.failed, !moves[i].may);
		assert_int_equal(p.m.now.status, moves[i].may ? moves[i].to : moves[i].from);
		play_end(&p);
	}
}

/* L08 */
static void
test_what_is_kept_is_stale(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request(req) kept, headers = req, req.headers "
	    "iterator, it = pairs(req.headers) end\n"
	    "function on_route(req) return { id = kept.path } end\n"
	    "function on_register(req) wht.add_header(headers, 'a', 'b') end\n"
	    "function on_body(req) for k in iterator, it do end end\n"
	    "function on_log(event) kept_event = event end\n"
	    "function on_close(t) return kept_event.x end\n"
	    "function on_open(t) return kept_event.headers end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_NONE);
	assert_int_equal(play_ask(&p, LUA_ROUTE), VERDICT_NONE);
	assert_says(play_error(&p), "this request is over");
	assert_int_equal(play_ask(&p, LUA_REGISTER), VERDICT_FAILED);
	assert_says(play_error(&p), "this headers is over");
	assert_int_equal(play_ask(&p, LUA_BODY), VERDICT_FAILED);
	assert_says(play_error(&p), "is over");
	play_ask(&p, LUA_LOG);
	assert_false(p.v.failed);
	play_ask(&p, LUA_CLOSE);
	assert_true(p.v.failed);
	assert_says(play_error(&p), "this event is over");
	play_end(&p);
}

static void
test_a_handle_is_taken_for_no_other(void **state)
{
	(void)state;
	play_fails("getmetatable('').__index = nil", "boolean", NULL);
	play_fails("wht.add_header(req, 'a', 'b')", "headers expected", NULL);
	play_fails("wht.add_header({}, 'a', 'b')", "headers expected", NULL);
	play_fails("wht.add_header(wht.null, 'a', 'b')", "headers expected", NULL);
	play_fails("local f = pairs(req.headers) f(req)", "headers expected", NULL);
	play_fails("rawset(req, 'path', 1)", "table expected", NULL);
}

static void
test_the_token_is_not_shown(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_register(req) for name in pairs(req.headers) do "
	    "assert(name ~= 'Authorization') end "
	    "assert(req.headers.authorization == nil and #req.headers('authorization') == 0) "
	    "return { id = req.id .. '-' .. req.sub, label = 'gold' } end",
	    NULL);
	p.m.secret = true;
	p.m.sub = SPAN("who");
	assert_int_equal(play_ask(&p, LUA_REGISTER), VERDICT_NAME);
	assert_true(span_eq(p.v.id, SPAN("alpha-who")) && span_eq(p.v.label, SPAN("gold")));
	play_end(&p);
}

/* ---- verdicts ---- */

static void
test_verdicts(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request(req) return { deny = 403, reason = 'no' } end\n"
	    "function on_body(req) return { status = 418, headers = { ['X-T'] = 'p', "
	    "['Set-Cookie'] = {'a', 'b'} }, body = 'tea' } end\n"
	    "function on_route(req) return { id = 'b', path = '/y?z' } end\n"
	    "function on_log(e) return false end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_DENY);
	assert_int_equal(p.v.status, 403);
	assert_true(span_eq(p.v.text, SPAN("no")));
	assert_int_equal(play_ask(&p, LUA_BODY), VERDICT_ANSWER);
	assert_int_equal(p.v.status, 418);
	assert_int_equal(p.v.nfields, 3);
	assert_true(span_eq(p.v.text, SPAN("tea")));
	assert_int_equal(play_ask(&p, LUA_ROUTE), VERDICT_NAME);
	assert_true(span_eq(p.v.id, SPAN("b")) && span_eq(p.v.path, SPAN("/y?z")));
	assert_int_equal(play_ask(&p, LUA_LOG), VERDICT_DROP);
	play_end(&p);
	play_begin(&p, "function on_request(req) return { read_body = true } end", NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_BODY);
	play_end(&p);
}

static void
test_verdicts_that_make_no_sense(void **state)
{
	(void)state;
	play_fails("return 5", "on_request: it returned a number", NULL);
	play_fails("return 'x'", "it returned a string", NULL);
	play_fails("return false", "it returned a boolean", NULL);
	play_fails("return {}", "says nothing", NULL);
	play_fails("return { 403 }", "there is no '?'", NULL);
	play_fails("return { dney = 403 }", "there is no 'dney'", NULL);
	play_fails("return { deny = 99 }", "status from 200", NULL);
	play_fails("return { deny = 204 }", "from 400", NULL);
	play_fails("return { deny = (1 << 32) + 403 }", "status from 200", NULL);
	play_fails("return { deny = '403x' }", "status", NULL);
	play_fails("return { reason = 'x' }", "says nothing", NULL);
	play_fails("return { status = 99 }", "status from", NULL);
	play_fails("return { status = 204, body = 'x' }", "has no body", NULL);
	play_fails("return { status = 200, headers = 5 }", "must be a table", NULL);
	play_fails("return { status = 200, headers = { 'x' } }", "names to texts", NULL);
	play_fails("return { status = 200, headers = { a = 'b\\r\\n' } }", "CR, LF", NULL);
	play_fails("return { status = 200, headers = { ['content-length'] = '4' } }", "own", NULL);
	play_fails("return { status = 200, body = {} }", "must be text", NULL);
	play_fails("return { status = 200, body = ('x'):rep(1e6) }", "too long", NULL);
	play_fails("return { deny = 403, status = 200 }", "at once", NULL);
	play_fails("return { id = 'x' }", "t.lua:2: on_request: it may not say 'id'", NULL);
	play_fails("return { read_body = false }", "must be true", NULL);
}

/* ---- events ---- */

static void
test_an_event_is_changed(void **state)
{
	const struct log_field extra[] = {
	    LOG_STR("user_agent", "curl/8"), LOG_STR("method", "GET"), {.name = NULL}};
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_log(e) assert(e.status == 200 and e.cut == true and e.nothing == nil) "
	    "assert(e.user_agent == 'curl/8') assert(e['status\\0' .. ('x'):rep(9000)] == nil) "
	    "e.status = nil e.agent = e.user_agent "
	    "e.user_agent = 'x' e.ratio = 1.5 e.cut = false "
	    "local n = 0 for k, v in pairs(e) do n = n + 1 end assert(n == 5) end",
	    NULL);
	lua_record_add(&p.r, (const struct log_field[]){LOG_STR("request", "GET /"),
				 LOG_INT("status", 200), LOG_BOOL("cut", true), {.name = NULL}});
	p.r.extra = extra;
	assert_int_equal(play_ask(&p, LUA_LOG), VERDICT_NONE);
	assert_string_equal(play_error(&p), "");
	assert_true(p.r.edited);
	assert_int_equal(p.r.n, 5);
	assert_string_equal(p.r.fields[1].name, "cut");
	assert_null(p.r.fields[5].name);
	assert_true(span_eq(lua_record_find(&p.r, SPAN("ratio"))->text, SPAN("1.5")));
	play_end(&p);
}

static void
test_an_event_has_bounds(void **state)
{
	static const char *const bodies[] = {"e['a b'] = 1", "e[''] = 1", "e.x = {}",
	    "e.x = ('x'):rep(1e5)", "for i = 1, 100 do e['f' .. i] = i end", "e['a\\0'] = 1",
	    "return ('x'):rep(20000)", "return { status = 1 }", "return true"};
	char text[128];
	struct play p;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		snprintf(text, sizeof(text), "function on_log(e) %s end", bodies[i]);
		play_begin(&p, text, NULL);
		play_ask(&p, LUA_LOG);
		if (!p.v.failed)
			fail_msg("%s passed", bodies[i]);
		play_end(&p);
	}
	play_begin(&p, "function on_log(e) for i = 1, 100 do e.n = i end end", NULL);
	for (int i = 0; i < 60; i++) /* more than its room has bytes for, if each took some */
		play_ask(&p, LUA_LOG);
	assert_string_equal(play_error(&p), "");
	play_end(&p);
	play_begin(&p, "function on_log(e) return 'a line of ' .. e.n end", NULL);
	lua_record_add(&p.r, (const struct log_field[]){LOG_INT("n", 7), {.name = NULL}});
	assert_int_equal(play_ask(&p, LUA_LOG), VERDICT_LINE);
	assert_true(span_eq(p.v.text, SPAN("a line of 7")));
	play_end(&p);
}

static void
test_a_tunnel_is_told_and_cannot_be_changed(void **state)
{
	const struct log_field facts[] = {
	    LOG_STR("id", "alpha"), LOG_INT("requests", 5), {.name = NULL}};
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_open(t) assert(t.id == 'alpha' and t.requests == 5) "
	    "assert(wht.json(t) == '{\"id\":\"alpha\",\"requests\":5}') end\n"
	    "function on_close(t) t.id = 'x' end",
	    NULL);
	p.r.extra = facts;
	p.r.fixed = true;
	play_ask(&p, LUA_OPEN);
	assert_string_equal(play_error(&p), "");
	play_ask(&p, LUA_CLOSE);
	assert_says(play_error(&p), "cannot be changed");
	play_end(&p);
}

/* Names that may be set are held on to, words that were seen are, too: neither outlives its truth, nor the
 * interpreter that has it. */
static void
test_what_is_held_is_no_other(void **state)
{
	static const char *const peers[] = {
	    "192.0.2.7", "192.0.2.7", "", "192.0.2.8", "boom", "bang", "192.0.2.77"};
	char long_peer[100];
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request(req) local all = {} while req.peer == 'boom' do\n"
	    "all[#all + 1] = ('x'):rep(1000) .. #all end for i = 1, 40 do all[i] = 'X-' .. i end\n"
	    "for i, name in ipairs(all) do req.headers[name] = i end\n"
	    "req.headers[('X-Long-'):rep(10) .. 'A'] = 'long'\n"
	    "for i, name in ipairs(all) do assert(req.headers[name] == tostring(i)) end\n"
	    "assert(req.headers[('x-long-'):rep(10) .. 'a'] == 'long')\n"
	    "assert(not pcall(function() req.headers['Host'] = 'b' end))\n"
	    "assert(not pcall(function() req.headers['X A'] = 'b' end))\n"
	    "assert(not pcall(function() req.headers['X-1'] = 'a\\nb' end))\n"
	    "return { deny = 403, reason = req.peer .. ' ' .. req.peer } end",
	    NULL);
	memset(long_peer, 'x', sizeof(long_peer));
	for (size_t i = 0; i < 21; i++) {
		struct span peer = span_str(peers[i / 2 % 7]);
		char want[256];

		if (i % 5 == 3)
			peer = span_of(long_peer, sizeof(long_peer) - i);
		lua_message_free(&p.m);
		lua_message_init(&p.m, &play_head, LUA_EDIT_MAX);
		p.m.peer = peer;
		if (span_eq(peer, SPAN("boom"))) { /* and the script is begun anew */
			assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
			continue;
		}
		assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_DENY);
		snprintf(want, sizeof(want), "%.*s %.*s", SPAN_FMT(peer), SPAN_FMT(peer));
		assert_string_equal(p.v.text.p, want);
	}
	play_end(&p);
}

static void
lay_out_counted(const void *what, struct log_field room[LUA_EXTRA_MAX])
{
	++*(int *)(uintptr_t)what;
	room[0] = (struct log_field)LOG_STR("more", "yes");
	room[1].name = NULL;
}

static void
test_what_is_not_asked_for_is_not_laid_out(void **state)
{
	int times = 0;
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_log(e) if e.status == 200 then e.status = nil e.new = 1 return end\n"
	    "assert(e.nothing == nil and e.more == 'yes' and e.more == 'yes') e.more = nil\n"
	    "assert(e.more == 'yes') e.more = 'no' assert(e.more == 'no') end",
	    NULL);
	p.r.lay_out = lay_out_counted;
	p.r.what = &times;
	lua_record_add(&p.r, (const struct log_field[]){LOG_INT("status", 200), {.name = NULL}});
	assert_int_equal(play_ask(&p, LUA_LOG), VERDICT_NONE);
	assert_string_equal(play_error(&p), "");
	assert_int_equal(times, 0);
	assert_int_equal(play_ask(&p, LUA_LOG), VERDICT_NONE);
	assert_string_equal(play_error(&p), "");
	assert_int_equal(times, 1);
	play_end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_field_that_cannot_be_replaced_stays),
	    cmocka_unit_test(test_a_request_as_a_script_sees_it),
	    cmocka_unit_test(test_a_request_is_edited),
	    cmocka_unit_test(test_one_field_takes_the_place_of_many),
	    cmocka_unit_test(test_where_nothing_can_be_added_there_can_be_replaced),
	    cmocka_unit_test(test_what_no_header_may_be),
	    cmocka_unit_test(test_a_script_that_fails_has_edited_nothing),
	    cmocka_unit_test(test_a_response_is_edited),
	    cmocka_unit_test(test_a_status_moves_no_end_of_a_response),
	    cmocka_unit_test(test_what_is_kept_is_stale),
	    cmocka_unit_test(test_a_handle_is_taken_for_no_other),
	    cmocka_unit_test(test_the_token_is_not_shown),
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_verdicts_that_make_no_sense),
	    cmocka_unit_test(test_an_event_is_changed),
	    cmocka_unit_test(test_an_event_has_bounds),
	    cmocka_unit_test(test_a_tunnel_is_told_and_cannot_be_changed),
	    cmocka_unit_test(test_what_is_held_is_no_other),
	    cmocka_unit_test(test_what_is_not_asked_for_is_not_laid_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
