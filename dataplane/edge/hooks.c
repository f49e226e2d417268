#include "edge/hooks.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/obj.h"

enum { SAY_EVERY_MS = 1000 };

/* ---- load ---- */

void
hooks_load(struct worker *w)
{
	struct lua_script *wanted = w->policy->script;

	if (w->script && lua_script_same(lua_vm_script(w->script), wanted))
		return;
	hooks_unload(w);
	if (wanted)
		w->script = lua_vm_new(wanted, w->shared->lua);
}

void
hooks_unload(struct worker *w)
{
	if (w->script)
		lua_vm_free(&w->script);
}

/* ---- failures ---- */

static void
hooks_record_failure(struct worker *w, enum lua_phase phase, struct span id)
{
	struct msg_hook_failed *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_HOOK_FAILED;
	letter->worker = w->no;
	letter->phase = phase;
	letter->count = w->hook_unsaid;
	snprintf(letter->id, sizeof(letter->id), "%.*s", SPAN_FMT(span_take(id, TUNNEL_ID_MAX)));
	snprintf(letter->text, sizeof(letter->text), "%s", lua_vm_error(w->script));
	worker_record(w, &letter->mail);
}

static void
hooks_say_failure(struct worker *w, enum lua_phase phase, struct span id)
{
	uint64_t now = clock_mono_ms();

	w->hook_unsaid++;
	if (w->hook_said_ms && now - w->hook_said_ms < SAY_EVERY_MS)
		return;
	w->hook_said_ms = now;
	log_event(LVL_ERROR, "hook.failed", &w->tag,
	    LOG_STR("phase", lua_phase_info(phase)->function), LOG_TEXT("tunnel", id),
	    LOG_INT("count", w->hook_unsaid), LOG_STR("text", lua_vm_error(w->script)));
	if (worker_has_credit(w))
		hooks_record_failure(w, phase, id);
	w->hook_unsaid = 0;
}

/* ---- asking ---- */

void
hooks_ask(struct worker *w, enum lua_phase phase, struct lua_message *m, struct lua_record *r,
    struct span id, struct lua_verdict *out)
{
	lua_ask(w->script, phase, id, m, r, out);
	w->metrics.hook_calls[phase]++;
	w->metrics.hook_memory = lua_vm_memory(w->script);
	metric_observe(&w->metrics.hook_time, out->took_us);
	if (!out->failed)
		return;
	w->metrics.hook_failures[phase]++;
	hooks_say_failure(w, phase, id);
}

/* ---- the log ---- */

/* What can be read of an event of which nothing more is known. */
static void
lay_out_plain(const void *type, struct log_field out[LUA_EXTRA_MAX])
{
	out[0] = (struct log_field)LOG_STR("event", type);
	out[1] = (struct log_field)LOG_INT("time_ms", clock_wall_ms());
	out[2].name = NULL;
}

static void
log_as_told(struct worker *w, const char *type, const struct log_tag *tag,
    const struct hooks_extra *extra, const struct log_field *fields)
{
	struct lua_verdict verdict;
	struct lua_record r;

	lua_record_init(&r);
	r.n = log_tag_fields(tag, r.fields);
	lua_record_add(&r, fields);
	r.lay_out = extra ? extra->lay_out : lay_out_plain;
	r.what = extra ? extra->what : type;
	hooks_ask(w, LUA_LOG, NULL, &r, tag->tunnel, &verdict);
	if (verdict.kind == VERDICT_LINE)
		log_raw(LVL_INFO, verdict.text);
	else if (verdict.kind == VERDICT_NONE && r.edited)
		log_emit(LVL_INFO, type, NULL, r.fields);
	else if (verdict.kind == VERDICT_NONE)
		log_emit(LVL_INFO, type, tag, fields);
	lua_record_free(&r);
}

void
hooks_log(struct worker *w, const char *type, const struct log_tag *tag,
    const struct hooks_extra *extra, const struct log_field *fields)
{
	if (hooks_have(w, LUA_LOG) && log_enabled(LVL_INFO))
		log_as_told(w, type, tag, extra, fields);
	else
		log_emit(LVL_INFO, type, tag, fields);
}

void
hooks_tell(struct worker *w, enum lua_phase phase, struct span id, const struct log_field *facts)
{
	struct lua_verdict verdict;
	struct lua_record r;

	lua_record_init(&r);
	r.extra = facts;
	r.fixed = true;
	hooks_ask(w, phase, NULL, &r, id, &verdict);
	lua_record_free(&r);
}
