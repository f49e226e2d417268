#include "http/check.h"

#include "http/chars.h"

/* host [ ":" port ] (RFC 3986, 3.2.2), without the comma of its sub-delims: "a,b" is what a
 * careless proxy makes of two Host fields. */
static bool
is_authority(struct span s)
{
	bool literal = s.n && s.p[0] == '[';
	const char *allowed = literal ? ":." : "-._~%!$&'()*+;=";
	size_t first = literal ? 1 : 0, i = first;

	while (i < s.n && (is_alnum(s.p[i]) || (s.p[i] && strchr(allowed, s.p[i]))))
		i++;
	if (i == first || (literal && (i == s.n || s.p[i++] != ']')))
		return false;
	if (i == s.n)
		return true;
	if (s.p[i] != ':')
		return false;
	for (i++; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
	}
	return true;
}

static enum reason
check_host(struct http_head *head)
{
	size_t n = http_head_count(head, HF_HOST);

	if (n == 0)
		return head->minor == 0 ? R_NONE : R_BAD_REQUEST;
	return n == 1 && is_authority(http_head_value(head, HF_HOST)) ? R_NONE : R_BAD_REQUEST;
}

/* Origin form, absolute form, or "OPTIONS *" (RFC 9112, 3.2); authority form is CONNECT's alone. */
static enum reason
check_target(struct http_head *head)
{
	struct span t = head->target;
	size_t i = 0;

	if (t.p[0] == '/')
		return R_NONE;
	if (span_eq(t, SPAN("*")))
		return span_eq(head->method, SPAN("OPTIONS")) ? R_NONE : R_BAD_REQUEST;
	while (i < t.n && is_alnum(t.p[i]))
		i++;
	if (i == 0 || !span_starts(span_drop(t, i), SPAN("://")))
		return R_BAD_REQUEST;
	t = span_drop(t, i + 3);
	i = 0;
	while (i < t.n && t.p[i] != '/' && t.p[i] != '?')
		i++;
	return is_authority(span_take(t, i)) ? R_NONE : R_BAD_REQUEST;
}

/* CGI's names cannot tell '_' from '-', and so some reader behind us will not either. */
enum reason
http_check_disguises(struct http_head *head)
{
	for (size_t i = 0; i < head->nfields; i++) {
		if (http_field_class(http_field_disguised(head->fields[i].name)) == FIELD_FRAMING)
			return R_BAD_REQUEST;
	}
	return R_NONE;
}

static enum reason
check_expect(struct http_head *head)
{
	if (head->minor == 0)
		return R_NONE;
	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id != HF_EXPECT)
			continue;
		if (!span_ieq(head->fields[i].value, SPAN("100-continue")))
			return R_BAD_EXPECT;
		head->expect_continue = true;
	}
	return R_NONE;
}

/* Not "chunked": a coding that we merely lack, or nonsense? Chunked anywhere but last is that. */
static enum reason
other_coding(struct span list)
{
	struct span coding;

	while (span_cut(&list, ',', &coding)) {
		coding = span_trim(coding);
		if (!is_token(coding) || (span_ieq(coding, SPAN("chunked")) && list.p))
			return R_BAD_REQUEST;
	}
	return R_BAD_CODING;
}

static enum reason
check_coding(struct http_head *head)
{
	struct span value = http_head_value(head, HF_TRANSFER_ENCODING);

	if (http_head_count(head, HF_TRANSFER_ENCODING) > 1 || head->minor == 0 ||
	    http_head_find(head, HF_CONTENT_LENGTH))
		return R_BAD_REQUEST;
	if (!span_ieq(value, SPAN("chunked")))
		return other_coding(value);
	head->framing = HTTP_CHUNKED;
	return R_NONE;
}

static enum reason
check_length(struct http_head *head)
{
	struct span value = http_head_value(head, HF_CONTENT_LENGTH);

	if (http_head_count(head, HF_CONTENT_LENGTH) > 1 ||
	    span_u64(value, INT64_MAX, &head->length) != 0)
		return R_BAD_REQUEST;
	head->framing = HTTP_BY_LENGTH;
	return R_NONE;
}

static enum reason
check_framing(struct http_head *head, enum http_framing otherwise)
{
	head->framing = otherwise;
	if (http_head_find(head, HF_TRANSFER_ENCODING))
		return check_coding(head);
	if (http_head_find(head, HF_CONTENT_LENGTH))
		return check_length(head);
	return R_NONE;
}

static void
note_connection(struct http_head *head)
{
	bool close = http_connection_has(head, SPAN("close"));

	head->keep_alive = !close && head->framing != HTTP_UNTIL_CLOSE &&
			   (head->minor == 1 || http_connection_has(head, SPAN("keep-alive")));
	head->upgrade = head->minor == 1 && http_head_find(head, HF_UPGRADE) &&
			http_connection_has(head, SPAN("upgrade"));
}

static enum reason
check_request_framing(struct http_head *head)
{
	return check_framing(head, HTTP_NO_BODY);
}

/* Behind an upgrade request the bytes change their meaning: a body there is one too many.
 * h2c is the exception that real clients make: nobody takes it up here, so it is no upgrade
 * (RFC 9113, 3.1 dropped it). */
static enum reason
check_connection(struct http_head *head)
{
	note_connection(head);
	if (!head->upgrade || (head->framing != HTTP_CHUNKED && head->length == 0))
		return R_NONE;
	if (!span_ieq(http_head_value(head, HF_UPGRADE), SPAN("h2c")))
		return R_BAD_REQUEST;
	head->upgrade = false;
	return R_NONE;
}

static enum reason (*const request_rules[])(struct http_head *) = {
    check_target,
    http_check_disguises,
    check_host,
    check_request_framing,
    check_connection,
    check_expect,
};

enum reason
http_check_request(struct http_head *head)
{
	enum reason why = R_NONE;

	for (size_t i = 0; why == R_NONE && i < sizeof(request_rules) / sizeof(*request_rules); i++)
		why = request_rules[i](head);
	return why;
}

static bool
is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

enum reason
http_check_response(struct http_head *head, bool to_head)
{
	enum reason why = check_framing(head, HTTP_UNTIL_CLOSE);

	if (why != R_NONE)
		return why;
	if (to_head || is_bodiless(head->status))
		head->framing = HTTP_NO_BODY;
	note_connection(head);
	return R_NONE;
}
