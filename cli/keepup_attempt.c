/* One attempt to register: a connection, a request, and the judgement of the answer. */
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

void
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
