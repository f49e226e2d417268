/* edge/hooks.h - the operator's script, as a worker asks it: counted, timed, and its failures told.
 *
 * A worker without a script has w->script NULL, and that is all that it costs. A failure goes into
 * the log and to the audit once a second at most, with how many there were.
 */
#ifndef WHT_EDGE_HOOKS_H
#define WHT_EDGE_HOOKS_H

#include "edge/worker.h"

/* The policy is another one: makes the VM anew when the script is. Between two calls. */
void hooks_load(struct worker *);
void hooks_unload(struct worker *);

static inline bool
hooks_have(const struct worker *w, enum lua_phase phase)
{
	return w->script && lua_vm_has(w->script, phase);
}

/* Only with hooks_have(). id: whom it is about, for the audit. */
void hooks_ask(struct worker *, enum lua_phase, struct lua_message *, struct lua_record *,
    struct span id, struct lua_verdict *out);

/* What a script can read of an event beside its fields; laid out if it does. */
struct hooks_extra {
	lua_lay_out *lay_out;
	const void *what;
};

/* A line of the access or event log, through on_log when there is one. extra NULL: the event and the
 * time only. A field with name NULL ends them. */
void hooks_log(struct worker *, const char *type, const struct log_tag *,
    const struct hooks_extra *extra, const struct log_field *fields);
#define worker_log(w, type, tag, extra, ...)                                                       \
	hooks_log(w, type, tag, extra, (const struct log_field[]){__VA_ARGS__, {.name = NULL}})

/* on_open and on_close. */
void hooks_tell(struct worker *, enum lua_phase, struct span id, const struct log_field *facts);

#endif
