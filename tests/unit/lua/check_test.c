#include "tests/unit/lua/play.h"

static void
finds(const char *text, const char *fault)
{
	struct lua_script *s = play_script(text, NULL);
	struct strb faults;
	int rc;

	strb_init(&faults, 1 << 16);
	rc = lua_script_check(s, &faults);
	if (fault)
		assert_says(strb_cstr(&faults), fault);
	else
		assert_string_equal(strb_cstr(&faults), "");
	assert_int_equal(rc, fault ? -WHT_EINVAL : 0);
	strb_free(&faults);
	lua_script_unref(&s);
}

static void
test_what_is_wrong_is_found(void **state)
{
	(void)state;
	finds("function on_reqest(req) end", "t.lua:1: on_reqest is no hook");
	finds("x = 1 on_reqest = function(req) end", "t.lua:1: on_reqest is no hook");
	finds("\n\nfunction f() return os.time() end", "t.lua:3: os.time is not there");
	finds("function f() return wht.tme() end", "wht.tme is not there");
	finds("function f() return wht.kv.incr('x') end", "wht.kv.incr is not there");
	finds("function f(s) return string.match(s, 'x') end", "string.match is not there");
	finds("function f(s) return s:gsub('x', 'y') end",
	    ":gsub is not there: there are no patterns");
	finds("function f(s) return require 'x' end", "require is not there");
	finds("function f(s) print('x') end", "print is not there");
	finds("x = = 1", "t.lua:1:");
	finds("error('top')", "top");
	finds("function f() return io.open('x') end --[[ wht.x ]]", "io.open");
}

static void
test_what_is_right_passes(void **state)
{
	(void)state;
	finds("", NULL);
	finds("function on_request(req) return wht.kv.get('x') or wht.null end", NULL);
	finds("-- os.time wht.x\n--[==[ io.open(\n]] ]==] local s = 'os.time' .. \"wht.x\" .. "
	      "[[io.x]]",
	    NULL);
	finds("local t = { os = {} } local x = t.os.time local s = 'a' .. 'b' .. #t", NULL);
	finds("local function on_x() end local t = {} function t.on_y() end", NULL);
	finds("on_request = function() end local t = { on_x = function() end, on_y = function() "
	      "end } "
	      "t.on_z = function() end local on_w = function() end",
	    NULL);
	finds("local s = 'it\\'s' -- '", NULL);
	finds("function f(s) return s:upper(), s:find('x'), string.format('%d', 5) end", NULL);
}

static void
test_text_that_ends_anywhere(void **state)
{
	const char *text = "function on_request(req) -- c\n--[[ x ]] return 'a' .. [=[ b ]=] end";
	char cut[128];

	(void)state;
	for (size_t n = 0; n < strlen(text); n++) {
		struct lua_script *s;
		struct strb faults;

		snprintf(cut, sizeof(cut), "%.*s", (int)n, text);
		s = play_script(cut, NULL);
		strb_init(&faults, 4096);
		(void)!lua_script_check(s, &faults);
		strb_free(&faults);
		lua_script_unref(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_wrong_is_found),
	    cmocka_unit_test(test_what_is_right_passes),
	    cmocka_unit_test(test_text_that_ends_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
