#include "edge/upstream.h"

#include "base/obj.h"

#define UPSTREAM_MAGIC 0x0b57e4e5u

enum upstream_state { UPSTREAM_BUSY, UPSTREAM_IDLE, UPSTREAM_ENDING };

struct upstream {
	unsigned magic;
	enum upstream_state state; /* upstream_set_state() only */
	bool used_before, stalled;
	struct upstream_pool *pool;
	struct wsmux_stream *stream;
	const struct upstream_ops *ops; /* BUSY */
	void *user;
	TAILQ_ENTRY(upstream) entry; /* IDLE */
	struct timer patience;	     /* IDLE, ENDING */
	uint64_t late;		     /* ENDING: bytes that came */
};

void
upstream_stall(struct upstream *up, bool stalled)
{
	up->pool->stalled += (size_t)stalled - (size_t)up->stalled;
	up->stalled = stalled;
}

static void
upstream_set_state(struct upstream *up, enum upstream_state state)
{
	struct upstream_pool *pool = up->pool;

	if (up->state == UPSTREAM_IDLE) {
		TAILQ_REMOVE(&pool->idle, up, entry);
		pool->nidle--;
	}
	timer_stop(&up->patience);
	up->state = state;
	up->used_before = true;
	upstream_stall(up, false);
	if (state == UPSTREAM_IDLE) {
		TAILQ_INSERT_HEAD(&pool->idle, up, entry);
		pool->nidle++;
		timer_start(&up->patience, pool->bounds.reuse_ms);
	}
	if (state != UPSTREAM_BUSY)
		up->ops = NULL;
}

static void
upstream_end(struct upstream *up)
{
	upstream_set_state(up, UPSTREAM_ENDING);
	timer_start(&up->patience, up->pool->bounds.linger_ms);
	wsmux_stream_fin(up->stream);
	link_flush(up->pool->link);
}

/* Ends both halves, and says so where the client can hear it. */
static void
upstream_cut(struct upstream *up, enum reason why)
{
	timer_stop(&up->patience);
	wsmux_stream_abort(up->stream, why);
	link_flush(up->pool->link);
}

static void
upstream_on_patience(void *user)
{
	struct upstream *up;

	CAST_OBJ(up, user, UPSTREAM_MAGIC);
	if (up->state == UPSTREAM_IDLE)
		upstream_end(up);
	else
		upstream_cut(up, R_RESPONSE_STALLED);
}

/* ---- what the stream says ---- */

static size_t
upstream_on_data(void *user, struct span in)
{
	struct upstream *up;

	CAST_OBJ(up, user, UPSTREAM_MAGIC);
	if (up->state == UPSTREAM_BUSY)
		return up->ops->on_data(up->user, in);
	if (up->state == UPSTREAM_IDLE) /* an answer to nothing: never the next request's */
		upstream_end(up);
	wsmux_stream_used(up->stream, in.n);
	up->late += in.n;
	if (up->late > up->pool->bounds.linger_bytes)
		upstream_cut(up, R_RESPONSE_STALLED);
	return in.n;
}

static void
upstream_on_room(void *user)
{
	struct upstream *up;

	CAST_OBJ(up, user, UPSTREAM_MAGIC);
	if (up->state == UPSTREAM_BUSY)
		up->ops->on_room(up->user);
}

static void
upstream_on_fin(void *user)
{
	struct upstream *up;

	CAST_OBJ(up, user, UPSTREAM_MAGIC);
	if (up->state == UPSTREAM_BUSY)
		up->ops->on_fin(up->user);
	else if (up->state == UPSTREAM_IDLE)
		upstream_end(up);
}

static void
upstream_on_done(void *user, enum reason why)
{
	struct upstream *up;
	const struct upstream_ops *ops;
	void *owner;

	CAST_OBJ(up, user, UPSTREAM_MAGIC);
	ops = up->ops;
	owner = up->user;
	upstream_set_state(up, UPSTREAM_ENDING);
	OBJ_FREE(up);
	if (ops)
		ops->on_lost(owner, why);
}

static const struct wsmux_stream_ops stream_ops = {
    .on_data = upstream_on_data,
    .on_room = upstream_on_room,
    .on_fin = upstream_on_fin,
    .on_done = upstream_on_done,
};

/* ---- the pool ---- */

void
upstream_pool_init(struct upstream_pool *pool, struct loop *loop, struct link *link,
    const struct upstream_bounds *bounds)
{
	*pool = (struct upstream_pool){.loop = loop, .link = link, .bounds = *bounds};
	TAILQ_INIT(&pool->idle);
}

static struct upstream *
upstream_open(struct upstream_pool *pool)
{
	struct upstream *up;

	OBJ_NEW(up, UPSTREAM_MAGIC);
	up->pool = pool;
	timer_init(&up->patience, pool->loop, upstream_on_patience, up);
	up->stream = wsmux_session_open(link_session(pool->link), &stream_ops, up);
	if (!up->stream)
		OBJ_FREE(up);
	return up;
}

struct upstream *
upstream_take(struct upstream_pool *pool, bool reuse, const struct upstream_ops *ops, void *user)
{
	struct upstream *up = reuse ? TAILQ_FIRST(&pool->idle) : NULL;

	if (up)
		upstream_set_state(up, UPSTREAM_BUSY);
	else
		up = upstream_open(pool);
	if (!up)
		return NULL;
	up->ops = ops;
	up->user = user;
	return up;
}

bool
upstream_fresh(const struct upstream *up)
{
	return !up->used_before;
}

struct wsmux_stream *
upstream_stream(struct upstream *up)
{
	CHECK_OBJ(up, UPSTREAM_MAGIC);
	return up->stream;
}

void
upstream_release(struct upstream **upp, bool keep)
{
	struct upstream *up;
	struct upstream_pool *pool;

	TAKE_OBJ(up, upp, UPSTREAM_MAGIC);
	pool = up->pool;
	if (keep && pool->bounds.reuse_ms > 0 && pool->nidle < UPSTREAM_IDLE_MAX)
		upstream_set_state(up, UPSTREAM_IDLE);
	else
		upstream_end(up);
}

void
upstream_abort(struct upstream **upp, enum reason why)
{
	struct upstream *up;

	TAKE_OBJ(up, upp, UPSTREAM_MAGIC);
	upstream_set_state(up, UPSTREAM_ENDING);
	upstream_cut(up, why);
}
