#include "cli/forward_priv.h"

#include <unistd.h>

static void
forward_on_silence(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	wsmux_stream_abort(f->stream, R_RESPONSE_STALLED);
	forward_flush(f);
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
		leg_resume(f->leg);
}

/* A server says it when the answer is complete, or when nobody waits for it any more. Only where bytes
 * are copied without looking may one direction outlive the other. */
static void
forward_on_fin(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->state >= FORWARD_LINGERING)
		return;
	if (f->leg && (f->raw || f->blind)) {
		forward_set_state(f, FORWARD_LINGERING);
		leg_shutdown(f->leg); /* behind what is queued, perhaps before it is connected */
		return;
	}
	if (!f->now.under_way)
		forward_keep_target(f);
	forward_tell(f, f->now.answered ? "" : "the viewer went away");
	forward_drain(f);
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
		leg_drop(&f->leg, why, why == R_NONE && leg_queued(f->leg) > 0);
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

/* ---- the target's side ---- */

static size_t
forward_on_answer(void *user, struct span in)
{
	struct forward *f;
	size_t taken;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	taken = wsmux_stream_write(f->stream, in);
	if (taken) {
		forward_stirred(f);
		forward_flush(f);
		forward_look_at_answer(f, span_take(in, taken));
	}
	return taken;
}

static void
forward_on_sent(void *user, size_t n)
{
	struct forward *f;
	size_t ours;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	ours = n < f->ours ? n : f->ours;
	f->ours -= ours;
	n -= ours;
	f->owed -= n;
	wsmux_stream_used(f->stream, n);
	forward_flush(f);
}

/* An idle connection that was closed under the request: it may be asked once more, on a new one. */
static bool
forward_may_repeat(const struct forward *f)
{
	return leg_reused(f->leg) && f->now.under_way && !f->now.told && !f->now.bytes &&
	       !f->now.status;
}

static void
forward_repeat(struct forward *f)
{
	forward_drop_target(f);
	legs_close_idle(f->owner->legs); /* the others are no better */
	forward_ask_target(f);
}

static void
forward_on_target_eof(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (forward_may_repeat(f)) {
		forward_repeat(f);
		return;
	}
	f->local_eof = true;
	forward_answer_ended(f);
	wsmux_stream_fin(f->stream);
	forward_flush(f);
}

static void
forward_on_target_gone(void *user, enum reason why, const char *error)
{
	struct forward *f;
	bool repeat, opened;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	repeat = forward_may_repeat(f);
	opened = leg_opened(f->leg);
	f->leg = NULL;
	if (repeat)
		forward_repeat(f);
	else if (!opened)
		forward_refuse(
		    f, 502, error, why == R_DIAL_FAILED ? R_TARGET_REFUSED : R_TARGET_FAILED);
	else if (f->local_eof)
		forward_drain(f);
	else
		forward_break(f, "the local target broke off");
}

static const struct leg_ops leg_ops = {
    .on_data = forward_on_answer,
    .on_sent = forward_on_sent,
    .on_eof = forward_on_target_eof,
    .on_gone = forward_on_target_gone,
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
	owner->legs = legs_new(loop, &leg_ops);
	return owner;
}

void
forwarder_stop(struct forwarder *owner)
{
	legs_close_idle(owner->legs);
}

void
forwarder_free(struct forwarder **ownerp)
{
	struct forwarder *owner;

	TAKE_OBJ(owner, ownerp, FORWARDER_MAGIC);
	ENSURE(owner->streams == 0);
	legs_free(&owner->legs);
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
