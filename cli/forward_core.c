/* What all sides of a forward need: its state, its exchange, its end. Knows none of them. */
#include "base/clock.h"
#include "cli/forward_priv.h"

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

/* ---- the target ---- */

void
forward_keep_target(struct forward *f)
{
	if (f->leg && !f->local_eof && !f->owner->rules->proxy_protocol && f->owner->link)
		leg_keep(&f->leg);
}

void
forward_drop_target(struct forward *f)
{
	if (f->leg)
		leg_drop(&f->leg, R_NONE, false);
	wsmux_stream_used(f->stream, f->owed); /* nobody takes what was queued for it */
	f->owed = f->ours = 0;
}

/* On the connection of the request before it only what may be asked twice. */
void
forward_ask_target(struct forward *f)
{
	if (f->leg && (leg_route(f->leg) != f->now.route || !f->now.safe)) {
		forward_keep_target(f);
		forward_drop_target(f);
	}
	if (!f->leg)
		f->leg = leg_take(f->owner->legs, f->now.route, f->now.safe, f);
	leg_write(f->leg, strb_span(&f->out));
	f->ours += f->out.n;
}

/* ---- the end ---- */

void
forward_drain(struct forward *f)
{
	if (f->state < FORWARD_DRAINING)
		forward_set_state(f, FORWARD_DRAINING);
	forward_drop_target(f);
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
	wsmux_stream_resume(f->stream);
}
