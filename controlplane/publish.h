/* controlplane/publish.h - from what was asked for to what the data plane works under. */
#ifndef WHT_CONTROLPLANE_PUBLISH_H
#define WHT_CONTROLPLANE_PUBLISH_H

#include "controlplane/config.h"
#include "msg/policy.h"

/* A policy with one reference; NULL when the report has an error, now or before.
 * All that is wrong is said. */
struct policy *publish_policy(const struct config *, struct report *);

#endif
