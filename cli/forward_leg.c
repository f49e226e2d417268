/* The connection to the local target. It has a life of its own, for on_gone comes when the forward
 * may be long freed, and a target that keeps connections alive is asked again on one of them.
 *
 * Asked again only what may be asked twice: the target may close an idle connection at the moment
 * when a request is on its way, and nobody can know then whether it was read. */
#include <stdio.h>

#include "cli/forward_priv.h"

enum {
	FINISH_MS = 5000, /* for a target that is slow to take the last bytes */
	IDLE_MS = 3000,	  /* less than what servers usually wait */
	IDLE_MAX = 16,
};

static const struct conn_ops leg_ops;

static void
leg_unlist(struct leg *leg)
{
	if (!leg->idle)
		return;
	leg->idle = false;
	timer_stop(&leg->rest);
	TAILQ_REMOVE(&leg->owner->idle, leg, entry);
	leg->owner->nidle--;
}

static void
leg_close(struct leg *leg, enum reason why)
{
	leg_unlist(leg);
	if (leg->conn)
		conn_close(&leg->conn, why);
}

static void
leg_on_rest(void *user)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	leg_close(leg, R_NONE);
}

void
leg_close_idle(struct forwarder *owner)
{
	struct leg *leg;

	while ((leg = TAILQ_FIRST(&owner->idle)))
		leg_close(leg, R_NONE);
}

/* ---- beginning ---- */

static struct leg *
leg_take_idle(struct forward *f)
{
	struct leg *leg;

	TAILQ_FOREACH(leg, &f->owner->idle, entry)
	{
		if (leg->route == f->now.route)
			break;
	}
	if (!leg || !f->now.safe)
		return NULL;
	leg_unlist(leg);
	leg->reused = true;
	return leg;
}

static struct leg *
leg_dial(struct forward *f)
{
	const struct place *place = &f->now.route->place;
	struct dial dial = {
	    .port = place->port, .tls = f->now.route->tls, .server_name = "localhost"};
	struct leg *leg;

	if (place->unix_path[0])
		dial.unix_path = place->unix_path;
	if (place->host[0])
		dial.host = dial.server_name = place->host;
	OBJ_NEW(leg, LEG_MAGIC);
	leg->owner = f->owner;
	leg->route = f->now.route;
	timer_init(&leg->rest, f->owner->loop, leg_on_rest, leg);
	leg->conn = conn_dial(f->owner->loop, &dial, &leg_ops, leg);
	return leg;
}

void
leg_begin(struct forward *f)
{
	if (f->leg && f->leg->route != f->now.route)
		leg_drop(f, R_NONE, false);
	if (!f->leg) {
		f->leg = leg_take_idle(f);
		if (!f->leg)
			f->leg = leg_dial(f);
		f->leg->forward = f;
	}
	conn_write(f->leg->conn, strb_span(&f->out));
	f->ours += f->out.n;
}

/* The idle connection was closed under the request: once more, on a new one. */
static bool
leg_again(struct forward *f)
{
	if (!f->leg->reused || !f->now.under_way || f->now.told || f->now.bytes || f->now.status ||
	    f->state == FORWARD_DRAINING)
		return false;
	leg_drop(f, R_NONE, false);
	f->ours = 0;
	leg_close_idle(f->owner); /* the others are no better */
	leg_begin(f);
	return true;
}

/* ---- ending ---- */

void
leg_drop(struct forward *f, enum reason why, bool finish)
{
	struct leg *leg = f->leg;

	f->leg = NULL;
	leg->forward = NULL;
	if (leg->conn && finish)
		conn_finish(&leg->conn, why, FINISH_MS);
	else if (leg->conn)
		conn_close(&leg->conn, why);
}

void
leg_keep(struct forward *f)
{
	struct leg *leg = f->leg;
	struct forwarder *owner = f->owner;

	if (!leg || f->local_eof || owner->rules->proxy_protocol || owner->nidle >= IDLE_MAX ||
	    conn_queued(leg->conn) || !owner->link)
		return;
	f->leg = NULL;
	leg->forward = NULL;
	leg->idle = true;
	TAILQ_INSERT_HEAD(&owner->idle, leg, entry);
	owner->nidle++;
	timer_start(&leg->rest, IDLE_MS);
}

/* ---- what it says ---- */

static void
leg_on_open(void *user)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	leg->open = true;
	if (leg->owner->refusing)
		log_info(NULL, "%s answers again", leg->route->place.text);
	leg->owner->refusing = false;
}

static size_t
leg_on_data(void *user, struct span in)
{
	struct forward *f;
	struct leg *leg;
	size_t taken;

	CAST_OBJ(leg, user, LEG_MAGIC);
	f = leg->forward;
	if (!f) { /* an idle one speaks: not to be trusted with a request */
		leg_close(leg, R_NONE);
		return in.n;
	}
	if (f->state == FORWARD_DRAINING)
		return in.n;
	taken = wsmux_stream_write(f->stream, in);
	if (taken) {
		forward_stirred(f);
		forward_flush(f);
		forward_look_at_answer(f, span_take(in, taken));
	}
	return taken;
}

static void
leg_on_sent(void *user, size_t n)
{
	struct forward *f;
	struct leg *leg;
	size_t ours;

	CAST_OBJ(leg, user, LEG_MAGIC);
	f = leg->forward;
	if (!f)
		return;
	ours = n < f->ours ? n : f->ours;
	f->ours -= ours;
	n -= ours;
	f->owed -= n;
	wsmux_stream_used(f->stream, n);
	forward_flush(f);
}

static void
leg_on_eof(void *user)
{
	struct forward *f;
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	f = leg->forward;
	if (!f) {
		leg_close(leg, R_NONE);
		return;
	}
	if (leg_again(f))
		return;
	f->local_eof = true;
	forward_answer_ended(f);
	wsmux_stream_fin(f->stream);
	forward_flush(f);
}

static void
leg_failed_to_open(struct forward *f, enum reason why, const char *error)
{
	if (!f->owner->refusing)
		log_warn(NULL, "%s does not answer: %s", f->now.route->place.text, error);
	f->owner->refusing = true;
	forward_refuse(f, 502, error, why == R_DIAL_FAILED ? R_TARGET_REFUSED : R_TARGET_FAILED);
}

static void
leg_on_gone(void *user, enum reason why)
{
	struct forward *f;
	struct leg *leg;
	char error[256];

	CAST_OBJ(leg, user, LEG_MAGIC);
	f = leg->forward;
	snprintf(error, sizeof(error), "%s", leg->conn ? conn_error(leg->conn) : "");
	leg->conn = NULL;
	leg_unlist(leg);
	if (f && !leg_again(f)) {
		leg_drop(f, why, false);
		if (!leg->open && f->state != FORWARD_DRAINING)
			leg_failed_to_open(f, why, error);
		else if (f->state != FORWARD_DRAINING && f->local_eof)
			forward_drain(f);
		else if (f->state != FORWARD_DRAINING)
			forward_break(f, "the local target broke off");
	}
	timer_stop(&leg->rest);
	OBJ_FREE(leg);
}

static const struct conn_ops leg_ops = {
    .on_open = leg_on_open,
    .on_data = leg_on_data,
    .on_sent = leg_on_sent,
    .on_eof = leg_on_eof,
    .on_gone = leg_on_gone,
};
