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

static void
push_number(lua_State *L, double number)
{
	if (number == floor(number) && fabs(number) < 1e15)
		lua_pushinteger(L, (lua_Integer)number);
	else
		lua_pushnumber(L, number);
}

int
api_kv_get(lua_State *L)
{
	struct lua_kv_value value;

	if (!lua_kv_get(vm_of(L)->shared, key_at(L, 1), clock_mono_ms(), &value))
		return 0;
	if (value.kind == KV_NUMBER)
		push_number(L, value.number);
	else if (value.kind == KV_BOOLEAN)
		lua_pushboolean(L, value.number != 0);
	else
		vm_push(L, span_of(value.text, value.n));
	return 1;
}

static void
read_value(lua_State *L, int index, struct lua_kv_value *value)
{
	struct span text = SPAN("");

	value->kind = KV_TEXT;
	value->number = 0;
	if (lua_type(L, index) == LUA_TNUMBER) {
		value->kind = KV_NUMBER;
		value->number = lua_tonumber(L, index);
	} else if (lua_isboolean(L, index)) {
		value->kind = KV_BOOLEAN;
		value->number = lua_toboolean(L, index);
	} else {
		text = vm_text(L, index);
	}
	luaL_argcheck(L, text.n <= LUA_KV_VALUE_MAX, index, "a value has at most 4096 bytes");
	value->n = text.n;
	memcpy(value->text, text.p, text.n);
}

int
api_kv_set(lua_State *L)
{
	struct lua_kv_value value;
	struct span key = key_at(L, 1);

	read_value(L, 2, &value);
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
	push_number(L, sum);
	return 1;
}
