/* cli/ctl_value.h - one JSON value as an operator reads it.
 *
 * The names of the service's members say what they measure (started_at, held_bytes, rtt_ms): the
 * one table in ctl_value.c reads it off them, so that a new member of an answer is shown well by
 * itself.
 */
#ifndef WHT_CLI_CTL_VALUE_H
#define WHT_CLI_CTL_VALUE_H

#include <jansson.h>

#include "base/strb.h"

enum value_kind {
	VALUE_PLAIN,   /* text, numbers and yes or no as they are; anything else as JSON */
	VALUE_COUNT,   /* 34.0M */
	VALUE_BYTES,   /* 34.0 MiB */
	VALUE_SECONDS, /* these three as durations */
	VALUE_MS,
	VALUE_US,
	VALUE_MOMENT, /* a time: 2026-11-23 06:31:47 */
	VALUE_AGE,    /* a time, as how long ago */
	VALUE_LEFT,   /* a time, as how long until then */
	VALUE_EVER,   /* the same, and null is "for ever" */
	VALUE_AROUND  /* a time, and how long ago or until then */
};

enum value_kind value_kind_of(const char *name);
/* The value, not escaped; "-" for one that is missing or null. */
void value_text(struct strb *out, const json_t *value, enum value_kind, int64_t now_ms);

#endif
