#include "edge/request_id.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/clock.h"

void
request_ids_init(struct request_ids *ids)
{
	uint64_t first;

	if (getrandom(&first, sizeof(first), 0) != sizeof(first))
		first = clock_mono_ns();
	snprintf(ids->next, sizeof(ids->next), "%016" PRIx64, first);
}

static bool
is_sane(struct span id)
{
	if (id.n == 0 || id.n > REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if (!isalnum((unsigned char)id.p[i]) && !memchr("._~:+/=-", id.p[i], 8))
			return false;
	}
	return true;
}

/* As a text, so that a request copies one and makes none. */
static void
count(char digits[REQUEST_ID_DIGITS])
{
	int i = REQUEST_ID_DIGITS - 1;

	while (i >= 0 && digits[i] == 'f')
		digits[i--] = '0';
	if (i >= 0)
		digits[i] = digits[i] == '9' ? 'a' : (char)(digits[i] + 1);
}

struct span
request_id_take(char out[REQUEST_ID_MAX + 1], struct span theirs, struct request_ids *ids)
{
	if (!is_sane(theirs)) {
		memcpy(out, ids->next, sizeof(ids->next));
		count(ids->next);
		return span_of(out, REQUEST_ID_DIGITS);
	}
	memcpy(out, theirs.p, theirs.n);
	out[theirs.n] = '\0';
	return span_of(out, theirs.n);
}
