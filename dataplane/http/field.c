/* http/field.c - field names to meanings, from http/field_tbl.h. */
#include "http/head.h"

#include "http/chars.h"

struct row {
	struct span name;
	enum http_field_class class;
};

static const struct row rows[HF_COUNT] = {
    [HF_OTHER] = {{"", 0}, FIELD_PLAIN},
#define FIELD(NAME, text, meaning) [HF_##NAME] = {{text, sizeof(text) - 1}, FIELD_##meaning},
#include "http/field_tbl.h"
#undef FIELD
};

#define NAME_MAX_KNOWN 64 /* no name in the table is longer; a test holds it to that */

static const uint8_t lengths[HF_COUNT] = {
#define FIELD(NAME, text, meaning) [HF_##NAME] = sizeof(text) - 1,
#include "http/field_tbl.h"
#undef FIELD
};

/* A head costs one look-up for each of its fields, and most are in no row: so the rows of that
 * length are found first, and the last letter rules out nearly all of them (half of the names begin
 * with "x-": the first would not). */
enum http_field_id
http_field_lookup(struct span name)
{
	const uint8_t *at = lengths + HF_OTHER + 1, *end = lengths + HF_COUNT;

	if (name.n == 0 || name.n > NAME_MAX_KNOWN)
		return HF_OTHER;
	while ((at = memchr(at, (int)name.n, (size_t)(end - at)))) {
		enum http_field_id id = (enum http_field_id)(at++ - lengths);
		const char *known = rows[id].name.p;

		if (((known[name.n - 1] ^ name.p[name.n - 1]) & 0x5F) == 0 &&
		    strncasecmp(known, name.p, name.n) == 0)
			return id;
	}
	return HF_OTHER;
}

static enum http_field_id
lookup_dashed(struct span name)
{
	char dashed[NAME_MAX_KNOWN];

	if (name.n > sizeof(dashed))
		return HF_OTHER;
	for (size_t i = 0; i < name.n; i++)
		dashed[i] = name.p[i] == '_' ? '-' : name.p[i];
	return http_field_lookup(span_of(dashed, name.n));
}

enum http_field_id
http_field_disguised(struct span name)
{
	return span_find(name, '_') < 0 ? HF_OTHER : lookup_dashed(name);
}

enum http_field_id
http_field_read_as(const struct http_field *field)
{
	/* A name that has a row has no '_'. */
	return field->id != HF_OTHER ? field->id : http_field_disguised(field->name);
}

enum http_field_class
http_field_class(enum http_field_id id)
{
	return rows[id].class;
}

struct span
http_field_name(enum http_field_id id)
{
	return rows[id].name;
}

bool
http_field_name_valid(struct span name)
{
	return is_token(name);
}

bool
http_field_value_valid(struct span value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!is_text(value.p[i]))
			return false;
	}
	return true;
}
