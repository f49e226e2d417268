/* What the control plane asks of a worker: to tell, and to end. */
#include <fnmatch.h>
#include <stdio.h>

#include "base/obj.h"
#include "edge/tunnel.h"
#include "edge/viewer.h"
#include "edge/worker.h"

static bool
id_matches(const char *match, const struct tunnel *t)
{
	return match[0] == '\0' || fnmatch(match, tunnel_id(t).p, 0) == 0;
}

/* ---- KICK ---- */

void
worker_on_kick(struct worker *w, struct msg_kick *letter)
{
	struct msg_kicked *answer = must_alloc(sizeof(*answer));
	struct tunnel *t, *next;

	answer->mail.type = MSG_KICKED;
	answer->ticket = letter->ticket;
	answer->worker = w->no;
	for (t = LIST_FIRST(&w->tunnels); t; t = next) {
		next = tunnel_next(t);
		if (tunnel_is_live(t) && id_matches(letter->match, t)) {
			tunnel_end_by(t, letter->why, letter->by);
			answer->ended++;
		}
	}
	msg_kick_free(letter);
	msg_post(w->shared->control, &answer->mail);
}

/* ---- ASK ---- */

static void
tell_tunnels(struct worker *w, const char *match, struct msg_told *answer)
{
	size_t n = 0;
	struct tunnel *t;

	for (t = LIST_FIRST(&w->tunnels); t; t = tunnel_next(t))
		n++;
	answer->tunnels = must_alloc(n * sizeof(*answer->tunnels));
	for (t = LIST_FIRST(&w->tunnels); t; t = tunnel_next(t)) {
		if (tunnel_is_live(t) && id_matches(match, t))
			tunnel_tell(t, &answer->tunnels[answer->ntunnels++]);
	}
}

static void
tell_metrics(struct worker *w, struct msg_told *answer)
{
	struct worker_metrics *m = must_alloc(sizeof(*m));
	struct tunnel_facts facts;
	struct viewer *v;

	*m = w->metrics;
	m->unrecorded = w->unrecorded;
	for (struct tunnel *t = LIST_FIRST(&w->tunnels); t; t = tunnel_next(t)) {
		if (!tunnel_is_live(t))
			continue;
		tunnel_tell(t, &facts);
		m->tunnels++;
		m->streams += facts.streams;
		m->held += facts.held;
	}
	for (v = LIST_FIRST(&w->viewers); v; v = viewer_next(v))
		m->viewers++;
	answer->metrics = m;
}

static void
tell_failure(struct worker *w, const char *request, struct msg_told *answer)
{
	const struct failure_facts *found = failures_find(&w->failures, request);

	if (!found)
		return;
	answer->failure = must_alloc(sizeof(*found));
	*answer->failure = *found;
}

void
worker_on_ask(struct worker *w, struct msg_ask *letter)
{
	struct msg_told *answer = must_alloc(sizeof(*answer));

	answer->mail.type = MSG_TOLD;
	answer->ticket = letter->ticket;
	answer->worker = w->no;
	answer->what = letter->what;
	switch (letter->what) {
	case ASK_TUNNELS:
		tell_tunnels(w, letter->match, answer);
		break;
	case ASK_METRICS:
		tell_metrics(w, answer);
		break;
	case ASK_FAILURE:
		tell_failure(w, letter->match, answer);
		break;
	case ASK_REQUESTS:
		answer->requests = history_copy(w->history);
		break;
	}
	msg_ask_free(letter);
	msg_post(w->shared->control, &answer->mail);
}
