/* cli/page.h - what a viewer reads when the local target does not answer: whose fault it is, in
 * words. */
#ifndef WHT_CLI_PAGE_H
#define WHT_CLI_PAGE_H

#include "base/reason.h"
#include "base/strb.h"

#define PAGE_MAX 4096

/* A whole 502 response. why: R_TARGET_REFUSED or R_TARGET_FAILED; error: what the system said, or
 * "". */
void page_write(struct strb *, const char *target, enum reason why, const char *error);

#endif
