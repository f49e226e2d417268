#include "cli/keepup.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/obj.h"
#include "cli/backoff.h"
#include "cli/register.h"
#include "ws/handshake.h"

#define KEEPUP_MAGIC 0x6ee90001u

enum {
	LASTED_MS = 10 * 1000,	     /* a session that long begins the back-off anew */
	PING_MS = 20 * 1000,	     /* the original's interval */
	SEND_MAX = 256 * 1024,	     /* bytes of one stream that wait for credit */
	SESSION_HELD_MAX = 64 << 20, /* bytes of all streams that wait for their targets */
	MESSAGE_MAX = 1 << 20,	     /* a Go server sends what the window allows in one message */
	LINGER_MS = 30 * 1000,
	LINGER_BYTES = 16 << 20,
	STREAMS_MAX = 8192, /* above what a server allows: it is the one to refuse */
};

enum keepup_state {
#define STATE(NAME, before, deadline_ms, late, text) KEEPUP_##NAME,
#include "cli/keepup_tbl.h"
#undef STATE
};

struct refusal {
	int status;
	enum leave leave;
	const char *text;
};

struct keepup {
	unsigned magic;
	enum keepup_state state; /* changed by keepup_enter() only */
	struct keepup_config config;
	struct conn *conn;		   /* DIALLING and REGISTERING */
	struct registration *registration; /* the same */
	struct link *link;		   /* SERVING and DRAINING */
	struct timer deadline;		   /* the state's */
	struct task idle;		   /* the last stream is done */
	struct backoff backoff;
	uint64_t served_since, adrift_since; /* ms */
	const struct refusal *refusal;	     /* the last attempt's; NULL: it ended otherwise */
	bool stopping;
	enum leave result;
	char url[REGISTER_URL_MAX + 1]; /* as printed */
	struct log_tag tag;
};

/* What another token may cure, or nothing. Any other status is tried again. */
static const struct refusal refusals[] = {
    {400, LEAVE_REQUEST, "it finds the id, or the request, malformed"},
    {401, LEAVE_TOKEN, "it does not accept the token"},
    {403, LEAVE_DENIED, "its rules forbid this tunnel"},
};

/* ---- states ---- */

static void keepup_dial(struct keepup *);
static void keepup_on_late(struct keepup *);
static void keepup_on_drained(struct keepup *);
static void keepup_give_up(struct keepup *);

static const struct {
	unsigned before;
	uint64_t deadline_ms;
	void (*late)(struct keepup *);
	const char *text;
} states[] = {
#define STATE(NAME, before, deadline_ms, late, text) {before, deadline_ms, late, text},
#include "cli/keepup_tbl.h"
#undef STATE
};

static void
keepup_enter(struct keepup *k, enum keepup_state state)
{
	ENSURE(states[state].before & 1u << k->state);
	k->state = state;
	log_debug(&k->tag, "%s", states[state].text);
	timer_stop(&k->deadline);
	if (states[state].deadline_ms)
		timer_start(&k->deadline, states[state].deadline_ms);
}

static void
keepup_on_deadline(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	ENSURE(states[k->state].late != NULL);
	states[k->state].late(k);
}

static void
keepup_finish(struct keepup *k, enum leave result)
{
	k->result = result;
	keepup_enter(k, KEEPUP_STOPPED);
	loop_stop(k->config.loop);
}

static void
keepup_give_up(struct keepup *k)
{
	log_error(&k->tag, "no session for %llu s: giving up",
	    (unsigned long long)k->config.max_elapsed_ms / 1000);
	keepup_finish(k, LEAVE_GAVE_UP);
}

/* Milliseconds until --max-elapsed; a very long time when there is no limit. */
static uint64_t
keepup_patience(const struct keepup *k)
{
	uint64_t adrift = loop_now_ms(k->config.loop) - k->adrift_since;

	if (k->config.max_elapsed_ms == 0)
		return UINT64_MAX;
	return adrift < k->config.max_elapsed_ms ? k->config.max_elapsed_ms - adrift : 0;
}

static void
keepup_rest(struct keepup *k)
{
	uint32_t random = 0;
	uint64_t pause;

	(void)!getrandom(&random, sizeof(random), 0);
	pause = backoff_next(&k->backoff, random);
	if (pause >= keepup_patience(k)) {
		keepup_give_up(k);
		return;
	}
	log_info(&k->tag, "trying again in %.1f s", (double)pause / 1000);
	keepup_enter(k, KEEPUP_RESTING);
	timer_start(&k->deadline, pause);
}

static void
keepup_wait(struct keepup *k)
{
	log_info(&k->tag, "waiting for a token on stdin");
	keepup_enter(k, KEEPUP_WAITING);
	if (k->config.max_elapsed_ms)
		timer_start(&k->deadline, keepup_patience(k));
}

/* Lets go of the connection or the session; its on_gone goes on from here. */
static void
keepup_leave(struct keepup *k, enum reason why)
{
	keepup_enter(k, KEEPUP_LEAVING);
	forwarder_set_link(k->config.forwarder, NULL);
	if (k->conn)
		conn_close(&k->conn, why);
	if (k->link)
		link_close(&k->link, why);
}

static void
keepup_after_refusal(struct keepup *k)
{
	enum tokens_hope hope = tokens_hope(k->config.tokens);
	bool fresh = tokens_fresh(k->config.tokens);

	if (k->config.once || (hope == TOKENS_NEVER && !fresh))
		keepup_finish(k, k->refusal->leave);
	else if (hope == TOKENS_RETRY || fresh)
		keepup_rest(k);
	else
		keepup_wait(k);
}

/* Nothing is left of the last attempt. */
static void
keepup_next(struct keepup *k)
{
	if (k->registration)
		registration_free(&k->registration);
	if (k->stopping)
		keepup_finish(k, LEAVE_OK);
	else if (k->refusal)
		keepup_after_refusal(k);
	else if (k->config.once)
		keepup_finish(k, LEAVE_LOST);
	else
		keepup_rest(k);
}

/* ---- the session ---- */

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

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	lasted = (double)(loop_now_ms(k->config.loop) - k->served_since) / 1000;
	said = link_close_text(k->link);
	if (why == R_REPLACED || strcmp(said, reason_info(R_REPLACED)->text) == 0)
		log_warn(&k->tag, "another client registered this id and has the tunnel now");
	else if (said[0] == '\0')
		said = why == R_LINK_LOST ? "the connection was lost" : reason_info(why)->text;
	log_warn(&k->tag, "the session ended after %.1f s: %s", lasted, said);
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

static const struct link_ops link_ops = {
    .on_stream = keepup_on_stream,
    .on_down = keepup_on_link_down,
    .on_gone = keepup_on_link_gone,
};

/* The URL stands alone on stdout, for the program that started us. */
static void
keepup_print_url(struct keepup *k, const char *url)
{
	if (strcmp(k->url, url) == 0)
		return;
	snprintf(k->url, sizeof(k->url), "%s", url);
	printf("%s\n", url);
	fflush(stdout);
}

static void
keepup_serve(struct keepup *k)
{
	const struct register_answer *answer = registration_answer(k->registration);
	struct link_config config = {
	    .message_max = MESSAGE_MAX,
	    .ping_interval_ms = PING_MS,
	    .mux = {.role = WSMUX_CLIENT,
		.window = REGISTER_WINDOW,
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
	log_info(&k->tag, "registered at %s%s: %s", k->config.server->text,
	    answer->mux.present ? "" : " (an original server)", answer->url);
	keepup_print_url(k, answer->url);
	k->link = link_new(k->config.loop, &k->conn, &config, &link_ops, k);
	forwarder_set_link(k->config.forwarder, k->link);
}

/* ---- the attempt ---- */

static void
keepup_on_late(struct keepup *k)
{
	log_warn(&k->tag, "%s did not answer in time", k->config.server->text);
	keepup_leave(k, R_HANDSHAKE_TIMEOUT);
}

static void
keepup_on_refused(struct keepup *k)
{
	const struct register_answer *answer = registration_answer(k->registration);
	char doubt[TOKEN_DOUBT_MAX];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].status == answer->status)
			k->refusal = &refusals[i];
	}
	log_error(&k->tag, "the server refused the tunnel with %d%s%s%s%s%s%s", answer->status,
	    k->refusal ? ": " : "", k->refusal ? k->refusal->text : "",
	    answer->error[0] ? "; its reason: " : "", answer->error,
	    answer->sentence[0] ? "; it says: " : "", answer->sentence);
	if (answer->status == 401 && tokens_doubt(k->config.tokens, k->config.id, doubt))
		log_error(&k->tag, "%s", doubt);
	keepup_leave(k, R_NONE);
}

static void
keepup_judge(struct keepup *k)
{
	switch (registration_state(k->registration)) {
	case REGISTER_READING:
		break;
	case REGISTER_ACCEPTED:
		keepup_serve(k);
		break;
	case REGISTER_REFUSED:
		keepup_on_refused(k);
		break;
	case REGISTER_BROKEN:
		log_error(&k->tag, "%s: %s", k->config.server->text,
		    registration_answer(k->registration)->sentence);
		keepup_leave(k, R_BAD_HANDSHAKE);
	}
}

static void
keepup_on_open(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	keepup_enter(k, KEEPUP_REGISTERING);
}

static size_t
keepup_on_data(void *user, struct span in)
{
	struct keepup *k;
	size_t taken;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	taken = registration_feed(k->registration, in);
	keepup_judge(k);
	return taken;
}

static void
keepup_on_eof(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	registration_eof(k->registration);
	keepup_judge(k);
}

static void
keepup_on_conn_gone(void *user, enum reason why)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	if (k->state != KEEPUP_LEAVING) {
		const char *error = conn_error(k->conn);

		log_warn(&k->tag, "no connection to %s: %s", k->config.server->text,
		    error[0] ? error : reason_info(why)->text);
		k->conn = NULL;
		keepup_leave(k, why);
	}
	keepup_next(k);
}

static const struct conn_ops conn_ops = {
    .on_open = keepup_on_open,
    .on_data = keepup_on_data,
    .on_eof = keepup_on_eof,
    .on_gone = keepup_on_conn_gone,
};

static void
keepup_without_token(struct keepup *k)
{
	switch (tokens_hope(k->config.tokens)) {
	case TOKENS_WAIT:
		keepup_wait(k);
		break;
	case TOKENS_RETRY:
		keepup_rest(k);
		break;
	case TOKENS_NEVER:
		log_error(&k->tag, "stdin ended without a token");
		keepup_finish(k, LEAVE_TOKEN);
	}
}

static void
keepup_dial(struct keepup *k)
{
	const struct place *server = k->config.server;
	struct dial dial = {.host = server->host[0] ? server->host : NULL,
	    .port = server->port,
	    .tls = k->config.tls,
	    .server_name = server->host[0] ? server->host : "localhost"};
	struct span token = tokens_take(k->config.tokens);
	char key[WS_KEY_MAX];
	struct strb request;

	k->refusal = NULL;
	if (token.n == 0) {
		keepup_without_token(k);
		return;
	}
	keepup_enter(k, KEEPUP_DIALLING);
	ws_handshake_key(key);
	k->registration = registration_new(key);
	k->conn = conn_dial(k->config.loop, &dial, &conn_ops, k);
	strb_init(&request, REGISTER_REQUEST_MAX);
	register_write(&request, server, k->config.id, token, key);
	conn_write(k->conn, strb_span(&request)); /* leaves when the connection is open */
	explicit_bzero(request.p, request.n);
	strb_free(&request);
}

static void
keepup_on_news(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	if (k->state != KEEPUP_WAITING)
		return;
	if (!tokens_fresh(k->config.tokens) && k->refusal)
		keepup_finish(k, k->refusal->leave);
	else if (k->refusal)
		keepup_rest(k);
	else
		keepup_dial(k);
}

/* ---- the end ---- */

static void
keepup_on_drained(struct keepup *k)
{
	keepup_leave(k, R_NONE);
}

/* On a turn's end, and not inside the stream's last callback. */
static void
keepup_on_idle(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	if (k->state == KEEPUP_DRAINING && forwarder_streams(k->config.forwarder) == 0)
		keepup_on_drained(k);
}

static void
keepup_on_last_stream(void *user)
{
	struct keepup *k;

	CAST_OBJ(k, user, KEEPUP_MAGIC);
	task_ask(&k->idle);
}

void
keepup_stop(struct keepup *k)
{
	CHECK_OBJ(k, KEEPUP_MAGIC);
	k->stopping = true;
	switch (k->state) {
	case KEEPUP_IDLE:
	case KEEPUP_WAITING:
	case KEEPUP_RESTING:
		keepup_finish(k, LEAVE_OK);
		break;
	case KEEPUP_DIALLING:
	case KEEPUP_REGISTERING:
		keepup_leave(k, R_NONE);
		break;
	case KEEPUP_SERVING:
		keepup_enter(k, KEEPUP_DRAINING);
		task_ask(&k->idle);
		break;
	case KEEPUP_DRAINING:
	case KEEPUP_LEAVING:
	case KEEPUP_STOPPED:
		break;
	}
}

struct keepup *
keepup_new(const struct keepup_config *config)
{
	struct keepup *k;

	OBJ_NEW(k, KEEPUP_MAGIC);
	k->config = *config;
	k->tag = (struct log_tag){.worker = -1, .tunnel = span_str(config->id)};
	timer_init(&k->deadline, config->loop, keepup_on_deadline, k);
	task_init(&k->idle, config->loop, keepup_on_idle, k);
	backoff_reset(&k->backoff);
	k->adrift_since = loop_now_ms(config->loop);
	tokens_on_news(config->tokens, keepup_on_news, k);
	forwarder_on_idle(config->forwarder, keepup_on_last_stream, k);
	return k;
}

void
keepup_start(struct keepup *k)
{
	CHECK_OBJ(k, KEEPUP_MAGIC);
	keepup_dial(k);
}

enum leave
keepup_result(const struct keepup *k)
{
	ENSURE(k->state == KEEPUP_STOPPED);
	return k->result;
}

void
keepup_free(struct keepup **kp)
{
	struct keepup *k;

	TAKE_OBJ(k, kp, KEEPUP_MAGIC);
	timer_stop(&k->deadline);
	task_cancel(&k->idle);
	OBJ_FREE(k);
}
