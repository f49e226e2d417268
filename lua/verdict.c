/* lua/verdict.c - what a script returned, held to what its phase may say (lua/verdict_tbl.h).
 *
 * A key that nobody knows is an error and not ignored: "dney = 403" must not let a request pass. */
#include "lua/vm_priv.h"

#define NONE VERDICT_NONE
enum entry_type { ENTRY_TEXT, ENTRY_NUMBER, ENTRY_TRUE, ENTRY_FIELDS };

static const struct entry {
	const char *key;
	enum entry_type type;
	size_t offset;
	unsigned bits;
	enum lua_verdict_kind kind;
} entries[] = {
#define VERDICT(key, type, member, bits, kind)                                                     \
	{#key, ENTRY_##type, offsetof(struct lua_verdict, member), bits, VERDICT_##kind},
#include "lua/verdict_tbl.h"
#undef VERDICT
};
#undef NONE

/* An error at the end of the hook has no line of its own: the function's is the best there is. */
static int
wrong(lua_State *L, const char *what)
{
	struct lua_vm *vm = vm_of(L);
	lua_Debug ar;

	lua_rawgeti(L, LUA_REGISTRYINDEX, vm->hooks[vm->phase]);
	lua_getinfo(L, ">S", &ar);
	lua_pushfstring(L, "%s:%d: %s: %s", ar.short_src, ar.linedefined,
	    lua_phase_info(vm->phase)->function, what);
	return lua_error(L);
}

static const struct entry *
find_entry(lua_State *L)
{
	const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (strcmp(entries[i].key, key) == 0)
			return &entries[i];
	}
	wrong(L, lua_pushfstring(L, "there is no '%s' in a verdict", key));
	return NULL;
}

static struct arena *
arena_of(const struct lua_vm *vm)
{
	return vm->message ? &vm->message->arena : &vm->record->arena;
}

static struct span
copy_text(lua_State *L, const char *key)
{
	struct lua_vm *vm = vm_of(L);
	struct span copy;
	size_t n;
	const char *p;

	if (!lua_isstring(L, -1))
		wrong(L, lua_pushfstring(L, "'%s' must be text", key));
	lua_pushvalue(L, -1); /* lua_next must not see a number become text */
	p = lua_tolstring(L, -1, &n);
	vm_charge(L, n);
	copy = arena_copy(arena_of(vm), span_of(p, n));
	lua_pop(L, 1);
	if (!copy.p)
		wrong(L, lua_pushfstring(L, "'%s' is too long", key));
	return copy;
}

/* { name = text or list of texts }, at the top. */
static void
add_field(lua_State *L, struct http_field *fields, size_t *n, size_t max)
{
	struct http_field field = {.id = HF_OTHER};
	const char *fault;

	if (lua_type(L, -2) != LUA_TSTRING)
		wrong(L, "'headers' maps names to texts");
	lua_pushvalue(L, -2);
	field.name = copy_text(L, "headers");
	lua_pop(L, 1);
	field.value = copy_text(L, "headers");
	fault = lua_field_fault(field.name, field.value);
	if (fault)
		wrong(L, lua_pushfstring(L, "headers: %s: %s", field.name.p, fault));
	if (*n == max)
		wrong(L, "there are too many headers");
	fields[(*n)++] = field;
}

static void
read_fields(lua_State *L, struct lua_verdict *v)
{
	enum { FIELDS_MAX = 64 };
	struct http_field *fields = arena_alloc(arena_of(vm_of(L)), FIELDS_MAX * sizeof(*fields));

	if (!lua_istable(L, -1))
		wrong(L, "'headers' must be a table");
	if (!fields)
		wrong(L, "the answer is too long");
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		if (!lua_istable(L, -1)) {
			add_field(L, fields, &v->nfields, FIELDS_MAX);
			continue;
		}
		for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
			lua_pushvalue(L, -3);
			lua_insert(L, -2); /* name, value */
			add_field(L, fields, &v->nfields, FIELDS_MAX);
			lua_pop(L, 2);
		}
		lua_pop(L, 1);
	}
	v->fields = fields;
}

static void
read_entry(lua_State *L, const struct entry *e, struct lua_verdict *v)
{
	void *at = (char *)v + e->offset;
	lua_Integer status;
	int is_integer;

	switch (e->type) {
	case ENTRY_TEXT:
		*(struct span *)at = copy_text(L, e->key);
		break;
	case ENTRY_NUMBER:
		status = lua_tointegerx(L, -1, &is_integer);
		if (!is_integer || status < 200 || status > 599)
			wrong(
			    L, lua_pushfstring(L, "'%s' must be a status from 200 to 599", e->key));
		*(int *)at = (int)status;
		break;
	case ENTRY_TRUE:
		if (!lua_toboolean(L, -1))
			wrong(L, lua_pushfstring(L, "'%s' must be true", e->key));
		break;
	case ENTRY_FIELDS:
		read_fields(L, v);
		break;
	}
}

static void
take_entry(lua_State *L, struct lua_verdict *v)
{
	struct lua_vm *vm = vm_of(L);
	const struct entry *e = find_entry(L);

	if (!(e->bits & lua_phase_info(vm->phase)->may))
		wrong(L, lua_pushfstring(L, "it may not say '%s'", e->key));
	if (e->kind != VERDICT_NONE) {
		if (v->kind != VERDICT_NONE && v->kind != e->kind)
			wrong(L, lua_pushfstring(L, "'%s' and another verdict at once", e->key));
		v->kind = e->kind;
	}
	read_entry(L, e, v);
}

/* What only makes sense together, and what would not do. */
static void
check_whole(lua_State *L, const struct lua_verdict *v)
{
	bool bodiless = v->status == 204 || v->status == 205 || v->status == 304;

	if (v->kind == VERDICT_NONE)
		wrong(L, "the table it returned says nothing");
	if (v->kind == VERDICT_DENY && v->status < 400)
		wrong(L, "'deny' must be a status from 400 to 599");
	if (v->kind == VERDICT_ANSWER && bodiless && v->text.n)
		wrong(L, lua_pushfstring(L, "a %d has no body", v->status));
	if (v->kind == VERDICT_NAME && vm_of(L)->phase == LUA_ROUTE && !v->id.p)
		wrong(L, "a path needs an id");
	if (v->id.p && vm_of(L)->message->id_valid && !vm_of(L)->message->id_valid(v->id))
		wrong(L, "that is no tunnel id");
	if (v->label.p && (v->label.n > LUA_LABEL_MAX || lua_field_fault(SPAN("label"), v->label)))
		wrong(L, "a label has at most 64 characters, and no controls");
	for (size_t i = 0; v->path.p && i < v->path.n; i++) {
		unsigned char c = (unsigned char)v->path.p[i];

		if (v->path.p[0] != '/' || c <= 0x20 || c >= 0x7F || c == '#')
			wrong(L, "that is no path");
	}
}

/* on_log: false drops the line, text is the line. */
static bool
read_line(lua_State *L, struct lua_verdict *v)
{
	unsigned may = lua_phase_info(vm_of(L)->phase)->may;

	if ((may & MAY_DROP) && lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
		v->kind = VERDICT_DROP;
		return true;
	}
	if (!(may & MAY_LINE) || lua_type(L, -1) != LUA_TSTRING)
		return false;
	if (lua_rawlen(L, -1) > LUA_LINE_MAX)
		wrong(L, "the line is longer than 16 KiB");
	v->text = copy_text(L, "line");
	v->kind = VERDICT_LINE;
	return true;
}

void
verdict_read(lua_State *L)
{
	struct lua_verdict *v = vm_of(L)->verdict;

	if (read_line(L, v))
		return;
	if (!lua_istable(L, -1))
		wrong(L, lua_pushfstring(L, "it returned a %s", luaL_typename(L, -1)));
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
		take_entry(L, v);
	check_whole(L, v);
}
