#include "controlplane/admin_json.h"

#include "base/clock.h"
#include "base/strb.h"

static json_t *
json_span(struct span text)
{
	json_t *json = text.n ? json_stringn(text.p, text.n) : json_null();
	struct strb b;

	if (json)
		return json;
	strb_init(&b, 4 * text.n);
	strb_visible(&b, text);
	json = json_string(strb_cstr(&b));
	strb_free(&b);
	return json;
}

json_t *
json_text(const char *text)
{
	return json_span(span_str(text));
}

void
put_json(json_t *object, const char *name, json_t *value)
{
	json_object_set_new_nocheck(object, name, value);
}

void
put_text(json_t *object, const char *name, const char *text)
{
	put_json(object, name, json_text(text));
}

void
put_span(json_t *object, const char *name, struct span text)
{
	put_json(object, name, json_span(text));
}

void
put_number(json_t *object, const char *name, int64_t number)
{
	put_json(object, name, json_integer(number));
}

void
put_bool(json_t *object, const char *name, bool yes)
{
	put_json(object, name, json_boolean(yes));
}

void
put_time(json_t *object, const char *name, int64_t wall_ms)
{
	char text[CLOCK_TEXT_MAX];

	put_text(object, name, wall_ms ? clock_text(wall_ms, text) : NULL);
}
