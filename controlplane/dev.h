/* controlplane/dev.h - `whtd --dev`: a service to try things with, and no configuration.
 *
 * It listens on loopback alone, because its secrets were made a moment ago and one token is
 * printed. What is configured all the same stands.
 */
#ifndef WHT_CONTROLPLANE_DEV_H
#define WHT_CONTROLPLANE_DEV_H

#include "controlplane/config.h"
#include "msg/policy.h"

#define DEV_PORT   8080
#define DEV_LISTEN "127.0.0.1 [::1]"

/* Fills in what is missing. Every call of a process fills in the same secrets. */
void dev_suggest(struct config *, uint16_t port);
/* Hints on stderr, and on stdout one line to paste. */
void dev_greet(const struct policy *, uint16_t port);

#endif
