/* What the client's stream says while a request is under way on it. */
#include "edge/exchange_priv.h"

/* The response in in; what the viewer is to see of it is queued when this returns. */
static void
exchange_parse(struct exchange *x, struct span in)
{
	while (in.n && !x->finished) {
		size_t used;

		if (http_parser_feed(x->parser, in, &used) < 0)
			x->fault = http_parser_fault(x->parser);
		in = span_drop(in, used);
		if (x->fault) {
			exchange_finish(x, x->fault, false);
		} else if (x->response == RESPONSE_RAW) {
			conn_write(x->conn, in);
			return;
		} else if (http_parser_done(x->parser) && x->response == RESPONSE_HEAD) {
			http_parser_next(x->parser); /* it was an interim one */
		} else if (http_parser_done(x->parser)) {
			x->keep_upstream = x->keep_upstream && in.n == 0;
			exchange_finish(x, R_NONE, !x->close);
		}
	}
}

static size_t
exchange_on_data(void *user, struct span in)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	upstream_stall(x->up, conn_full(x->conn));
	if (conn_full(x->conn))
		return 0;
	exchange_moved(x);
	x->unreturned += in.n;
	x->in_data = true;
	if (x->response == RESPONSE_RAW)
		conn_write(x->conn, in);
	else
		exchange_parse(x, in);
	x->in_data = false;
	if (x->finished)
		exchange_free(x);
	else if (conn_queued(x->conn) == 0)
		exchange_credit(x, x->unreturned);
	return in.n;
}

static void
exchange_on_room(void *user)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	exchange_moved(x);
	x->ops->on_room(x->user);
}

/* A kept stream may die just as it is used again: the client's server had closed its connection. A
 * safe request without a body is then asked once more, on a stream of its own. */
static bool
exchange_replay(struct exchange *x)
{
	char *head = x->replay;
	bool sent = false;

	if (!head || !http_parser_idle(x->parser))
		return false;
	x->replay = NULL;
	if (x->up)
		upstream_release(&x->up, false);
	x->peer_fin = false;
	x->unreturned = 0;
	x->up = upstream_take(x->pool, false, &exchange_upstream_ops, x);
	if (x->up)
		sent = exchange_send_head(x, span_of(head, x->replay_len));
	free(head);
	return sent;
}

static void
exchange_on_fin(void *user)
{
	struct exchange *x;
	bool legal;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	x->peer_fin = true;
	if (x->response == RESPONSE_RAW) {
		exchange_finish(x, R_NONE, false);
		return;
	}
	if (x->response == RESPONSE_HEAD) {
		if (!exchange_replay(x))
			exchange_finish(x,
			    http_parser_idle(x->parser) ? R_EMPTY_RESPONSE : R_BAD_RESPONSE, false);
		return;
	}
	legal = http_parser_eof(x->parser) == 0;
	exchange_finish(x, legal ? R_NONE : R_SHORT_RESPONSE, legal && !x->close);
}

static void
exchange_on_lost(void *user, enum reason why)
{
	struct exchange *x;

	CAST_OBJ(x, user, EXCHANGE_MAGIC);
	x->up = NULL;
	if (x->response == RESPONSE_HEAD && exchange_replay(x))
		return;
	exchange_finish(x, why == R_NONE ? R_EMPTY_RESPONSE : why, false);
}

const struct upstream_ops exchange_upstream_ops = {
    .on_data = exchange_on_data,
    .on_room = exchange_on_room,
    .on_fin = exchange_on_fin,
    .on_lost = exchange_on_lost,
};
