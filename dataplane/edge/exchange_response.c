/* The response as the parser shows it, re-framed for the viewer. */
#include "base/clock.h"
#include "edge/exchange_priv.h"

/* False, and the fault is noted, when it grew beyond its limit. */
static bool
exchange_write_head(struct exchange *x, const struct http_head *head, bool upgraded)
{
	const struct forward_response f = {
	    .head = head,
	    .to_http10 = x->to_http10,
	    .to_head = x->to_head,
	    .close = x->close,
	    .upgraded = upgraded,
	    .request_id = span_str(x->request_id),
	};
	struct strb b;

	strb_init(&b, x->limits->head_max + x->limits->fields_max + HEAD_EXTRA);
	forward_write_response(&b, &f);
	if (strb_failed(&b))
		x->fault = R_BAD_RESPONSE;
	else
		conn_write(x->conn, strb_span(&b));
	strb_free(&b);
	return x->fault == R_NONE;
}

/* 100 and 103 go through to whoever can understand them; 101 only answers an upgrade. */
static void
exchange_on_interim(struct exchange *x, const struct http_head *head)
{
	if (head->status == 101)
		x->fault = R_BAD_RESPONSE;
	else if (!x->to_http10)
		exchange_write_head(x, head, false);
	exchange_watch(x);
}

static void
exchange_go_raw(struct exchange *x, const struct http_head *head)
{
	x->close = true;
	if (!exchange_write_head(x, head, true))
		return;
	x->status = head->status;
	x->response = RESPONSE_RAW;
	exchange_watch(x);
	x->ops->on_room(x->user);
}

/* whclient's own answers bear the word of the reason, as ours do. */
static enum reason
client_fault(const struct http_head *head)
{
	struct span word = http_head_value(head, HF_WHT_ERROR);
	enum reason why = word.n ? reason_of_word(word.p, word.n) : R_NONE;

	return reason_info(why)->fault == FAULT_CLIENT ? why : R_NONE;
}

static void
exchange_on_final(struct exchange *x, const struct http_head *head)
{
	enum http_framing framing = forward_framing(head, x->to_http10);
	const struct http_head *told = x->ops->on_head(x->user, head);

	if (!told) {
		x->fault = R_HOOK_FAILED;
		return;
	}
	x->client_fault = client_fault(head);
	if (x->sent_ns)
		metric_observe(&x->metrics->first_byte, (clock_mono_ns() - x->sent_ns) / 1000);
	x->down_body.chunked = framing == HTTP_CHUNKED;
	x->ends_by_close = framing == HTTP_UNTIL_CLOSE;
	x->keep_upstream = head->keep_alive && head->framing != HTTP_UNTIL_CLOSE;
	/* A viewer that is still sending its request is told that nothing follows it here. */
	if (x->request != REQUEST_SENT || x->ends_by_close)
		x->close = true;
	if (!exchange_write_head(x, told, false))
		return;
	x->status = told->status;
	x->response = RESPONSE_BODY;
	exchange_watch(x);
}

static int
exchange_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct exchange *x;

	(void)raw;
	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	free(x->replay);
	x->replay = NULL;
	if (head->status == 101 && head->upgrade && x->upgrade)
		exchange_go_raw(x, head);
	else if (head->status < 200)
		exchange_on_interim(x, head);
	else
		exchange_on_final(x, head);
	return x->response == RESPONSE_RAW || x->fault ? HTTP_HOLD : HTTP_GO;
}

static void
exchange_on_body(void *user, struct span data)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	body_write(&x->down_body, data);
}

static void
exchange_on_trailer(void *user, struct http_field field)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	body_trailer(&x->down_body, field);
}

static void
exchange_on_response_end(void *user)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	if (x->response == RESPONSE_BODY)
		body_end(&x->down_body);
}

const struct http_parser_ops exchange_response_ops = {
    .on_head = exchange_on_head,
    .on_body = exchange_on_body,
    .on_trailer = exchange_on_trailer,
    .on_end = exchange_on_response_end,
};
