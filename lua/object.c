/* lua/object.c - req, res, event and tunnel, as a script holds them: handles.
 *
 * A handle is a number in a pointer's place (Lua's light userdata): of which kind it is, and in
 * which turn it was made. It takes no memory and leaves none behind, and whoever keeps one past its
 * call holds a number that fits nothing any more: a stale handle is an error, never a pointer. A
 * script can make none of its own. Lua has one metatable for all of them, so what is done with a
 * handle comes in here by one door a kind of access, and is sorted by the kind of handle. */
#include "lua/vm_priv.h"

enum kind { KIND_NULL, KIND_MESSAGE, KIND_HEADERS, KIND_RECORD, KINDS };
enum { KIND_BITS = 2, SHORT_TEXT = 40 /* bytes: of longer ones Lua keeps several copies */ };

static const char *const kind_words[KINDS] = {
    [KIND_NULL] = "null",
    [KIND_MESSAGE] = "request",
    [KIND_HEADERS] = "headers",
    [KIND_RECORD] = "event",
};

enum { REQ = 1, RES = 2 };
enum member_type { MEMBER_TEXT, MEMBER_WORD, MEMBER_TRUTH, MEMBER_STATUS, MEMBER_HEADERS };

static const struct member {
	struct span name;
	enum member_type type;
	size_t offset;
	unsigned phases;
} members[] = {
#define MEMBER(name, type, member, phases, help)                                                   \
	{{#name, sizeof(#name) - 1}, MEMBER_##type, offsetof(struct lua_message, member), phases},
#include "lua/message_tbl.h"
#undef MEMBER
};

/* ---- handles ---- */

static void
push_handle(lua_State *L, const struct lua_vm *vm, enum kind kind)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)(vm->turn << KIND_BITS | kind));
}

/* KINDS: it is none. */
static enum kind
kind_at(lua_State *L, int index)
{
	if (lua_type(L, index) != LUA_TLIGHTUSERDATA)
		return KINDS;
	return (uintptr_t)lua_touserdata(L, index) & (KINDS - 1);
}

static void
raise_stale(lua_State *L, enum kind kind)
{
	luaL_error(L, "this %s is over: what is kept of it must be copied", kind_words[kind]);
}

static inline void
check_turn(lua_State *L, const struct lua_vm *vm, uintptr_t handle)
{
	if (handle >> KIND_BITS != vm->turn)
		raise_stale(L, handle & (KINDS - 1));
}

static struct lua_vm *
check_handle(lua_State *L, int index, enum kind kind)
{
	struct lua_vm *vm = vm_of(L);

	if (kind_at(L, index) != kind)
		luaL_typeerror(L, index, kind_words[kind]);
	check_turn(L, vm, (uintptr_t)lua_touserdata(L, index));
	return vm;
}

void
object_push(lua_State *L)
{
	const struct lua_vm *vm = vm_of(L);

	push_handle(L, vm, vm->message ? KIND_MESSAGE : KIND_RECORD);
}

struct lua_message *
object_headers(lua_State *L, int index)
{
	return check_handle(L, index, KIND_HEADERS)->message;
}

/* ---- req and res ---- */

/* Whether the call may edit its message; the first edit keeps what a failure goes back to. */
static bool
begin_edit(struct lua_vm *vm)
{
	if (!(lua_phase_info(vm->phase)->may & MAY_EDIT))
		return false;
	if (!vm->edits)
		vm->before = vm->message->now;
	vm->edits = true;
	return true;
}

/* LUA_MEMBERS: there is none. Lua keeps one copy of each short text, and the VM holds on to these:
 * the address is the name. */
static size_t
find_member(lua_State *L, const struct lua_vm *vm, int index)
{
	const void *name = lua_topointer(L, index);
	size_t i = 0;

	while (i < LUA_MEMBERS && vm->member_names[i] != name)
		i++;
	return i;
}

static void
hold_member_names(lua_State *L)
{
	for (size_t i = 0; i < LUA_MEMBERS; i++) {
		lua_pushlstring(L, members[i].name.p, members[i].name.n);
		vm_of(L)->member_names[i] = lua_topointer(L, -1);
		luaL_ref(L, LUA_REGISTRYINDEX);
	}
}

/* Lua looks for each text among all that it has; the one that was here last it need not look for. */
static void
push_new_word(lua_State *L, struct lua_word *last, struct span text)
{
	vm_push(L, text);
	if (text.n > SHORT_TEXT)
		return;
	lua_pushvalue(L, -1);
	if (last->text.p)
		lua_rawseti(L, LUA_REGISTRYINDEX, last->ref);
	else
		last->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	last->text = span_of(lua_tostring(L, -1), text.n);
}

static void
push_word(lua_State *L, struct lua_word *last, struct span text)
{
	if (last->text.p && span_eq(last->text, text))
		lua_rawgeti(L, LUA_REGISTRYINDEX, last->ref);
	else
		push_new_word(L, last, text);
}

static int
message_index(lua_State *L, struct lua_vm *vm)
{
	size_t i = find_member(L, vm, 2);
	const struct member *m = &members[i];
	unsigned here = vm->phase == LUA_RESPONSE ? RES : REQ;
	const void *at;

	if (i == LUA_MEMBERS || !(m->phases & here))
		return luaL_error(L, "there is no '%s' here", luaL_tolstring(L, 2, NULL));
	at = (const char *)vm->message + m->offset;
	if (m->type == MEMBER_HEADERS)
		push_handle(L, vm, KIND_HEADERS);
	else if (m->type == MEMBER_TRUTH)
		lua_pushboolean(L, *(const bool *)at);
	else if (m->type == MEMBER_STATUS)
		lua_pushinteger(L, *(const int *)at);
	else if (!((const struct span *)at)->p)
		lua_pushnil(L);
	else if (m->type == MEMBER_WORD)
		push_word(L, &vm->words[i], *(const struct span *)at);
	else
		vm_push(L, *(const struct span *)at);
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

/* How a response says where it ends (RFC 9112, 6.3): 204 and 304 say nothing, and a 205 is a kind of
 * its own, for it says that there is no body, like one that has one (RFC 9110, 15.3.6). */
static int
body_kind(int status)
{
	return status == 204 || status == 304 ? 0 : status == 205 ? 205 : 1;
}

static void
set_status(lua_State *L, struct lua_message *m)
{
	lua_Integer status = luaL_checkinteger(L, 3);

	if (status < 200 || status > 599)
		luaL_error(L, "a status is a number from 200 to 599");
	if (body_kind((int)status) != body_kind(m->now.status))
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
message_newindex(lua_State *L, struct lua_vm *vm)
{
	struct span name = vm_text_in(L, vm, 2);
	bool may = begin_edit(vm), response = vm->phase == LUA_RESPONSE;

	if (may && response && span_eq(name, SPAN("status")))
		set_status(L, vm->message);
	else if (may && !response && span_eq(name, SPAN("path")))
		set_target(L, vm->message, false);
	else if (may && !response && span_eq(name, SPAN("query")))
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
headers_index(lua_State *L, struct lua_vm *vm)
{
	const struct lua_message *m = vm->message;
	struct span name = vm_text_in(L, vm, 2);

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
headers_call(lua_State *L, struct lua_vm *vm)
{
	const struct lua_message *m = vm->message;
	struct span name = vm_text_in(L, vm, 2);
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

/* One that scripts are likely to set again: nobody changes it, and it is at the same address then. */
static void
hold_name(lua_State *L, struct lua_vm *vm, int index)
{
	if (vm->nnames == LUA_NAMES || vm->names[vm->nnames].name.text.n > SHORT_TEXT)
		return;
	lua_pushvalue(L, index);
	luaL_ref(L, LUA_REGISTRYINDEX);
	vm->names[vm->nnames++].address = lua_topointer(L, index);
}

/* The name at index 2, if it may be set; good until the next. */
static const struct lua_name *
name_to_set(lua_State *L, struct lua_vm *vm)
{
	const void *address = lua_topointer(L, 2);
	struct lua_name *name = &vm->names[vm->nnames].name;
	const char *fault;

	if (!begin_edit(vm))
		luaL_error(L, "headers cannot be set in %s", lua_phase_info(vm->phase)->function);
	for (unsigned i = 0; i < vm->nnames; i++) {
		if (vm->names[i].address == address)
			return &vm->names[i].name;
	}
	fault = lua_name_read(vm_text(L, 2), name);
	if (fault)
		luaL_error(L, "%s: %s", lua_tostring(L, 2), fault);
	hold_name(L, vm, 2);
	return name;
}

static void
set_one(lua_State *L, struct lua_message *m, const struct lua_name *name, const struct span *value,
    bool add)
{
	const char *fault = lua_message_set(m, name, value, add);

	if (fault)
		luaL_error(L, "%s: %s", lua_tostring(L, 2), fault);
}

static void
add_text(lua_State *L, struct lua_message *m, const struct lua_name *name, int index)
{
	struct span value = vm_text(L, index);

	set_one(L, m, name, &value, true);
}

static void
set_list(lua_State *L, struct lua_message *m, const struct lua_name *name)
{
	set_one(L, m, name, NULL, false);
	for (lua_Integer i = 1; lua_rawgeti(L, 3, i) != LUA_TNIL; i++) {
		add_text(L, m, name, lua_gettop(L));
		lua_pop(L, 1);
	}
}

/* headers[name] = text, a list of texts, or nil. */
static int
headers_newindex(lua_State *L, struct lua_vm *vm)
{
	const struct lua_name *name = name_to_set(L, vm);
	struct span value;

	value.p = lua_tolstring(L, 3, &value.n);
	vm_charge_in(L, vm, value.p ? value.n : 0);
	if (value.p)
		set_one(L, vm->message, name, &value, false);
	else if (lua_isnil(L, 3))
		set_one(L, vm->message, name, NULL, false);
	else if (lua_istable(L, 3))
		set_list(L, vm->message, name);
	else
		vm_raise_no_text(L, 3);
	return 0;
}

int
api_wht_add_header(lua_State *L)
{
	struct lua_message *m = object_headers(L, 1);
	const struct lua_name *name = name_to_set(L, vm_of(L));

	add_text(L, m, name, 3);
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
headers_pairs(lua_State *L, struct lua_vm *vm)
{
	(void)vm;
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
record_index(lua_State *L, struct lua_vm *vm)
{
	const struct log_field *field = lua_record_find(vm->record, vm_text_in(L, vm, 2));

	if (!field)
		return 0;
	push_value(L, field);
	return 1;
}

static struct log_field
read_value(lua_State *L, int index, int type)
{
	struct log_field field = {.name = NULL};
	int is_integer;

	switch (type) {
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
record_newindex(lua_State *L, struct lua_vm *vm)
{
	struct log_field field = {.name = NULL};
	const char *fault;
	struct span name = vm_text_in(L, vm, 2);
	int type = lua_type(L, 3);

	if (type != LUA_TNIL)
		field = read_value(L, 3, type);
	fault = lua_record_set(vm->record, name, type == LUA_TNIL ? NULL : &field);
	return fault ? luaL_error(L, "%s: %s", lua_tostring(L, 2), fault) : 0;
}

void
object_push_null(lua_State *L)
{
	lua_pushlightuserdata(L, NULL);
}

bool
object_is_null(lua_State *L, int index)
{
	return kind_at(L, index) == KIND_NULL;
}

bool
object_is_record(lua_State *L, int index)
{
	return kind_at(L, index) == KIND_RECORD;
}

/* A tunnel has extra values only, and they are all that there is to see of it. */
const struct log_field *
object_next_field(lua_State *L, int index, size_t i)
{
	struct lua_vm *vm = check_handle(L, index, KIND_RECORD);
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
record_pairs(lua_State *L, struct lua_vm *vm)
{
	(void)vm;
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, record_next, 1);
	lua_pushvalue(L, 1);
	return 2;
}

/* ---- the doors: what is behind them has a handle of its kind and of this turn ---- */

typedef int door_fn(lua_State *, struct lua_vm *);

static const struct {
	door_fn *index, *newindex, *call, *pairs;
} doors[KINDS] = {
    [KIND_MESSAGE] = {.index = message_index, .newindex = message_newindex},
    [KIND_HEADERS] = {headers_index, headers_newindex, headers_call, headers_pairs},
    [KIND_RECORD] = {.index = record_index, .newindex = record_newindex, .pairs = record_pairs},
};

#define DOOR(door, word)                                                                           \
	static int handle_##door(lua_State *L)                                                     \
	{                                                                                          \
		struct lua_vm *vm = vm_of(L);                                                      \
		uintptr_t handle = (uintptr_t)lua_touserdata(L, 1);                                \
		enum kind kind = handle & (KINDS - 1);                                             \
                                                                                                   \
		if (!doors[kind].door)                                                             \
			return luaL_error(L, "a %s cannot be %s", kind_words[kind], word);         \
		check_turn(L, vm, handle);                                                         \
		return doors[kind].door(L, vm);                                                    \
	}
DOOR(index, "indexed")
DOOR(newindex, "set into")
DOOR(call, "called")
DOOR(pairs, "gone through")
#undef DOOR

void
object_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
	    {"__index", handle_index},
	    {"__newindex", handle_newindex},
	    {"__call", handle_call},
	    {"__pairs", handle_pairs},
	    {NULL, NULL},
	};

	hold_member_names(L);
	vm_of(L)->nnames = 0;
	memset(vm_of(L)->words, 0, sizeof(vm_of(L)->words));
	object_push_null(L); /* any will do: the metatable is that of all of them */
	luaL_newlib(L, functions);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}
