/* http/head.c - asking a parsed head. */
#include "http/head.h"

const struct http_field *
http_head_find(const struct http_head *head, enum http_field_id id)
{
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id == id)
			return &head->fields[i];
	}
	return NULL;
}

struct span
http_head_value(const struct http_head *head, enum http_field_id id)
{
	const struct http_field *field = http_head_find(head, id);

	return field ? field->value : (struct span){NULL, 0};
}

size_t
http_head_count(const struct http_head *head, enum http_field_id id)
{
	size_t n = 0;

	for (size_t i = 0; i < head->nfields; i++)
		n += head->fields[i].id == id;
	return n;
}

bool
http_connection_has(const struct http_head *head, struct span token)
{
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id == HF_CONNECTION &&
		    span_list_has(head->fields[i].value, token))
			return true;
	}
	return false;
}

/* ---- kept ---- */

size_t
http_head_room(const struct http_head *head, struct span raw)
{
	return head->nfields * sizeof(*head->fields) + raw.n;
}

/* What is empty need not lie in the head's bytes; whether it was there at all is kept. */
static struct span
moved(struct span s, const char *from, const char *to)
{
	if (s.n == 0)
		return s.p ? SPAN("") : s;
	return span_of(to + (s.p - from), s.n);
}

void
http_head_keep(struct http_head *head, struct span *raw, void *room)
{
	struct http_field *fields = room;
	char *bytes = (char *)room + head->nfields * sizeof(*fields);

	memcpy(bytes, raw->p, raw->n);
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *field = &head->fields[i];

		fields[i] = (struct http_field){
		    .name = moved(field->name, raw->p, bytes),
		    .value = moved(field->value, raw->p, bytes),
		    .id = field->id,
		};
	}
	head->method = moved(head->method, raw->p, bytes);
	head->target = moved(head->target, raw->p, bytes);
	head->fields = fields;
	raw->p = bytes;
}
