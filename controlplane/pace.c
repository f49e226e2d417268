#include "controlplane/pace.h"

void
pace_init(struct pace *p)
{
	*p = (struct pace){.burst = PACE_BURST};
}

uint64_t
pace_wait(struct pace *p, uint64_t now_ms)
{
	if (now_ms - p->last_ms >= PACE_REST_MS)
		pace_init(p);
	if (p->window_ms)
		return p->window_ms;
	return p->burst ? 0 : PACE_STEP_MS;
}

void
pace_committed(struct pace *p, uint64_t now_ms, size_t rows)
{
	p->last_ms = now_ms;
	if (p->burst) {
		p->burst--;
		return;
	}
	if (rows < PACE_CROWD)
		pace_init(p);
	else if (p->window_ms < PACE_WINDOW_MS)
		p->window_ms += PACE_STEP_MS;
	p->last_ms = now_ms;
}
