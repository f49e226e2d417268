#include "edge/body.h"

#include "http/write.h"

void
body_write(struct body_out *body, struct span data)
{
	char head[HTTP_CHUNK_HEAD_MAX];

	body->bytes += data.n;
	if (!body->chunked) {
		body->write(body->to, data);
		return;
	}
	body->write(body->to, http_chunk_head(head, data.n));
	body->write(body->to, data);
	body->write(body->to, HTTP_CHUNK_TAIL);
}

void
body_trailer(struct body_out *body, struct http_field field)
{
	if (!body->chunked)
		return;
	if (!body->trailers)
		body->write(body->to, SPAN("0\r\n"));
	body->trailers = true;
	body->write(body->to, field.name);
	body->write(body->to, SPAN(": "));
	body->write(body->to, field.value);
	body->write(body->to, SPAN("\r\n"));
}

void
body_end(struct body_out *body)
{
	if (body->chunked)
		body->write(body->to, body->trailers ? SPAN("\r\n") : HTTP_LAST_CHUNK);
}
