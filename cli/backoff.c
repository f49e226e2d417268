#include "cli/backoff.h"

void
backoff_reset(struct backoff *b)
{
	b->interval_ms = BACKOFF_FIRST_MS;
}

uint64_t
backoff_next(struct backoff *b, uint32_t random)
{
	uint64_t middle = b->interval_ms;

	b->interval_ms = middle + middle / 2;
	if (b->interval_ms > BACKOFF_LAST_MS)
		b->interval_ms = BACKOFF_LAST_MS;
	return middle / 2 + (middle * random >> 32);
}
