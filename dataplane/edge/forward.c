#include "edge/forward.h"

#include "base/obj.h"
#include "http/write.h"

/* ---- requests ---- */

bool
forward_is_upgrade(const struct http_head *head)
{
	struct span upgrade = http_head_value(head, HF_UPGRADE), token;

	if (!head->upgrade || !span_eq(head->method, SPAN("GET")) || head->framing != HTTP_NO_BODY)
		return false;
	while (span_cut(&upgrade, ',', &token)) {
		token = span_trim(token);
		if (span_ieq(token, SPAN("h2c")) || span_ieq(span_take(token, 4), SPAN("TLS/")))
			return false;
	}
	return true;
}

/* Copies what may cross, but Host as the viewer named the authority (an absolute-form target wins
 * over the field), and without a request id, for ours is added. */
static void
write_end_to_end(struct strb *b, const struct http_head *head, struct span host, bool request)
{
	struct http_field *fields;
	struct http_head copy = *head;

	if (!http_head_find(head, HF_X_REQUEST_ID) &&
	    (!request || span_eq(http_head_value(head, HF_HOST), host))) {
		http_write_end_to_end(b, head, request);
		return;
	}
	fields = must_alloc(head->nfields * sizeof(*fields));
	copy.fields = fields;
	copy.nfields = 0;
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id == HF_X_REQUEST_ID)
			continue;
		fields[copy.nfields] = head->fields[i];
		if (request && head->fields[i].id == HF_HOST)
			fields[copy.nfields].value = host;
		copy.nfields++;
	}
	http_write_end_to_end(b, &copy, request);
	free(fields);
}

/* One forwarding field: what a trusted proxy said, else our own word. */
static void
write_forwarded(struct strb *b, const struct forward_request *f, bool trusted,
    enum http_field_id id, struct span name, struct span ours)
{
	struct span theirs = trusted ? http_head_value(f->head, id) : SPAN("");

	http_write_field(b, name, theirs.n ? theirs : ours);
}

/* The list that every proxy adds to; fields of one name are one list (RFC 9110, 5.3). */
static void
write_forwarded_for(struct strb *b, const struct forward_request *f, bool trusted, struct span peer)
{
	strb_add(b, SPAN("X-Forwarded-For: "));
	for (size_t i = 0; trusted && i < f->head->nfields; i++) {
		const struct http_field *theirs = &f->head->fields[i];

		if (theirs->id != HF_X_FORWARDED_FOR || theirs->value.n == 0)
			continue;
		strb_add(b, theirs->value);
		strb_add(b, SPAN(", "));
	}
	strb_add(b, peer);
	strb_add(b, SPAN("\r\n"));
}

static void
write_about_viewer(struct strb *b, const struct forward_request *f)
{
	bool trusted = networks_have(&f->policy->trusted, f->peer);

	write_forwarded_for(b, f, trusted, f->peer_host);
	write_forwarded(b, f, trusted, HF_X_FORWARDED_PROTO, SPAN("X-Forwarded-Proto"),
	    f->tls ? SPAN("https") : SPAN("http"));
	if (f->route->host.n)
		write_forwarded(
		    b, f, trusted, HF_X_FORWARDED_HOST, SPAN("X-Forwarded-Host"), f->route->host);
	http_write_field(b, family_path_header(f->family), f->route->original);
	http_write_field(b, http_field_name(HF_X_REQUEST_ID), f->request_id);
}

void
forward_write_request(struct strb *b, const struct forward_request *f)
{
	bool slash = f->route->path.n == 0 || f->route->path.p[0] != '/';
	struct span host = f->route->host;

	strb_add(b, f->head->method);
	strb_add(b, slash ? SPAN(" /") : SPAN(" "));
	strb_add(b, f->route->path);
	strb_add(b, SPAN(" HTTP/1.1\r\n"));
	if (!http_head_find(f->head, HF_HOST))
		http_write_field(b, SPAN("Host"), host.n ? host : span_str(f->policy->authority));
	write_end_to_end(b, f->head, host, true);
	if (f->upgrade) {
		http_write_field(b, SPAN("Connection"), SPAN("Upgrade"));
		http_write_field(b, SPAN("Upgrade"), http_head_value(f->head, HF_UPGRADE));
	}
	write_about_viewer(b, f);
	http_write_framing(b, f->head->framing, f->head->length);
	http_write_end(b);
}

/* ---- responses ---- */

enum http_framing
forward_framing(const struct http_head *head, bool to_http10)
{
	if (head->framing == HTTP_NO_BODY || head->framing == HTTP_BY_LENGTH)
		return head->framing;
	return to_http10 ? HTTP_UNTIL_CLOSE : HTTP_CHUNKED;
}

/* What a body would have had: of use to whoever asked with HEAD or revalidates (RFC 9110, 8.6). */
static void
write_length_without_body(struct strb *b, const struct forward_response *f)
{
	int status = f->head->status;
	bool may = status == 304 || (f->to_head && status >= 200 && status != 204);

	if (may && http_head_find(f->head, HF_CONTENT_LENGTH))
		http_write_framing(b, HTTP_BY_LENGTH, f->head->length);
}

void
forward_write_response(struct strb *b, const struct forward_response *f)
{
	enum http_framing framing = forward_framing(f->head, f->to_http10);

	http_write_status_line(b, f->head->status);
	write_end_to_end(b, f->head, SPAN(""), false);
	http_write_field(b, http_field_name(HF_X_REQUEST_ID), f->request_id);
	if (f->upgraded) {
		http_write_field(b, SPAN("Connection"), SPAN("Upgrade"));
		http_write_field(b, SPAN("Upgrade"), http_head_value(f->head, HF_UPGRADE));
	} else if (f->close && f->head->status >= 200) {
		http_write_field(b, SPAN("Connection"), SPAN("close"));
	}
	if (framing == HTTP_NO_BODY)
		write_length_without_body(b, f);
	else
		http_write_framing(b, framing, f->head->length);
	http_write_end(b);
}
