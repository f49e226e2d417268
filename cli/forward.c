#include "cli/forward.h"

#include "base/log.h"
#include "base/obj.h"
#include "cli/page.h"

#define FORWARDER_MAGIC 0xf02d0001u
#define FORWARD_MAGIC	0xf02d0002u

enum {
	LINGER_MS = 5000, /* silence that is allowed after the server's FIN */
	FINISH_MS = 5000, /* for a target that is slow to take the last bytes */
};

struct forwarder {
	unsigned magic;
	struct loop *loop;
	const struct place *target;
	struct tls_context *tls;
	struct link *link;
	size_t streams;
	bool refusing; /* the last dial failed: said once, not once a request */
	void (*on_idle)(void *user);
	void *idle_user;
};

enum forward_state { DIALLING, COPYING, LINGERING, DRAINING };

struct forward {
	unsigned magic;
	enum forward_state state; /* changed by forward_set_state() only */
	struct forwarder *owner;
	struct wsmux_stream *stream; /* NULL: done */
	struct conn *local;	     /* NULL: let go of; on_gone may still be to come */
	bool local_gone;
	bool local_eof; /* the target sends no more, and our FIN is behind its last byte */
	size_t owed;	/* bytes queued for the target, for which the server has no credit yet */
	struct timer linger;
};

/* ---- both sides ---- */

static void
forward_set_state(struct forward *f, enum forward_state state)
{
	ENSURE(state > f->state);
	f->state = state;
	if (state >= LINGERING)
		timer_start(&f->linger, LINGER_MS);
}

static void
forward_flush(const struct forward *f)
{
	if (f->owner->link)
		link_flush(f->owner->link);
}

static void
forward_stirred(struct forward *f)
{
	if (f->state >= LINGERING)
		timer_start(&f->linger, LINGER_MS);
}

/* Nobody will take the server's bytes any more. */
static void
forward_drain(struct forward *f)
{
	forward_set_state(f, DRAINING);
	if (f->local)
		conn_close(&f->local, R_NONE);
	wsmux_stream_used(f->stream, f->owed);
	f->owed = 0;
	wsmux_stream_fin(f->stream);
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

static void
forward_free_if_done(struct forward *f)
{
	if (f->stream || !f->local_gone)
		return;
	timer_stop(&f->linger);
	OBJ_FREE(f);
}

/* ---- the local side ---- */

static void
forward_on_open(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->state == DIALLING)
		forward_set_state(f, COPYING);
	if (f->owner->refusing)
		log_info(NULL, "%s answers again", f->owner->target->text);
	f->owner->refusing = false;
}

static size_t
forward_on_local_data(void *user, struct span in)
{
	struct forward *f;
	size_t taken;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	taken = wsmux_stream_write(f->stream, in);
	if (taken) {
		forward_stirred(f);
		forward_flush(f);
	}
	return taken;
}

static void
forward_on_local_sent(void *user, size_t n)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	f->owed -= n;
	wsmux_stream_used(f->stream, n);
	forward_flush(f);
}

static void
forward_on_local_eof(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	f->local_eof = true;
	wsmux_stream_fin(f->stream);
	forward_flush(f);
}

/* A readable answer in place of the target's. */
static void
forward_refuse(struct forward *f, enum reason why, const char *error)
{
	struct forwarder *owner = f->owner;
	struct strb page;

	if (!owner->refusing)
		log_warn(NULL, "%s does not answer: %s", owner->target->text, error);
	owner->refusing = true;
	strb_init(&page, PAGE_MAX);
	page_write(&page, owner->target->text,
	    why == R_DIAL_FAILED ? R_TARGET_REFUSED : R_TARGET_FAILED, error);
	/* Nothing was written before it, and any queue holds it; short only when the stream is
	 * over. */
	if (wsmux_stream_write(f->stream, strb_span(&page)) < page.n)
		log_debug(NULL, "nobody waits for that answer any more");
	strb_free(&page);
	forward_drain(f);
}

static void
forward_on_local_gone(void *user, enum reason why)
{
	struct forward *f;
	const char *error;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	error = f->local ? conn_error(f->local) : "";
	f->local = NULL;
	f->local_gone = true;
	if (f->stream && f->state == DIALLING) {
		forward_refuse(f, why, error);
	} else if (f->stream && f->state != DRAINING && f->local_eof) {
		forward_drain(f);
	} else if (f->stream && f->state != DRAINING) {
		wsmux_stream_abort(f->stream, R_TARGET_FAILED);
		forward_flush(f);
	}
	forward_free_if_done(f);
}

static const struct conn_ops local_ops = {
    .on_open = forward_on_open,
    .on_data = forward_on_local_data,
    .on_sent = forward_on_local_sent,
    .on_eof = forward_on_local_eof,
    .on_gone = forward_on_local_gone,
};

/* ---- the tunnel's side ---- */

static size_t
forward_on_data(void *user, struct span in)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	forward_stirred(f);
	if (f->local) {
		/* Never more than our window: credit goes back when bytes have left. */
		f->owed += in.n;
		conn_write(f->local, in);
	} else {
		wsmux_stream_used(f->stream, in.n);
	}
	return in.n;
}

static void
forward_on_room(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->local)
		conn_resume(f->local);
}

static void
forward_on_fin(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->state >= LINGERING)
		return;
	forward_set_state(f, LINGERING);
	conn_shutdown(f->local); /* behind what is queued, and perhaps before it is connected */
}

static void
forward_on_done(void *user, enum reason why)
{
	struct forward *f;
	struct forwarder *owner;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	owner = f->owner;
	f->stream = NULL;
	timer_stop(&f->linger);
	if (f->local && why == R_NONE && conn_queued(f->local))
		conn_finish(&f->local, why, FINISH_MS);
	else if (f->local)
		conn_close(&f->local, why);
	forward_free_if_done(f);
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
forwarder_new(struct loop *loop, const struct place *target, struct tls_context *tls)
{
	struct forwarder *owner;

	OBJ_NEW(owner, FORWARDER_MAGIC);
	owner->loop = loop;
	owner->target = target;
	owner->tls = tls ? tls_ref(tls) : NULL;
	return owner;
}

void
forwarder_free(struct forwarder **ownerp)
{
	struct forwarder *owner;

	TAKE_OBJ(owner, ownerp, FORWARDER_MAGIC);
	ENSURE(owner->streams == 0);
	if (owner->tls)
		tls_unref(&owner->tls);
	OBJ_FREE(owner);
}

void
forwarder_set_link(struct forwarder *owner, struct link *link)
{
	owner->link = link;
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
	const struct place *target = owner->target;
	struct dial dial = {.port = target->port, .tls = owner->tls, .server_name = "localhost"};
	struct forward *f;

	if (target->unix_path[0])
		dial.unix_path = target->unix_path;
	if (target->host[0])
		dial.host = dial.server_name = target->host;
	OBJ_NEW(f, FORWARD_MAGIC);
	f->owner = owner;
	f->stream = stream;
	timer_init(&f->linger, owner->loop, forward_on_silence, f);
	f->local = conn_dial(owner->loop, &dial, &local_ops, f);
	owner->streams++;
	*ops = &stream_ops;
	*stream_user = f;
	return true;
}
