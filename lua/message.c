/* lua/message.c - editing a head without touching it. */
#include "lua/message.h"

#include "base/obj.h"

void
lua_message_init(struct lua_message *m, const struct http_head *head, size_t max)
{
	CLEAR_SMALL(m, offsetof(struct lua_message, arena));
	m->method = head->method;
	m->fields_max = 100;
	lua_message_aim(m, head->target);
	m->now.status = head->status;
	m->now.fields = head->fields;
	m->now.nfields = head->nfields;
	arena_init_with(&m->arena, m->first_room, sizeof(m->first_room), max);
}

void
lua_message_aim(struct lua_message *m, struct span target)
{
	ptrdiff_t at = span_find(target, '?');

	m->now.path = at < 0 ? target : span_take(target, (size_t)at);
	m->now.query = at < 0 ? SPAN("") : span_drop(target, (size_t)at + 1);
	if (m->now.path.n == 0)
		m->now.path = SPAN("/");
	if (!m->now.query.p)
		m->now.query = SPAN("");
}

struct span
lua_message_target(struct lua_message *m)
{
	struct span path = m->now.path, query = m->now.query;
	char *target;

	if (query.n == 0)
		return path;
	target = arena_room(&m->arena, path.n + query.n + 1);
	if (!target)
		return path;
	memcpy(target, path.p, path.n);
	target[path.n] = '?';
	memcpy(target + path.n + 1, query.p, query.n);
	return span_of(target, path.n + query.n + 1);
}

void
lua_message_free(struct lua_message *m)
{
	arena_reset(&m->arena);
}

/* ---- what may be set ---- */

enum { NAME_MAX_BYTES = 256 };

static bool
is_ours(const struct lua_name *name)
{
	const struct http_field field = {.name = name->text, .id = name->id};
	enum http_field_id id = http_field_read_as(&field);

	return http_field_class(id) != FIELD_PLAIN || id == HF_X_REQUEST_ID || id == HF_WHT_ERROR;
}

const char *
lua_name_read(struct span text, struct lua_name *out)
{
	*out = (struct lua_name){text, http_field_lookup(text)};
	if (text.n > NAME_MAX_BYTES || !http_field_name_valid(text))
		return "that is no field name";
	return is_ours(out) ? "that field is the service's own" : NULL;
}

static const char *
value_fault(struct span value)
{
	if (value.n > LUA_FIELD_VALUE)
		return "the field value is longer than 8 KiB";
	if (!http_field_value_valid(value))
		return "a field value must not hold CR, LF, NUL or other controls";
	return NULL;
}

const char *
lua_field_fault(struct span name, struct span value)
{
	struct lua_name read;
	const char *fault = lua_name_read(name, &read);

	return fault ? fault : value_fault(value);
}

/* ---- setting it ---- */

/* From now on the fields are ours, with room for one more. */
static struct http_field *
own_fields(struct lua_message *m)
{
	size_t room = m->now.nfields + 8;
	struct http_field *fields;

	if (m->now.fields_edited && m->now.nfields < m->room)
		return (struct http_field *)(uintptr_t)m->now.fields;
	fields = arena_room(&m->arena, room * sizeof(*fields));
	if (!fields)
		return NULL;
	if (m->now.nfields)
		memcpy(fields, m->now.fields, m->now.nfields * sizeof(*fields));
	m->now.fields = fields;
	m->now.fields_edited = true;
	m->room = room;
	return fields;
}

static bool
same_name(const struct http_field *field, const struct lua_name *name)
{
	return field->id == name->id && (name->id != HF_OTHER || span_ieq(field->name, name->text));
}

/* The first of that name; nfields: there is none. */
static size_t
find_field(const struct lua_edit *now, const struct lua_name *name)
{
	size_t at = 0;

	while (at < now->nfields && !same_name(&now->fields[at], name))
		at++;
	return at;
}

/* Every one of that name, from there on. */
static void
remove_fields(
    struct lua_edit *now, struct http_field *fields, size_t at, const struct lua_name *name)
{
	size_t kept = at;

	for (; at < now->nfields; at++) {
		if (!same_name(&fields[at], name))
			fields[kept++] = fields[at];
	}
	now->nfields = kept;
}

/* Out of Lua's memory, which may be gone before the message is. */
static bool
put_field(
    struct lua_message *m, struct http_field *field, const struct lua_name *name, struct span value)
{
	size_t n = name->text.n;
	const char *kept = arena_copy_pair(&m->arena, name->text, value);

	if (!kept)
		return false;
	field->name = span_of(kept, n);
	field->value = span_of(kept + n + 1, value.n);
	field->id = name->id;
	return true;
}

/* In the place of the first of its name. Nothing is taken out before what takes its place is there. */
static const char *
set_field(struct lua_message *m, struct http_field *fields, size_t at, const struct lua_name *name,
    struct span value)
{
	if (at == m->now.nfields && at >= m->fields_max)
		return "there are too many fields";
	if (!put_field(m, &fields[at], name, value))
		return "the edits of one message are bounded";
	if (at == m->now.nfields)
		m->now.nfields++;
	else
		remove_fields(&m->now, fields, at + 1, name);
	return NULL;
}

const char *
lua_message_set(
    struct lua_message *m, const struct lua_name *name, const struct span *value, bool add)
{
	struct span text = value ? span_trim(*value) : SPAN("");
	const char *fault = value_fault(text);
	struct http_field *fields;
	size_t at;

	if (fault)
		return fault;
	fields = own_fields(m);
	if (!fields)
		return "the edits of one message are bounded";
	at = add ? m->now.nfields : find_field(&m->now, name);
	if (value)
		return set_field(m, fields, at, name, text);
	remove_fields(&m->now, fields, at, name);
	return NULL;
}
