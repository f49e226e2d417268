#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/lua/play.h"

static time_t asleep_s, nap_s; /* at each look at the wall's clock */

/* Time is what this thread computes: that a machine is busy with others is nothing that the patience
 * of a test could notice. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	bool wall = id == CLOCK_MONOTONIC;
	int status = (int)syscall(SYS_clock_gettime, wall ? CLOCK_THREAD_CPUTIME_ID : id, ts);

	if (wall)
		ts->tv_sec += asleep_s += nap_s;
	return status;
}

/* Long enough for a sanitizer to load a script, short enough to see that somebody waits for it. */
static struct lua_budget
brief(void)
{
	struct lua_budget b;

	lua_budget_default(&b);
	b.time_us = 20 * 1000;
	return b;
}

/* So long that no slow machine changes the verdict, and nothing but time is short. */
static struct lua_budget
patient(void)
{
	struct lua_budget b;

	lua_budget_default(&b);
	b.time_us = 200 * 1000;
	b.instructions = 1000 * 1000 * 1000;
	return b;
}

/* Fifty times what any call takes under a sanitizer, and less than what these tried would take if
 * nobody stopped them. */
#define PATIENCE_MS 10000

static void
stops(const char *body, const char *says)
{
	struct lua_budget budget = brief();
	uint64_t begin = clock_mono_ms();

	play_fails(body, says, &budget);
	if (clock_mono_ms() - begin > PATIENCE_MS)
		fail_msg("%llu ms: %s", (unsigned long long)(clock_mono_ms() - begin), body);
}

/* L01 */
static void
test_an_endless_loop_is_stopped(void **state)
{
	(void)state;
	stops("while true do end", "t.lua:3: the call took too");
	stops("local function f() return f() end return f()", "took too");
	stops("for i = 1, 1e18 do local t = {i} end", "took too");
	stops("::a:: goto a", "took too");
}

/* L02 */
static void
test_nobody_catches_the_end_of_the_budget(void **state)
{
	static const char *const bodies[] = {
	    "while true do pcall(function() while true do end end) end",
	    "while true do xpcall(function() while true do end end, function() end) end",
	    "xpcall(function() while true do end end, function() while true do end end)",
	    "xpcall(error, function() while true do end end)",
	    "while true do local c = coroutine.create(function() while true do end end) "
	    "coroutine.resume(c) end",
	    "local f = coroutine.wrap(function() while true do pcall(function() while true do end "
	    "end) end end) while true do pcall(f) end",
	    "local c = coroutine.wrap(function() while true do pcall(function() "
	    "coroutine.yield() while true do end end) end end) while true do pcall(c) end",
	    "local t = setmetatable({}, {__index = function(t, k) while true do end end}) "
	    "while true do pcall(function() return t.x end) end",
	    "local t = setmetatable({}, {__add = function() while true do end end}) return t + 1",
	    "local t = setmetatable({}, {__eq = function() while true do end end}) "
	    "return t == setmetatable({}, getmetatable(t))",
	    "local t = setmetatable({}, {__tostring = function() while true do end end}) "
	    "return tostring(t)",
	    "local t = setmetatable({}, {__tostring = function() while true do end end}) error(t)"
	    "while true do end",
	    "local x <close> = setmetatable({}, {__close = function() while true do end end})",
	    "local x <close> = setmetatable({}, {__close = function() while true do end end}) "
	    "while true do end",
	    "local c = coroutine.create(function() local x <close> = setmetatable({}, "
	    "{__close = function() while true do end end}) coroutine.yield() end) "
	    "coroutine.resume(c) coroutine.close(c)",
	    "local function tree(n) if n > 0 then for i = 1, 20 do coroutine.wrap(tree)(n - 1) end "
	    "end end tree(12)",
	    "local function tree(n) if n > 0 then for i = 1, 20 do "
	    "coroutine.resume(coroutine.create(tree), n - 1) end end end tree(12)",
	    "table.sort({3, 2, 1}, function() while true do end end)",
	    "for k, v in function() return 1 end do end",
	    "for k, v in pairs(setmetatable({}, {__pairs = function() while true do end end})) do "
	    "end",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		stops(bodies[i], "t.lua:");
}

/* L02: the hook is off in what it has stopped. */
static void
test_what_was_stopped_does_not_go_on(void **state)
{
	struct lua_budget budget = brief();
	struct play p;

	(void)state;
	play_begin(&p,
	    "local c = coroutine.create(function() local x <close> = setmetatable({}, "
	    "{__close = function() while true do end end}) while true do end end)\n"
	    "function on_request() coroutine.resume(c) end\n"
	    "function on_route() assert(coroutine.close(c) == false) return { id = 'fine' } end",
	    &budget);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
	assert_int_equal(play_ask(&p, LUA_ROUTE), VERDICT_NAME);
	play_end(&p);
	play_holds("local n = 0 local c = coroutine.create(function() local x <close> = "
		   "setmetatable({}, {__close = function() n = n + 1 end}) coroutine.yield() end) "
		   "coroutine.resume(c) assert(coroutine.close(c) and n == 1)");
}

/* L02 */
static void
test_there_are_no_finalisers(void **state)
{
	(void)state;
	play_fails(
	    "setmetatable({}, {__gc = function() while true do end end})", "finalisers", NULL);
	play_holds("local m = {} local t = setmetatable({}, m) "
		   "m.__gc = function() while true do end end "
		   "t = nil for i = 1, 1000 do local s = ('x'):rep(1000) .. i end");
}

/* L04: a chain through a table of weak keys is gone through again for each of its links. */
static void
test_there_are_no_weak_tables(void **state)
{
	(void)state;
	play_fails("setmetatable({}, {__mode = 'k'})", "weak tables (__mode)", NULL);
	play_fails("setmetatable({}, {['__mo' .. 'de'] = 'k'})", "weak tables (__mode)", NULL);
}

/* L04: one instruction, and a megabyte to compare in it: the hundredth is the last, not the
 * two hundredth. */
static void
test_long_texts_are_watched_at_every_step(void **state)
{
	static const char *const bodies[] = {
	    "while s < t do n = n + 1 end",
	    "coroutine.wrap(function() while s < t do n = n + 1 end end)()",
	};
	struct lua_budget budget;
	char text[512];
	struct play p;

	(void)state;
	lua_budget_default(&budget);
	budget.time_us = 600 * 1000 * 1000;
	budget.instructions = 100;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		snprintf(text, sizeof(text),
		    "n = 0 local s = ('x'):rep(100000) local t = s .. 'x' function on_request() "
		    "if n > 0 then return { deny = 400 + n } end %s end",
		    bodies[i]);
		play_begin(&p, text, &budget);
		assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
		assert_says(play_error(&p), "too many instructions");
		assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_DENY);
		assert_in_range(p.v.status, 401, 400 + 100 / 4);
		play_end(&p);
	}
}

/* L03 */
static void
test_memory_has_a_cap(void **state)
{
	static const char *const bodies[] = {
	    "local s = 'x' while true do s = s .. s end",
	    "local t = {} while true do t[#t + 1] = {} end",
	    "local t = {} for i = 1, 1e6 do t[i] = function() return i end end",
	    "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
	    "local function f(...) return f(1, ...) end f()",
	    "local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(1e5) .. #t end) end",
	};
	struct lua_budget budget;

	(void)state;
	lua_budget_default(&budget);
	budget.time_us = 600 * 1000 * 1000;
	budget.instructions = 100 * 1000 * 1000;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		play_fails(bodies[i], "t.lua:", &budget);
	play_fails("('a'):rep(1e9)", "longer than 1 MiB", NULL);
	play_fails("('a'):rep(1e18, '')", "longer than 1 MiB", NULL);
}

/* L03: what one call leaves behind in globals does not spoil the next ones. */
static void
test_a_spoilt_vm_is_made_anew(void **state)
{
	struct lua_budget budget;
	struct play p;

	(void)state;
	lua_budget_default(&budget);
	budget.time_us = 600 * 1000 * 1000;
	budget.instructions = 100 * 1000 * 1000;
	play_begin(&p,
	    "kept = {} calls = 0\n"
	    "function on_request() while true do kept[#kept + 1] = ('x'):rep(1e5) .. #kept end "
	    "end\n"
	    "function on_route() calls = calls + 1 return { id = 'n' .. calls } end",
	    &budget);
	assert_int_equal(play_ask(&p, LUA_ROUTE), VERDICT_NAME);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
	assert_says(play_error(&p), "too much memory");
	assert_int_equal(play_ask(&p, LUA_ROUTE), VERDICT_NAME);
	assert_true(span_eq(p.v.id, SPAN("n1")));
	assert_true(lua_vm_memory(p.vm) < 1 << 20);
	play_end(&p);
}

/* L04 */
static void
test_no_c_function_runs_long(void **state)
{
	static const char *const bodies[] = {
	    "(''):rep(1e18) error('done')",
	    "while true do string.find(('a'):rep(1e6), ('a'):rep(1e5) .. 'b') end",
	    "while true do wht.sha256(('a'):rep(1e6)) end",
	    "local s = ('a'):rep(1e6) while true do s:upper() end",
	    "local s = ('a'):rep(1e6) while true do utf8.len(s) end",
	    "local s = ('a'):rep(1e6) while true do wht.replace(s, 'a', 'b') end",
	    "local s = ('a'):rep(1e6) while true do wht.split(s, 'a') end",
	    "while true do wht.glob(('a'):rep(16384), ('*a'):rep(128) .. 'b') end",
	    "local s = '[' .. ('1,'):rep(1e5) .. '1]' while true do wht.unjson(s) end",
	    "local t = {} for i = 1, 16384 do t[i] = 16384 - i end while true do table.sort(t) "
	    "table.insert(t, 1, table.remove(t)) end",
	    "local t = {} for i = 1, 1e5 do t[i] = 1 end while true do table.insert(t, 1, 1) "
	    "table.remove(t, 1) end",
	    "local s, t = ('\\0'):rep(1e6), {} for i = 1, 300 do t[i] = s end "
	    "while true do table.sort(t) end",
	    "local s, t = ('x'):rep(1e6), {} for i = 1, 16384 do t[i] = s end "
	    "while true do table.sort(t) end",
	    "local t = {} for i = 1, 1000 do t = setmetatable({}, {__index = t}) end "
	    "while true do table.unpack(t, 1, 5e4) end",
	    "local t = {'x'} for i = 2, 3e4 do t[i] = 'x' end for i = 1, 1000 do "
	    "t = setmetatable({}, {__index = t}) end while true do table.concat(t, '', 1, 3e4) end",
	    "local s = ('x'):rep(1e6) while true do local t = s .. 'y' end",
	    "local s = ('x'):rep(1e6) local u = ('x'):rep(1e6) while s == u do end",
	};

	(void)state;
	play_fails("('a'):rep(1e5):find(('a*'):rep(30) .. 'b') local s = ('a'):match('a')",
	    "method 'match'", NULL);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		stops(bodies[i], "t.lua:");
}

/* L04 */
static void
test_lengths_and_ranges_are_believed_in_bounds_only(void **state)
{
	static const char *const bodies[] = {
	    "table.insert(setmetatable({}, {__len = function() return 1e15 end}), 1, 1)",
	    "table.remove(setmetatable({}, {__len = function() return 1e15 end}), 1)",
	    "table.concat(setmetatable({}, {__index = rawlen}), '', 1, 1e9)",
	    "table.concat({}, '', -1e12)",
	    "table.unpack({}, 1, 1e7)",
	    "table.unpack({}, -1e15, 1e15)",
	    "table.sort(setmetatable({}, {__len = function() return 1e9 end}))",
	    "table.move({}, 1, 1e12, 2)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		play_fails(bodies[i], "t.lua:", NULL);
}

/* L05 */
static void
test_errors_of_every_kind_are_told(void **state)
{
	(void)state;
	play_fails("error('plain')", "t.lua:3: plain", NULL);
	play_fails("error('bare', 0)", "bare", NULL);
	play_fails("error({})", "an error that is a table value", NULL);
	play_fails("error(nil)", "an error that is a nil value", NULL);
	play_fails("error()", "an error that is a nil value", NULL);
	play_fails("error(42)", "error(42)", NULL);
	play_fails("error(req)", "an error that is a userdata value", NULL);
	play_fails("error('\\255\\254\\0\\r\\n')", "\xff\xfe", NULL);
	play_fails("error(setmetatable({}, {__tostring = function() error('again') end}))",
	    "table value", NULL);
	play_fails("error(('x'):rep(1e6))", "xxxx", NULL);
	play_fails("local x = nil; x.y = 1", "t.lua:3: attempt to index", NULL);
	play_fails(
	    "local function deep(n) if n == 0 then error('here') end deep(n - 1) return 1 end "
	    "deep(40)",
	    "at t.lua:3 in deep", NULL);
	play_fails("xpcall(error, error, 'x') error(select(2, xpcall(error, function(e) error('y', "
		   "0) end, 'z')), 0)",
	    "y", NULL);
}

/* L06 */
static void
test_coroutines_stay_inside(void **state)
{
	(void)state;
	play_fails("coroutine.yield()", "outside a coroutine", NULL);
	play_fails("pcall(coroutine.yield) coroutine.yield(1)", "outside a coroutine", NULL);
	play_fails("coroutine.wrap(function() error('inside') end)()", "inside", NULL);
	play_fails("local f = coroutine.wrap(function() end) f() f()", "dead coroutine", NULL);
	play_fails("local f f = coroutine.wrap(function() f() end) f()", "coroutine", NULL);
	play_holds("local f = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) "
		   "return b, 'end' end) assert(f(1) == 2) local b, e = f(7) "
		   "assert(b == 7 and e == 'end')");
	play_holds("local c = coroutine.create(function() pcall(function() coroutine.yield(5) end) "
		   "return 6 end) local ok, v = coroutine.resume(c) assert(ok and v == 5) "
		   "ok, v = coroutine.resume(c) assert(ok and v == 6) "
		   "assert(coroutine.status(c) == 'dead' and not coroutine.resume(c))");
	play_holds(
	    "local f = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) "
	    "local n = 0 for i in f do n = n + i end assert(n == 6)");
}

/* L06: what a coroutine holds when its call is over is no longer a request. */
static void
test_a_coroutine_that_is_kept_holds_nothing(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request(req) if not f then f = coroutine.wrap(function() "
	    "while true do coroutine.yield(req.path) end end) return f() and nil end f() end",
	    NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_NONE);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
	assert_says(play_error(&p), "is over");
	play_end(&p);
}

/* L07 */
static void
test_what_is_not_there(void **state)
{
	static const char *const names[] = {"os", "io", "require", "package", "debug", "dofile",
	    "load", "loadfile", "loadstring", "collectgarbage", "print", "warn", "string.dump",
	    "string.match", "string.gmatch", "string.gsub", "string.pack", "string.unpack",
	    "table.move", "_VERSION", "utf8.charpattern"};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(body, sizeof(body), "assert(%s == nil)", names[i]);
		play_holds(body);
	}
	play_holds("assert(getmetatable('') == false) assert(not pcall(setmetatable, '', {}))");
	play_holds("assert(getmetatable(req) == false and getmetatable(req.headers) == false)");
	play_holds("for k, v in pairs(_G) do assert(type(k) == 'string') end assert(_G._G == _G)");
}

/* L07 */
static void
test_bytecode_is_no_script(void **state)
{
	struct lua_script *s = play_script("\x1bLua\x54\0\x19\x93\r\n\x1a\n", NULL);
	struct strb error;

	(void)state;
	strb_init(&error, 4096);
	assert_int_equal(lua_script_try(s, &error), -WHT_EINVAL);
	assert_says(strb_cstr(&error), "binary chunk");
	strb_free(&error);
	lua_script_unref(&s);
}

static void
test_what_is_left_works(void **state)
{
	(void)state;
	play_holds(
	    "assert(('a-b'):find('-') == 2 and ('abc'):find('') == 1 and not ('a'):find('b'))");
	play_holds("assert(('abcabc'):find('abc', 2) == 4 and select(2, ('xab'):find('ab')) == 3)");
	play_holds("assert(('abcabc'):find('c', -1) == 6 and not ('abc'):find('a', 9))");
	play_holds(
	    "assert(('x'):rep(3, '-') == 'x-x-x' and ('x'):rep(0) == '' and ('x'):rep(-1) == '')");
	play_holds("assert(('%d %s'):format(4, 'x') == '4 x' and #('abc') == 3)");
	play_holds("local t = {3, 1, 2} table.sort(t) assert(table.concat(t, ',') == '1,2,3')");
	play_holds("local t = {} table.insert(t, 'a') table.insert(t, 1, 'b') "
		   "assert(table.remove(t) == 'a' and table.unpack(t) == 'b')");
	play_holds("local t = {'b', '', 'c', 'a\\0b', 'a'} table.sort(t) "
		   "assert(table.concat(t, ',') == ',a,a\\0b,b,c')");
	play_holds(
	    "local t = setmetatable({'a'}, {__index = {nil, 'b'}}) table.insert(t, 'c') "
	    "assert(table.concat(t, '', 1, 2) == 'ac' and select('#', table.unpack(t, 3, 2)) "
	    "== 0 and table.concat(t, '', 2, 1) == '')");
	play_holds("local ok, e = pcall(error, 'x') assert(not ok and e == 'x')");
	play_holds("local ok, e = xpcall(error, function(e) return e .. '!' end, 'x') "
		   "assert(not ok and e == 'x!')");
	play_holds("local ok, a, b = xpcall(function(...) return ... end, error, 1, 2) "
		   "assert(ok and a == 1 and b == 2)");
	play_holds(
	    "assert('10' + 5 == 15 and tonumber('0x10') == 16 and math.type(1) == 'integer')");
	play_holds("assert(utf8.char(8364) == '\\u{20AC}' and utf8.len('\\u{20AC}') == 1)");
}

/* L01, L12 */
static void
test_who_overruns_again_and_again_gets_less(void **state)
{
	struct lua_budget budget = patient();
	struct play p;

	(void)state;
	play_begin(&p, "function on_request() while true do end end", &budget);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
		assert_true(p.v.took_us >= budget.time_us);
	}
	play_ask(&p, LUA_REQUEST); /* takes what is left, or nearly all of it */
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
	assert_true(p.v.took_us >= LUA_FLOOR_US && p.v.took_us < budget.time_us / 2);
	lua_ask(p.vm, LUA_REQUEST, SPAN("beta"), &p.m, NULL, &p.v); /* another tunnel */
	assert_true(p.v.took_us >= budget.time_us);
	play_end(&p);
}

/* L01: what the machine has others do in between is not the call's. */
static void
test_time_is_what_the_call_computes(void **state)
{
	struct lua_budget budget = patient();
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request() for i = 1, 3000 do local t = wht.sha256('x') end end "
	    "function on_route() while true do end end",
	    &budget);
	nap_s = 3600;
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_NONE);
	assert_string_equal(play_error(&p), "");
	assert_true(p.v.took_us >= 3600u * 1000 * 1000);
	play_ask(&p, LUA_ROUTE);
	assert_true(p.v.failed);
	nap_s = 0;
	play_end(&p);
}

/* L11 */
static void
test_vms_share_kv_and_nothing_else(void **state)
{
	const char *text = "n = 0 function on_request() n = n + 1 wht.kv.increment('n') "
			   "return { deny = 400 + n, reason = tostring(wht.kv.get('n')) } end";
	struct lua_script *s = play_script(text, NULL);
	struct lua_vm *other;
	struct play p;

	(void)state;
	play_begin(&p, text, NULL);
	other = lua_vm_new(s, p.shared);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_DENY);
	assert_int_equal(p.v.status, 401);
	lua_ask(other, LUA_REQUEST, SPAN("alpha"), &p.m, NULL, &p.v);
	assert_int_equal(p.v.status, 401);
	assert_true(span_eq(p.v.text, SPAN("2")));
	lua_vm_free(&other);
	lua_script_unref(&s);
	play_end(&p);
}

static void
test_what_editors_and_shells_want_in_front(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, "\xEF\xBB\xBF#!/usr/bin/lua\nfunction on_request() error('here') end", NULL);
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
	assert_says(play_error(&p), "t.lua:2: here");
	play_end(&p);
}

/* L10 */
static void
test_a_script_that_does_not_load_fails_by_the_rules(void **state)
{
	static const char *const texts[] = {"x = = 1", "error('at the top')", "while true do end",
	    "on_request = 5", "local t = {} while true do t[#t + 1] = {} end"};
	struct lua_budget budget = brief();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lua_script *s = play_script(texts[i], &budget);
		struct strb error;
		struct play p;

		strb_init(&error, 4096);
		assert_int_equal(lua_script_try(s, &error), -WHT_EINVAL);
		assert_true(error.n > 0);
		strb_free(&error);
		lua_script_unref(&s);
		play_begin(&p, texts[i], &budget);
		assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_FAILED);
		assert_int_equal(play_ask(&p, LUA_ROUTE), VERDICT_NONE);
		play_end(&p);
	}
}

static void
test_files_are_one_script(void **state)
{
	struct lua_budget budget;
	struct lua_script *s, *same, *other;
	struct strb error;

	(void)state;
	lua_budget_default(&budget);
	budget.time_us = 60 * 1000 * 1000;
	s = lua_script_new(&budget);
	strb_init(&error, 4096);
	assert_int_equal(lua_script_add(s, SPAN("1.lua"), SPAN("x = 1")), 0);
	assert_int_equal(lua_script_add(s, SPAN("2.lua"), SPAN("assert(x == 1)")), 0);
	lua_script_seal(s);
	assert_int_equal(lua_script_try(s, &error), 0);
	assert_int_equal(strlen(lua_script_sha256(s)), LUA_SHA256_CHARS);
	same = play_script("x = 1", &budget);
	other = play_script("x = 2", &budget);
	assert_true(lua_script_same(same, same) && !lua_script_same(same, other));
	assert_true(!lua_script_same(s, same) && !lua_script_same(s, NULL));
	assert_true(lua_script_same(NULL, NULL));
	lua_script_unref(&s);
	lua_script_unref(&same);
	lua_script_unref(&other);
	strb_free(&error);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_endless_loop_is_stopped),
	    cmocka_unit_test(test_nobody_catches_the_end_of_the_budget),
	    cmocka_unit_test(test_what_was_stopped_does_not_go_on),
	    cmocka_unit_test(test_there_are_no_finalisers),
	    cmocka_unit_test(test_there_are_no_weak_tables),
	    cmocka_unit_test(test_long_texts_are_watched_at_every_step),
	    cmocka_unit_test(test_memory_has_a_cap),
	    cmocka_unit_test(test_a_spoilt_vm_is_made_anew),
	    cmocka_unit_test(test_no_c_function_runs_long),
	    cmocka_unit_test(test_lengths_and_ranges_are_believed_in_bounds_only),
	    cmocka_unit_test(test_errors_of_every_kind_are_told),
	    cmocka_unit_test(test_coroutines_stay_inside),
	    cmocka_unit_test(test_a_coroutine_that_is_kept_holds_nothing),
	    cmocka_unit_test(test_what_is_not_there),
	    cmocka_unit_test(test_bytecode_is_no_script),
	    cmocka_unit_test(test_what_is_left_works),
	    cmocka_unit_test(test_who_overruns_again_and_again_gets_less),
	    cmocka_unit_test(test_time_is_what_the_call_computes),
	    cmocka_unit_test(test_vms_share_kv_and_nothing_else),
	    cmocka_unit_test(test_what_editors_and_shells_want_in_front),
	    cmocka_unit_test(test_a_script_that_does_not_load_fails_by_the_rules),
	    cmocka_unit_test(test_files_are_one_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
