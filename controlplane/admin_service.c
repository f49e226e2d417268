/* Commands about the service itself: is it well, what is it set to, and what it should do now. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin_call.h"

enum { VALUE_MAX = 4096 };

static struct admin_facts
facts_of(const struct admin *a)
{
	struct admin_facts f;

	a->ops->facts(a->user, &f);
	return f;
}

/* ---- status ---- */

static json_t *
ledger_json(const struct ledger *ledger)
{
	json_t *o = json_object();
	struct ledger_state s;

	ledger_state(ledger, &s);
	put_bool(o, "troubled", s.troubled);
	put_text(o, "trouble", s.troubled ? s.trouble : NULL);
	put_number(o, "queued", (int64_t)s.queued);
	put_number(o, "dropped", (int64_t)s.dropped);
	put_number(o, "commits", (int64_t)s.commits);
	put_number(o, "rows", (int64_t)s.rows);
	put_number(o, "last_commit_us", (int64_t)s.last_commit_us);
	put_number(o, "slowest_commit_us", (int64_t)s.slowest_commit_us);
	put_number(o, "wal_bytes", (int64_t)s.wal_bytes);
	return o;
}

static const char *
log_level_word(void)
{
	static const char *const words[] = {"debug", "info", "warn", "error"};

	for (int level = LVL_DEBUG; level < LVL_ERROR; level++) {
		if (log_enabled((enum log_level)level))
			return words[level];
	}
	return words[LVL_ERROR];
}

static void
put_public_url(json_t *o, const struct policy *policy)
{
	struct strb url;

	strb_init(&url, VALUE_MAX);
	policy_client_url(policy, SPAN("<id>"), &url);
	put_text(o, "public_url", strb_cstr(&url));
	strb_free(&url);
}

static json_t *
status_json(const struct admin *a, const struct worker_metrics *m, unsigned silent)
{
	struct admin_facts f = facts_of(a);
	const struct tls_context *tls = f.policy->tls;
	json_t *o = json_object();

	put_text(o, "version", WHT_VERSION);
	put_text(o, "state", f.state);
	put_time(o, "started_at", f.started_ms);
	put_number(o, "uptime_s", (clock_wall_ms() - f.started_ms) / 1000);
	put_number(o, "pid", getpid());
	put_number(o, "workers", a->workers);
	put_number(o, "workers_silent", silent);
	put_bool(o, "tls", tls != NULL);
	put_public_url(o, f.policy);
	put_number(o, "tunnels", (int64_t)m->tunnels);
	put_number(o, "streams", (int64_t)m->streams);
	put_number(o, "viewers", (int64_t)m->viewers);
	put_number(o, "held_bytes", (int64_t)m->held);
	put_number(o, "held_max_bytes", (int64_t)f.policy->limits.process_memory);
	put_time(o, "certificate_expires_at", tls ? tls_not_after(tls) * 1000 : 0);
	put_text(o, "log_level", log_level_word());
	put_json(o, "ledger", ledger_json(a->ledger));
	return o;
}

/* It is asked when things go wrong: a silent worker is part of the
 * answer, and no reason for none. */
static void
status_on_told(void *user, const struct answer *answer)
{
	struct worker_metrics sum = {0};
	struct admin_call *call;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	for (unsigned w = 0; w < answer->workers; w++) {
		if (answer->told[w] && answer->told[w]->metrics)
			metrics_add(&sum, answer->told[w]->metrics);
	}
	admin_answer(&call, status_json(call->admin, &sum, answer->silent));
}

void
admin_do_STATUS(struct admin_call *call)
{
	questions_ask(call->admin->questions, ASK_METRICS, "", status_on_told, call);
}

/* ---- settings ---- */

/* As it would be written in the environment; never a secret. */
static json_t *
setting_value(const struct config *c, enum setting s)
{
	const struct setting_info *info = setting_info(s);
	struct strb b;
	json_t *json;

	if (value_is_text(info->type)) {
		const char *text = config_text(c, s);

		return json_text(text && value_is_secret(info->type) ? "(not shown)" : text);
	}
	if (!config_given(c, s) && info->words[0])
		return json_text(info->words);
	strb_init(&b, VALUE_MAX);
	value_show_number(info->type, config_number(c, s), &b);
	json = json_text(strb_cstr(&b));
	strb_free(&b);
	return json;
}

static json_t *
setting_json(const struct config *c, enum setting s)
{
	static const char *const sources[] = {
	    [FROM_DEFAULT] = "default", [FROM_FILE] = "file", [FROM_ENVIRONMENT] = "environment"};
	const struct setting_info *info = setting_info(s);
	json_t *o = json_object();

	put_text(o, "name", info->name);
	put_json(o, "value", setting_value(c, s));
	put_text(o, "source", sources[c->from[s]]);
	put_text(o, "change", info->reloadable ? "reload" : "restart");
	put_text(o, "help", info->help);
	return o;
}

void
admin_do_CONFIG(struct admin_call *call)
{
	const struct config *c = facts_of(call->admin).config;
	json_t *answer = json_object(), *list = json_array();

	for (int s = 0; s < SETTINGS; s++)
		json_array_append_new(list, setting_json(c, (enum setting)s));
	put_json(answer, "settings", list);
	admin_answer(&call, answer);
}

/* ---- orders ---- */

static void
answer_text(struct admin_call **callp, const char *name, const char *text)
{
	json_t *answer = json_object();

	put_text(answer, name, text);
	admin_answer(callp, answer);
}

void
admin_do_LOG_LEVEL(struct admin_call *call)
{
	log_set_level((enum log_level)call_number(call, ARG_LOG_LEVEL_level, LVL_INFO));
	answer_text(&call, "level", log_level_word());
}

struct heard {
	json_t *warnings;
	struct strb errors;
};

/* Whoever reads the log hears of it, too: the next reload may be somebody else's. */
static void
hear(void *user, enum log_level level, const char *sentence)
{
	struct heard *h = user;

	log_event(level, "server.config", NULL, LOG_STR("text", sentence));
	if (level == LVL_ERROR)
		strb_printf(&h->errors, "%s%s", h->errors.n ? "; " : "", sentence);
	else
		json_array_append_new(h->warnings, json_text(sentence));
}

static void
reload(struct admin_call *call, struct heard *heard)
{
	struct report report = {.say = hear, .user = heard};
	json_t *answer;

	call->admin->ops->reload(call->admin->user, &report);
	if (report.errors) {
		admin_refuse(&call, 422, "bad_configuration",
		    "everything is as it was; correct it and reload again", "%s",
		    strb_cstr(&heard->errors));
		return;
	}
	answer = json_object();
	put_json(answer, "warnings", json_incref(heard->warnings));
	admin_answer(&call, answer);
}

void
admin_do_RELOAD(struct admin_call *call)
{
	struct heard heard;

	if (facts_of(call->admin).draining) {
		admin_refuse(&call, 409, "draining", "start it again with the new settings",
		    "the service is stopping");
		return;
	}
	heard.warnings = json_array();
	strb_init(&heard.errors, ADMIN_TEXT_MAX);
	reload(call, &heard);
	json_decref(heard.warnings);
	strb_free(&heard.errors);
}

/* Saying it again changes nothing: what hurries the service is a second signal. */
void
admin_do_DRAIN(struct admin_call *call)
{
	struct admin *a = call->admin;

	if (!facts_of(a).draining)
		a->ops->drain(a->user);
	answer_text(&call, "state", "draining");
}
