/* A session's birth and end, its ids, and time. Hold nothing for an idle one: the map and every
 * buffer exist only while there are streams. */
#include "wsmux/session_priv.h"

struct wsmux_session *
wsmux_session_new(const struct wsmux_config *config, struct chunk_pool *pool,
    const struct wsmux_session_ops *ops, void *user)
{
	struct wsmux_session *s;

	ENSURE(config->stream_held_max <= UINT32_MAX);
	OBJ_NEW(s, SESSION_MAGIC);
	s->config = *config;
	s->pool = pool;
	s->ops = ops;
	s->user = user;
	s->next_id = config->role == WSMUX_CLIENT;
	for (int i = 0; i < MUX_STATES; i++)
		TAILQ_INIT(&s->list[i]);
	TAILQ_INIT(&s->control);
	TAILQ_INIT(&s->ready);
	return s;
}

void
wsmux_session_free(struct wsmux_session **sp, enum reason why)
{
	struct wsmux_session *s;

	TAKE_OBJ(s, sp, SESSION_MAGIC);
	wsmux_session_end(s, why);
	wsmux_session_reap(s);
	ENSURE(s->map == NULL && s->held == 0);
	OBJ_FREE(s);
}

/* BACKLOG and SHADOW have no user to tell. */
static void
session_forget_all(struct wsmux_session *s, enum mux_state state)
{
	while (!TAILQ_EMPTY(&s->list[state]))
		mux_forget(TAILQ_FIRST(&s->list[state]));
}

static void
session_finish_all(struct wsmux_session *s, enum mux_state state)
{
	while (!TAILQ_EMPTY(&s->list[state]))
		mux_finish(TAILQ_FIRST(&s->list[state]), s->why);
}

void
wsmux_session_end(struct wsmux_session *s, enum reason why)
{
	struct wsmux_stream *st;

	CHECK_OBJ(s, SESSION_MAGIC);
	if (s->ended)
		return;
	s->ended = true;
	s->why = why;
	session_forget_all(s, MUX_BACKLOG);
	session_forget_all(s, MUX_SHADOW);
	session_finish_all(s, MUX_QUEUED);
	session_finish_all(s, MUX_OPENING);
	session_finish_all(s, MUX_OPEN);
	for (st = TAILQ_FIRST(&s->list[MUX_DONE]); st; st = TAILQ_NEXT(st, place)) {
		mux_owe_nothing(st);
		mux_update(st);
	}
}

void
wsmux_session_reap(struct wsmux_session *s)
{
	struct wsmux_stream *st;

	CHECK_OBJ(s, SESSION_MAGIC);
	while ((st = TAILQ_FIRST(&s->list[MUX_DONE])) != NULL) {
		if (st->ops)
			st->ops->on_done(st->user, st->why);
		mux_retire(st);
	}
}

/* ---- time ---- */

static bool
stream_is_overdue(struct wsmux_stream *st, uint64_t now, uint64_t timeout)
{
	if (st->deadline == 0)
		st->deadline = now + timeout;
	return now >= st->deadline;
}

static void
session_expire_opens(struct wsmux_session *s, enum mux_state state, uint64_t now)
{
	struct wsmux_stream *st, *next;

	for (st = TAILQ_FIRST(&s->list[state]); st; st = next) {
		next = TAILQ_NEXT(st, place);
		if (!stream_is_overdue(st, now, s->config.open_timeout_ms))
			continue;
		s->counts.given_up++;
		mux_abort(st, R_OPEN_TIMEOUT);
	}
}

/* A shadow whose FIN still waits for the output stays until that is out. */
static void
session_expire_shadows(struct wsmux_session *s, uint64_t now)
{
	struct wsmux_stream *st, *next;

	for (st = TAILQ_FIRST(&s->list[MUX_SHADOW]); st; st = next) {
		next = TAILQ_NEXT(st, place);
		if (!stream_is_overdue(st, now, s->config.linger_timeout_ms))
			continue;
		st->linger_left = 0;
		mux_update(st);
	}
}

void
wsmux_session_tick(struct wsmux_session *s, uint64_t now_ms)
{
	CHECK_OBJ(s, SESSION_MAGIC);
	session_expire_opens(s, MUX_QUEUED, now_ms);
	session_expire_opens(s, MUX_OPENING, now_ms);
	session_expire_shadows(s, now_ms);
}

bool
wsmux_session_at_rest(const struct wsmux_session *s)
{
	CHECK_OBJ(s, SESSION_MAGIC);
	return s->count[MUX_QUEUED] == 0 && s->count[MUX_OPENING] == 0 && s->count[MUX_SHADOW] == 0;
}

/* ---- opening ---- */

/* At most as many ids are taken as streams exist, so a free one is near. */
static uint32_t
session_take_id(struct wsmux_session *s)
{
	uint32_t id;

	do {
		id = s->next_id;
		s->next_id += 2;
	} while (mux_find(s, id));
	return id;
}

struct wsmux_stream *
wsmux_session_open(struct wsmux_session *s, const struct wsmux_stream_ops *ops, void *user)
{
	struct wsmux_stream *st;

	CHECK_OBJ(s, SESSION_MAGIC);
	if (s->ended || wsmux_session_streams(s) >= s->config.streams_max)
		return NULL;
	st = mux_stream_new(s, session_take_id(s), MUX_QUEUED);
	st->ops = ops;
	st->user = user;
	s->counts.opened++;
	mux_wake(s);
	return st;
}

void
wsmux_session_set_next_id(struct wsmux_session *s, uint32_t id)
{
	s->next_id = (id & ~1u) | (s->config.role == WSMUX_CLIENT);
}

/* ---- figures ---- */

size_t
wsmux_session_streams(const struct wsmux_session *s)
{
	size_t alive = s->count[MUX_QUEUED] + s->count[MUX_OPENING] + s->count[MUX_OPEN];

	return alive + s->count[MUX_DONE];
}

size_t
wsmux_session_held(const struct wsmux_session *s)
{
	return s->held;
}

const struct wsmux_counts *
wsmux_session_counts(const struct wsmux_session *s)
{
	return &s->counts;
}
