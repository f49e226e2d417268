/* controlplane/admin_audit.h - whoever follows the audit waits here for rows. */
#ifndef WHT_CONTROLPLANE_ADMIN_AUDIT_H
#define WHT_CONTROLPLANE_ADMIN_AUDIT_H

#include "controlplane/admin_call.h"

void admin_follow_init(struct admin *);
/* Answers them all: there is nothing to wait for any more. */
void admin_follow_end(struct admin *);

#endif
