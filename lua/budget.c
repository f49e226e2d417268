/* lua/budget.c - what one call may take: time of the processor, instructions, memory.
 *
 * The hard thing is that nobody may be able to catch the end of a budget, and that nothing runs
 * long between two looks at the clock. So the count hook looks every STEP instructions, whoever
 * handles bytes in C says so before (vm_charge), and what would not be done in time is not begun.
 *
 * A call that overruns takes all its time from everybody else on its worker. One does no harm;
 * one after the other would. So what overran is kept account of by what it was about:
 * a tunnel whose calls overrun again and again has less time for each, down to LUA_FLOOR_US,
 * until they take no more than a small part of the worker's time. The calls of other tunnels
 * keep what they may take. */
#include "lua/vm_priv.h"

#include "base/clock.h"

enum {
	STEP = 200,		/* instructions between two looks at the clock, */
	STEP_OF_COROUTINE = 50, /* in a coroutine, which counts for itself, */
	STEP_BY_LONG_TEXT = 1,	/* and where one of them may be the comparison of a megabyte */
	CHARGE_PER_NS = 4, /* bytes: what we handle in C is at least so fast, by what it charges */
	COROUTINE_CHARGE = 4096,
	PIECE_MAX = 2 << 20, /* one string, one table, one stack */
	PLACE_LEVELS = 12,
	ALLOWANCE_CALLS = 4,   /* so many overruns in a row with all the time there is, */
	ALLOWANCE_SHARE = 200, /* and one part in so many of the time from then on */
	DEBT_CALLS = 20,       /* what is remembered beyond that, in calls */
};

/* ---- the time of a call, and of its tunnel ---- */

/* By what the call is about; two that fall on one account share it, and nobody can say which. */
static struct lua_account *
account_of(struct lua_vm *vm, struct span about)
{
	uint32_t hash = 2166136261u ^ vm->seed; /* FNV-1a */

	for (size_t i = 0; i < about.n; i++)
		hash = (hash ^ (unsigned char)about.p[i]) * 16777619u;
	return &vm->accounts[(hash ^ hash >> 16) % LUA_ACCOUNTS];
}

static void
account_forgive(struct lua_account *account, uint64_t now_ns)
{
	double forgiven = (double)(now_ns - account->at_ns) / 1000 / ALLOWANCE_SHARE;

	account->debt_us = account->debt_us > forgiven ? account->debt_us - forgiven : 0;
	account->at_ns = now_ns;
}

void
budget_blame(struct lua_vm *vm, struct span about, uint64_t us)
{
	struct lua_account *account = account_of(vm, about);
	double most = (double)lua_script_budget(vm->script)->time_us * DEBT_CALLS;

	account_forgive(account, clock_mono_ns());
	account->debt_us += (double)us;
	if (account->debt_us > most)
		account->debt_us = most;
}

/* How long a call about it may take now. */
static uint64_t
patience_us(struct lua_vm *vm, uint64_t now_ns)
{
	struct lua_account *account = account_of(vm, vm->about);
	uint64_t most = lua_script_budget(vm->script)->time_us;
	double left;

	if (account->debt_us == 0 || most <= LUA_FLOOR_US)
		return most;
	account_forgive(account, now_ns);
	left = (double)most * ALLOWANCE_CALLS - account->debt_us;
	if (left >= (double)most)
		return most;
	return left < LUA_FLOOR_US ? LUA_FLOOR_US : (uint64_t)left;
}

/* With the first look at the clock: nearly all calls are over before, and are spared both. */
static void
begin_time(struct lua_vm *vm, uint64_t now_ns)
{
	vm->patience_ns = patience_us(vm, now_ns) * 1000 * vm->factor;
	vm->begin_thread_ns = clock_thread_ns();
	vm->begin_ns = now_ns;
	vm->deadline_ns = now_ns + vm->patience_ns;
}

/* ---- the end of it ---- */

int
vm_raise_spent(lua_State *L, struct lua_vm *vm)
{
	static const char *const texts[] = {
	    [SPENT_TIME] = "the call took too long",
	    [SPENT_INSTRUCTIONS] = "the call took too many instructions",
	    [SPENT_MEMORY] = "the script needs too much memory",
	};

	luaL_where(L, 0);
	if (lua_tostring(L, -1)[0] == '\0') { /* a C function: whoever called it */
		lua_pop(L, 1);
		luaL_where(L, 1);
	}
	lua_pushstring(L, texts[vm->spent]);
	lua_concat(L, 2);
	return lua_error(L);
}

static void on_count(lua_State *, lua_Debug *);

static int
step(const struct lua_vm *vm, int usual)
{
	return vm->heap.long_texts ? STEP_BY_LONG_TEXT : usual;
}

static void
watch(lua_State *L, int count)
{
	lua_sethook(L, on_count, LUA_MASKCOUNT, count);
}

/* From here on every instruction is an error; in a coroutine, the next that its own hook sees. */
static void
spend(struct lua_vm *vm, enum lua_spent why)
{
	vm->spent = why;
	watch(vm->L, 1);
}

/* By the wall's clock its time is over; but what counts is what the call computed, not how long the
 * machine had others compute. If that is less, its time is over later. */
static bool
has_computed_enough(struct lua_vm *vm, uint64_t now_ns, uint64_t ahead_ns)
{
	uint64_t computed_ns = clock_thread_ns() - vm->begin_thread_ns;

	if (computed_ns + ahead_ns > vm->patience_ns)
		return true;
	vm->deadline_ns = now_ns + vm->patience_ns - computed_ns;
	return false;
}

/* Will it be, when what takes so long is done? */
static bool
is_late(struct lua_vm *vm, uint64_t ahead_ns)
{
	uint64_t now_ns = clock_mono_ns();

	if (vm->begin_ns == 0)
		begin_time(vm, now_ns);
	return now_ns + ahead_ns > vm->deadline_ns && has_computed_enough(vm, now_ns, ahead_ns);
}

static void
on_count(lua_State *L, lua_Debug *ar)
{
	struct lua_vm *vm = vm_of(L);

	(void)ar;
	if (!vm->spent) {
		vm->instructions -= lua_gethookcount(L);
		if (vm->instructions < 0)
			spend(vm, SPENT_INSTRUCTIONS);
		else if (is_late(vm, 0))
			spend(vm, SPENT_TIME);
	}
	if (vm->spent) {
		watch(L, 1);
		vm_raise_spent(L, vm);
	} else if (vm->heap.long_texts) {
		watch(L, STEP_BY_LONG_TEXT);
	}
}

/* ---- bytes ---- */

static void
count_bytes(struct lua_vm *vm, size_t n)
{
	vm->charge += n;
	if (vm->charge <= LUA_CHARGE_STEP)
		return;
	vm->charge = 0;
	if (!vm->spent && vm->active && is_late(vm, n / CHARGE_PER_NS))
		spend(vm, SPENT_TIME);
}

void
budget_look(lua_State *L, size_t bytes)
{
	struct lua_vm *vm = vm_of(L);

	count_bytes(vm, bytes);
	if (vm->spent)
		vm_raise_spent(L, vm);
}

/* One that is over before its count is has cost nothing: its first instructions are paid for when it
 * is made. */
lua_State *
vm_new_coroutine(lua_State *L)
{
	struct lua_vm *vm = vm_of(L);
	lua_State *co;

	vm->instructions -= STEP_OF_COROUTINE;
	if (vm->instructions < 0 && !vm->spent && vm->active)
		spend(vm, SPENT_INSTRUCTIONS);
	vm_charge(L, COROUTINE_CHARGE);
	co = lua_newthread(L);
	watch(co, step(vm, STEP_OF_COROUTINE));
	return co;
}

/* Where the script stood when memory was refused: Lua itself does not say. */
static void
note_refusal(struct lua_vm *vm)
{
	lua_Debug ar;

	strb_reset(&vm->error);
	for (int level = 0; level < PLACE_LEVELS && lua_getstack(vm->L, level, &ar); level++) {
		if (lua_getinfo(vm->L, "Sl", &ar) && ar.currentline > 0) {
			strb_printf(&vm->error, "%s:%d: ", ar.short_src, ar.currentline);
			break;
		}
	}
	strb_add(&vm->error, SPAN("the script needs too much memory"));
}

void *
budget_alloc(void *user, void *old, size_t was, size_t want)
{
	struct lua_vm *vm = user;
	bool text = !old && was == LUA_TSTRING; /* of what is new, a type is told and no size */
	void *p = NULL;

	if (!old)
		was = 0;
	if (want <= PIECE_MAX || want <= was)
		p = heap_resize(&vm->heap, old, was, want, text);
	if (want <= was)
		return p;
	vm->refused = p == NULL;
	if (p)
		count_bytes(vm, want);
	else if (vm->active)
		note_refusal(vm);
	if (p && text && want >= HEAP_LONG && vm->active && !vm->spent)
		watch(vm->L, STEP_BY_LONG_TEXT);
	return p;
}

/* ---- a call ---- */

void
budget_begin(struct lua_vm *vm, struct span about, uint64_t factor)
{
	vm->about = about;
	vm->factor = factor;
	vm->begin_ns = 0;
	vm->instructions = (int64_t)(lua_script_budget(vm->script)->instructions * factor);
	vm->charge = 0;
	vm->lines = 0;
	vm->spent = SPENT_NOT;
	vm->active = true;
	watch(vm->L, step(vm, STEP)); /* and its count begins anew */
}

static uint64_t
end_slowly(struct lua_vm *vm)
{
	uint64_t took_us = vm->begin_ns ? (clock_mono_ns() - vm->begin_ns) / 1000 : 0;

	if (vm->spent || vm->spoilt)
		budget_blame(vm, vm->about, took_us);
	return took_us ? took_us : 1;
}

uint64_t
budget_end(struct lua_vm *vm)
{
	vm->active = false;
	return vm->begin_ns || vm->spent || vm->spoilt ? end_slowly(vm) : 1;
}
