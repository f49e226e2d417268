/* lua/vm_priv.h - the inside of a VM, for this folder only:
 *
 *   vm.c           life, and one call
 *   budget.c       what a call may take
 *   sandbox.c      what is left of Lua's own library, and what is put around it
 *   api.c, api_*.c the functions of wht
 *   object.c       req, res, headers, event and tunnel as handles
 *   verdict.c      what a script returned
 *   check.c        what can be said of a script without running it
 *
 * Every function that Lua calls may leave by a jump (lua_error, no memory), so none of them holds
 * memory of its own: what they need for a moment is the VM's scratch.
 */
#ifndef WHT_LUA_VM_PRIV_H
#define WHT_LUA_VM_PRIV_H

#include <lauxlib.h>
#include <lua.h>

#include "base/obj.h"
#include "lua/heap.h"
#include "lua/vm.h"

#define VM_MAGIC	0x10a5a11eu
#define LUA_TEXT_MAX	LUA_BODY_MAX /* what one of our functions takes or makes */
#define LUA_LIST_MAX	131072	     /* elements that one of them goes through */
#define LUA_ACCOUNTS	256
#define LUA_NAMES	16  /* of fields that the script sets; more are looked at each time */
#define LUA_LINES_MAX	100 /* that one call writes to the log: others need its queue, too */
#define LUA_CHARGE_STEP (64 << 10) /* bytes handled in C between two looks at the clock, */
#define LUA_CHARGE_CALL 64	   /* each of our functions so many beside its own */

enum lua_members {
#define MEMBER(name, type, member, phases, help) LUA_MEMBER_##name,
#include "lua/message_tbl.h"
#undef MEMBER
	LUA_MEMBERS
};

enum lua_spent { SPENT_NOT, SPENT_TIME, SPENT_INSTRUCTIONS, SPENT_MEMORY };

/* Of the calls about one tunnel, or a few. */
struct lua_account {
	double debt_us; /* what overruns took, less what time has forgiven */
	uint64_t at_ns; /* when that was so */
};

/* A text that the script was given, and that Lua holds on to. */
struct lua_word {
	struct span text; /* in Lua; p NULL: none */
	int ref;
};

/* What each call needs stands together and in front. */
struct lua_vm {
	unsigned magic;
	lua_State *L; /* NULL: it did not load */
	int hooks[LUA_PHASES];
	const void *member_names[LUA_MEMBERS]; /* object.c */
	struct {
		const void *address; /* in Lua; held */
		struct lua_name name;
	} names[LUA_NAMES + 1]; /* of fields that it has set: they are looked at once; object.c */
	unsigned nnames;
	struct lua_word words[LUA_MEMBERS];

	/* of one call: what it is about */
	enum lua_phase phase;
	uint64_t turn; /* handles of another turn are stale */
	struct lua_message *message;
	bool edits;		/* it has begun to edit the message, */
	struct lua_edit before; /* which was like this */
	struct lua_record *record;
	struct lua_verdict *verdict;

	/* of one call: budget */
	bool active; /* within a call */
	bool spoilt;
	enum lua_spent spent;
	uint64_t begin_ns, deadline_ns; /* 0: nobody has looked at the clock yet */
	uint64_t begin_thread_ns;	/* what the thread had computed by then, */
	uint64_t patience_ns;		/* and what it may add */
	uint64_t factor;		/* it may cost so many calls */
	int64_t instructions;
	size_t charge;	   /* bytes handled since the clock was looked at */
	unsigned lines;	   /* that it wrote to the log */
	struct span about; /* which account the call is on */

	struct lua_script *script;
	struct lua_shared *shared;
	struct heap heap;
	bool refused; /* the last time it wanted more memory it got none */
	uint64_t retry_ns;
	struct strb scratch;
	struct strb error;

	struct lua_account accounts[LUA_ACCOUNTS];
	uint32_t seed; /* of where ids fall among them */
};

/* budget.c */
/* A call begins, about something ("": nothing in particular); it may cost factor times one call. */
void budget_begin(struct lua_vm *, struct span about, uint64_t factor);
/* It is over; what it took in us, at least 1. */
uint64_t budget_end(struct lua_vm *);
/* So much of its worker's time is the fault of calls about it. */
void budget_blame(struct lua_vm *, struct span about, uint64_t us);
/* lua_Alloc. */
void *budget_alloc(void *vm, void *old, size_t was, size_t want);
/* So many bytes will now be handled in C, and it is time to look at the clock, or the call is spent. */
void budget_look(lua_State *, size_t bytes);
/* Pushes a coroutine, watched and paid for. */
lua_State *vm_new_coroutine(lua_State *);
/* Raises the one error that cannot be caught. */
int vm_raise_spent(lua_State *, struct lua_vm *);

/* vm.c */
static inline struct lua_vm *
vm_of(lua_State *L)
{
	struct lua_vm *vm;

	CAST_OBJ(vm, *(struct lua_vm **)lua_getextraspace(L), VM_MAGIC);
	return vm;
}

/* So many bytes will now be handled in C: raises when that would come too late. */
static inline void
vm_charge_in(lua_State *L, struct lua_vm *vm, size_t bytes)
{
	if (vm->spent || vm->charge + bytes + LUA_CHARGE_CALL > LUA_CHARGE_STEP)
		budget_look(L, bytes + LUA_CHARGE_CALL);
	else
		vm->charge += bytes + LUA_CHARGE_CALL;
}

static inline void
vm_charge(lua_State *L, size_t bytes)
{
	vm_charge_in(L, vm_of(L), bytes);
}

void vm_raise_no_text(lua_State *, int index);
/* The text at an index, no longer than LUA_TEXT_MAX, and paid for. */
static inline struct span
vm_text_in(lua_State *L, struct lua_vm *vm, int index)
{
	size_t n = 0;
	const char *p = lua_tolstring(L, index, &n);

	if (!p || n > LUA_TEXT_MAX)
		vm_raise_no_text(L, index);
	vm_charge_in(L, vm, n);
	return span_of(p, n);
}

static inline struct span
vm_text(lua_State *L, int index)
{
	return vm_text_in(L, vm_of(L), index);
}

/* An empty scratch. */
struct strb *vm_scratch(lua_State *);
/* The scratch as a string; raises when it was full. */
int vm_push_scratch(lua_State *);
static inline void
vm_push(lua_State *L, struct span s)
{
	lua_pushlstring(L, s.n ? s.p : "", s.n);
}

/* sandbox.c: makes the globals. */
void sandbox_open(lua_State *);
bool sandbox_has(struct span lib, struct span name);
/* api.c: makes wht. */
void api_open(lua_State *);
bool api_has(struct span lib, struct span name);
/* object.c */
void object_open(lua_State *);
/* Pushes the handle for what the call is about. */
void object_push(lua_State *);
/* A record as a table of plain values, at the top. Answers false when the value is none. */
bool object_is_record(lua_State *, int index);
/* wht.null. */
void object_push_null(lua_State *);
bool object_is_null(lua_State *, int index);
const struct log_field *object_next_field(lua_State *, int index, size_t i);
/* The message behind the headers handle at an index; raises. */
struct lua_message *object_headers(lua_State *, int index);

/* api_text.c, api_json.c, api_kv.c */
#define API(lib, name, usage, help) int api_##lib##_##name(lua_State *);
#include "lua/api_tbl.h"
#undef API

/* verdict.c: reads what the hook returned, at the top and not nil, into the call's verdict; raises. */
void verdict_read(lua_State *);

/* vm.c, for check.c: a VM, loaded; NULL and what is wrong. */
struct lua_vm *vm_open(struct lua_script *, struct lua_shared *, struct strb *error);

#endif
