#include "controlplane/admin_json.h"

#include "base/clock.h"
#include "base/strb.h"

json_t *
json_text(const char *text)
{
	json_t *json = text && text[0] ? json_string(text) : json_null();
	struct strb b;

	if (json)
		return json;
	strb_init(&b, 4 * strlen(text));
	strb_visible(&b, span_str(text));
	json = json_string(strb_cstr(&b));
	strb_free(&b);
	return json;
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
