#include "tests/unit/lua/play.h"

static void
test_digests(void **state)
{
	(void)state;
	play_holds("assert(wht.sha256('abc') == "
		   "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')");
	play_holds(
	    "assert(wht.hmac_sha256('key', 'The quick brown fox jumps over the lazy dog') == "
	    "'f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8')");
	play_holds(
	    "assert(wht.equal('a', 'a') and not wht.equal('a', 'b') and not wht.equal('a', 'aa'))");
	play_holds("assert(wht.equal('', ''))");
	play_fails("wht.hmac_sha256('', 'x')", "empty key", NULL);
	play_fails("wht.sha256()", "string expected", NULL);
}

static void
test_base64(void **state)
{
	(void)state;
	play_holds("assert(wht.base64('') == '' and wht.base64('f') == 'Zg==' and wht.base64('fo') "
		   "== 'Zm8=')");
	play_holds(
	    "assert(wht.base64('foobar') == 'Zm9vYmFy' and wht.base64('\\255\\0\\255') == '/wD/')");
	play_holds("for _, s in ipairs{'', 'f', 'fo', 'foo', 'foob', '\\0\\255'} do "
		   "assert(wht.unbase64(wht.base64(s)) == s) end");
	play_holds("for _, s in ipairs{'Zg', 'Zg=', 'Zh==', 'Zm9=', '====', 'Z===', 'Zm 9', '=', "
		   "'Zg==x', 'A', "
		   "'Zg==Zg=='} do assert(wht.unbase64(s) == nil, s) end");
}

static void
test_json_out(void **state)
{
	(void)state;
	play_holds("assert(wht.unhex('00fFa1') == '\\0\\255\\xa1' and wht.unhex('') == '')");
	play_holds("assert(not wht.unhex('0') and not wht.unhex('0g') and not wht.unhex('zz'))");
	play_holds("assert(wht.base64(wht.unhex(wht.hmac_sha256('key', 'text'))) == "
		   "'avqQRqlXnK0UOjhMG1ZLmiUNJ9b2pj+fIL86dZTJ4sY=')");
	play_holds("assert(wht.json('a\"') == '\"a\\\\\"\"' and wht.json(nil) == 'null')");
	play_holds("assert(wht.json({1, 2.5, true, wht.null}) == '[1,2.5,true,null]')");
	play_holds("assert(wht.json({a = {b = {}}}) == '{\"a\":{\"b\":{}}}')");
	play_fails("local t = {} t.t = t wht.json(t)", "nested deeper", NULL);
	play_fails("wht.json({[{}] = 1})", "text for names", NULL);
	play_fails("wht.json(req)", "no userdata", NULL);
	play_fails("wht.json({req.headers})", "no userdata", NULL);
	play_fails("local x = wht.null.x", "null cannot be indexed", NULL);
	play_fails("wht.null()", "null cannot be called", NULL);
	play_holds("assert(wht.null == wht.null and wht.null ~= nil and wht.null ~= req)");
	play_fails("wht.json(print or error)", "no function", NULL);
	play_fails("wht.json(1/0)", "infinite", NULL);
	play_fails("local s = ('\\1'):rep(1e6) wht.json(s)", "longer than 1 MiB", NULL);
}

static void
test_json_in(void **state)
{
	(void)state;
	play_holds("local v = wht.unjson(' {\"a\": [1, -2.5e1, true, false, null], \"b\": {}} ') "
		   "assert(v.a[1] == 1 and v.a[2] == -25 and v.a[3] == true and v.a[4] == false "
		   "and v.a[5] == wht.null and next(v.b) == nil)");
	play_holds(
	    "assert(wht.unjson('\"\\\\u00e9\\\\ud83d\\\\ude00\\\\n\"') == '\\u{e9}\\u{1F600}\\n')");
	play_holds("assert(wht.unjson('9007199254740993') == 9007199254740993)");
	play_holds(
	    "for _, s in ipairs{'', ' ', '{', '[1', '[1,]', '{\"a\"}', '{\"a\":1,}', '01', '1.', "
	    "'.5', '+1', '1e', 'nul', '\"', '\"\\\\x\"', '\"\\1\"', '\"\\255\"', '\"\\\\ud800\"', "
	    "'\"\\\\udc00\"', '\"\\\\u12\"', '1 2', '{\"a\":1,\"a\":2}', '{1:2}', \"'a'\", '0x10', "
	    "'NaN', "
	    "'1e999', '[1 2]', '--1'} do "
	    "local v, e = wht.unjson(s) assert(v == nil and type(e) == 'string', s) end");
	play_holds(
	    "local v, e = wht.unjson(('['):rep(1000)) assert(v == nil and e:find('deeper'))");
	play_holds("assert(wht.unjson(('['):rep(30) .. (']'):rep(30)))");
}

static void
test_text(void **state)
{
	(void)state;
	play_holds(
	    "local t = wht.split('a,b,,c', ',') assert(#t == 4 and t[3] == '' and t[4] == 'c')");
	play_holds("local t = wht.split('a.b.c', '.', 2) assert(#t == 2 and t[2] == 'b.c')");
	play_holds("local t = wht.split('', ',') assert(#t == 1 and t[1] == '')");
	play_holds(
	    "local s, n = wht.replace('a.b.c', '.', '--') assert(s == 'a--b--c' and n == 2)");
	play_holds("assert(wht.trim(' \\t a b\\n') == 'a b' and wht.trim('  ') == '' and "
		   "wht.trim('') == '')");
	play_holds("assert(wht.starts('abc', 'ab') and not wht.starts('a', 'ab') and "
		   "wht.starts('a', ''))");
	play_holds(
	    "assert(wht.ends('abc', 'bc') and not wht.ends('c', 'bc') and wht.ends('a', ''))");
	play_holds("assert(wht.glob('alpha-7', 'alpha-*') and wht.glob('abc', 'a?c') and "
		   "wht.glob('', '*'))");
	play_holds("assert(not wht.glob('abc', 'ab') and not wht.glob('ab', 'abc') and "
		   "wht.glob('aXbXc', '*X*c'))");
	play_holds("assert(wht.decode('a%20b%2f%zz%4') == 'a b/%zz%4' and wht.decode('%') == '%')");
	play_holds(
	    "assert(wht.query('a=1&b=x+y%21&c', 'b') == 'x y!' and wht.query('a=1&c', 'c') == '')");
	play_holds("assert(wht.query(nil, 'a') == nil and wht.query('ab=1', 'a') == nil)");
	play_fails("wht.split('a', '')", "empty separator", NULL);
	play_fails("wht.replace('a', '', 'b')", "nothing to replace", NULL);
	play_fails("wht.glob('a', ('*'):rep(300))", "longer than 256", NULL);
}

static void
test_networks(void **state)
{
	(void)state;
	play_holds("assert(wht.in_network('10.1.2.3', '10.0.0.0/8, 2001:db8::/32'))");
	play_holds("assert(wht.in_network('2001:db8::1', '10.0.0.0/8, 2001:db8::/32'))");
	play_holds("assert(not wht.in_network('192.0.2.1', '10.0.0.0/8') and not "
		   "wht.in_network('x', '0.0.0.0/0'))");
	play_fails("wht.in_network('1.2.3.4', '10.0.0.1/8')", "no list of networks", NULL);
}

static void
test_time(void **state)
{
	(void)state;
	play_holds("assert(wht.time() > 1.6e9)");
	play_holds("assert(wht.date('%d/%b/%Y:%H:%M:%S.%f %a 100%%', 0.25) == "
		   "'01/Jan/1970:00:00:00.250 Thu 100%')");
	play_fails("wht.date('%Q')", "a date knows", NULL);
	play_fails("wht.date('%')", "a date knows", NULL);
	play_fails("wht.date('%Y', 0/0)", "no time", NULL);
}

static void
test_kv(void **state)
{
	(void)state;
	play_holds(
	    "assert(wht.kv.get('a') == nil) wht.kv.set('a', 'x') assert(wht.kv.get('a') == 'x')");
	play_holds(
	    "wht.kv.set('a', 5) assert(wht.kv.get('a') == 5) wht.kv.set('a', true) "
	    "assert(wht.kv.get('a') == true) wht.kv.delete('a') assert(wht.kv.get('a') == nil)");
	play_holds("assert(wht.kv.increment('n') == 1 and wht.kv.increment('n', 2) == 3 "
		   "and wht.kv.increment('n', -0.5) == 2.5)");
	play_holds("wht.kv.set('b', '\\0true') assert(wht.kv.get('b') == '\\0true') "
		   "wht.kv.set('b', false) assert(wht.kv.get('b') == false)");
	play_fails("wht.kv.set('b', true) wht.kv.increment('b')", "no number", NULL);
	play_holds("wht.kv.set('t', 'x', 3600) assert(wht.kv.get('t') == 'x')");
	play_fails("wht.kv.set('', 1)", "1 to 256", NULL);
	play_fails("wht.kv.set('k', ('x'):rep(5000))", "4096", NULL);
	play_fails("wht.kv.set('k', {})", "string expected", NULL);
	play_fails("wht.kv.set('k', 'x') wht.kv.increment('k')", "no number", NULL);
	play_fails("wht.kv.increment('k', 0/0)", "finite", NULL);
	play_fails("wht.kv.set('k', 1, -1)", "seconds", NULL);
}

static void
test_counters_and_tunnels(void **state)
{
	struct strb out;
	struct play p;

	(void)state;
	play_begin(&p,
	    "function on_request() wht.count('hits') wht.count('hits', 2) wht.gauge('temp', 1.5) "
	    "return { deny = 400, reason = tostring(wht.tunnels('up')) .. "
	    "tostring(wht.tunnels('x')) } end",
	    NULL);
	lua_tunnel_up(p.shared, SPAN("up"));
	assert_int_equal(play_ask(&p, LUA_REQUEST), VERDICT_DENY);
	assert_true(span_eq(p.v.text, SPAN("truefalse")));
	strb_init(&out, 4096);
	lua_metrics_write(p.shared, &out);
	assert_says(strb_cstr(&out), "# TYPE wht_lua_hits counter\nwht_lua_hits 3\n");
	assert_says(strb_cstr(&out), "wht_lua_temp 1.5\n");
	strb_free(&out);
	play_end(&p);
	play_fails("wht.count('Bad Name')", "no name", NULL);
	play_fails("wht.count('a', -1)", "no name or value", NULL);
	play_fails("wht.count('a') wht.gauge('a', 1)", "a counter is no gauge", NULL);
	play_fails("for i = 1, 1000 do wht.count('c' .. i) end", "too many counters", NULL);
}

static void
test_log(void **state)
{
	(void)state;
	play_holds(
	    "wht.log('debug', 'a line with \\r\\n\\0 and \\27[31m') wht.log('debug', '\\255')");
	play_fails("wht.log('loud', 'x')", "debug, info", NULL);
	play_fails("wht.log({})", "string expected", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_json_out),
	    cmocka_unit_test(test_json_in),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_kv),
	    cmocka_unit_test(test_counters_and_tunnels),
	    cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
