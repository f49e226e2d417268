#include "edge/reply.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/strb.h"
#include "http/write.h"
#include "ws/handshake.h"

enum { REPLY_MAX = 4096 };

/* What some refusals owe by their RFC: what would be accepted, or when. */
static struct span
extra_fields(enum reason why)
{
	switch (why) {
	case R_BAD_TOKEN:
		return SPAN("WWW-Authenticate: Bearer\r\n");
	case R_BAD_METHOD:
		return SPAN("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n");
	case R_BAD_WS_VERSION:
		return SPAN("Sec-WebSocket-Version: " WS_VERSION "\r\n");
	case R_PROCESS_MEMORY:
	case R_TOO_MANY_STREAMS:
	case R_TOO_MANY_VIEWERS:
	case R_SHUTDOWN:
	case R_NOT_RECORDED:
		return SPAN("Retry-After: 1\r\n");
	default:
		return SPAN("");
	}
}

static void
write_date(struct strb *out)
{
	http_write_date(out, clock_wall_ms() / 1000);
}

static void
write_reason(struct strb *out, enum reason why, struct span request_id, bool close, bool head_only)
{
	const struct reason_info *info = reason_info(why);
	struct strb extra, body;

	strb_init(&extra, REPLY_MAX);
	strb_init(&body, REPLY_MAX);
	write_date(&extra);
	http_write_field(&extra, http_field_name(HF_WHT_ERROR), span_str(info->word));
	if (request_id.n)
		http_write_field(&extra, http_field_name(HF_X_REQUEST_ID), request_id);
	strb_add(&extra, extra_fields(why));
	strb_printf(
	    &body, "%d %s: %s\n", info->status, http_status_phrase(info->status), info->text);
	http_write_reply(out, info->status, strb_span(&extra), strb_span(&body), close, head_only);
	strb_free(&extra);
	strb_free(&body);
}

void
reply_reason(struct conn *conn, enum reason why, struct span request_id, bool close, bool head_only)
{
	struct strb out;

	strb_init(&out, 2 * REPLY_MAX);
	write_reason(&out, why, request_id, close, head_only);
	conn_write(conn, strb_span(&out));
	strb_free(&out);
}

/* As Mozilla's Dockerflow asks of a service. */
static void
write_version(struct strb *out, bool close, bool head_only)
{
	struct span body = SPAN("{\"version\": \"" WHT_VERSION "\", \"source\": \"webhooktunnel\", "
				"\"commit\": \"\", \"build\": \"\"}\n");

	http_write_status_line(out, 200);
	write_date(out);
	http_write_field(out, SPAN("Content-Type"), SPAN("application/json"));
	if (close)
		http_write_field(out, SPAN("Connection"), SPAN("close"));
	http_write_framing(out, HTTP_BY_LENGTH, body.n);
	http_write_end(out);
	if (!head_only)
		strb_add(out, body);
}

static bool
has_field(const struct lua_verdict *v, struct span name)
{
	for (size_t i = 0; i < v->nfields; i++) {
		if (span_ieq(v->fields[i].name, name))
			return true;
	}
	return false;
}

static void
write_verdict(struct strb *out, const struct lua_verdict *v, struct span request_id, bool close,
    struct span body)
{
	bool bodiless = v->status == 204 || v->status == 304;

	http_write_status_line(out, v->status);
	if (!has_field(v, SPAN("date")))
		write_date(out);
	if (v->kind == VERDICT_DENY)
		http_write_field(out, http_field_name(HF_WHT_ERROR), SPAN("hook_denied"));
	http_write_field(out, http_field_name(HF_X_REQUEST_ID), request_id);
	for (size_t i = 0; i < v->nfields; i++)
		http_write_field(out, v->fields[i].name, v->fields[i].value);
	if (!has_field(v, SPAN("content-type")) && body.n)
		http_write_field(out, SPAN("Content-Type"), SPAN("text/plain"));
	if (!bodiless)
		http_write_framing(out, HTTP_BY_LENGTH, body.n);
	if (close)
		http_write_field(out, SPAN("Connection"), SPAN("close"));
	http_write_end(out);
}

void
reply_verdict(struct conn *conn, const struct lua_verdict *v, struct span request_id, bool close,
    bool head_only)
{
	struct strb out, body;

	strb_init(&out, 2 * LUA_ANSWER_MAX);
	strb_init(&body, LUA_ANSWER_MAX + REPLY_MAX);
	if (v->kind == VERDICT_DENY)
		strb_printf(&body, "%d %s: ", v->status, http_status_phrase(v->status));
	strb_add(&body, v->text);
	if (v->kind == VERDICT_DENY)
		strb_char(&body, '\n');
	write_verdict(&out, v, request_id, close, strb_span(&body));
	if (!head_only)
		strb_add(&out, strb_span(&body));
	conn_write(conn, strb_span(&out));
	strb_free(&out);
	strb_free(&body);
}

void
reply_local(struct conn *conn, enum route_kind kind, bool close, bool head_only)
{
	struct strb out, date;

	strb_init(&out, REPLY_MAX);
	strb_init(&date, REPLY_MAX);
	write_date(&date);
	if (kind == ROUTE_VERSION)
		write_version(&out, close, head_only);
	else
		http_write_reply(&out, 200, strb_span(&date), SPAN(""), close, head_only);
	conn_write(conn, strb_span(&out));
	strb_free(&date);
	strb_free(&out);
}

void
reply_busy(int fd, bool tls)
{
	struct strb out;

	strb_init(&out, 2 * REPLY_MAX);
	write_reason(&out, R_TOO_MANY_VIEWERS, SPAN(""), true, false);
	/* Under TLS, or when the kernel does not take it, the closed connection has to say it. */
	if (tls || send(fd, strb_cstr(&out), out.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		shutdown(fd, SHUT_RDWR);
	close(fd);
	strb_free(&out);
}
