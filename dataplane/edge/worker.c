/* What a worker's objects ask of it. Its life is worker_main.c's. */
#include "edge/worker.h"

#include "base/obj.h"

enum { REFUSALS_EVERY_MS = 1000 };

/* ---- what its objects ask ---- */

unsigned
worker_owner(const struct worker *w, struct span id)
{
	char lower[TUNNEL_ID_MAX];

	if (w->shared->workers == 1)
		return 0;
	return owner_of(&w->shared->owner_key, span_lower(id, lower), w->shared->workers);
}

bool
worker_over_memory(const struct worker *w)
{
	size_t held = atomic_load_explicit(&w->shared->held, memory_order_relaxed);

	return held > w->policy->limits.process_memory;
}

/* ---- what has to be on record ---- */

void
worker_record(struct worker *w, struct mail *letter)
{
	w->unrecorded++;
	msg_post(w->shared->control, letter);
}

void
worker_recorded(struct worker *w, unsigned rows)
{
	ENSURE(rows <= w->unrecorded);
	w->unrecorded -= rows;
}

bool
worker_has_credit(const struct worker *w)
{
	return w->unrecorded < ROWS_MAX;
}

void
worker_flush_refusals(struct worker *w)
{
	struct msg_refusals *letter;

	while (worker_has_credit(w) && (letter = refusals_letter(&w->refusals, w->no)))
		worker_record(w, &letter->mail);
	if (w->refusals.n)
		timer_start(&w->refusals_due, REFUSALS_EVERY_MS);
}

void
worker_note_refusal(
    struct worker *w, enum reason why, const char *detail, struct span id, const char *peer)
{
	refusals_note(&w->refusals, why, detail, id, peer);
	if (!timer_armed(&w->refusals_due))
		timer_start(&w->refusals_due, REFUSALS_EVERY_MS);
}

void
worker_left(struct worker *w)
{
	task_ask(&w->left);
}
