#include "edge/failures.h"

#include <string.h>

#include "base/obj.h"

struct failure_facts *
failures_next(struct failures *f)
{
	struct failure_facts *place;

	if (!f->ring)
		f->ring = must_alloc(FAILURES_KEPT * sizeof(*f->ring));
	place = &f->ring[f->next++ % FAILURES_KEPT];
	memset(place, 0, sizeof(*place));
	return place;
}

const struct failure_facts *
failures_find(const struct failures *f, const char *request)
{
	if (!f->ring)
		return NULL;
	for (size_t i = 1; i <= FAILURES_KEPT && i <= f->next; i++) {
		const struct failure_facts *place = &f->ring[(f->next - i) % FAILURES_KEPT];

		if (strcmp(place->request, request) == 0)
			return place;
	}
	return NULL;
}

void
failures_free(struct failures *f)
{
	free(f->ring);
	f->ring = NULL;
}
