/* lua/shared.h - what the scripts of all workers have in common: wht.kv, their counters,
 * and which tunnels are up.
 *
 * The one thing that workers share behind a lock. VMs share nothing, so a rate limit or
 * a sticky map needs a place; and a tunnel is known to its own worker only, so a script
 * that asks after another one needs a list. Every operation is short and bounded, and none
 * calls out under the lock.
 *
 * kv holds LUA_KV_ENTRIES keys and LUA_KV_BYTES bytes: what has expired goes first, then what was
 * written longest ago. Time is given: seconds are the caller's monotonic clock.
 *
 * Any thread.
 */
#ifndef WHT_LUA_SHARED_H
#define WHT_LUA_SHARED_H

#include "base/err.h"
#include "base/span.h"
#include "base/strb.h"

#define LUA_KV_ENTRIES	 16384
#define LUA_KV_BYTES	 (8 * 1024 * 1024)
#define LUA_KV_KEY_MAX	 256
#define LUA_KV_VALUE_MAX 4096
#define LUA_METRICS_MAX	 128
#define LUA_METRIC_NAME	 64 /* characters */

struct lua_shared;

struct lua_shared *lua_shared_new(void);
void lua_shared_free(struct lua_shared **);

/* ---- kv ---- */

enum lua_kv_kind { KV_TEXT, KV_NUMBER, KV_BOOLEAN };

struct lua_kv_value {
	enum lua_kv_kind kind;
	double number; /* of a boolean: 0 or 1 */
	size_t n;      /* of text; 0 of the others */
	char text[LUA_KV_VALUE_MAX];
};

/* False: it is not there, or not any more. */
bool lua_kv_get(struct lua_shared *, struct span key, uint64_t now_ms, struct lua_kv_value *out);
/* ttl_ms 0: for ever. -WHT_EINVAL: a key or value that is too long, or an empty key. */
int lua_kv_set(struct lua_shared *, struct span key, const struct lua_kv_value *, uint64_t now_ms,
    uint64_t ttl_ms) MUST_CHECK;
void lua_kv_delete(struct lua_shared *, struct span key);
/* Adds, in one step; one that is not there counts from 0 and gets the ttl. -WHT_EINVAL: the key is
 * bad, or its value is no number. */
int lua_kv_increment(struct lua_shared *, struct span key, double by, uint64_t now_ms,
    uint64_t ttl_ms, double *out) MUST_CHECK;
size_t lua_kv_count(struct lua_shared *);

/* ---- tunnels ---- */

/* Every one that comes and goes is told, whether there is a script or
 * not: one may be loaded later. */
void lua_tunnel_up(struct lua_shared *, struct span id);
void lua_tunnel_down(struct lua_shared *, struct span id);
bool lua_tunnel_is_up(struct lua_shared *, struct span id);

/* ---- metrics ---- */

/* Shown as wht_lua_<name>. -WHT_EINVAL: not [a-z_][a-z0-9_]*, or a counter and a gauge at once;
 * -WHT_EFULL: too many names. */
int lua_metric_count(struct lua_shared *, struct span name, double by) MUST_CHECK;
int lua_metric_set(struct lua_shared *, struct span name, double to) MUST_CHECK;
/* All of them, in the Prometheus text format. */
void lua_metrics_write(struct lua_shared *, struct strb *);

#endif
