/* cli/backoff.h - how long to wait before the next attempt: 0.5 s, then half as much again each
 * time, up to 60 s, each spread by +-50 % so that clients cut off together do not come back
 * together. Pure. */
#ifndef WHT_CLI_BACKOFF_H
#define WHT_CLI_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 500
#define BACKOFF_LAST_MS	 60000

struct backoff {
	uint64_t interval_ms; /* the middle of the next pause */
};

void backoff_reset(struct backoff *);
/* The next pause; random is any 32 random bits. */
uint64_t backoff_next(struct backoff *, uint32_t random);

#endif
