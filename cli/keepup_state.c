/* The states, and what comes next: rest, wait, give up. Knows nobody who enters them. */
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>

#include "cli/keepup_priv.h"

/* ---- states ---- */

static const struct {
	unsigned before;
	uint64_t deadline_ms;
	const char *text;
} states[] = {
#define STATE(NAME, before, deadline_ms, late, text) {before, deadline_ms, text},
#include "cli/keepup_tbl.h"
#undef STATE
};

void
keepup_enter(struct keepup *k, enum keepup_state state)
{
	ENSURE(states[state].before & 1u << k->state);
	k->state = state;
	log_debug(&k->tag, "%s", states[state].text);
	timer_stop(&k->deadline);
	if (states[state].deadline_ms)
		timer_start(&k->deadline, states[state].deadline_ms);
}

void
keepup_tell(struct keepup *k, struct whc_event *event)
{
	event->id = k->id;
	if (!event->text)
		event->text = "";
	k->config.on_event(k->config.user, event);
}

void
keepup_say(struct keepup *k, enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_sentence(level, &k->tag, "%s", text);
	keepup_tell(
	    k, &(struct whc_event){.type = WHC_NOTICE, .text = text, .serious = level >= LVL_WARN});
}

void
keepup_finish(struct keepup *k, enum leave result)
{
	k->result = result;
	keepup_enter(k, KEEPUP_STOPPED);
	timer_stop(&k->watch);
	k->config.on_over(k->config.user);
}

void
keepup_give_up(struct keepup *k)
{
	keepup_say(k, LVL_ERROR, "no session for %llu s: giving up",
	    (unsigned long long)k->config.max_elapsed_ms / 1000);
	keepup_finish(k, LEAVE_GAVE_UP);
}

/* Milliseconds until --max-elapsed; a very long time when there is no limit. */
static uint64_t
keepup_patience(const struct keepup *k)
{
	uint64_t adrift = loop_now_ms(k->config.loop) - k->adrift_since;

	if (k->config.max_elapsed_ms == 0)
		return UINT64_MAX;
	return adrift < k->config.max_elapsed_ms ? k->config.max_elapsed_ms - adrift : 0;
}

void
keepup_rest(struct keepup *k)
{
	uint32_t random = 0;
	uint64_t pause;

	if (k->config.once) {
		keepup_finish(k, LEAVE_LOST);
		return;
	}
	(void)!getrandom(&random, sizeof(random), 0);
	pause = k->eager ? 0 : backoff_next(&k->backoff, random);
	k->eager = false;
	if (pause >= keepup_patience(k)) {
		keepup_give_up(k);
		return;
	}
	log_info(&k->tag, "trying again in %.1f s", (double)pause / 1000);
	keepup_tell(k, &(struct whc_event){.type = WHC_RESTING, .ms = pause});
	keepup_enter(k, KEEPUP_RESTING);
	timer_start(&k->deadline, pause);
}

void
keepup_wait(struct keepup *k)
{
	keepup_say(k, LVL_INFO, "waiting for a token from %s", tokens_source(k->config.tokens));
	keepup_tell(k, &(struct whc_event){.type = WHC_TOKEN, .text = "wanted"});
	keepup_enter(k, KEEPUP_WAITING);
	if (k->config.max_elapsed_ms)
		timer_start(&k->deadline, keepup_patience(k));
}

void
keepup_leave(struct keepup *k, enum reason why)
{
	keepup_enter(k, KEEPUP_LEAVING);
	forwarder_set_link(k->config.forwarder, NULL);
	if (k->conn)
		conn_close(&k->conn, why);
	if (k->link)
		link_close(&k->link, why);
}

static void
keepup_after_refusal(struct keepup *k)
{
	enum tokens_hope hope = tokens_hope(k->config.tokens);
	bool fresh = tokens_fresh(k->config.tokens);

	if (k->config.once || (hope == TOKENS_NEVER && !fresh))
		keepup_finish(k, k->refusal->leave);
	else if (hope == TOKENS_RETRY || fresh)
		keepup_rest(k);
	else
		keepup_wait(k);
}

void
keepup_next(struct keepup *k)
{
	if (k->registration)
		registration_free(&k->registration);
	if (k->stopping)
		keepup_finish(k, LEAVE_OK);
	else if (k->refusal)
		keepup_after_refusal(k);
	else
		keepup_rest(k);
}
