#include "controlplane/pace.h"

void
pace_init(struct pace *p)
{
	*p = (struct pace){.burst = PACE_BURST};
}

/* Rest since the last commit becomes commits without waiting. */
static void
pace_earn(struct pace *p, uint64_t now_ms)
{
	uint64_t earned = (now_ms - p->last_ms) / PACE_EARN_MS;

	p->last_ms += earned * PACE_EARN_MS;
	p->burst = earned < PACE_BURST - p->burst ? p->burst + (unsigned)earned : PACE_BURST;
}

uint64_t
pace_wait(struct pace *p, uint64_t now_ms)
{
	if (p->window_ms && now_ms - p->last_ms < PACE_CALM_MS)
		return p->window_ms;
	p->window_ms = 0;
	pace_earn(p, now_ms);
	return p->burst ? 0 : PACE_STEP_MS;
}

void
pace_committed(struct pace *p, uint64_t now_ms, size_t rows)
{
	if (p->burst)
		p->burst--;
	else if (rows < PACE_CROWD)
		pace_init(p);
	else if (p->window_ms < PACE_WINDOW_MS)
		p->window_ms += PACE_STEP_MS;
	p->last_ms = now_ms;
}
