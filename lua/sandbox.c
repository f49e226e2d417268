/* lua/sandbox.c - what is left of Lua's own library.
 *
 * A C function is one instruction to the count hook, whatever it does. So each of them is either
 * quick, or stands behind a door that bounds what goes in (lua/std_tbl.h). Three more things are out
 * of the hook's reach: finalisers, for which Lua switches it off, and which are refused where a
 * metatable is set; message handlers, the same, which run here when the error is out; and weak
 * tables, for which the collector may go through all of them as often as there are entries. */
#include "lua/vm_priv.h"

#include <lualib.h>

enum {
	LINKS_MAX = 2000, /* so many Lua goes through */
	LINK_COST = 64,	  /* bytes that could be handled meanwhile */
	NUL_COST = 32,
};

/* ---- doors ---- */

/* Lua's own function is the first upvalue of what stands in front of it. */
static int
call_original(lua_State *L)
{
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int
through_TEXT(lua_State *L)
{
	for (int i = 1; i <= lua_gettop(L); i++) {
		if (lua_type(L, i) == LUA_TSTRING)
			vm_text(L, i);
	}
	return call_original(L);
}

/* An error that ends the call goes on, whoever catches errors. */
static void
pass_on(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);

	if (vm->refused && !vm->spent)
		vm->spent = SPENT_MEMORY;
	if (vm->spent)
		vm_raise_spent(L, vm);
}

static int
through_GUARDED(lua_State *L)
{
	int n;

	vm_charge(L, 0);
	n = call_original(L);
	if (lua_isboolean(L, -n) && !lua_toboolean(L, -n))
		pass_on(L);
	return n;
}

/* ---- functions of our own ---- */

/* In a coroutine an error goes straight from where it is raised to this continuation: what stands
 * around Lua's own pcall would not be asked. */
static int
finish_pcall(lua_State *L, int status, lua_KContext unused)
{
	bool ok = status == LUA_OK || status == LUA_YIELD;

	(void)unused;
	if (!ok)
		pass_on(L);
	lua_pushboolean(L, ok);
	lua_insert(L, ok ? 1 : -2);
	return ok ? lua_gettop(L) : 2;
}

static int
std__G_pcall(lua_State *L)
{
	luaL_checkany(L, 1);
	return finish_pcall(
	    L, lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, finish_pcall), 0);
}

/* The handler runs when the error is out: where it is raised, nothing could stop it. */
static int
std__G_xpcall(lua_State *L)
{
	int status;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushvalue(L, 1);
	lua_insert(L, 3); /* f, handler, f and its arguments */
	status = lua_pcall(L, lua_gettop(L) - 3, LUA_MULTRET, 0);
	if (status == LUA_OK) {
		lua_pushboolean(L, 1);
		lua_replace(L, 2);
		return lua_gettop(L) - 1;
	}
	pass_on(L);
	if (lua_pcall(L, 1, 1, 0) != LUA_OK)
		pass_on(L);
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

/* Text is looked for as it is: there are no patterns, for some take for ever. */
static int
std_string_find(lua_State *L)
{
	struct span text = vm_text(L, 1), what = vm_text(L, 2);
	lua_Integer from = luaL_optinteger(L, 3, 1);
	const char *at;

	if (from < 0)
		from = from < -(lua_Integer)text.n ? 1 : (lua_Integer)text.n + from + 1;
	if (from < 1)
		from = 1;
	if ((lua_Unsigned)from > text.n + 1)
		return 0;
	from--;
	at = what.n ? memmem(text.p + from, text.n - (size_t)from, what.p, what.n) : text.p + from;
	if (!at)
		return 0;
	lua_pushinteger(L, at - text.p + 1);
	lua_pushinteger(L, at - text.p + (lua_Integer)what.n);
	return 2;
}

static int
wrapped(lua_State *L)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	int status, n = lua_gettop(L), results = 0;

	vm_charge(L, 0);
	if (!lua_checkstack(co, n) || (lua_status(co) == LUA_OK && lua_gettop(co) == 0))
		return luaL_error(L, "cannot resume dead coroutine");
	lua_xmove(L, co, n);
	status = lua_resume(co, L, n, &results);
	if (status != LUA_OK && status != LUA_YIELD) {
		pass_on(L);
		lua_xmove(co, L, 1);
		return lua_error(L);
	}
	luaL_checkstack(L, results + 1, "too many results");
	lua_xmove(co, L, results);
	return results;
}

static int
std_coroutine_create(lua_State *L)
{
	lua_State *co;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	co = vm_new_coroutine(L);
	lua_pushvalue(L, 1);
	lua_xmove(L, co, 1);
	return 1;
}

static int
std_coroutine_wrap(lua_State *L)
{
	std_coroutine_create(L);
	lua_pushcclosure(L, wrapped, 1);
	return 1;
}

/* ---- doors of their own ---- */

static void
refuse_event(lua_State *L, const char *event, const char *what)
{
	lua_pushstring(L, event);
	if (lua_rawget(L, 2) != LUA_TNIL)
		luaL_error(L, "there are no %s (%s) here", what, event);
	lua_pop(L, 1);
}

static int
list__G_setmetatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_istable(L, 2)) {
		refuse_event(L, "__gc", "finalisers");
		refuse_event(L, "__mode", "weak tables");
	}
	return call_original(L);
}

/* One that the end of the budget has stopped was stopped in its hook, and the hook stays off in it:
 * what it had still to close could run for ever. So what ended by an error closes nothing. */
static int
list_coroutine_close(lua_State *L)
{
	lua_State *co = lua_tothread(L, 1);

	if (!co || lua_status(co) <= LUA_YIELD)
		return through_GUARDED(L);
	lua_pushboolean(L, 0);
	lua_pushliteral(L, "the coroutine ended by an error");
	return 2;
}

static int
list_string_rep(lua_State *L)
{
	struct span text = vm_text(L, 1), between = {NULL, 0};
	lua_Integer n = luaL_checkinteger(L, 2);
	size_t each;

	if (!lua_isnoneornil(L, 3))
		between = vm_text(L, 3);
	each = text.n + between.n;
	if (n > LUA_TEXT_MAX || (n > 0 && each > LUA_TEXT_MAX / (size_t)n))
		return luaL_error(L, "the result is longer than 1 MiB");
	vm_charge(L, n > 0 ? each * (size_t)n + (size_t)n : 0);
	return call_original(L);
}

/* A table whose length is what it seems: that. */
static size_t
check_list(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
		luaL_argerror(L, 1, "a table with __len is no list here");
	luaL_argcheck(L, lua_rawlen(L, 1) <= LUA_LIST_MAX, 1, "more than 131072 elements");
	return lua_rawlen(L, 1);
}

/* The tables behind the list in which an element is looked for that it does not have. */
static size_t
count_links(lua_State *L, const char *event)
{
	int top = lua_gettop(L);
	size_t n = 0;

	lua_pushvalue(L, 1);
	while (n < LINKS_MAX && luaL_getmetafield(L, -1, event) == LUA_TTABLE) {
		lua_replace(L, top + 1);
		n++;
	}
	lua_settop(L, top);
	return n;
}

static void
pay_for_elements(lua_State *L, size_t n, size_t cost)
{
	size_t links = count_links(L, "__index") + count_links(L, "__newindex");

	vm_charge(L, n * (cost + links * LINK_COST));
}

/* From one index to another, the list's own ends if none is said: how many that are. */
static size_t
check_range(lua_State *L, int first, int last)
{
	lua_Integer from = luaL_optinteger(L, first, 1);
	lua_Integer to = luaL_optinteger(L, last, (lua_Integer)check_list(L));

	luaL_argcheck(L, from >= -LUA_LIST_MAX && from <= LUA_LIST_MAX, first, "out of range");
	luaL_argcheck(L, to >= -LUA_LIST_MAX && to <= LUA_LIST_MAX, last, "out of range");
	return to < from ? 0 : (size_t)(to - from) + 1;
}

static int
list_table_concat(lua_State *L)
{
	pay_for_elements(L, check_range(L, 3, 4), 16);
	return call_original(L);
}

static int
list_table_insert(lua_State *L)
{
	size_t n = check_list(L);

	pay_for_elements(L, lua_gettop(L) > 2 ? n : 1, 8);
	return call_original(L);
}

static int
list_table_remove(lua_State *L)
{
	size_t n = check_list(L);

	pay_for_elements(L, lua_gettop(L) > 1 ? n : 1, 8);
	return call_original(L);
}

/* What it costs to go through the texts of a list once: a NUL in one is where the comparison begins
 * anew. */
static size_t
text_cost(lua_State *L, size_t elements)
{
	size_t cost = 0, n;

	for (size_t i = 1; i <= elements; i++) {
		if (lua_rawgeti(L, 1, (lua_Integer)i) == LUA_TSTRING) {
			const char *p = lua_tolstring(L, -1, &n), *end = p + n;

			vm_charge(L, n);
			cost += n;
			while ((p = memchr(p, '\0', (size_t)(end - p)))) {
				cost += NUL_COST;
				p++;
			}
		}
		lua_pop(L, 1);
	}
	return cost;
}

/* Without a function that compares, which the count hook would see, each element is compared in C
 * some two times for every halving of the list. */
static int
list_table_sort(lua_State *L)
{
	size_t n = check_list(L), halvings = 1;

	luaL_argcheck(L, n <= 16384, 1, "more than 16384 elements");
	pay_for_elements(L, n, 256);
	while (n >> halvings)
		halvings++;
	if (lua_isnoneornil(L, 2))
		vm_charge(L, text_cost(L, n) * 2 * halvings);
	return call_original(L);
}

static int
list_table_unpack(lua_State *L)
{
	pay_for_elements(L, check_range(L, 2, 3), 8);
	return call_original(L);
}

/* ---- the globals ---- */

enum std_how { STD_AS_IS, STD_TEXT, STD_GUARDED, STD_OWN, STD_LIST };

static const struct std_row {
	const char *lib, *name;
	enum std_how how;
} rows[] = {
#define STD(lib, name, how) {#lib, #name, STD_##how},
#include "lua/std_tbl.h"
#undef STD
};

bool
sandbox_has(struct span lib, struct span name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (span_eq(lib, span_str(rows[i].lib)) && span_eq(name, span_str(rows[i].name)))
			return true;
	}
	return false;
}

/* The function that stands for a row that has one of its own. */
static lua_CFunction
own_function(const struct std_row *row)
{
	static const struct {
		const char *lib, *name;
		lua_CFunction f;
	} own[] = {
	    {"_G", "pcall", std__G_pcall},
	    {"_G", "xpcall", std__G_xpcall},
	    {"_G", "setmetatable", list__G_setmetatable},
	    {"string", "find", std_string_find},
	    {"string", "rep", list_string_rep},
	    {"table", "concat", list_table_concat},
	    {"table", "insert", list_table_insert},
	    {"table", "remove", list_table_remove},
	    {"table", "sort", list_table_sort},
	    {"table", "unpack", list_table_unpack},
	    {"coroutine", "close", list_coroutine_close},
	    {"coroutine", "create", std_coroutine_create},
	    {"coroutine", "wrap", std_coroutine_wrap},
	};

	if (row->how == STD_TEXT)
		return through_TEXT;
	if (row->how == STD_GUARDED)
		return through_GUARDED;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(own[i].lib, row->lib) == 0 && strcmp(own[i].name, row->name) == 0)
			return own[i].f;
	}
	return NULL;
}

/* The value of a row, at the top, from Lua's library, at the index. */
static void
push_row(lua_State *L, int lib, const struct std_row *row)
{
	lua_CFunction own = own_function(row);

	lua_getfield(L, lib, row->name);
	if (row->how == STD_OWN) {
		lua_pop(L, 1);
		lua_pushcfunction(L, own);
	} else if (own) {
		lua_pushcclosure(L, own, 1);
	}
}

/* A table with the rows of one library, at the top. */
static void
push_library(lua_State *L, const char *name, lua_CFunction open)
{
	int lib;

	lua_pushcfunction(L, open);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
	lib = lua_gettop(L);
	lua_newtable(L);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].lib, name) != 0)
			continue;
		push_row(L, lib, &rows[i]);
		lua_setfield(L, -2, rows[i].name);
	}
	lua_remove(L, lib);
}

/* "text":upper() finds what string holds, and cannot change where it looks. */
static void
set_string_methods(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_getglobal(L, "string");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

void
sandbox_open(lua_State *L)
{
	static const struct {
		const char *name;
		lua_CFunction open;
	} libraries[] = {
	    {"string", luaopen_string},
	    {"table", luaopen_table},
	    {"utf8", luaopen_utf8},
	    {"coroutine", luaopen_coroutine},
	    {"math", luaopen_math},
	};

	push_library(L, "_G", luaopen_base); /* fills the globals; what is left of them is this */
	lua_pushvalue(L, -1);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "_G");
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		push_library(L, libraries[i].name, libraries[i].open);
		lua_setfield(L, -2, libraries[i].name);
	}
	lua_pop(L, 1);
	set_string_methods(L);
}
