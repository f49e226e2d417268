/* Looks at the clocks once a second. A machine that slept wakes with a session that may long be
 * dead, and with pauses that count from before: both are cut short. And a token that ends soon is
 * replaced while the session goes on. */
#include "base/clock.h"
#include "cli/keepup_priv.h"

enum {
	WATCH_MS = 1000,
	SLEPT_MS = 5000, /* a look that comes that late comes after a sleep */
	PROBE_MS = 2500, /* for the server to answer then */
	RENEW_S = 300,	 /* before a token ends, ... */
	RENEW_PART =
	    10, /* ... or when that part of its time is left; and ten times in what is left */
};

void
keepup_watch(struct keepup *k)
{
	k->watched_ms = clock_boot_ms();
	timer_start(&k->watch, WATCH_MS);
}

static void
keepup_wake(struct keepup *k)
{
	backoff_reset(&k->backoff);
	if (k->state == KEEPUP_SERVING)
		link_probe(k->link, PROBE_MS);
	else if (k->state == KEEPUP_RESTING)
		keepup_dial(k);
	else if (k->state == KEEPUP_DIALLING || k->state == KEEPUP_REGISTERING)
		keepup_leave(k, R_LINK_LOST);
	k->eager = k->woke = true;
}

/* When to ask for the next one, and how often. */
static void
keepup_know_token(struct keepup *k, int64_t expiry, int64_t now)
{
	int64_t part = (expiry - now) / RENEW_PART + 1; /* never at the very end */

	if (part > RENEW_S)
		part = RENEW_S;
	k->token_ends = expiry;
	k->renew_at = expiry - part;
	k->renew_every = part / RENEW_PART > 0 ? part / RENEW_PART : 1;
	k->renewing = false;
}

/* Said once for each token. */
static void
keepup_want_token(struct keepup *k, int64_t left)
{
	if (k->renewing)
		return;
	k->renewing = true;
	if (tokens_hope(k->config.tokens) == TOKENS_NEVER)
		keepup_say(k, LVL_WARN,
		    "the token ends in %lld s and no other can come from %s: once this session is "
		    "over there will be no other",
		    (long long)left, tokens_source(k->config.tokens));
	else
		log_info(&k->tag, "the token ends in %lld s", (long long)left);
	keepup_tell(
	    k, &(struct whc_event){.type = WHC_TOKEN, .text = "wanted", .expires = k->token_ends});
}

/* The session outlives its token; the next one is for the next registration, whenever that will be.
 */
static void
keepup_mind_token(struct keepup *k)
{
	int64_t expiry = tokens_expiry(k->config.tokens), now = clock_wall_ms() / 1000;

	if (expiry != k->token_ends)
		keepup_know_token(k, expiry, now);
	if (expiry == 0 || now < k->renew_at)
		return;
	k->renew_at = now + k->renew_every;
	keepup_want_token(k, expiry - now);
	tokens_renew(k->config.tokens);
}

void
keepup_on_watch(void *user)
{
	struct keepup *k;
	uint64_t before, now = clock_boot_ms();

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	before = k->watched_ms;
	keepup_watch(k);
	if (k->state == KEEPUP_SERVING)
		keepup_mind_token(k);
	if (now - before >= WATCH_MS + SLEPT_MS) {
		keepup_say(
		    k, LVL_INFO, "woke after %llu s", (unsigned long long)(now - before) / 1000);
		keepup_wake(k);
	}
}
