/* cli/ctl_unit.h - numbers as an operator reads them: 3m12s instead of 192000, 34.0 MiB instead of
 * 35651584.
 *
 * Every text fits in UNIT_TEXT_MAX bytes with its NUL, is ASCII, and is at most 8 characters wide
 * (a time of day 19), so that a column of them is narrow and does not jump when it is drawn again.
 */
#ifndef WHT_CLI_CTL_UNIT_H
#define WHT_CLI_CTL_UNIT_H

#include "base/err.h"
#include "base/span.h"

#define UNIT_TEXT_MAX 32

/* 812 B, 1.2 KiB, 34.0 MiB; answers out, as all of these do. */
const char *unit_bytes(double bytes, char out[UNIT_TEXT_MAX]);
/* 812, 1.2k, 34.0M. */
const char *unit_count(double n, char out[UNIT_TEXT_MAX]);
/* From microseconds: 0.8ms, 42ms, 4.2s, 3m12s, 5h07m, 12d04h. */
const char *unit_duration(double us, char out[UNIT_TEXT_MAX]);
/* Of milliseconds since 1970: 2026-11-23 06:31:47, in the time zone of the user. */
const char *unit_moment(int64_t ms, char out[UNIT_TEXT_MAX]);

/* What the service writes: 2026-11-22T14:13:33.042Z; 0, or -WHT_EINVAL. */
int unit_parse_moment(struct span text, int64_t *ms) MUST_CHECK;

#endif
