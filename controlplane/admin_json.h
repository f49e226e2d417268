/* controlplane/admin_json.h - answers, a member a line.
 * What strangers wrote is made fit to be read. */
#ifndef WHT_CONTROLPLANE_ADMIN_JSON_H
#define WHT_CONTROLPLANE_ADMIN_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* A string; bytes that are not UTF-8 are shown as \xNN. NULL or "": null. */
json_t *json_text(const char *);

void put_text(json_t *object, const char *name, const char *text);
void put_span(json_t *object, const char *name, struct span text);
void put_number(json_t *object, const char *name, int64_t number);
void put_bool(json_t *object, const char *name, bool yes);
/* 2026-11-22T14:13:33.042Z; 0: null. */
void put_time(json_t *object, const char *name, int64_t wall_ms);
/* Takes the value. */
void put_json(json_t *object, const char *name, json_t *value);

#endif
