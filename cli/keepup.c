#include <stdio.h>

#include "cli/keepup_priv.h"

/* ---- time ---- */

static void
keepup_on_drained(struct keepup *k)
{
	keepup_leave(k, R_NONE);
}

static void (*const late[])(struct keepup *) = {
#define STATE(NAME, before, deadline_ms, late, text) late,
#include "cli/keepup_tbl.h"
#undef STATE
};

static void
keepup_on_deadline(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	ENSURE(late[k->state] != NULL);
	late[k->state](k);
}

/* ---- what others cause ---- */

static void
keepup_on_news(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	if (tokens_fresh(k->config.tokens))
		keepup_tell(k, &(struct whc_event){.type = WHC_TOKEN,
				   .text = k->state == KEEPUP_WAITING ? "taken" : "renewed",
				   .expires = tokens_expiry(k->config.tokens)});
	if (k->state != KEEPUP_WAITING)
		return;
	if (!tokens_fresh(k->config.tokens) && tokens_hope(k->config.tokens) == TOKENS_RETRY)
		keepup_rest(k);
	else if (!tokens_fresh(k->config.tokens) && k->refusal)
		keepup_finish(k, k->refusal->leave);
	else if (k->refusal)
		keepup_rest(k);
	else
		keepup_dial(k);
}

/* On a turn's end, and not inside the stream's last callback. */
static void
keepup_on_idle(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	if (k->state == KEEPUP_DRAINING && forwarder_streams(k->config.forwarder) == 0)
		keepup_on_drained(k);
}

static void
keepup_on_last_stream(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	task_ask(&k->idle);
}

void
keepup_stop(struct keepup *k)
{
	CHECK_OBJ(k, KEEPUP_MAGIC);
	k->stopping = true;
	switch (k->state) {
	case KEEPUP_IDLE:
	case KEEPUP_WAITING:
	case KEEPUP_RESTING:
		keepup_finish(k, LEAVE_OK);
		break;
	case KEEPUP_DIALLING:
	case KEEPUP_REGISTERING:
		keepup_leave(k, R_NONE);
		break;
	case KEEPUP_SERVING:
		keepup_enter(k, KEEPUP_DRAINING);
		task_ask(&k->idle);
		break;
	case KEEPUP_DRAINING:
	case KEEPUP_LEAVING:
	case KEEPUP_STOPPED:
		break;
	}
}

struct keepup *
keepup_new(const struct keepup_config *config)
{
	struct keepup *k;

	OBJ_NEW(k, KEEPUP_MAGIC);
	k->config = *config;
	if (config->server)
		k->server = *config->server;
	snprintf(k->id, sizeof(k->id), "%s", config->id);
	k->tag = (struct log_tag){.worker = -1, .tunnel = span_str(k->id)};
	timer_init(&k->watch, config->loop, keepup_on_watch, k);
	timer_init(&k->deadline, config->loop, keepup_on_deadline, k);
	task_init(&k->idle, config->loop, keepup_on_idle, k);
	backoff_reset(&k->backoff);
	k->adrift_since = loop_now_ms(config->loop);
	tokens_on_news(config->tokens, keepup_on_news, k);
	forwarder_on_idle(config->forwarder, keepup_on_last_stream, k);
	return k;
}

void
keepup_start(struct keepup *k)
{
	CHECK_OBJ(k, KEEPUP_MAGIC);
	keepup_watch(k);
	keepup_dial(k);
}

const char *
keepup_id(const struct keepup *k)
{
	CHECK_OBJ(k, KEEPUP_MAGIC);
	return k->id;
}

enum leave
keepup_result(const struct keepup *k)
{
	ENSURE(k->state == KEEPUP_STOPPED);
	return k->result;
}

void
keepup_free(struct keepup **kp)
{
	struct keepup *k;

	TAKE_OBJ(k, kp, KEEPUP_MAGIC);
	timer_stop(&k->deadline);
	timer_stop(&k->watch);
	task_cancel(&k->idle);
	OBJ_FREE(k);
}
