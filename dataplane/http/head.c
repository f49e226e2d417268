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
