/* lua/object.c - req, res, event and tunnel, as a script holds them: handles.
 *
 * A handle knows the turn that it was made in. Whoever keeps one past its call holds a number that
 * fits nothing any more: a stale handle is an error, never a pointer. */
#include "lua/vm_priv.h"

struct handle {
	uint64_t turn;
};

enum { REQ = 1, RES = 2 };
enum member_type { MEMBER_TEXT, MEMBER_TRUTH, MEMBER_STATUS, MEMBER_HEADERS };

static const char message_type[] = "request", headers_type[] = "headers", record_type[] = "event";

static const struct member {
	const char *name;
	enum member_type type;
	size_t offset;
	unsigned phases;
} members[] = {
#define MEMBER(name, type, member, phases, help)                                                   \
	{#name, MEMBER_##type, offsetof(struct lua_message, member), phases},
#include "lua/message_tbl.h"
#undef MEMBER
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

/* ---- handles ---- */

static void
push_handle(lua_State *L, const char *type)
{
	struct handle *h = lua_newuserdatauv(L, sizeof(*h), 1);

	h->turn = vm_of(L)->turn;
	lua_rawgetp(L, LUA_REGISTRYINDEX, type);
	lua_setmetatable(L, -2);
}

static bool
is_handle(lua_State *L, int index, const char *type)
{
	bool is;

	if (!lua_isuserdata(L, index) || !lua_getmetatable(L, index))
		return false;
	lua_rawgetp(L, LUA_REGISTRYINDEX, type);
	is = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return is;
}

static struct lua_vm *
check_handle(lua_State *L, int index, const char *type)
{
	struct lua_vm *vm = vm_of(L);
	struct handle *h;

	if (!is_handle(L, index, type))
		luaL_typeerror(L, index, type);
	h = lua_touserdata(L, index);
	if (h->turn != vm->turn)
		luaL_error(L, "this %s is over: what is kept of it must be copied", type);
	return vm;
}

void
object_push(lua_State *L)
{
	push_handle(L, vm_of(L)->message ? message_type : record_type);
}

struct lua_message *
object_headers(lua_State *L, int index)
{
	return check_handle(L, index, headers_type)->message;
}

/* ---- req and res ---- */

static bool
may_edit(const struct lua_vm *vm)
{
	return lua_phase_info(vm->phase)->may & MAY_EDIT;
}

static const struct member *
find_member(lua_State *L, int index)
{
	const struct member *m;

	lua_pushvalue(L, index);
	lua_rawget(L, lua_upvalueindex(1));
	m = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return m;
}

/* The same handle each time, kept with the message's. */
static void
push_headers(lua_State *L)
{
	if (lua_getiuservalue(L, 1, 1) == LUA_TUSERDATA)
		return;
	lua_pop(L, 1);
	push_handle(L, headers_type);
	lua_pushvalue(L, -1);
	lua_setiuservalue(L, 1, 1);
}

static int
message_index(lua_State *L)
{
	struct lua_vm *vm = check_handle(L, 1, message_type);
	const struct member *m = find_member(L, 2);
	unsigned here = vm->phase == LUA_RESPONSE ? RES : REQ;
	const void *at;

	if (!m || !(m->phases & here))
		return luaL_error(L, "there is no '%s' here", luaL_tolstring(L, 2, NULL));
	at = (const char *)vm->message + m->offset;
	if (m->type == MEMBER_HEADERS)
		push_headers(L);
	else if (m->type == MEMBER_TRUTH)
		lua_pushboolean(L, *(const bool *)at);
	else if (m->type == MEMBER_STATUS)
		lua_pushinteger(L, *(const int *)at);
	else if (((const struct span *)at)->p)
		vm_push(L, *(const struct span *)at);
	else
		lua_pushnil(L);
	return 1;
}

/* What may stand in a request line. */
static bool
is_target(struct span s, bool query)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7F || c == '#' || (c == '?' && !query))
			return false;
	}
	return true;
}

static struct span
keep(lua_State *L, struct lua_message *m, int index)
{
	struct span copy = arena_copy(&m->arena, vm_text(L, index));

	if (!copy.p)
		luaL_error(L, "the edits of one message are bounded");
	return copy;
}

/* By its status alone (RFC 9110, 15). */
static bool
has_body(int status)
{
	return status != 204 && status != 205 && status != 304;
}

static void
set_status(lua_State *L, struct lua_message *m)
{
	lua_Integer status = luaL_checkinteger(L, 3);

	if (status < 200 || status > 599)
		luaL_error(L, "a status is a number from 200 to 599");
	if (has_body((int)status) != has_body(m->now.status))
		luaL_error(L, "a response with a body stays one, and one without, too");
	m->now.status = (int)status;
	m->now.status_edited = true;
}

static void
set_target(lua_State *L, struct lua_message *m, bool query)
{
	struct span value = lua_isnil(L, 3) && query ? SPAN("") : keep(L, m, 3);

	if (!is_target(value, query) || (!query && (value.n == 0 || value.p[0] != '/')))
		luaL_error(L, query ? "that is no query" : "that is no path");
	if (query)
		m->now.query = value;
	else
		m->now.path = value;
	m->now.path_edited = true;
}

static int
message_newindex(lua_State *L)
{
	struct lua_vm *vm = check_handle(L, 1, message_type);
	struct span name = vm_text(L, 2);

	if (may_edit(vm) && vm->phase == LUA_RESPONSE && span_eq(name, SPAN("status")))
		set_status(L, vm->message);
	else if (may_edit(vm) && vm->phase != LUA_RESPONSE && span_eq(name, SPAN("path")))
		set_target(L, vm->message, false);
	else if (may_edit(vm) && vm->phase != LUA_RESPONSE && span_eq(name, SPAN("query")))
		set_target(L, vm->message, true);
	else
		return luaL_error(L, "'%s' cannot be set in %s", lua_tostring(L, 2),
		    lua_phase_info(vm->phase)->function);
	return 0;
}

/* ---- headers ---- */

static bool
is_shown(const struct lua_message *m, const struct http_field *field)
{
	return !m->secret || field->id != HF_AUTHORIZATION;
}

static int
headers_index(lua_State *L)
{
	const struct lua_message *m = object_headers(L, 1);
	struct span name = vm_text(L, 2);

	for (size_t i = 0; i < m->now.nfields; i++) {
		const struct http_field *field = &m->now.fields[i];

		if (span_ieq(field->name, name) && is_shown(m, field)) {
			vm_push(L, field->value);
			return 1;
		}
	}
	return 0;
}

/* headers(name): every value of that name. */
static int
headers_call(lua_State *L)
{
	const struct lua_message *m = object_headers(L, 1);
	struct span name = vm_text(L, 2);
	lua_Integer n = 0;

	lua_newtable(L);
	for (size_t i = 0; i < m->now.nfields; i++) {
		const struct http_field *field = &m->now.fields[i];

		if (!span_ieq(field->name, name) || !is_shown(m, field))
			continue;
		vm_push(L, field->value);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

static void
set_one(lua_State *L, struct lua_message *m, struct span name, int value, bool add)
{
	struct span text = value ? vm_text(L, value) : SPAN("");
	const char *fault = lua_message_set(m, name, value ? &text : NULL, add);

	if (fault)
		luaL_error(L, "%s: %s", lua_tostring(L, 2), fault);
}

/* headers[name] = text, a list of texts, or nil. */
static int
headers_newindex(lua_State *L)
{
	struct lua_message *m = object_headers(L, 1);
	struct span name = vm_text(L, 2);

	if (!may_edit(vm_of(L)))
		return luaL_error(
		    L, "headers cannot be set in %s", lua_phase_info(vm_of(L)->phase)->function);
	if (!lua_istable(L, 3)) {
		set_one(L, m, name, lua_isnil(L, 3) ? 0 : 3, false);
		return 0;
	}
	set_one(L, m, name, 0, false);
	for (lua_Integer i = 1; lua_rawgeti(L, 3, i) != LUA_TNIL; i++) {
		set_one(L, m, name, lua_gettop(L), true);
		lua_pop(L, 1);
	}
	return 0;
}

int
api_wht_add_header(lua_State *L)
{
	struct lua_message *m = object_headers(L, 1);
	struct span name = vm_text(L, 2);

	if (!may_edit(vm_of(L)))
		return luaL_error(
		    L, "headers cannot be set in %s", lua_phase_info(vm_of(L)->phase)->function);
	luaL_checkstring(L, 3);
	set_one(L, m, name, 3, true);
	return 0;
}

/* The control of pairs() is the place in the list, kept beside the name in an upvalue. */
static int
headers_next(lua_State *L)
{
	const struct lua_message *m = object_headers(L, 1);
	size_t i = (size_t)lua_tointeger(L, lua_upvalueindex(1));

	while (i < m->now.nfields && !is_shown(m, &m->now.fields[i]))
		i++;
	if (i >= m->now.nfields)
		return 0;
	lua_pushinteger(L, (lua_Integer)i + 1);
	lua_replace(L, lua_upvalueindex(1));
	vm_push(L, m->now.fields[i].name);
	vm_push(L, m->now.fields[i].value);
	return 2;
}

static int
headers_pairs(lua_State *L)
{
	object_headers(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, headers_next, 1);
	lua_pushvalue(L, 1);
	return 2;
}

/* ---- events and tunnels ---- */

static void
push_value(lua_State *L, const struct log_field *field)
{
	if (field->kind == LOG_F_SPAN)
		vm_push(L, field->text);
	else if (field->kind == LOG_F_BOOL)
		lua_pushboolean(L, field->number != 0);
	else
		lua_pushinteger(L, (lua_Integer)field->number);
}

static int
record_index(lua_State *L)
{
	struct lua_vm *vm = check_handle(L, 1, record_type);
	const struct log_field *field = lua_record_find(vm->record, vm_text(L, 2));

	if (!field)
		return 0;
	push_value(L, field);
	return 1;
}

static struct log_field
read_value(lua_State *L, int index)
{
	struct log_field field = {.name = NULL};
	int is_integer;

	switch (lua_type(L, index)) {
	case LUA_TBOOLEAN:
		field.kind = LOG_F_BOOL;
		field.number = lua_toboolean(L, index);
		break;
	case LUA_TNUMBER:
		field.number = lua_tointegerx(L, index, &is_integer);
		field.kind = is_integer ? LOG_F_INT : LOG_F_SPAN;
		if (!is_integer)
			field.text = vm_text(L, index);
		break;
	case LUA_TSTRING:
		field.kind = LOG_F_SPAN;
		field.text = vm_text(L, index);
		break;
	default:
		luaL_error(L, "a field is text, a number or a boolean");
	}
	return field;
}

static int
record_newindex(lua_State *L)
{
	struct lua_vm *vm = check_handle(L, 1, record_type);
	struct log_field field = {.name = NULL};
	const char *fault;
	struct span name = vm_text(L, 2);

	if (!lua_isnil(L, 3))
		field = read_value(L, 3);
	fault = lua_record_set(vm->record, name, lua_isnil(L, 3) ? NULL : &field);
	return fault ? luaL_error(L, "%s: %s", lua_tostring(L, 2), fault) : 0;
}

bool
object_is_record(lua_State *L, int index)
{
	return is_handle(L, index, record_type);
}

/* A tunnel has extra values only, and they are all that there is to see of it. */
const struct log_field *
object_next_field(lua_State *L, int index, size_t i)
{
	struct lua_vm *vm = check_handle(L, index, record_type);
	const struct log_field *all = vm->record->fixed ? vm->record->extra : vm->record->fields;

	for (size_t at = 0; all && all->name && at < i; at++)
		all++;
	return all && all->name ? all : NULL;
}

static int
record_next(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(1));
	const struct log_field *field = object_next_field(L, 1, (size_t)i);

	if (!field)
		return 0;
	lua_pushinteger(L, i + 1);
	lua_replace(L, lua_upvalueindex(1));
	lua_pushstring(L, field->name);
	push_value(L, field);
	return 2;
}

static int
record_pairs(lua_State *L)
{
	check_handle(L, 1, record_type);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, record_next, 1);
	lua_pushvalue(L, 1);
	return 2;
}

/* ---- metatables ---- */

static void
add_type(lua_State *L, const char *type, const luaL_Reg *functions)
{
	lua_newtable(L);
	lua_newtable(L);
	for (size_t i = 0; i < MEMBERS; i++) {
		lua_pushlightuserdata(L, (void *)(uintptr_t)&members[i]);
		lua_setfield(L, -2, members[i].name);
	}
	luaL_setfuncs(L, functions, 1);
	lua_pushstring(L, type);
	lua_setfield(L, -2, "__name");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, type);
}

void
object_open(lua_State *L)
{
	static const luaL_Reg message[] = {
	    {"__index", message_index},
	    {"__newindex", message_newindex},
	    {NULL, NULL},
	};
	static const luaL_Reg headers[] = {
	    {"__index", headers_index},
	    {"__newindex", headers_newindex},
	    {"__call", headers_call},
	    {"__pairs", headers_pairs},
	    {NULL, NULL},
	};
	static const luaL_Reg record[] = {
	    {"__index", record_index},
	    {"__newindex", record_newindex},
	    {"__pairs", record_pairs},
	    {NULL, NULL},
	};

	add_type(L, message_type, message);
	add_type(L, headers_type, headers);
	add_type(L, record_type, record);
}
