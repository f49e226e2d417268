#include "cli/forward_priv.h"

#include <unistd.h>

#include "base/clock.h"

enum { LINGER_MS = 5000 }; /* silence that is allowed after the server's FIN */

void
forward_set_state(struct forward *f, enum forward_state state)
{
	ENSURE(state > f->state);
	f->state = state;
	if (state >= FORWARD_LINGERING)
		timer_start(&f->linger, LINGER_MS);
}

void
forward_flush(const struct forward *f)
{
	if (f->owner->link)
		link_flush(f->owner->link);
}

void
forward_stirred(struct forward *f)
{
	if (f->state >= FORWARD_LINGERING)
		timer_start(&f->linger, LINGER_MS);
}

void
forward_drain(struct forward *f)
{
	if (f->state < FORWARD_DRAINING)
		forward_set_state(f, FORWARD_DRAINING);
	if (f->leg)
		leg_drop(f, R_NONE, false);
	wsmux_stream_used(f->stream, f->owed);
	f->owed = f->ours = 0;
	wsmux_stream_fin(f->stream);
	forward_flush(f);
}

void
forward_break(struct forward *f, const char *error)
{
	forward_tell(f, error);
	wsmux_stream_abort(f->stream, R_TARGET_FAILED);
	forward_flush(f);
}

static void
forward_on_silence(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	wsmux_stream_abort(f->stream, R_RESPONSE_STALLED);
	forward_flush(f);
}

/* ---- exchanges ---- */

void
forward_tell(struct forward *f, const char *error)
{
	struct exchange *e = &f->now;
	struct exchange_news news = {.method = e->method,
	    .path = e->path,
	    .target = e->route ? e->route->place.text : "",
	    .error = error,
	    .status = e->status,
	    .us = (clock_mono_ns() - e->began_ns) / 1000,
	    .bytes = e->bytes};

	if (e->under_way && !e->told && f->owner->ops && f->owner->ops->on_exchange)
		f->owner->ops->on_exchange(f->owner->user, &news);
	e->told = true;
}

void
forward_next(struct forward *f)
{
	if (!f->now.asked || !f->now.answered || f->raw || f->blind)
		return;
	f->now = (struct exchange){0};
	strb_reset(&f->out);
	if (f->state == FORWARD_LINGERING) {
		leg_keep(f);
		forward_drain(f);
		return;
	}
	wsmux_stream_resume(f->stream);
}

/* ---- the tunnel's side ---- */

static size_t
forward_on_data(void *user, struct span in)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	forward_stirred(f);
	if (f->state == FORWARD_DRAINING) {
		wsmux_stream_used(f->stream, in.n);
		return in.n;
	}
	return forward_take_requests(f, in);
}

static void
forward_on_room(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	forward_pump(f);
	if (f->leg)
		conn_resume(f->leg->conn);
}

static void
forward_on_fin(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->state >= FORWARD_LINGERING)
		return;
	forward_set_state(f, FORWARD_LINGERING);
	if (f->leg && !f->now.under_way && !f->raw && !f->blind) {
		leg_keep(f);
		forward_drain(f);
	} else if (f->leg && (f->raw || f->blind || !f->now.asked || !f->now.keep)) {
		conn_shutdown(
		    f->leg->conn); /* behind what is queued, perhaps before it is connected */
	} else if (!f->leg && !f->reply.n && f->file < 0) {
		forward_drain(f);
	}
}

static void
forward_free(struct forward *f)
{
	timer_stop(&f->linger);
	http_parser_free(&f->requests);
	http_parser_free(&f->responses);
	strb_free(&f->seen);
	strb_free(&f->out);
	strb_free(&f->reply);
	strb_free(&f->body);
	if (f->file >= 0)
		close(f->file);
	OBJ_FREE(f);
}

static void
forward_on_done(void *user, enum reason why)
{
	struct forward *f;
	struct forwarder *owner;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	owner = f->owner;
	forward_tell(f, why == R_NONE ? "" : reason_info(why)->text);
	if (f->leg)
		leg_drop(f, why, why == R_NONE && conn_queued(f->leg->conn) > 0);
	forward_free(f);
	if (--owner->streams == 0 && owner->on_idle)
		owner->on_idle(owner->idle_user);
}

static const struct wsmux_stream_ops stream_ops = {
    .on_data = forward_on_data,
    .on_room = forward_on_room,
    .on_fin = forward_on_fin,
    .on_done = forward_on_done,
};

/* ---- the forwarder ---- */

struct forwarder *
forwarder_new(
    struct loop *loop, const struct rules *rules, const struct forwarder_ops *ops, void *user)
{
	struct forwarder *owner;

	OBJ_NEW(owner, FORWARDER_MAGIC);
	owner->loop = loop;
	owner->rules = rules;
	owner->ops = ops;
	owner->user = user;
	TAILQ_INIT(&owner->idle);
	return owner;
}

void
forwarder_stop(struct forwarder *owner)
{
	leg_close_idle(owner);
}

void
forwarder_free(struct forwarder **ownerp)
{
	struct forwarder *owner;

	TAKE_OBJ(owner, ownerp, FORWARDER_MAGIC);
	ENSURE(owner->streams == 0 && owner->nidle == 0);
	OBJ_FREE(owner);
}

void
forwarder_set_link(struct forwarder *owner, struct link *link)
{
	owner->link = link;
}

void
forwarder_trust(struct forwarder *owner, bool trusted)
{
	owner->trusted = trusted;
}

void
forwarder_on_idle(struct forwarder *owner, void (*fn)(void *user), void *user)
{
	owner->on_idle = fn;
	owner->idle_user = user;
}

size_t
forwarder_streams(const struct forwarder *owner)
{
	return owner->streams;
}

bool
forwarder_take(struct forwarder *owner, struct wsmux_stream *stream,
    const struct wsmux_stream_ops **ops, void **stream_user)
{
	struct forward *f;

	OBJ_NEW(f, FORWARD_MAGIC);
	f->owner = owner;
	f->stream = stream;
	f->file = -1;
	timer_init(&f->linger, owner->loop, forward_on_silence, f);
	forward_requests_init(f);
	owner->streams++;
	*ops = &stream_ops;
	*stream_user = f;
	return true;
}
