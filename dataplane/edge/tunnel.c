#include "edge/tunnel.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/obj.h"
#include "edge/hooks.h"
#include "edge/note.h"

#define uthash_fatal(text) wht_panic(__FILE__, __LINE__, text)
#include <uthash.h>

#define TUNNEL_MAGIC 0x70221e10u

enum tunnel_state { TUNNEL_LIVE, TUNNEL_ENDING };

/* What a stream of ours queues towards the client: a whole head,
 * and enough to keep the link busy. */
enum { SEND_QUEUE = 128 * 1024, FRAME_OVERHEAD = 16 };

struct tunnel {
	unsigned magic;
	enum tunnel_state state; /* tunnel_set_state() only */
	struct worker *worker;
	UT_hash_handle hh;	    /* LIVE: in worker->by_id */
	LIST_ENTRY(tunnel) entry;   /* in worker->tunnels */
	char id[TUNNEL_ID_MAX + 1]; /* the key of by_id */
	struct client_facts client;
	int64_t session;
	enum header_family family;
	struct link *link; /* LIVE */
	struct upstream_pool pool;
	struct timer expiry;
	struct log_tag tag;
	uint64_t opened_ms, requests;
};

static void
tunnel_set_state(struct tunnel *t, enum tunnel_state state)
{
	struct worker *w = t->worker;

	t->state = state;
	if (state == TUNNEL_LIVE) {
		HASH_ADD_STR(w->by_id, id, t);
		lua_tunnel_up(w->shared->lua, span_str(t->id));
		LIST_INSERT_HEAD(&w->tunnels, t, entry);
	} else {
		HASH_DEL(w->by_id, t);
		lua_tunnel_down(w->shared->lua, span_str(t->id));
		timer_stop(&t->expiry);
	}
}

struct tunnel *
tunnel_find(struct worker *w, struct span id, bool any_case)
{
	char lower[TUNNEL_ID_MAX];
	struct tunnel *t = NULL;

	HASH_FIND(hh, w->by_id, id.p, id.n, t);
	if (!t && any_case) {
		id = span_lower(id, lower);
		HASH_FIND(hh, w->by_id, id.p, id.n, t);
	}
	return t;
}

/* What on_open and on_close can read. */
static void
tunnel_facts_for_script(struct tunnel *t, enum lua_phase phase, const char *reason)
{
	const struct client_facts *c = &t->client;
	bool ends = phase == LUA_CLOSE;
	const struct log_field facts[] = {LOG_STR("id", t->id), LOG_STR("label", c->label),
	    LOG_STR("peer", c->peer), LOG_STR("agent", c->agent), LOG_STR("iss", c->claims.iss),
	    LOG_STR("sub", c->claims.sub), LOG_STR("jti", c->claims.jti),
	    LOG_INT("session", t->session), LOG_INT("worker", t->worker->no),
	    LOG_INT("requests", t->requests),
	    LOG_INT("bytes_in", ends ? link_bytes_in(t->link) : 0),
	    LOG_INT("bytes_out", ends ? link_bytes_out(t->link) : 0),
	    LOG_INT("ms", loop_now_ms(t->worker->loop) - t->opened_ms), LOG_STR("reason", reason),
	    {.name = NULL}};

	hooks_tell(t->worker, phase, span_str(t->id), facts);
}

static void
tunnel_tell_script(struct tunnel *t, enum lua_phase phase, const char *reason)
{
	if (hooks_have(t->worker, phase))
		tunnel_facts_for_script(t, phase, reason);
}

/* ---- ending ---- */

static void
tunnel_record_end(struct tunnel *t, enum reason why, const char *by)
{
	struct msg_tunnel_end *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_TUNNEL_END;
	letter->worker = t->worker->no;
	letter->session = t->session;
	memcpy(letter->id, t->id, sizeof(letter->id));
	snprintf(letter->by, sizeof(letter->by), "%s", by);
	letter->why = why;
	letter->requests = t->requests;
	letter->bytes_in = link_bytes_in(t->link);
	letter->bytes_out = link_bytes_out(t->link);
	letter->closed_ms = clock_wall_ms();
	worker_record(t->worker, &letter->mail);
}

static void
tunnel_note_end(struct tunnel *t, enum reason why, const char *by)
{
	struct worker_metrics *m = &t->worker->metrics;

	m->ended[why]++;
	m->tunnel_bytes_in += link_bytes_in(t->link);
	m->tunnel_bytes_out += link_bytes_out(t->link);
	tunnel_record_end(t, why, by);
	notes_tell(t->worker); /* what was over before it stands before it */
	worker_log(t->worker, "tunnel.close", &t->tag, NULL, LOG_STR("reason", reason_word(why)),
	    LOG_INT("requests", t->requests), LOG_INT("bytes_in", link_bytes_in(t->link)),
	    LOG_INT("bytes_out", link_bytes_out(t->link)),
	    LOG_INT("ms", loop_now_ms(t->worker->loop) - t->opened_ms));
	tunnel_tell_script(t, LUA_CLOSE, reason_word(why));
}

void
tunnel_end_by(struct tunnel *t, enum reason why, const char *by)
{
	CHECK_OBJ(t, TUNNEL_MAGIC);
	if (t->state != TUNNEL_LIVE)
		return;
	tunnel_note_end(t, why, by);
	tunnel_set_state(t, TUNNEL_ENDING);
	link_close(&t->link, why);
}

void
tunnel_end(struct tunnel *t, enum reason why)
{
	tunnel_end_by(t, why, "");
}

static void
tunnel_on_down(void *user, enum reason why)
{
	struct tunnel *t;

	CAST_OBJ(t, user, TUNNEL_MAGIC);
	tunnel_note_end(t, why, "");
	tunnel_set_state(t, TUNNEL_ENDING);
}

static void
tunnel_on_gone(void *user, enum reason why)
{
	struct tunnel *t;
	struct worker *w;

	(void)why;
	CAST_OBJ(t, user, TUNNEL_MAGIC);
	ENSURE(t->state == TUNNEL_ENDING);
	w = t->worker;
	LIST_REMOVE(t, entry);
	OBJ_FREE(t);
	worker_left(w);
}

static void
tunnel_on_held(void *user, ptrdiff_t delta)
{
	struct tunnel *t;

	CAST_OBJ(t, user, TUNNEL_MAGIC);
	atomic_fetch_add_explicit(&t->worker->shared->held, (size_t)delta, memory_order_relaxed);
}

static void
tunnel_on_round_trip(void *user, uint64_t us)
{
	struct tunnel *t;

	CAST_OBJ(t, user, TUNNEL_MAGIC);
	metric_observe(&t->worker->metrics.round_trip, us);
}

static const struct link_ops link_ops = {
    .on_round_trip = tunnel_on_round_trip,
    .on_held = tunnel_on_held,
    .on_down = tunnel_on_down,
    .on_gone = tunnel_on_gone,
};

static void
tunnel_on_expiry(void *user)
{
	struct tunnel *t;

	CAST_OBJ(t, user, TUNNEL_MAGIC);
	tunnel_end(t, R_TOKEN_EXPIRED);
}

/* ---- joining ---- */

static struct link_config
tunnel_link_config(const struct limits *l, const struct mux_offer *offer)
{
	struct link_config c = {
	    .mux =
		{
		    .role = WSMUX_SERVER,
		    .window = (uint32_t)l->window,
		    .send_max = 2 * l->head_max + SEND_QUEUE, /* edge/exchange.c */
		    .stream_held_max = l->stream_memory,
		    .session_held_max = l->session_memory,
		    .open_timeout_ms = l->open_timeout,
		    .linger_timeout_ms = l->linger_timeout,
		    .linger_bytes = l->linger_bytes,
		    .streams_max = (unsigned)l->streams_max,
		},
	    .message_max = l->stream_memory + FRAME_OVERHEAD,
	    .ping_interval_ms = l->ping_interval,
	};

	mux_offer_apply(&c.mux, offer);
	return c;
}

/* A deadline at the token's end, where the policy wants that. */
static void
tunnel_watch_expiry(struct tunnel *t, const struct admission *a, const struct policy *policy)
{
	double left_ms = a->client.claims.exp * 1000 - (double)clock_wall_ms();

	timer_init(&t->expiry, t->worker->loop, tunnel_on_expiry, t);
	if (policy->close_at_expiry)
		timer_start(&t->expiry, left_ms > 0 ? (uint64_t)left_ms : 0);
}

static struct tunnel *
tunnel_new(struct worker *w, const struct admission *a, int64_t session)
{
	struct tunnel *t;

	OBJ_NEW(t, TUNNEL_MAGIC);
	t->worker = w;
	t->family = a->family;
	t->client = a->client;
	t->session = session;
	memcpy(t->id, a->client.id, sizeof(t->id));
	t->opened_ms = loop_now_ms(w->loop);
	t->tag = w->tag;
	t->tag.kind = "session";
	t->tag.serial = w->serial++;
	t->tag.tunnel = span_str(t->id);
	return t;
}

void
tunnel_join(struct worker *w, struct conn **conn, const struct admission *a,
    const struct policy *policy, int64_t session)
{
	struct tunnel *t = tunnel_new(w, a, session), *old = tunnel_find(w, span_str(t->id), false);
	const struct limits *limits = &policy->limits;
	struct link_config config = tunnel_link_config(limits, &a->offer);
	const struct upstream_bounds bounds = {
	    .reuse_ms = limits->reuse_timeout,
	    .linger_ms = limits->linger_timeout,
	    .linger_bytes = limits->linger_bytes,
	};

	worker_log(w, "tunnel.open", &t->tag, NULL, LOG_STR("peer", conn_peer(*conn)),
	    LOG_STR("agent", a->client.agent), LOG_INT("window", a->offer.window),
	    LOG_INT("rst", a->offer.rst), LOG_STR("iss", a->client.claims.iss));
	if (old)
		tunnel_end(old, R_REPLACED);
	t->link = link_new(w->loop, conn, &config, &link_ops, t);
	upstream_pool_init(&t->pool, w->loop, t->link, &bounds);
	tunnel_set_state(t, TUNNEL_LIVE);
	tunnel_tell_script(t, LUA_OPEN, "");
	w->metrics.registrations++;
	tunnel_watch_expiry(t, a, policy);
}

/* ---- about ---- */

bool
tunnel_is_live(const struct tunnel *t)
{
	return t->state == TUNNEL_LIVE;
}

void
tunnel_tell(struct tunnel *t, struct tunnel_facts *out)
{
	struct wsmux_session *session = link_session(t->link);

	*out = (struct tunnel_facts){
	    .client = t->client,
	    .session = t->session,
	    .worker = t->worker->no,
	    .requests = t->requests,
	    .bytes_in = link_bytes_in(t->link),
	    .bytes_out = link_bytes_out(t->link),
	    .rtt_us = link_rtt_us(t->link),
	    .held = wsmux_session_held(session),
	    .streams = (unsigned)wsmux_session_streams(session),
	    .stalled = (unsigned)t->pool.stalled,
	};
}

struct tunnel *
tunnel_next(struct tunnel *t)
{
	return LIST_NEXT(t, entry);
}

struct upstream_pool *
tunnel_pool(struct tunnel *t)
{
	CHECK_OBJ(t, TUNNEL_MAGIC);
	return &t->pool;
}

enum header_family
tunnel_family(const struct tunnel *t)
{
	return t->family;
}

struct span
tunnel_id(const struct tunnel *t)
{
	return span_str(t->id);
}

void
tunnel_count_request(struct tunnel *t)
{
	t->requests++;
}
