/* ws/receiver.h - a wslay context for receiving, lent to the wire that has a frame half done.
 *
 * Internal to ws. Such a context is 4 KiB, which a wire at rest must not hold; and most
 * frames come whole, so that it would be made and cleared for each. Each thread therefore
 * keeps one that is at rest.
 */
#ifndef WHT_WS_RECEIVER_H
#define WHT_WS_RECEIVER_H

#include <stdbool.h>
#include <wslay/wslay.h>

struct receiver {
	wslay_frame_context_ptr ctx;
	/* Copies at most room bytes to out; answers how many, or -1 when there are none. */
	ssize_t (*want)(uint8_t *out, size_t room, void *user);
	void *user;
};

/* NULL when there is no memory. */
struct receiver *receiver_take(ssize_t (*want)(uint8_t *out, size_t room, void *user), void *user);
/* at_rest: between two frames, with nothing read ahead. */
void receiver_give(struct receiver **, bool at_rest);

#endif
