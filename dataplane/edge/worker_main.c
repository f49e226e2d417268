/* A worker's life: its thread, its letters, its draining. It stands above tunnels and viewers;
 * they know only worker.c. */
#include <stdio.h>

#include "base/obj.h"
#include "edge/hooks.h"
#include "edge/note.h"
#include "edge/tunnel.h"
#include "edge/viewer.h"
#include "edge/worker.h"

enum { LAG_EVERY_MS = 1000 };

/* ---- draining ---- */

static void worker_check_drained(struct worker *);

static void
worker_set_state(struct worker *w, enum worker_state state)
{
	ENSURE(state > w->state);
	w->state = state;
}

static void
worker_stop_listening(struct worker *w)
{
	while (w->nlisteners > 0)
		listener_close(&w->listeners[--w->nlisteners]);
}

/* For every one in the list, whatever the call does to it. */
static void
worker_end_viewers(struct worker *w, enum reason why)
{
	struct viewer *v, *next;

	for (v = LIST_FIRST(&w->viewers); v; v = next) {
		next = viewer_next(v);
		viewer_end(v, why);
	}
}

static void
worker_drain_viewers(struct worker *w)
{
	struct viewer *v, *next;

	for (v = LIST_FIRST(&w->viewers); v; v = next) {
		next = viewer_next(v);
		viewer_drain(v);
	}
}

static void
worker_end_tunnels(struct worker *w)
{
	struct tunnel *t, *next;

	worker_set_state(w, WORKER_ENDING);
	timer_stop(&w->drain_deadline);
	worker_stop_listening(w);
	for (t = LIST_FIRST(&w->tunnels); t; t = next) {
		next = tunnel_next(t);
		tunnel_end(t, R_SHUTDOWN);
	}
	worker_check_drained(w);
}

static void
worker_say_drained(struct worker *w)
{
	struct msg_drained *letter = must_alloc(sizeof(*letter));

	worker_set_state(w, WORKER_STOPPED);
	letter->mail.type = MSG_DRAINED;
	letter->worker = w->no;
	notes_tell(w);		  /* a script that fails there is a row, */
	worker_flush_refusals(w); /* and behind the last row comes nothing */
	msg_post(w->shared->control, &letter->mail);
	loop_stop(w->loop);
}

static void
worker_check_drained(struct worker *w)
{
	if (w->state == WORKER_DRAINING && LIST_EMPTY(&w->viewers))
		worker_end_tunnels(w);
	else if (w->state == WORKER_ENDING && LIST_EMPTY(&w->tunnels) && LIST_EMPTY(&w->viewers))
		worker_say_drained(w);
}

static void
worker_on_drain_deadline(void *user)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	worker_end_viewers(w, R_SHUTDOWN);
	if (w->state == WORKER_DRAINING)
		worker_end_tunnels(w);
}

/* A viewer or a tunnel is gone. */
static void
worker_on_left(void *user)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	worker_check_drained(w);
}

void
worker_on_drain(struct worker *w, struct msg_drain *letter)
{
	bool now = letter->now;

	msg_drain_free(letter);
	if (w->state == WORKER_RUNNING) {
		worker_set_state(w, WORKER_DRAINING);
		worker_stop_listening(w);
		timer_start(&w->drain_deadline, w->policy->limits.drain_timeout);
		worker_drain_viewers(w);
	}
	if (now)
		worker_on_drain_deadline(w);
	else
		worker_check_drained(w);
}

/* ---- other letters ---- */

void
worker_on_recorded(struct worker *w, struct msg_recorded *letter)
{
	worker_recorded(w, letter->rows);
	msg_recorded_free(letter);
}

void
worker_on_conn_move(struct worker *w, struct msg_conn_move *letter)
{
	viewer_adopt(w, &letter->bundle, &letter->decision);
	msg_conn_move_free(letter);
}

static void
worker_size_history(struct worker *w, size_t max)
{
	if (w->history && history_max(w->history) == max)
		return;
	if (w->history)
		history_free(&w->history);
	w->history = history_new(max);
}

static void
worker_take_policy(struct worker *w, struct policy *policy)
{
	w->policy = policy;
	w->http_limits = (struct http_limits){
	    .head_max = policy->limits.head_max,
	    .target_max = policy->limits.target_max,
	    .fields_max = policy->limits.fields_max,
	};
	worker_size_history(w, policy->limits.requests_kept);
	hooks_load(w);
}

void
worker_on_policy(struct worker *w, struct msg_policy *letter)
{
	struct policy *old = w->policy;

	worker_take_policy(w, letter->policy);
	letter->policy = NULL;
	policy_unref(&old);
	msg_policy_free(letter);
}

static void
worker_on_mail(void *user, struct mail *mail)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	switch (mail->type) {
	case MSG_CONN_MOVE:
		worker_on_conn_move(w, (struct msg_conn_move *)mail);
		break;
	case MSG_POLICY:
		worker_on_policy(w, (struct msg_policy *)mail);
		break;
	case MSG_DRAIN:
		worker_on_drain(w, (struct msg_drain *)mail);
		break;
	case MSG_ADMITTED:
		worker_on_admitted(w, (struct msg_admitted *)mail);
		break;
	case MSG_RECORDED:
		worker_on_recorded(w, (struct msg_recorded *)mail);
		break;
	case MSG_KICK:
		worker_on_kick(w, (struct msg_kick *)mail);
		break;
	case MSG_ASK:
		worker_on_ask(w, (struct msg_ask *)mail);
		break;
	default:
		wht_panic(__FILE__, __LINE__, msg_name(mail->type));
	}
}

static void
worker_on_refusals_due(void *user)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	worker_flush_refusals(w);
}

/* How late a timer comes is how long somebody kept the loop from turning. */
static void
worker_on_lag(void *user)
{
	struct worker *w;
	uint64_t now;

	CAST_OBJ(w, user, WORKER_MAGIC);
	now = loop_now_ms(w->loop);
	w->metrics.lag_us = now > w->lag_due_ms ? (now - w->lag_due_ms) * 1000 : 0;
	w->lag_due_ms = now + LAG_EVERY_MS + LOOP_TICK_MS;
	timer_start(&w->lag, LAG_EVERY_MS);
}

/* The turn is over, and requests with it. */
static void
worker_on_tell(void *user)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	notes_tell(w);
}

/* ---- life ---- */

static void
worker_on_accept(void *user, int fd)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	viewer_accept(w, fd);
}

struct worker *
worker_new(struct edge_shared *shared, unsigned no, struct policy *policy, const int *fds, int nfds)
{
	struct worker *w;

	OBJ_NEW(w, WORKER_MAGIC);
	w->no = no;
	w->shared = shared;
	w->loop = loop_new();
	w->box = mailbox_new(w->loop, worker_on_mail, w);
	w->tag = (struct log_tag){.worker = (int)no};
	worker_take_policy(w, policy_ref(policy));
	timer_init(&w->drain_deadline, w->loop, worker_on_drain_deadline, w);
	timer_init(&w->refusals_due, w->loop, worker_on_refusals_due, w);
	task_init(&w->left, w->loop, worker_on_left, w);
	viewers_wait_init(w);
	STAILQ_INIT(&w->over);
	task_init(&w->tell, w->loop, worker_on_tell, w);
	timer_init(&w->lag, w->loop, worker_on_lag, w);
	w->lag_due_ms = loop_now_ms(w->loop) + LAG_EVERY_MS + LOOP_TICK_MS;
	timer_start(&w->lag, LAG_EVERY_MS);
	request_ids_init(&w->request_ids);
	for (int i = 0; i < nfds; i++)
		w->listeners[w->nlisteners++] = listener_new(w->loop, fds[i], worker_on_accept, w);
	return w;
}

static void
worker_drop_mail(struct mail *mail)
{
	msg_free(mail);
}

static void *
worker_main(void *user)
{
	struct worker *w;
	char name[16];

	CAST_OBJ(w, user, WORKER_MAGIC);
	snprintf(name, sizeof(name), "whtd-worker-%u", w->no % 1000);
	pthread_setname_np(pthread_self(), name);
	loop_run(w->loop);
	timer_stop(&w->lag);
	timer_stop(&w->refusals_due);
	task_cancel(&w->left);
	task_cancel(&w->tell);
	viewers_wait_done(w);
	mailbox_shut(w->box, worker_drop_mail);
	loop_run_down(w->loop);
	return NULL;
}

void
worker_start(struct worker *w)
{
	ENSURE(pthread_create(&w->thread, NULL, worker_main, w) == 0);
}

void
worker_join(struct worker *w)
{
	pthread_join(w->thread, NULL);
}

void
worker_free(struct worker **wp)
{
	struct worker *w;

	TAKE_OBJ(w, wp, WORKER_MAGIC);
	mailbox_free(&w->box);
	loop_free(&w->loop);
	failures_free(&w->failures);
	history_free(&w->history);
	hooks_unload(w);
	policy_unref(&w->policy);
	OBJ_FREE(w);
}
