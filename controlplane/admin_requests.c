/* Commands about requests: the last ones as they came, and why one failed. */
#include <inttypes.h>
#include <stdlib.h>

#include "auth/base64url.h"
#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin_call.h"

enum { TEXT_MAX = 4096, LIST_DEFAULT = 1000, LIST_MAX = 10000, HEAD_TEXT_MAX = 1 << 20 };

/* ---- the last requests ---- */

/* What a letter tells, and by whom it is told. */
struct kept {
	struct request_facts facts;
	unsigned worker;
	size_t place; /* among those of its worker */
};

struct kept_list {
	struct kept *of;
	size_t n, room;
};

static void
kept_add(struct kept_list *l, const struct request_facts *facts, unsigned worker)
{
	if (l->n == l->room) {
		struct kept *more;

		l->room = l->room ? 2 * l->room : 1024;
		more = must_alloc(l->room * sizeof(*more));
		if (l->n)
			memcpy(more, l->of, l->n * sizeof(*more));
		free(l->of);
		l->of = more;
	}
	l->of[l->n] = (struct kept){*facts, worker, l->n};
	l->n++;
}

static int
kept_compare(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->facts.at_ms != y->facts.at_ms)
		return x->facts.at_ms < y->facts.at_ms ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* All of them since then, the oldest first. */
static struct kept_list
kept_of(const struct answer *answer, int64_t since_ms)
{
	struct kept_list l = {0};

	for (unsigned w = 0; w < answer->workers; w++) {
		struct request_facts facts;
		struct history_cursor c;

		if (!answer->told[w] || !answer->told[w]->requests)
			continue;
		c = history_begin(answer->told[w]->requests);
		while (history_next(&c, &facts)) {
			if (facts.at_ms >= since_ms)
				kept_add(&l, &facts, w);
		}
	}
	if (l.n)
		qsort(l.of, l.n, sizeof(*l.of), kept_compare);
	return l;
}

/* "GET /path": a query may hold what is nobody's to read at a glance. */
static struct span
what_of(struct span head)
{
	size_t n = 0;

	while (n < head.n && head.p[n] != ' ')
		n++;
	for (n++; n < head.n && head.p[n] != ' ' && head.p[n] != '?'; n++)
		;
	return span_take(head, n);
}

static void
put_head(json_t *o, struct span head)
{
	struct strb b;

	strb_init(&b, HEAD_TEXT_MAX);
	base64url_add(&b, head);
	put_text(o, "head", strb_cstr(&b));
	strb_free(&b);
}

static json_t *
request_json(const struct kept *k)
{
	const struct request_facts *f = &k->facts;
	json_t *o = json_object();

	put_time(o, "at", f->at_ms);
	put_span(o, "request", f->request_id);
	put_span(o, "what", what_of(f->head));
	put_span(o, "peer", f->peer);
	put_span(o, "host", f->host);
	put_bool(o, "tls", f->tls);
	put_number(o, "worker", k->worker);
	put_span(o, "built_in", f->built_in);
	put_span(o, "built_in_path", f->built_in_path);
	put_span(o, "usual_path", f->usual_path);
	put_span(o, "id", f->id);
	put_span(o, "path", f->path);
	put_text(o, "verdict", outcome_word(f->outcome));
	put_json(o, "status", f->status ? json_integer(f->status) : json_null());
	put_bool(o, "blotted", f->blotted);
	put_head(o, f->head);
	return o;
}

static void
requests_on_told(void *user, const struct answer *answer)
{
	struct admin_call *call;
	struct kept_list l;
	uint64_t limit;
	json_t *json, *array;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (answer->silent) {
		admin_refuse_silent(&call, answer);
		return;
	}
	l = kept_of(answer, (int64_t)call_number(call, ARG_REQUEST_LIST_since, 0));
	limit = call_number(call, ARG_REQUEST_LIST_limit, LIST_DEFAULT);
	limit = limit < LIST_MAX ? limit : LIST_MAX;
	array = json_array();
	for (size_t i = l.n > limit ? l.n - limit : 0; i < l.n; i++)
		json_array_append_new(array, request_json(&l.of[i]));
	json = json_object();
	put_json(json, "requests", array);
	put_number(json, "total", (int64_t)l.n);
	free(l.of);
	admin_answer(&call, json);
}

void
admin_do_REQUEST_LIST(struct admin_call *call)
{
	questions_ask(call->admin->questions, ASK_REQUESTS, "", requests_on_told, call);
}

/* ---- why ---- */

static const char *
fault_word(enum fault fault)
{
	static const char *const words[] = {[FAULT_NOBODY] = "nobody",
	    [FAULT_VIEWER] = "viewer",
	    [FAULT_CLIENT] = "client",
	    [FAULT_POLICY] = "policy",
	    [FAULT_SERVER] = "server"};

	return words[fault];
}

static void
put_sentence(json_t *o, const struct failure_facts *f)
{
	const char *how_far = f->answered ? "after the response had begun" : "before any response";
	struct strb b;

	strb_init(&b, TEXT_MAX);
	strb_visible(&b, span_str(f->what));
	strb_printf(&b, " from %s", f->peer[0] ? f->peer : "an unknown peer");
	if (f->id[0])
		strb_printf(&b, " to the tunnel %s", f->id);
	strb_printf(&b, " failed after %" PRIu64 " ms, %s: %s", f->took_ms, how_far,
	    reason_info(f->why)->text);
	if (f->status)
		strb_printf(&b, "; the viewer was told %d", f->status);
	put_text(o, "sentence", strb_cstr(&b));
	strb_free(&b);
}

static json_t *
failure_json(const struct failure_facts *f)
{
	const struct reason_info *why = reason_info(f->why);
	json_t *o = json_object();

	put_text(o, "request", f->request);
	put_text(o, "id", f->id);
	put_text(o, "what", f->what);
	put_text(o, "peer", f->peer);
	put_number(o, "worker", f->worker);
	put_text(o, "reason", why->word);
	put_text(o, "text", why->text);
	put_text(o, "fault", fault_word(why->fault));
	put_json(o, "status", f->status ? json_integer(f->status) : json_null());
	put_bool(o, "answered", f->answered);
	put_number(o, "bytes", (int64_t)f->bytes);
	put_time(o, "at", f->at_ms);
	put_number(o, "took_ms", (int64_t)f->took_ms);
	put_sentence(o, f);
	return o;
}

/* Where an id was used twice, the later failure is the one that is asked for. */
static const struct failure_facts *
latest(const struct answer *answer)
{
	const struct failure_facts *found = NULL;

	for (unsigned w = 0; w < answer->workers; w++) {
		const struct failure_facts *f = answer->told[w] ? answer->told[w]->failure : NULL;

		if (f && (!found || f->at_ms > found->at_ms))
			found = f;
	}
	return found;
}

static void
why_on_told(void *user, const struct answer *answer)
{
	const struct failure_facts *f = latest(answer);
	struct admin_call *call;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (f)
		admin_answer(&call, failure_json(f));
	else if (answer->silent)
		admin_refuse_silent(&call, answer);
	else
		admin_refuse(&call, 404, "no_such_failure",
		    "only the last failures are kept, and requests that went well are not; the log "
		    "may know it",
		    "no failed request %s is remembered", call_text(call, ARG_WHY_id));
}

void
admin_do_WHY(struct admin_call *call)
{
	questions_ask(
	    call->admin->questions, ASK_FAILURE, call_text(call, ARG_WHY_id), why_on_told, call);
}
