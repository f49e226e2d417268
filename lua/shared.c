/* lua/shared.c - three maps behind one lock. */
#include "lua/shared.h"

#include <math.h>
#include <pthread.h>

#include "base/obj.h"

#define uthash_fatal(text) wht_panic(__FILE__, __LINE__, text)
#include <uthash.h>

#define SHARED_MAGIC 0x5aed1a1au

/* uthash keeps the order of insertion: the head is what was written longest ago. */
struct kv_entry {
	UT_hash_handle hh;
	uint64_t until_ms; /* 0: for ever */
	enum lua_kv_kind kind;
	double number;
	size_t nkey, ntext;
	char bytes[]; /* key, then text */
};

struct up_entry {
	UT_hash_handle hh;
	unsigned count; /* a successor comes up before its predecessor is down */
	char id[];
};

struct metric {
	char name[LUA_METRIC_NAME + 1];
	bool gauge;
	double value;
};

struct lua_shared {
	unsigned magic;
	pthread_mutex_t lock;
	struct kv_entry *kv;
	size_t kv_bytes;
	struct up_entry *up;
	struct metric metrics[LUA_METRICS_MAX];
	size_t nmetrics;
};

struct lua_shared *
lua_shared_new(void)
{
	struct lua_shared *s;

	OBJ_NEW(s, SHARED_MAGIC);
	ENSURE(pthread_mutex_init(&s->lock, NULL) == 0);
	return s;
}

/* ---- kv, the lock held ---- */

static size_t
kv_weight(const struct kv_entry *e)
{
	return sizeof(*e) + e->nkey + e->ntext;
}

static void
kv_drop(struct lua_shared *s, struct kv_entry *e)
{
	s->kv_bytes -= kv_weight(e);
	HASH_DEL(s->kv, e);
	free(e);
}

static bool
kv_expired(const struct kv_entry *e, uint64_t now_ms)
{
	return e->until_ms && e->until_ms <= now_ms;
}

static struct kv_entry *
kv_find(struct lua_shared *s, struct span key, uint64_t now_ms)
{
	struct kv_entry *e = NULL;

	HASH_FIND(hh, s->kv, key.p, key.n, e);
	if (e && kv_expired(e, now_ms)) {
		kv_drop(s, e);
		return NULL;
	}
	return e;
}

/* Room for one more: a few of the oldest are looked at for what has
 * expired, else the oldest goes. */
static void
kv_make_room(struct lua_shared *s, size_t weight, uint64_t now_ms)
{
	enum { LOOK = 16 };
	struct kv_entry *e = s->kv, *next;

	if (HASH_COUNT(s->kv) < LUA_KV_ENTRIES && s->kv_bytes + weight <= LUA_KV_BYTES)
		return;
	for (int i = 0; e && i < LOOK; i++, e = next) {
		next = e->hh.next;
		if (kv_expired(e, now_ms))
			kv_drop(s, e);
	}
	while (
	    s->kv && (HASH_COUNT(s->kv) >= LUA_KV_ENTRIES || s->kv_bytes + weight > LUA_KV_BYTES))
		kv_drop(s, s->kv);
}

static void
kv_add(struct lua_shared *s, struct span key, const struct lua_kv_value *value, uint64_t now_ms,
    uint64_t until_ms)
{
	struct kv_entry *e = must_alloc(sizeof(*e) + key.n + value->n);

	e->until_ms = until_ms;
	e->kind = value->kind;
	e->number = value->number;
	e->nkey = key.n;
	e->ntext = value->n;
	memcpy(e->bytes, key.p, key.n);
	memcpy(e->bytes + key.n, value->text, value->n);
	kv_make_room(s, kv_weight(e), now_ms);
	HASH_ADD_KEYPTR(hh, s->kv, e->bytes, e->nkey, e);
	s->kv_bytes += kv_weight(e);
}

/* Written last is what it is now, so others are pushed out before it. */
static double
kv_add_to(struct lua_shared *s, struct kv_entry *e, double by)
{
	e->number += by;
	HASH_DEL(s->kv, e);
	HASH_ADD_KEYPTR(hh, s->kv, e->bytes, e->nkey, e);
	return e->number;
}

static bool
key_fits(struct span key)
{
	return key.n > 0 && key.n <= LUA_KV_KEY_MAX;
}

/* ---- kv ---- */

bool
lua_kv_get(struct lua_shared *s, struct span key, uint64_t now_ms, struct lua_kv_value *out)
{
	struct kv_entry *e;

	pthread_mutex_lock(&s->lock);
	e = kv_find(s, key, now_ms);
	if (e) {
		out->kind = e->kind;
		out->number = e->number;
		out->n = e->ntext;
		memcpy(out->text, e->bytes + e->nkey, e->ntext);
	}
	pthread_mutex_unlock(&s->lock);
	return e != NULL;
}

int
lua_kv_set(struct lua_shared *s, struct span key, const struct lua_kv_value *value, uint64_t now_ms,
    uint64_t ttl_ms)
{
	struct kv_entry *old;

	if (!key_fits(key) || value->n > LUA_KV_VALUE_MAX)
		return -WHT_EINVAL;
	pthread_mutex_lock(&s->lock);
	old = kv_find(s, key, now_ms);
	if (old)
		kv_drop(s, old);
	kv_add(s, key, value, now_ms, ttl_ms ? now_ms + ttl_ms : 0);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

void
lua_kv_delete(struct lua_shared *s, struct span key)
{
	struct kv_entry *e;

	pthread_mutex_lock(&s->lock);
	e = kv_find(s, key, 0);
	if (e)
		kv_drop(s, e);
	pthread_mutex_unlock(&s->lock);
}

int
lua_kv_increment(
    struct lua_shared *s, struct span key, double by, uint64_t now_ms, uint64_t ttl_ms, double *out)
{
	struct lua_kv_value first = {.kind = KV_NUMBER, .number = by, .n = 0};
	struct kv_entry *e;
	int rc = 0;

	if (!key_fits(key))
		return -WHT_EINVAL;
	*out = by;
	pthread_mutex_lock(&s->lock);
	e = kv_find(s, key, now_ms);
	if (!e)
		kv_add(s, key, &first, now_ms, ttl_ms ? now_ms + ttl_ms : 0);
	else if (e->kind != KV_NUMBER)
		rc = -WHT_EINVAL;
	else
		*out = kv_add_to(s, e, by);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

size_t
lua_kv_count(struct lua_shared *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = HASH_COUNT(s->kv);
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* ---- tunnels ---- */

void
lua_tunnel_up(struct lua_shared *s, struct span id)
{
	struct up_entry *e = NULL;

	pthread_mutex_lock(&s->lock);
	HASH_FIND(hh, s->up, id.p, id.n, e);
	if (!e) {
		e = must_alloc(sizeof(*e) + id.n);
		memcpy(e->id, id.p, id.n);
		HASH_ADD_KEYPTR(hh, s->up, e->id, id.n, e);
	}
	e->count++;
	pthread_mutex_unlock(&s->lock);
}

void
lua_tunnel_down(struct lua_shared *s, struct span id)
{
	struct up_entry *e = NULL;

	pthread_mutex_lock(&s->lock);
	HASH_FIND(hh, s->up, id.p, id.n, e);
	if (e && --e->count == 0) {
		HASH_DEL(s->up, e);
		free(e);
	}
	pthread_mutex_unlock(&s->lock);
}

bool
lua_tunnel_is_up(struct lua_shared *s, struct span id)
{
	struct up_entry *e = NULL;

	pthread_mutex_lock(&s->lock);
	HASH_FIND(hh, s->up, id.p, id.n, e);
	pthread_mutex_unlock(&s->lock);
	return e != NULL;
}

/* ---- metrics ---- */

static bool
metric_name_fits(struct span name)
{
	if (name.n == 0 || name.n > LUA_METRIC_NAME || (name.p[0] >= '0' && name.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

/* The one of that name, new if need be; NULL when there are too many. */
static struct metric *
metric_of(struct lua_shared *s, struct span name, bool gauge)
{
	struct metric *m;

	for (size_t i = 0; i < s->nmetrics; i++) {
		if (span_eq(span_str(s->metrics[i].name), name))
			return &s->metrics[i];
	}
	if (s->nmetrics == LUA_METRICS_MAX)
		return NULL;
	m = &s->metrics[s->nmetrics++];
	memcpy(m->name, name.p, name.n);
	m->name[name.n] = '\0';
	m->gauge = gauge;
	return m;
}

static int
metric_change(struct lua_shared *s, struct span name, bool gauge, double value)
{
	struct metric *m;
	int rc = 0;

	if (!metric_name_fits(name) || !isfinite(value) || (!gauge && value < 0))
		return -WHT_EINVAL;
	pthread_mutex_lock(&s->lock);
	m = metric_of(s, name, gauge);
	if (!m)
		rc = -WHT_EFULL;
	else if (m->gauge != gauge)
		rc = -WHT_EINVAL;
	else
		m->value = gauge ? value : m->value + value;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int
lua_metric_count(struct lua_shared *s, struct span name, double by)
{
	return metric_change(s, name, false, by);
}

int
lua_metric_set(struct lua_shared *s, struct span name, double to)
{
	return metric_change(s, name, true, to);
}

void
lua_metrics_write(struct lua_shared *s, struct strb *out)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->nmetrics; i++) {
		const struct metric *m = &s->metrics[i];

		strb_printf(out, "# HELP wht_lua_%s of the operator's script\n", m->name);
		strb_printf(out, "# TYPE wht_lua_%s %s\n", m->name, m->gauge ? "gauge" : "counter");
		strb_printf(out, "wht_lua_%s %.17g\n", m->name, m->value);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- the end ---- */

void
lua_shared_free(struct lua_shared **sp)
{
	struct lua_shared *s;
	struct kv_entry *e, *e_next;
	struct up_entry *u, *u_next;

	TAKE_OBJ(s, sp, SHARED_MAGIC);
	HASH_ITER(hh, s->kv, e, e_next)
	{
		kv_drop(s, e);
	}
	HASH_ITER(hh, s->up, u, u_next)
	{
		HASH_DEL(s->up, u);
		free(u);
	}
	pthread_mutex_destroy(&s->lock);
	OBJ_FREE(s);
}
