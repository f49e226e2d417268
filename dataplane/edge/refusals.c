#include "edge/refusals.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/obj.h"

static struct refusal *
refusals_find(struct refusals *r, enum reason why, const char *detail)
{
	for (int i = 0; i < r->n; i++) {
		if (r->of[i].why == why && strcmp(r->of[i].detail, detail) == 0)
			return &r->of[i];
	}
	return r->n < REFUSALS_KINDS ? NULL : &r->of[REFUSALS_KINDS - 1];
}

void
refusals_note(
    struct refusals *r, enum reason why, const char *detail, struct span id, const char *peer)
{
	struct refusal *one = refusals_find(r, why, detail);

	if (!one) {
		one = &r->of[r->n++];
		*one = (struct refusal){.why = why, .detail = detail, .at_ms = clock_wall_ms()};
		snprintf(one->id, sizeof(one->id), "%.*s", SPAN_FMT(span_take(id, TUNNEL_ID_MAX)));
		snprintf(one->peer, sizeof(one->peer), "%s", peer);
	}
	one->count++;
}

struct msg_refusals *
refusals_letter(struct refusals *r, unsigned worker)
{
	const struct refusal *one;
	struct msg_refusals *letter;

	if (r->n == 0)
		return NULL;
	one = &r->of[--r->n];
	letter = must_alloc(sizeof(*letter));
	letter->mail.type = MSG_REFUSALS;
	letter->worker = worker;
	letter->why = one->why;
	letter->detail = one->detail;
	memcpy(letter->id, one->id, sizeof(letter->id));
	memcpy(letter->peer, one->peer, sizeof(letter->peer));
	letter->count = one->count;
	letter->at_ms = one->at_ms;
	return letter;
}
