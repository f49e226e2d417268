/* One attempt to register: a connection, a request, and the judgement of the answer. */
#include <stdio.h>

#include "cli/keepup_priv.h"
#include "ws/handshake.h"

/* What another token may cure, or nothing. Any other status is tried again. */
static const struct refusal refusals[] = {
    {400, LEAVE_REQUEST, "it finds the id, or the request, malformed"},
    {401, LEAVE_TOKEN, "it does not accept the token"},
    {403, LEAVE_DENIED, "its rules forbid this tunnel"},
};

void
keepup_on_late(struct keepup *k)
{
	keepup_say(k, LVL_WARN, "%s did not answer in time", k->server.text);
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
	keepup_say(k, LVL_ERROR, "the server refused the tunnel with %d%s%s%s%s%s%s",
	    answer->status, k->refusal ? ": " : "", k->refusal ? k->refusal->text : "",
	    answer->error[0] ? "; its reason: " : "", answer->error,
	    answer->sentence[0] ? "; it says: " : "", answer->sentence);
	if (answer->status == 401 && tokens_doubt(k->config.tokens, k->id, doubt))
		keepup_say(k, LVL_ERROR, "%s", doubt);
	if (k->refusal)
		tokens_refused(k->config.tokens);
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
		keepup_say(k, LVL_ERROR, "%s: %s", k->server.text,
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

		keepup_say(k, LVL_WARN, "no connection to %s: %s", k->server.text,
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
		keepup_say(k, LVL_ERROR, "no token can come from %s%s%s",
		    tokens_source(k->config.tokens),
		    tokens_trouble(k->config.tokens)[0] ? ": " : "",
		    tokens_trouble(k->config.tokens));
		keepup_finish(k, LEAVE_TOKEN);
	}
}

/* Whom to register as, and where, when only the token says so. The name stays, unless the token is
 * for another one that nobody chose: then it is said aloud. */
static bool
keepup_know_place(struct keepup *k)
{
	const char *id = tokens_id(k->config.tokens), *server = tokens_server(k->config.tokens);
	const char *wrong = NULL;

	if (server[0] && !k->config.server)
		wrong = place_of_server(server, &k->server);
	if (wrong || !k->server.text[0]) {
		keepup_say(k, LVL_ERROR, "no server: %s", wrong ? wrong : "none was given");
		return false;
	}
	if (k->config.id[0] == '\0' && id[0] && (server[0] || !k->id[0])) {
		if (k->id[0] && strcmp(k->id, id) != 0)
			keepup_say(
			    k, LVL_WARN, "the tunnel is called %s from now on, not %s", id, k->id);
		snprintf(k->id, sizeof(k->id), "%s", id);
		k->tag.tunnel = span_str(k->id);
	}
	if (!k->id[0])
		keepup_say(k, LVL_ERROR, "no id was given, and the token holds none");
	return k->id[0] != '\0';
}

static void
keepup_send_request(struct keepup *k, struct span token, const char *key)
{
	struct strb request;

	strb_init(&request, REGISTER_REQUEST_MAX);
	register_write(&request, &k->server, k->id, token, key);
	conn_write(k->conn, strb_span(&request)); /* leaves when the connection is open */
	explicit_bzero(request.p, request.n);
	strb_free(&request);
}

void
keepup_dial(struct keepup *k)
{
	struct span token = tokens_take(k->config.tokens);
	char key[WS_KEY_MAX];
	struct dial dial;

	k->refusal = NULL;
	if (token.n == 0) {
		keepup_without_token(k);
		return;
	}
	if (!keepup_know_place(k)) {
		keepup_finish(k, LEAVE_USAGE);
		return;
	}
	dial = (struct dial){.host = k->server.host[0] ? k->server.host : NULL,
	    .port = k->server.port,
	    .tls = k->server.tls ? k->config.tls : NULL,
	    .proxy = k->config.proxy,
	    .server_name = k->server.host[0] ? k->server.host : "localhost"};
	keepup_enter(k, KEEPUP_DIALLING);
	ws_handshake_key(key);
	k->registration = registration_new(key);
	k->conn = conn_dial(k->config.loop, &dial, &conn_ops, k);
	keepup_send_request(k, token, key);
}
