/* A server's answer to a registration: bytes from a stranger.
 * The first byte says how they are cut. */
#include "base/obj.h"
#include "cli/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static enum register_state
verdict(struct span in, size_t step)
{
	struct registration *r = registration_new(KEY);
	const struct register_answer *answer = registration_answer(r);
	enum register_state state;

	while (in.n && registration_state(r) == REGISTER_READING) {
		struct span piece = span_take(in, step);
		size_t taken = registration_feed(r, piece);

		ENSURE(taken <= piece.n);
		ENSURE(taken == piece.n || registration_state(r) != REGISTER_READING);
		in = span_drop(in, piece.n);
	}
	registration_eof(r);
	state = registration_state(r);
	ENSURE(state != REGISTER_READING);
	ENSURE((state == REGISTER_ACCEPTED) == (answer->url[0] != '\0'));
	ENSURE(state != REGISTER_ACCEPTED || answer->status == 101);
	registration_free(&r);
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in;

	if (size < 2)
		return 0;
	in = span_of(data + 1, size - 1);
	ENSURE(verdict(in, in.n) == verdict(in, data[0] % 16 + 1));
	return 0;
}
