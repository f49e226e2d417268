#include "http/write.h"

#include <stdio.h>
#include <time.h>

void
http_write_request_line(struct strb *b, struct span method, struct span target)
{
	strb_add(b, method);
	strb_char(b, ' ');
	strb_add(b, target);
	strb_add(b, SPAN(" HTTP/1.1\r\n"));
}

void
http_write_status_line(struct strb *b, int status)
{
	strb_add(b, SPAN("HTTP/1.1 "));
	strb_number(b, status);
	strb_char(b, ' ');
	strb_add(b, span_str(http_status_phrase(status)));
	strb_add(b, SPAN("\r\n"));
}

void
http_write_field(struct strb *b, struct span name, struct span value)
{
	char *at = strb_room(b, name.n + value.n + 4);

	if (!at)
		return;
	memcpy(at, name.p, name.n);
	memcpy(at + name.n, ": ", 2);
	at += name.n + 2;
	if (value.n)
		memcpy(at, value.p, value.n);
	memcpy(at + value.n, "\r\n", 2);
}

/* In English, whatever the locale. */
void
http_write_date(struct strb *b, int64_t seconds)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return;
	strb_printf(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * tm.tm_wday,
	    tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
}

void
http_write_end(struct strb *b)
{
	strb_add(b, SPAN("\r\n"));
}

/* One hop's own fields, that is; never where a message ends, whom it is for, or who sent it. */
static bool
connection_may_remove(const struct http_field *field)
{
	return http_field_class(field->id) == FIELD_PLAIN && field->id != HF_AUTHORIZATION;
}

/* listed: there is a Connection at all. */
static bool
crosses(const struct http_head *head, const struct http_field *field, bool request, bool listed)
{
	enum http_field_class class =
	    http_field_class(request ? http_field_read_as(field) : field->id);

	if (class == FIELD_HOP || (class == FIELD_FORWARDED && request))
		return false;
	if (class == FIELD_FRAMING)
		return field->id == HF_HOST;
	return !listed || !connection_may_remove(field) || !http_connection_has(head, field->name);
}

static bool
takes_trailers(const struct http_head *head)
{
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id == HF_TE &&
		    span_list_has(head->fields[i].value, SPAN("trailers")))
			return true;
	}
	return false;
}

void
http_write_end_to_end(struct strb *b, const struct http_head *head, bool request)
{
	bool listed = http_head_find(head, HF_CONNECTION) != NULL;

	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *field = &head->fields[i];

		if (crosses(head, field, request, listed))
			http_write_field(b, field->name, field->value);
	}
	if (request && takes_trailers(head))
		http_write_field(b, SPAN("TE"), SPAN("trailers"));
}

void
http_write_framing(struct strb *b, enum http_framing framing, uint64_t length)
{
	if (framing == HTTP_CHUNKED)
		strb_add(b, SPAN("Transfer-Encoding: chunked\r\n"));
	if (framing != HTTP_BY_LENGTH)
		return;
	strb_add(b, SPAN("Content-Length: "));
	strb_number(b, (int64_t)length); /* the parser takes no more (http/check.c) */
	strb_add(b, SPAN("\r\n"));
}

struct span
http_chunk_head(char out[HTTP_CHUNK_HEAD_MAX], size_t n)
{
	return span_of(out, (size_t)snprintf(out, HTTP_CHUNK_HEAD_MAX, "%zx\r\n", n));
}

void
http_write_reply(
    struct strb *b, int status, struct span extra, struct span body, bool close, bool head_only)
{
	http_write_status_line(b, status);
	strb_add(b, extra);
	http_write_field(b, SPAN("Content-Type"), SPAN("text/plain"));
	http_write_framing(b, HTTP_BY_LENGTH, body.n);
	if (close)
		http_write_field(b, SPAN("Connection"), SPAN("close"));
	http_write_end(b);
	if (!head_only)
		strb_add(b, body);
}
