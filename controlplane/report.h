/* controlplane/report.h - what is wrong with a configuration, said as it is found.
 *
 * One run finds everything: whoever checks goes on after an error, and asks at the end whether
 * there was any. Where the sentences go is the caller's: stderr at start, the log at a reload.
 */
#ifndef WHT_CONTROLPLANE_REPORT_H
#define WHT_CONTROLPLANE_REPORT_H

#include "base/log.h"

#define REPORT_TEXT_MAX 1024

struct report {
	void (*say)(void *user, enum log_level, const char *sentence);
	void *user;
	unsigned errors; /* read-only */
};

void report_error(struct report *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_warning(struct report *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
