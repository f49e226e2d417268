/* Leaving this worker's viewers: to the worker that owns the tunnel, or into a tunnel here.
 *
 * A registration waits for the control plane, which commits its row first. The viewer may be gone
 * when the answer comes, or the answer may come too late: then the row is closed again. */
#include <stdio.h>

#include "base/clock.h"
#include "edge/viewer_priv.h"

#define uthash_fatal(text) wht_panic(__FILE__, __LINE__, text)
#include <uthash.h>

struct viewer_move {
	unsigned to;
	size_t len;
	char raw[]; /* the head, to be read again over there */
};

/* A question to the control plane; in worker->tickets by its number. */
struct viewer_ticket {
	UT_hash_handle hh;
	uint64_t number;
	struct viewer *viewer;
	struct admission admission;
};

/* ---- moving ---- */

void
viewer_plan_move(struct viewer *v, unsigned to, struct span raw)
{
	v->move = must_alloc(sizeof(*v->move) + raw.n);
	v->move->to = to;
	v->move->len = raw.n;
	memcpy(v->move->raw, raw.p, raw.n);
	v->requests--; /* it counts where it is served */
	viewer_set_state(v, VIEWER_MOVING);
	conn_flush(v->conn);
}

void
viewer_move(struct viewer *v)
{
	struct worker *w = v->worker;
	struct conn_bundle *bundle = conn_detach(&v->conn, span_of(v->move->raw, v->move->len));
	struct msg_conn_move *letter;
	unsigned to = v->move->to;

	if (!bundle) {
		viewer_end(v, R_INTERNAL);
		return;
	}
	letter = must_alloc(sizeof(*letter));
	letter->mail.type = MSG_CONN_MOVE;
	letter->bundle = bundle;
	letter->serial = v->tag.serial;
	letter->from = w->no;
	letter->decision = v->decision;
	v->decision = NULL;
	w->metrics.moves++;
	viewer_free(v);
	if (mailbox_post(w->shared->boxes[to], &letter->mail))
		return;
	viewer_uncount(w);
	msg_free(&letter->mail);
}

/* ---- joining ---- */

static void
ticket_free(struct worker *w, struct viewer_ticket *ticket)
{
	HASH_DEL(w->tickets, ticket);
	free(ticket);
}

void
viewer_forget_plan(struct viewer *v)
{
	free(v->move);
	v->move = NULL;
	if (v->ticket)
		ticket_free(v->worker, v->ticket);
	v->ticket = NULL;
}

void
viewer_ask_admission(struct viewer *v, const struct admission *a)
{
	struct worker *w = v->worker;
	struct msg_admit *letter;

	if (!worker_has_credit(w)) {
		viewer_refuse(v, NULL, R_NOT_RECORDED);
		return;
	}
	v->ticket = must_alloc(sizeof(*v->ticket));
	v->ticket->number = ++w->last_ticket;
	v->ticket->viewer = v;
	v->ticket->admission = *a;
	HASH_ADD(hh, w->tickets, number, sizeof(v->ticket->number), v->ticket);
	snprintf(v->ticket->admission.client.peer, FACT_PEER_MAX, "%s", conn_peer(v->conn));
	v->ticket->admission.client.opened_ms = clock_wall_ms();
	viewer_set_state(v, VIEWER_ADMITTING);

	letter = must_alloc(sizeof(*letter));
	letter->mail.type = MSG_ADMIT;
	letter->worker = w->no;
	letter->ticket = v->ticket->number;
	letter->client = v->ticket->admission.client;
	worker_record(w, &letter->mail);
}

static void
viewer_join(struct viewer *v, int64_t session)
{
	struct worker *w = v->worker;
	struct conn *conn = v->conn;
	struct strb b;

	strb_init(&b, 8192);
	admit_write_101(&b, &v->ticket->admission, v->policy);
	conn_write(conn, strb_span(&b));
	strb_free(&b);
	v->conn = NULL;
	tunnel_join(w, &conn, &v->ticket->admission, v->policy, session);
	viewer_uncount(w);
	viewer_free(v);
}

/* The row is there and nobody is left to be told. */
static void
admission_lapsed(struct worker *w, int64_t session)
{
	struct msg_tunnel_end *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_TUNNEL_END;
	letter->worker = w->no;
	letter->session = session;
	letter->why = R_VIEWER_GONE;
	letter->closed_ms = clock_wall_ms();
	worker_record(w, &letter->mail);
}

void
worker_on_admitted(struct worker *w, struct msg_admitted *letter)
{
	struct viewer_ticket *ticket;
	enum reason why = letter->why;
	int64_t session = letter->session;

	HASH_FIND(hh, w->tickets, &letter->ticket, sizeof(letter->ticket), ticket);
	msg_admitted_free(letter);
	worker_recorded(w, 1);
	if (!ticket && why == R_NONE)
		admission_lapsed(w, session);
	else if (ticket && why == R_NONE)
		viewer_join(ticket->viewer, session);
	else if (ticket)
		viewer_end(ticket->viewer, why);
}
