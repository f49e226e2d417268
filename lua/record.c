/* lua/record.c - a short list of named values; its names are few, so it is searched. */
#include "lua/record.h"

void
lua_record_init(struct lua_record *r)
{
	r->n = 0;
	r->extra = NULL;
	r->lay_out = NULL;
	r->edited = r->fixed = false;
	r->fields[0].name = NULL;
	arena_init_with(&r->arena, r->first_room, sizeof(r->first_room), LUA_RECORD_ROOM);
}

void
lua_record_free(struct lua_record *r)
{
	arena_reset(&r->arena);
}

void
lua_record_add(struct lua_record *r, const struct log_field *fields)
{
	for (; fields->name && r->n < LUA_RECORD_MAX; fields++)
		r->fields[r->n++] = *fields;
	r->fields[r->n].name = NULL;
}

static const struct log_field *
find_in(const struct log_field *fields, struct span name)
{
	if (!fields || name.n == 0)
		return NULL;
	for (; fields->name; fields++) {
		if (fields->name[0] == name.p[0] && span_eq(span_str(fields->name), name))
			return fields;
	}
	return NULL;
}

const struct log_field *
lua_record_find(struct lua_record *r, struct span name)
{
	const struct log_field *found = find_in(r->fields, name);

	if (found)
		return found;
	if (!r->extra && r->lay_out) {
		r->lay_out(r->what, r->extra_room);
		r->extra = r->extra_room;
	}
	return find_in(r->extra, name);
}

static bool
is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    (c == '\0' || !strchr("_.@-", c)))
			return false;
	}
	return name.n > 0 && name.n <= LUA_RECORD_NAME;
}

static void
remove_at(struct lua_record *r, size_t at)
{
	memmove(r->fields + at, r->fields + at + 1, (r->n - at) * sizeof(*r->fields));
	r->n--;
}

static void
put_value(struct log_field *field, const struct log_field *value, const char *text)
{
	field->kind = value->kind;
	field->text = span_of(text, value->text.n);
	field->number = value->number;
}

static const char *
add_value(struct lua_record *r, struct span name, const struct log_field *value)
{
	struct log_field *field = &r->fields[r->n];
	const char *kept;

	if (r->n == LUA_RECORD_MAX)
		return "there are too many fields";
	kept = arena_copy_pair(&r->arena, name, value->text);
	if (!kept)
		return "the fields of one event are bounded";
	field->name = kept;
	put_value(field, value, kept + name.n + 1);
	r->fields[++r->n].name = NULL;
	return NULL;
}

/* A number takes no room, however often it changes. */
static const char *
change_value(struct lua_record *r, struct log_field *field, const struct log_field *value)
{
	const char *kept = NULL;

	if (value->kind == LOG_F_SPAN && !(kept = arena_copy(&r->arena, value->text).p))
		return "the fields of one event are bounded";
	put_value(field, value, kept);
	return NULL;
}

const char *
lua_record_set(struct lua_record *r, struct span name, const struct log_field *value)
{
	struct log_field *old = (struct log_field *)(uintptr_t)find_in(r->fields, name);

	if (r->fixed)
		return "it cannot be changed";
	if (!old && !is_name(name))
		return "a field is named by letters, digits and _ . @ -";
	r->edited = true;
	if (value)
		return old ? change_value(r, old, value) : add_value(r, name, value);
	if (old)
		remove_at(r, (size_t)(old - r->fields));
	return NULL;
}
