/* The metrics command: the workers' counters, and what the control plane knows itself. */
#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/obj.h"
#include "controlplane/admin_call.h"
#include "controlplane/metrics.h"

static void
note_ledger(struct process_metrics *p, const struct ledger *ledger)
{
	struct ledger_state s;
	size_t bans;

	ledger_state(ledger, &s);
	ledger_bans(ledger, &bans);
	p->bans = (double)bans;
	p->audit_queued = (double)s.queued;
	p->audit_troubled = s.troubled;
	p->audit_rows = (double)s.rows;
	p->audit_commits = (double)s.commits;
	p->audit_dropped = (double)s.dropped;
	p->commit_last = (double)s.last_commit_us / 1e6;
	p->commit_slowest = (double)s.slowest_commit_us / 1e6;
	p->wal = (double)s.wal_bytes;
}

static void
note_process(struct process_metrics *p, const struct admin *a, unsigned silent)
{
	const struct tls_context *tls;
	struct admin_facts f;

	a->ops->facts(a->user, &f);
	tls = f.policy->tls;
	p->start_time = (double)f.started_ms / 1000;
	p->workers = a->workers;
	p->workers_silent = silent;
	p->draining = f.draining;
	p->held_max = (double)f.policy->limits.process_memory;
	p->certificate_end = tls ? (double)tls_not_after(tls) : NAN;
	p->log_dropped = (double)log_dropped();
	note_ledger(p, a->ledger);
}

static void
metrics_on_told(void *user, const struct answer *answer)
{
	const struct worker_metrics **of = must_alloc(sizeof(*of) * answer->workers);
	struct process_metrics process;
	struct admin_facts facts;
	struct admin_call *call;
	struct strb text;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	for (unsigned w = 0; w < answer->workers; w++)
		of[w] = answer->told[w] ? answer->told[w]->metrics : NULL;
	note_process(&process, call->admin, answer->silent);
	strb_init(&text, METRICS_TEXT_MAX);
	metrics_write(&text, of, answer->workers, &process);
	call->admin->ops->facts(call->admin->user, &facts);
	if (facts.lua)
		lua_metrics_write(facts.lua, &text);
	admin_answer_text(&call, METRICS_TYPE, strb_span(&text));
	strb_free(&text);
	free(of);
}

void
admin_do_METRICS(struct admin_call *call)
{
	questions_ask(call->admin->questions, ASK_METRICS, "", metrics_on_told, call);
}
