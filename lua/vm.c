/* lua/vm.c - a VM's life, and one call. */
#include "lua/vm_priv.h"

#include <lualib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/obj.h"

#define RETRY_NS 1000000000u /* between two attempts to load what did not load */

enum {
	LOAD_FACTOR = 10, /* loading may cost so many calls */
	TRACE_LEVELS = 12,
};

/* ---- what our functions need ---- */

void
vm_raise_no_text(lua_State *L, int index)
{
	luaL_checkstring(L, index);
	luaL_argerror(L, index, "longer than 1 MiB");
}

struct strb *
vm_scratch(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);

	strb_reset(&vm->scratch);
	return &vm->scratch;
}

int
vm_push_scratch(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);

	if (strb_failed(&vm->scratch))
		return luaL_error(L, "the result is longer than 1 MiB");
	vm_charge(L, vm->scratch.n);
	vm_push(L, strb_span(&vm->scratch));
	return 1;
}

/* ---- failures ---- */

static void
vm_trace(lua_State *L, struct strb *out)
{
	lua_Debug ar;

	for (int level = 0; level < TRACE_LEVELS && lua_getstack(L, level, &ar); level++) {
		if (!lua_getinfo(L, "Sln", &ar) || ar.currentline <= 0)
			continue;
		strb_printf(out, "\nat %s:%d", ar.short_src, ar.currentline);
		if (ar.name)
			strb_printf(out, " in %s", ar.name);
	}
}

/* Runs where the error is raised, hooks off: it must not run Lua, so it asks no metamethod. */
static int
vm_on_error(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);
	size_t n;
	const char *p;

	strb_reset(&vm->error);
	if (lua_type(L, 1) == LUA_TSTRING) {
		p = lua_tolstring(L, 1, &n);
		strb_add(&vm->error, span_take(span_of(p, n), LUA_ERROR_MAX / 2));
	} else if (lua_type(L, 1) == LUA_TNUMBER) {
		strb_printf(&vm->error, "error(%.17g)", lua_tonumber(L, 1));
	} else {
		strb_printf(&vm->error, "an error that is a %s value", luaL_typename(L, 1));
	}
	vm_trace(L, &vm->error);
	return 1;
}

static bool
vm_look_into(struct lua_vm *vm, int status)
{
	if (status == LUA_ERRMEM || vm->spent == SPENT_MEMORY)
		vm->spoilt = true;
	if (status == LUA_ERRERR && vm->error.n == 0)
		strb_add(&vm->error, SPAN("the error could not be handled"));
	if (status != LUA_OK)
		lua_settop(vm->L, 1);
	return status == LUA_OK;
}

/* Calls what is on the stack above the handler, and leaves the results there. False: error says why. */
static inline bool
vm_run(struct lua_vm *vm, int nargs, int nresults)
{
	int status = lua_pcall(vm->L, nargs, nresults, 1);

	return (status == LUA_OK && !vm->spent) || vm_look_into(vm, status);
}

/* ---- loading ---- */

/* Without what an editor or a shell wants in front: lines keep their numbers. */
static struct span
program_of(struct span text)
{
	ptrdiff_t end;

	if (span_starts(text, SPAN("\xEF\xBB\xBF")))
		text = span_drop(text, 3);
	if (!span_starts(text, SPAN("#")))
		return text;
	end = span_find(text, '\n');
	return end < 0 ? SPAN("") : span_drop(text, (size_t)end);
}

static int
vm_load_files(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);

	for (size_t i = 0; i < lua_script_files(vm->script); i++) {
		struct span text = program_of(lua_script_text(vm->script, i));
		struct strb *name = vm_scratch(L);

		strb_printf(name, "@%.*s", SPAN_FMT(lua_script_name(vm->script, i)));
		if (luaL_loadbufferx(L, text.p, text.n, strb_cstr(name), "t") != LUA_OK)
			return lua_error(L);
		lua_call(L, 0, 0);
	}
	return 0;
}

/* The functions of the phases, so that no call has to look for them. */
static int
vm_find_hooks(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);

	lua_pushglobaltable(L);
	for (int i = 0; i < LUA_PHASES; i++) {
		const char *name = lua_phase_info((enum lua_phase)i)->function;

		lua_pushstring(L, name);
		lua_rawget(L, -2);
		if (lua_isnil(L, -1))
			lua_pop(L, 1);
		else if (!lua_isfunction(L, -1))
			return luaL_error(L, "%s is not a function", name);
		else
			vm->hooks[i] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	return 0;
}

static int
vm_prepare(lua_State *L)
{
	lua_settop(L, 0);
	sandbox_open(L);
	object_open(L);
	api_open(L);
	return 0;
}

static bool
vm_load(struct lua_vm *vm)
{
	bool ok;

	heap_init(&vm->heap, lua_script_budget(vm->script)->memory);
	for (int i = 0; i < LUA_PHASES; i++)
		vm->hooks[i] = LUA_NOREF;
	vm->L = lua_newstate(budget_alloc, vm);
	if (!vm->L) {
		strb_add(&vm->error, SPAN("not enough memory for a script"));
		return false;
	}
	*(struct lua_vm **)lua_getextraspace(vm->L) = vm;
	lua_pushcfunction(vm->L, vm_on_error);
	budget_begin(vm, SPAN(""), LOAD_FACTOR);
	lua_pushcfunction(vm->L, vm_prepare);
	ok = vm_run(vm, 0, 0);
	for (int step = 0; ok && step < 2; step++) {
		lua_pushcfunction(vm->L, step ? vm_find_hooks : vm_load_files);
		ok = vm_run(vm, 0, 0);
	}
	budget_end(vm);
	return ok;
}

static void
vm_unload(struct lua_vm *vm)
{
	heap_drop(&vm->heap); /* all that lua_close would do: there are no finalisers */
	vm->L = NULL;
	vm->spoilt = false;
}

struct lua_vm *
lua_vm_new(struct lua_script *script, struct lua_shared *shared)
{
	struct lua_vm *vm;

	OBJ_NEW(vm, VM_MAGIC);
	vm->script = lua_script_ref(script);
	vm->shared = shared;
	if (getrandom(&vm->seed, sizeof(vm->seed), 0) != sizeof(vm->seed))
		vm->seed = (uint32_t)clock_mono_ns();
	strb_init(&vm->scratch, LUA_TEXT_MAX);
	strb_init(&vm->error, LUA_ERROR_MAX);
	if (!vm_load(vm))
		vm_unload(vm);
	vm->retry_ns = clock_mono_ns() + RETRY_NS;
	return vm;
}

void
lua_vm_free(struct lua_vm **vmp)
{
	struct lua_vm *vm;

	TAKE_OBJ(vm, vmp, VM_MAGIC);
	vm_unload(vm);
	strb_free(&vm->scratch);
	strb_free(&vm->error);
	lua_script_unref(&vm->script);
	OBJ_FREE(vm);
}

struct lua_vm *
vm_open(struct lua_script *script, struct lua_shared *shared, struct strb *error)
{
	struct lua_vm *vm = lua_vm_new(script, shared);

	if (vm->L)
		return vm;
	strb_add(error, strb_span(&vm->error));
	lua_vm_free(&vm);
	return NULL;
}

int
lua_script_try(struct lua_script *script, struct strb *error)
{
	struct lua_shared *shared = lua_shared_new();
	struct lua_vm *vm = vm_open(script, shared, error);
	int rc = vm ? 0 : -WHT_EINVAL;

	if (vm)
		lua_vm_free(&vm);
	lua_shared_free(&shared);
	return rc;
}

/* ---- asking ---- */

static int
vm_read_verdict(lua_State *L)
{
	verdict_read(L);
	return 0;
}

/* What stands on the stack before the call takes no memory, so nothing can fail there. Most hooks
 * answer nothing: then there is nothing to read. */
static bool
vm_call_hook(struct lua_vm *vm)
{
	lua_rawgeti(vm->L, LUA_REGISTRYINDEX, vm->hooks[vm->phase]);
	object_push(vm->L);
	if (!vm_run(vm, 1, LUA_MULTRET))
		return false;
	if (lua_gettop(vm->L) == 1)
		return true;
	lua_settop(vm->L, 2); /* the first of what it answered */
	if (lua_isnil(vm->L, 2)) {
		lua_settop(vm->L, 1);
		return true;
	}
	lua_pushcfunction(vm->L, vm_read_verdict);
	lua_insert(vm->L, 2);
	return vm_run(vm, 1, 0);
}

static void
vm_load_again(struct lua_vm *vm)
{
	vm_unload(vm);
	vm->retry_ns = clock_mono_ns() + RETRY_NS;
	if (!vm_load(vm))
		vm_unload(vm);
}

/* One that did not load is tried again, though not each time. */
static bool
vm_stands(struct lua_vm *vm)
{
	if (!vm->L && clock_mono_ns() >= vm->retry_ns) {
		strb_reset(&vm->error);
		vm_load_again(vm);
	}
	return vm->L != NULL;
}

/* Rather than have others collect what a call left behind: at the cost of whose call it was. */
static void
vm_clean_up(struct lua_vm *vm)
{
	struct span about = vm->about;
	uint64_t begin_ns = clock_mono_ns();

	vm_load_again(vm);
	budget_blame(vm, about, (clock_mono_ns() - begin_ns) / 1000);
}

static bool
vm_ask(struct lua_vm *vm, struct span about)
{
	bool ok;

	vm->turn++;
	budget_begin(vm, about, 1);
	ok = vm_call_hook(vm);
	vm->turn++;
	vm->verdict->took_us = budget_end(vm);
	if (vm->spoilt || (vm->spent && vm->heap.held > vm->heap.max / 2))
		vm_clean_up(vm);
	return ok;
}

/* As if it had not been asked, or had refused: as the phase has it. */
static void
vm_fail(struct lua_vm *vm)
{
	struct lua_verdict *v = vm->verdict;
	bool closed = lua_script_budget(vm->script)->closed[vm->phase];

	*v = (struct lua_verdict){
	    .kind = closed ? VERDICT_FAILED : VERDICT_NONE,
	    .failed = true,
	    .took_us = v->took_us,
	};
	if (vm->edits)
		vm->message->now = vm->before;
	if (vm->record)
		vm->record->edited = false;
}

bool
lua_vm_has(const struct lua_vm *vm, enum lua_phase phase)
{
	CHECK_OBJ(vm, VM_MAGIC);
	if (!vm->L)
		return lua_script_budget(vm->script)->closed[phase];
	return vm->hooks[phase] != LUA_NOREF;
}

void
lua_ask(struct lua_vm *vm, enum lua_phase phase, struct span about, struct lua_message *m,
    struct lua_record *r, struct lua_verdict *out)
{
	CHECK_OBJ(vm, VM_MAGIC);
	ENSURE((m == NULL) != (r == NULL));
	CLEAR_SMALL(out, sizeof(*out)); /* VERDICT_NONE */
	if (!lua_vm_has(vm, phase))
		return;
	vm->phase = phase;
	vm->message = m;
	vm->record = r;
	vm->verdict = out;
	vm->edits = false;
	/* Loaded again it may know nothing of this phase: nobody fails by that. */
	if (!vm_stands(vm) || (vm->hooks[phase] != LUA_NOREF && !vm_ask(vm, about)))
		vm_fail(vm);
	vm->message = NULL;
	vm->record = NULL;
	vm->verdict = NULL;
}

/* ---- about ---- */

const struct lua_script *
lua_vm_script(const struct lua_vm *vm)
{
	return vm->script;
}

const char *
lua_vm_error(const struct lua_vm *vm)
{
	return strb_cstr(&vm->error);
}

size_t
lua_vm_memory(const struct lua_vm *vm)
{
	return vm->heap.held;
}
