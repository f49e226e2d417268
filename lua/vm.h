/* lua/vm.h - one worker's interpreter: asks the operator's script, and survives whatever it does.
 *
 *   LOADING    -> READY       compiled, and run once
 *   LOADING    -> NOT LOADED  by an error: closed phases fail, open ones pass
 *   NOT LOADED -> LOADING     asked, a second or more after the last try
 *   READY      -> LOADING     behind a call that ran out of memory, or overran and left more than
 *                             half of the memory full
 *
 * What is hard about it: a script must not be able to hold the thread. What one call may take is
 * lua/budget.c's; what is out of its reach is not there: no finalisers, no message handlers in Lua,
 * no patterns, no C function that runs long (lua/sandbox.c).
 *
 * Thread: one at a time.
 */
#ifndef WHT_LUA_VM_H
#define WHT_LUA_VM_H

#include "lua/message.h"
#include "lua/record.h"
#include "lua/script.h"
#include "lua/shared.h"

#define LUA_ERROR_MAX 4096 /* characters of a failure, its traceback included */
#define LUA_BODY_MAX  (1024 * 1024)
#define LUA_FLOOR_US  200 /* the least that any call may take; lua/budget.c */

enum lua_verdict_kind {
	VERDICT_NONE, /* 0; as if there were no script; there may be edits */
	VERDICT_DENY,
	VERDICT_ANSWER,
	VERDICT_NAME, /* another tunnel, path or label */
	VERDICT_BODY, /* on_body is to be asked when the body is there */
	VERDICT_DROP,
	VERDICT_LINE,
	VERDICT_FAILED, /* the script erred, and the phase is closed */
};

/* The texts are in the arena of what was asked about. */
struct lua_verdict {
	enum lua_verdict_kind kind;
	int status;
	struct span text, id, path, label; /* text: a reason, a body or a line */
	const struct http_field *fields;   /* of an answer */
	size_t nfields;
	bool failed; /* whatever became of it */
	/* 0: the script was not asked; 1: it was done before anybody had to look at the clock. */
	uint64_t took_us;
};

struct lua_vm;

/* Borrows shared; takes references of its own. Never NULL: a script that does not even load fails
 * in every phase that is closed. */
struct lua_vm *lua_vm_new(struct lua_script *, struct lua_shared *);
void lua_vm_free(struct lua_vm **);
const struct lua_script *lua_vm_script(const struct lua_vm *);

/* Whether lua_ask would ask the script at all. */
bool lua_vm_has(const struct lua_vm *, enum lua_phase);
/* Exactly one of message and record, as the phase has it. about: the tunnel's id; calls about one
 * whose calls overran have less time. */
void lua_ask(struct lua_vm *, enum lua_phase, struct span about, struct lua_message *,
    struct lua_record *, struct lua_verdict *out);
/* The last failure: file:line, what, and a traceback, its lines separated by
 * newlines; "" if there was none. */
const char *lua_vm_error(const struct lua_vm *);
/* Bytes of memory that it holds. */
size_t lua_vm_memory(const struct lua_vm *);

/* Compiles and runs the script in a VM of its own, sharing nothing, and asks it nothing. 0, or
 * -WHT_EINVAL and a sentence. */
int lua_script_try(struct lua_script *, struct strb *error) MUST_CHECK;
/* The same, and looks for functions that nobody calls and names that are not
 * there: a sentence a line. */
int lua_script_check(struct lua_script *, struct strb *faults) MUST_CHECK;

#endif
