/* lua/api_kv.c - wht.kv: the shared table, as functions. */
#include <math.h>

#include "base/clock.h"
#include "lua/vm_priv.h"

/* Seconds at an index as milliseconds; 0: none were said. */
static uint64_t
ttl_ms(lua_State *L, int index)
{
	double seconds = luaL_optnumber(L, index, 0);

	luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, index, "seconds from 0 to 1e9");
	return seconds > 0 && seconds < 0.001 ? 1 : (uint64_t)(seconds * 1000);
}

static struct span
key_at(lua_State *L, int index)
{
	struct span key = vm_text(L, index);

	luaL_argcheck(L, key.n > 0 && key.n <= LUA_KV_KEY_MAX, index, "a key has 1 to 256 bytes");
	return key;
}

/* A boolean is kept as text that no script can set: with a NUL in front. */
#define TEXT_TRUE  SPAN("\0true")
#define TEXT_FALSE SPAN("\0false")

int
api_kv_get(lua_State *L)
{
	struct lua_kv_value value;
	struct span text;

	if (!lua_kv_get(vm_of(L)->shared, key_at(L, 1), clock_mono_ms(), &value))
		return 0;
	text = span_of(value.text, value.n);
	if (value.is_number && value.number == floor(value.number) && fabs(value.number) < 1e15)
		lua_pushinteger(L, (lua_Integer)value.number);
	else if (value.is_number)
		lua_pushnumber(L, value.number);
	else if (span_eq(text, TEXT_TRUE) || span_eq(text, TEXT_FALSE))
		lua_pushboolean(L, span_eq(text, TEXT_TRUE));
	else
		vm_push(L, text);
	return 1;
}

int
api_kv_set(lua_State *L)
{
	struct lua_kv_value value;
	struct span key = key_at(L, 1), text = SPAN("");

	value.is_number = lua_type(L, 2) == LUA_TNUMBER;
	value.number = value.is_number ? lua_tonumber(L, 2) : 0;
	if (lua_isboolean(L, 2))
		text = lua_toboolean(L, 2) ? TEXT_TRUE : TEXT_FALSE;
	else if (!value.is_number)
		text = vm_text(L, 2);
	luaL_argcheck(L, text.n <= LUA_KV_VALUE_MAX, 2, "a value has at most 4096 bytes");
	value.n = text.n;
	memcpy(value.text, text.p, text.n);
	if (lua_kv_set(vm_of(L)->shared, key, &value, clock_mono_ms(), ttl_ms(L, 3)) < 0)
		return luaL_error(L, "the value does not fit");
	return 0;
}

int
api_kv_delete(lua_State *L)
{
	lua_kv_delete(vm_of(L)->shared, key_at(L, 1));
	return 0;
}

int
api_kv_increment(lua_State *L)
{
	struct span key = key_at(L, 1);
	double by = luaL_optnumber(L, 2, 1), sum;

	luaL_argcheck(L, isfinite(by), 2, "a finite number");
	if (lua_kv_increment(vm_of(L)->shared, key, by, clock_mono_ms(), ttl_ms(L, 3), &sum) < 0)
		return luaL_error(L, "the value of '%s' is no number", lua_tostring(L, 1));
	if (sum == floor(sum) && fabs(sum) < 1e15)
		lua_pushinteger(L, (lua_Integer)sum);
	else
		lua_pushnumber(L, sum);
	return 1;
}
