/* edge/exchange_priv.h - the inside of an exchange, shared by its three files:
 *
 *   exchange.c           birth, the request, time, ends
 *   exchange_upstream.c  what the client's stream says, and asking again
 *   exchange_response.c  the response on its way to the viewer
 *
 * Both directions advance on their own; what must not happen is that one of them outlives the other
 * unnoticed. So every end goes through exchange_finish(), which lets go of the upstream first and
 * tells the viewer last.
 */
#ifndef WHT_EDGE_EXCHANGE_PRIV_H
#define WHT_EDGE_EXCHANGE_PRIV_H

#include "base/obj.h"
#include "edge/body.h"
#include "edge/exchange.h"

#define EXCHANGE_MAGIC 0xe8c4a26eu

enum { HEAD_EXTRA = 2048 }; /* what our own fields add to a head */

enum request_state { REQUEST_BODY, REQUEST_SENT };
enum response_state { RESPONSE_HEAD, RESPONSE_BODY, RESPONSE_RAW };

struct exchange {
	unsigned magic;
	enum request_state request;
	enum response_state response;
	struct loop *loop;
	struct conn *conn;
	struct upstream_pool *pool;
	struct upstream *up;
	const struct limits *limits;
	const struct exchange_ops *ops;
	void *user;
	struct http_parser *parser;

	bool to_http10, to_head, upgrade, close; /* what the request was */
	struct body_out up_body, down_body;
	bool ends_by_close;
	bool keep_upstream, peer_fin;
	bool viewer_eof; /* RAW */
	bool finished;	 /* exchange_finish() ran; freed when the stack is unwound */
	bool in_data;
	enum reason fault; /* found inside a parser callback */

	char *replay; /* the head, while it may be sent again on another stream */
	size_t replay_len;
	size_t unreturned; /* bytes taken from the stream and not yet credited */
	int status;
	enum reason client_fault;
	struct timer deadline;
	uint64_t progress_ms; /* the last time anything moved */
	char request_id[REQUEST_ID_MAX + 1];
	uint64_t sent_ns; /* the request was all in */
	struct worker_metrics *metrics;
};

extern const struct upstream_ops exchange_upstream_ops;
extern const struct http_parser_ops exchange_response_ops;

/* The end, from inside a callback of the stream or a timer. */
void exchange_finish(struct exchange *, enum reason why, bool keep);
void exchange_free(struct exchange *);
/* The viewer took n of the bytes that came; the client may send as many more. */
void exchange_credit(struct exchange *, size_t n);
/* Something moved. */
void exchange_moved(struct exchange *);
/* Waiting for something else now: the deadline starts anew. */
void exchange_watch(struct exchange *);
/* False when the upstream does not take it whole. */
bool exchange_send_head(struct exchange *, struct span head);

#endif
