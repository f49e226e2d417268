/* lua/api.c - the table wht, and those of its functions that reach out of the script: the log, the
 * clock, counters, tunnels. */
#include "lua/vm_priv.h"

#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/network.h"

#include <arpa/inet.h>

/* ---- log and clock ---- */

int
api_wht_log(lua_State *L)
{
	bool has_level = lua_gettop(L) > 1;
	int level = has_level ? log_level_parse(vm_text(L, 1)) : LVL_INFO;
	struct span text;

	luaL_argcheck(L, level >= 0, 1, "debug, info, warn or error");
	text = vm_text(L, has_level ? 2 : 1);
	if (vm_of(L)->lines == LUA_LINES_MAX)
		return 0;
	if (++vm_of(L)->lines == LUA_LINES_MAX)
		text = SPAN("this call wrote as many lines as a call may; there may be more");
	log_event((enum log_level)level, "lua.log", NULL, LOG_TEXT("text", text));
	return 0;
}

int
api_wht_time(lua_State *L)
{
	lua_pushnumber(L, (double)clock_wall_ms() / 1000);
	return 1;
}

/* One conversion of wht.date; false when there is none of that letter. */
static bool
add_date_part(struct strb *out, char letter, const struct tm *tm, int ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	switch (letter) {
	case 'Y':
		strb_printf(out, "%04d", tm->tm_year + 1900);
		return true;
	case 'm':
		strb_printf(out, "%02d", tm->tm_mon + 1);
		return true;
	case 'd':
		strb_printf(out, "%02d", tm->tm_mday);
		return true;
	case 'H':
		strb_printf(out, "%02d", tm->tm_hour);
		return true;
	case 'M':
		strb_printf(out, "%02d", tm->tm_min);
		return true;
	case 'S':
		strb_printf(out, "%02d", tm->tm_sec);
		return true;
	case 'f':
		strb_printf(out, "%03d", ms);
		return true;
	case 'a':
		strb_add(out, span_of(days + (ptrdiff_t)3 * tm->tm_wday, 3));
		return true;
	case 'b':
		strb_add(out, span_of(months + (ptrdiff_t)3 * tm->tm_mon, 3));
		return true;
	case '%':
		strb_char(out, '%');
		return true;
	default:
		return false;
	}
}

int
api_wht_date(lua_State *L)
{
	struct span format = vm_text(L, 1);
	double at = luaL_optnumber(L, 2, (double)clock_wall_ms() / 1000);
	struct strb *out = vm_scratch(L);
	struct tm tm;
	time_t t;

	luaL_argcheck(L, format.n <= 256, 1, "longer than 256 bytes");
	luaL_argcheck(L, at >= 0 && at < 1e11, 2, "no time");
	t = (time_t)floor(at);
	gmtime_r(&t, &tm);
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] != '%')
			strb_char(out, format.p[i]);
		else if (++i == format.n ||
			 !add_date_part(out, format.p[i], &tm, (int)((at - floor(at)) * 1000)))
			return luaL_error(L, "a date knows %%Y %%m %%d %%H %%M %%S %%f %%a %%b");
	}
	return vm_push_scratch(L);
}

/* ---- counters and tunnels ---- */

static int
metric_result(lua_State *L, int rc)
{
	if (rc == -WHT_EFULL)
		return luaL_error(L, "there are too many counters and gauges");
	if (rc < 0)
		return luaL_error(L,
		    "'%s' is no name or value for that: [a-z_][a-z0-9_]*, and a "
		    "counter is no gauge",
		    lua_tostring(L, 1));
	return 0;
}

int
api_wht_count(lua_State *L)
{
	struct span name = vm_text(L, 1);

	return metric_result(L, lua_metric_count(vm_of(L)->shared, name, luaL_optnumber(L, 2, 1)));
}

int
api_wht_gauge(lua_State *L)
{
	struct span name = vm_text(L, 1);

	return metric_result(L, lua_metric_set(vm_of(L)->shared, name, luaL_checknumber(L, 2)));
}

int
api_wht_tunnels(lua_State *L)
{
	lua_pushboolean(L, lua_tunnel_is_up(vm_of(L)->shared, vm_text(L, 1)));
	return 1;
}

/* ---- networks ---- */

static bool
read_address(struct span text, struct sockaddr_storage *out)
{
	char word[INET6_ADDRSTRLEN];
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	*out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
	if (text.n >= sizeof(word))
		return false;
	memcpy(word, text.p, text.n);
	word[text.n] = '\0';
	if (inet_pton(AF_INET, word, &in->sin_addr) == 1)
		out->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, word, &in6->sin6_addr) == 1)
		out->ss_family = AF_INET6;
	return out->ss_family != AF_UNSPEC;
}

int
api_wht_in_network(lua_State *L)
{
	struct span address = vm_text(L, 1), list = vm_text(L, 2), bad;
	struct sockaddr_storage addr;
	struct networks nets;

	if (networks_parse(list, &nets, &bad) < 0)
		return luaL_error(L, "'%s' is no list of networks, or too long",
		    lua_pushlstring(L, bad.p, bad.n < 64 ? bad.n : 64));
	lua_pushboolean(
	    L, read_address(address, &addr) && networks_have(&nets, (struct sockaddr *)&addr));
	return 1;
}

/* ---- the table ---- */

static const struct api_row {
	const char *lib, *name;
	lua_CFunction f;
} rows[] = {
#define API(lib, name, usage, help) {#lib, #name, api_##lib##_##name},
#include "lua/api_tbl.h"
#undef API
};

bool
api_has(struct span lib, struct span name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (span_eq(lib, span_str(rows[i].lib)) && span_eq(name, span_str(rows[i].name)))
			return true;
	}
	return false;
}

static void
add_rows(lua_State *L, const char *lib)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].lib, lib) != 0)
			continue;
		lua_pushcfunction(L, rows[i].f);
		lua_setfield(L, -2, rows[i].name);
	}
}

void
api_open(lua_State *L)
{
	lua_newtable(L);
	add_rows(L, "wht");
	lua_newtable(L);
	add_rows(L, "kv");
	lua_setfield(L, -2, "kv");
	object_push_null(L);
	lua_setfield(L, -2, "null");
	lua_setglobal(L, "wht");
}
