/* A request is noted when it comes, and counted and remembered when it is over. */
#include <stdio.h>

#include "base/clock.h"
#include "edge/hooks.h"
#include "edge/viewer_priv.h"

enum { BLOTS_MAX = 8 };

/* ---- when it comes ---- */

void
viewer_note_request(
    struct viewer *v, const struct http_head *head, const struct viewer_asked *asked)
{
	struct note_seen seen;
	bool scripted = hooks_have(v->worker, LUA_LOG) || hooks_have(v->worker, LUA_RESPONSE);

	if (scripted)
		seen = (struct note_seen){
		    .host = asked->host,
		    .target = asked->target,
		    .agent = http_head_value(head, HF_USER_AGENT),
		    .referer = http_head_value(head, HF_REFERER),
		};
	v->note = note_new(v->worker, &v->tag, conn_peer(v->conn), head, scripted ? &seen : NULL);
}

/* ---- for a script that is still to be written ---- */

/* What a viewer proves himself with is nobody's to read later. */
static size_t
blots_of(const struct http_head *head, struct span blots[BLOTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < head->nfields && n < BLOTS_MAX; i++) {
		enum http_field_id id = http_field_read_as(&head->fields[i]);

		if (id == HF_AUTHORIZATION || id == HF_PROXY_AUTHORIZATION || id == HF_COOKIE)
			blots[n++] = head->fields[i].value;
	}
	return n;
}

void
viewer_remember(struct viewer *v, const struct http_head *head, const struct route *route,
    enum outcome outcome, int status)
{
	const struct viewer_asked *asked = v->asked;
	struct span blots[BLOTS_MAX];
	size_t nblots;

	if (!asked || history_max(v->worker->history) == 0)
		return;
	nblots = blots_of(head, blots);
	if (nblots == BLOTS_MAX)
		return; /* there may be more of them */
	history_put(v->worker->history,
	    &(struct request_facts){
		.at_ms = clock_wall_ms(),
		.tls = conn_is_tls(v->conn),
		.blotted = nblots > 0,
		.outcome = outcome,
		.status = status,
		.request_id = v->tag.request,
		.peer = conn_peer_host(v->conn),
		.host = asked->host,
		.built_in = asked->built_in,
		.built_in_path = asked->built_in_path,
		.usual_path = asked->usual_path,
		.id = route->id,
		.path = route->path,
		.head = asked->raw,
	    },
	    blots, nblots);
}

/* ---- when it is over ---- */

void
viewer_note_refusal(struct viewer *v, struct span id, enum reason why, enum jwt_fault fault)
{
	worker_note_refusal(
	    v->worker, why, fault == JWT_OK ? "" : jwt_fault_text(fault), id, conn_peer(v->conn));
	worker_log(v->worker, "auth.refused", &v->tag, NULL, LOG_TEXT("id", id),
	    LOG_STR("reason", reason_word(why)), LOG_STR("token", jwt_fault_text(fault)));
}

/* What an operator asks about later, by the request's id. */
static void
viewer_remember_failure(struct viewer *v, int status, uint64_t bytes, enum reason why)
{
	struct failure_facts *f = failures_next(&v->worker->failures);

	snprintf(f->request, sizeof(f->request), "%.*s", SPAN_FMT(v->tag.request));
	snprintf(f->id, sizeof(f->id), "%s", v->note->tunnel ? v->note->tunnel : "");
	snprintf(f->what, sizeof(f->what), "%.*s", SPAN_FMT(v->note->what));
	snprintf(f->peer, sizeof(f->peer), "%s", v->conn ? conn_peer(v->conn) : "");
	f->worker = v->worker->no;
	f->why = why;
	f->status = status;
	f->answered = v->x && exchange_answered(v->x);
	f->bytes = bytes;
	f->at_ms = clock_wall_ms();
	f->took_ms = loop_now_ms(v->worker->loop) - v->note->began_ms;
}

void
viewer_note_end(struct viewer *v, int status, uint64_t bytes, enum reason why)
{
	struct worker *w = v->worker;
	struct worker_metrics *m = &w->metrics;
	bool asked = v->note != NULL;

	m->ended[why]++;
	if (!asked && reason_info(why)->fault == FAULT_NOBODY)
		return; /* a connection that was done with */
	m->requests[metric_class_of(status)]++;
	m->viewer_bytes_out += bytes;
	if (asked && why != R_NONE)
		viewer_remember_failure(v, status, bytes, why);
	if (!asked)
		v->note = note_new(w, &v->tag, v->conn ? conn_peer(v->conn) : "", NULL, NULL);
	v->tag.tunnel = SPAN(""); /* it is the note's */
	note_end(w, &v->note, status, bytes, why);
}
