#include "controlplane/script.h"

#include "lua/vm.h"

enum { ERROR_TEXT_MAX = 900 };

static void
take_budget(const struct config *c, struct lua_budget *b)
{
	lua_budget_default(b);
	b->instructions = config_number(c, SET_lua_instructions);
	b->time_us = config_number(c, SET_lua_time) * 1000;
	b->memory = config_number(c, SET_lua_memory);
	b->closed[LUA_REGISTER] = config_number(c, SET_lua_register_closed) != 0;
	b->closed[LUA_ROUTE] = config_number(c, SET_lua_route_closed) != 0;
	b->closed[LUA_REQUEST] = config_number(c, SET_lua_request_closed) != 0;
	b->closed[LUA_BODY] = config_number(c, SET_lua_body_closed) != 0;
	b->closed[LUA_RESPONSE] = config_number(c, SET_lua_response_closed) != 0;
}

struct lua_script *
script_load(const struct config *c, struct report *report)
{
	const char *path = config_text(c, SET_lua);
	struct lua_script *script;
	struct lua_budget budget;
	struct strb error;
	int rc;

	if (!path)
		return NULL;
	take_budget(c, &budget);
	script = lua_script_new(&budget);
	strb_init(&error, 4 * LUA_ERROR_MAX);
	rc = lua_script_read(script, path, &error);
	if (rc == 0) {
		lua_script_seal(script);
		rc = lua_script_try(script, &error);
	}
	if (rc < 0) {
		report_error(report, "WHT_LUA: %.*s",
		    SPAN_FMT(span_take(strb_span(&error), ERROR_TEXT_MAX)));
		lua_script_unref(&script);
	}
	strb_free(&error);
	return script;
}
