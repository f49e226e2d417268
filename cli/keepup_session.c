/* A registered tunnel: what a session may hold, and what is said of its beginning and end. */
#include <stdio.h>

#include "cli/keepup_priv.h"

enum {
	LASTED_MS = 10 * 1000,	     /* a session that long begins the back-off anew */
	PING_MS = 20 * 1000,	     /* the original's interval */
	SEND_MAX = 256 * 1024,	     /* bytes of one stream that wait for credit */
	SESSION_HELD_MAX = 64 << 20, /* bytes of all streams that wait for their targets */
	MESSAGE_MAX = 1 << 20,	     /* a Go server sends what the window allows in one message */
	LINGER_MS = 30 * 1000,	     /* for late bytes of streams that are over */
	LINGER_BYTES = 16 << 20,
	STREAMS_MAX = 8192, /* above what a server allows: it is the one to refuse */
};

static bool
keepup_on_stream(void *user, struct wsmux_stream *stream, const struct wsmux_stream_ops **ops,
    void **stream_user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	return forwarder_take(k->config.forwarder, stream, ops, stream_user);
}

static void
keepup_on_link_down(void *user, enum reason why)
{
	struct keepup *k;
	const char *said;
	double lasted;
	bool replaced;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	lasted = (double)(loop_now_ms(k->config.loop) - k->served_since) / 1000;
	said = link_close_text(k->link);
	replaced = why == R_REPLACED || strcmp(said, reason_info(R_REPLACED)->text) == 0;
	if (replaced)
		keepup_say(k, LVL_WARN, "another client registered this id and has the tunnel now");
	else if (said[0] == '\0')
		said = why == R_LINK_LOST ? "the connection was lost" : reason_info(why)->text;
	log_warn(&k->tag, "the session ended after %.1f s: %s", lasted, said);
	k->eager = (lasted * 1000 >= LASTED_MS || k->woke) && !replaced;
	keepup_tell(k, &(struct whc_event){.type = WHC_DOWN, .text = said});
	k->link = NULL;
	keepup_leave(k, why);
}

static void
keepup_on_link_gone(void *user, enum reason why)
{
	struct keepup *k;
	uint64_t now;

	(void)why;
	CAST_OBJ(k, user, KEEPUP_MAGIC);
	now = loop_now_ms(k->config.loop);
	if (now - k->served_since >= LASTED_MS)
		backoff_reset(&k->backoff);
	k->adrift_since = now;
	keepup_next(k);
}

static void
keepup_on_round_trip(void *user, uint64_t us)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	keepup_tell(k, &(struct whc_event){.type = WHC_ROUND_TRIP, .us = us});
}

static const struct link_ops link_ops = {
    .on_stream = keepup_on_stream,
    .on_round_trip = keepup_on_round_trip,
    .on_down = keepup_on_link_down,
    .on_gone = keepup_on_link_gone,
};

/* Never silently under another name. */
static void
keepup_tell_url(struct keepup *k, const char *url)
{
	if (k->url[0] && strcmp(k->url, url) != 0)
		keepup_say(k, LVL_WARN, "the URL is another one now: %s", url);
	snprintf(k->url, sizeof(k->url), "%s", url);
	keepup_tell(k, &(struct whc_event){
			   .type = WHC_UP, .url = url, .expires = tokens_expiry(k->config.tokens)});
}

void
keepup_serve(struct keepup *k)
{
	const struct register_answer *answer = registration_answer(k->registration);
	struct link_config config = {
	    .message_max = MESSAGE_MAX,
	    .ping_interval_ms = PING_MS,
	    .mux = {.role = WSMUX_CLIENT,
		.window = REGISTER_WINDOW,
		.presumed_credit = k->config.server_window,
		.send_max = SEND_MAX,
		.stream_held_max = REGISTER_WINDOW,
		.session_held_max = SESSION_HELD_MAX,
		.open_timeout_ms = LINGER_MS,
		.linger_timeout_ms = LINGER_MS,
		.linger_bytes = LINGER_BYTES,
		.streams_max = STREAMS_MAX},
	};

	mux_offer_apply(&config.mux, &answer->mux);
	keepup_enter(k, KEEPUP_SERVING);
	k->served_since = loop_now_ms(k->config.loop);
	k->woke = false;
	log_info(&k->tag, "registered at %s%s: %s", k->server.text,
	    answer->mux.present ? "" : " (an original server)", answer->url);
	forwarder_trust(k->config.forwarder, answer->mux.present);
	k->link = link_new(k->config.loop, &k->conn, &config, &link_ops, k);
	forwarder_set_link(k->config.forwarder, k->link);
	keepup_tell_url(k, answer->url);
}
