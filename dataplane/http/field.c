/* http/field.c - field names to meanings, from http/field_tbl.h. */
#include "http/head.h"

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

/* A head costs one look-up for each of its fields: length and last letter rule out nearly every row
 * before a comparison is made (half of the names begin with "x-": the first letter would not). */
enum http_field_id
http_field_lookup(struct span name)
{
	for (int id = HF_OTHER + 1; id < HF_COUNT; id++) {
		struct span known = rows[id].name;

		if (known.n == name.n &&
		    ((known.p[known.n - 1] ^ name.p[name.n - 1]) & 0x5F) == 0 &&
		    span_ieq(known, name))
			return (enum http_field_id)id;
	}
	return HF_OTHER;
}

enum http_field_id
http_field_disguised(struct span name)
{
	char dashed[NAME_MAX_KNOWN];

	if (name.n > sizeof(dashed) || span_find(name, '_') < 0)
		return HF_OTHER;
	for (size_t i = 0; i < name.n; i++)
		dashed[i] = name.p[i] == '_' ? '-' : name.p[i];
	return http_field_lookup(span_of(dashed, name.n));
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
