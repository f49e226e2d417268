/* What is said about a request: noted when it comes, and counted,
 * logged and remembered when it is over. */
#include <stdio.h>

#include "base/clock.h"
#include "edge/hooks.h"
#include "edge/viewer_priv.h"

enum { NOTE_MAX = 256 /* bytes of a target in the log */, EXTRA_FIELDS = 9, BLOTS_MAX = 8 };

/* ---- when it comes ---- */

/* "GET /path". The query may hold what is nobody's to read: it stays out of the log. */
static char *
request_note(const struct http_head *head)
{
	ptrdiff_t query = span_find(head->target, '?');
	struct span target = span_take(head->target, query < 0 ? NOTE_MAX : (size_t)query);
	char *note;

	target = span_take(target, NOTE_MAX);
	note = must_alloc(head->method.n + 1 + target.n + 1);
	memcpy(note, head->method.p, head->method.n);
	note[head->method.n] = ' ';
	memcpy(note + head->method.n + 1, target.p, target.n);
	return note;
}

static struct span
seen_copy(char **at, struct span value)
{
	struct span copy = span_of(*at, value.n);

	if (value.n)
		memcpy(*at, value.p, value.n);
	*at += value.n;
	return copy;
}

static struct span
field_value(const struct http_head *head, struct span name)
{
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id == HF_OTHER && span_ieq(head->fields[i].name, name))
			return head->fields[i].value;
	}
	return SPAN("");
}

static void
viewer_note_seen(struct viewer *v, const struct http_head *head)
{
	struct span agent = field_value(head, SPAN("user-agent"));
	struct span referer = field_value(head, SPAN("referer")), host, target;
	char *at;

	route_asked(head, &host, &target);
	v->seen = must_alloc(sizeof(*v->seen) + host.n + target.n + agent.n + referer.n);
	at = v->seen->text;
	v->seen->host = seen_copy(&at, host);
	v->seen->target = seen_copy(&at, target);
	v->seen->agent = seen_copy(&at, agent);
	v->seen->referer = seen_copy(&at, referer);
}

void
viewer_note_request(struct viewer *v, const struct http_head *head)
{
	viewer_forget_request(v);
	v->what = request_note(head);
	v->to_head = span_eq(head->method, SPAN("HEAD"));
	v->policy = policy_ref(v->worker->policy);
	v->began_ms = loop_now_ms(v->worker->loop);
	v->requests++;
	request_id_take(
	    v->request_id, http_head_value(head, HF_X_REQUEST_ID), &v->worker->request_ids);
	v->tag.request = span_str(v->request_id);
	v->decision = v->brought;
	v->brought = NULL;
	if (hooks_have(v->worker, LUA_LOG) || hooks_have(v->worker, LUA_RESPONSE))
		viewer_note_seen(v, head);
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
		.request_id = span_str(v->request_id),
		.peer = addr_text_host(conn_peer(v->conn)),
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

	snprintf(f->request, sizeof(f->request), "%s", v->request_id);
	snprintf(f->id, sizeof(f->id), "%s", v->tunnel ? v->tunnel : "");
	snprintf(f->what, sizeof(f->what), "%s", v->what);
	snprintf(f->peer, sizeof(f->peer), "%s", v->conn ? conn_peer(v->conn) : "");
	f->worker = v->worker->no;
	f->why = why;
	f->status = status;
	f->answered = v->x && exchange_answered(v->x);
	f->bytes = bytes;
	f->at_ms = clock_wall_ms();
	f->took_ms = loop_now_ms(v->worker->loop) - v->began_ms;
}

/* What a script that writes the log can read beside the fields. */
static const struct log_field *
viewer_extra_fields(const struct viewer *v, struct span what, struct log_field out[EXTRA_FIELDS])
{
	static const struct viewer_seen nothing = {.host = {"", 0}, .agent = {"", 0}};
	const struct viewer_seen *seen = v->seen ? v->seen : &nothing;
	const struct log_field *all = out;
	ptrdiff_t blank = span_find(what, ' ');
	struct span method = span_take(what, blank < 0 ? 0 : (size_t)blank);
	struct span address = v->conn ? addr_text_host(conn_peer(v->conn)) : SPAN("");

	*out++ = (struct log_field)LOG_STR("event", "http.request");
	*out++ = (struct log_field)LOG_INT("time_ms", clock_wall_ms());
	*out++ = (struct log_field)LOG_TEXT("method", method);
	*out++ = (struct log_field)LOG_TEXT("path", span_drop(what, method.n + 1));
	*out++ = (struct log_field)LOG_TEXT("host", seen->host);
	*out++ = (struct log_field)LOG_TEXT("user_agent", seen->agent);
	*out++ = (struct log_field)LOG_TEXT("referer", seen->referer);
	*out++ = (struct log_field)LOG_TEXT("address", address);
	out->name = NULL;
	return all;
}

static void
viewer_log_end(struct viewer *v, int status, uint64_t bytes, enum reason why)
{
	const char *what = v->what ? v->what : "";
	struct log_field room[EXTRA_FIELDS];
	const struct log_field *extra = NULL;

	if (hooks_have(v->worker, LUA_LOG))
		extra = viewer_extra_fields(v, span_str(what), room);
	worker_log(v->worker, "http.request", &v->tag, extra, LOG_STR("request", what),
	    LOG_INT("status", status), LOG_INT("bytes", bytes),
	    LOG_INT("ms", v->what ? loop_now_ms(v->worker->loop) - v->began_ms : 0),
	    LOG_STR("reason", reason_word(why)),
	    LOG_STR("peer", v->conn ? conn_peer(v->conn) : ""));
}

void
viewer_note_end(struct viewer *v, int status, uint64_t bytes, enum reason why)
{
	struct worker_metrics *m = &v->worker->metrics;
	bool asked = v->what != NULL;

	m->ended[why]++;
	if (!asked && reason_info(why)->fault == FAULT_NOBODY)
		return; /* a connection that was done with */
	m->requests[metric_class_of(status)]++;
	m->viewer_bytes_out += bytes;
	if (asked && why != R_NONE)
		viewer_remember_failure(v, status, bytes, why);
	viewer_log_end(v, status, bytes, why);
}
