#include "edge/request_id.h"

#include <ctype.h>
#include <sys/random.h>

#include "base/clock.h"

enum { ID_DIGITS = 16 };

void
request_ids_init(struct request_ids *ids)
{
	if (getrandom(&ids->next, sizeof(ids->next), 0) != sizeof(ids->next))
		ids->next = clock_mono_ns();
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

static void
write_hex(char out[ID_DIGITS + 1], uint64_t id)
{
	for (int i = 0; i < ID_DIGITS; i++)
		out[i] = "0123456789abcdef"[id >> (4 * (ID_DIGITS - 1 - i)) & 15];
	out[ID_DIGITS] = '\0';
}

void
request_id_take(char out[REQUEST_ID_MAX + 1], struct span theirs, struct request_ids *ids)
{
	if (!is_sane(theirs)) {
		write_hex(out, ids->next++);
		return;
	}
	memcpy(out, theirs.p, theirs.n);
	out[theirs.n] = '\0';
}
