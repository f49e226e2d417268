/* auth/json_strict.h - one JSON object out of bytes that somebody else wrote.
 *
 * Internal to auth. jansson reads strictly: UTF-8, no duplicate keys, nothing behind the value.
 * What it would take at any price is bounded before it looks: nesting, and the digits and exponents
 * that turn into work when they are read as numbers.
 */
#ifndef WHT_AUTH_JSON_STRICT_H
#define WHT_AUTH_JSON_STRICT_H

#include <jansson.h>

#include "base/span.h"

/* An object that the caller gives to json_decref; NULL for anything else. */
json_t *json_strict_object(struct span text);
/* The member, if it is a string; else p == NULL. Lives as long as the object. */
struct span json_strict_string(const json_t *object, const char *key);

static inline struct span
json_strict_span(const json_t *string)
{
	return span_of(json_string_value(string), json_string_length(string));
}

#endif
