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

/* What an object is known by, as fields like any other. */
static void
add_tag(struct lua_record *r, const struct log_tag *t)
{
	if (t->worker >= 0)
		lua_record_add(r, (struct log_field)LOG_INT("worker", t->worker));
	if (t->kind)
		lua_record_add(r, (struct log_field)LOG_INT(t->kind, t->serial));
	if (t->tunnel.n)
		lua_record_add(r, (struct log_field)LOG_TEXT("tunnel", t->tunnel));
	if (t->request.n)
		lua_record_add(r, (struct log_field)LOG_TEXT("request_id", t->request));
}

static void
log_as_told(struct worker *w, const char *type, const struct log_tag *tag,
    const struct log_field *extra, const struct log_field *fields)
{
	const struct log_field plain[] = {
	    LOG_STR("event", type), LOG_INT("time_ms", clock_wall_ms()), {.name = NULL}};
	struct lua_verdict verdict;
	struct lua_record r;

	lua_record_init(&r);
	add_tag(&r, tag);
	for (const struct log_field *f = fields; f->name; f++)
		lua_record_add(&r, *f);
	r.extra = extra && extra->name ? extra : plain;
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
    const struct log_field *extra, const struct log_field *fields)
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
