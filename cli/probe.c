#include "cli/probe.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/obj.h"
#include "http/parse.h"
#include "http/write.h"
#include "ws/handshake.h"

enum { REQUEST_MAX = 32 * 1024 };

struct attempt {
	struct probe *probe;
	struct loop *loop;
	struct conn *conn;
	struct http_parser *parser;
	struct timer deadline;
	bool asks;
};

static const struct http_limits limits = {
    .head_max = 32 * 1024, .target_max = 1, .fields_max = 100};

static void
fail(struct attempt *a, const char *why)
{
	if (!a->probe->error[0])
		snprintf(a->probe->error, PROBE_ERROR_MAX, "%s", why);
}

static void
finish(struct attempt *a)
{
	if (a->conn)
		conn_close(&a->conn, R_NONE);
}

static void
on_open(void *user)
{
	struct attempt *a = user;

	a->probe->not_after = conn_peer_not_after(a->conn);
	if (!a->asks)
		finish(a);
}

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	struct attempt *a = user;
	struct span date = http_head_value(head, HF_DATE);
	char text[64];

	(void)raw;
	a->probe->status = head->status;
	snprintf(a->probe->word, sizeof(a->probe->word), "%.*s",
	    SPAN_FMT(http_head_value(head, HF_WHT_ERROR)));
	snprintf(text, sizeof(text), "%.*s", SPAN_FMT(date));
	if (date.n)
		a->probe->date = curl_getdate(text, NULL);
	if (a->probe->date < 0)
		a->probe->date = 0;
	return HTTP_HOLD;
}

static const struct http_parser_ops parser_ops = {.on_head = on_head};

static size_t
on_data(void *user, struct span in)
{
	struct attempt *a = user;
	size_t used;

	if (http_parser_feed(a->parser, in, &used) < 0)
		fail(a, "the answer is not HTTP/1.1");
	if (a->probe->status || a->probe->error[0])
		finish(a);
	return in.n;
}

static void
on_gone(void *user, enum reason why)
{
	struct attempt *a = user;

	if (a->conn) {
		const char *error = conn_error(a->conn);

		fail(a, error[0] ? error : reason_info(why)->text);
	}
	a->conn = NULL;
	loop_stop(a->loop);
}

static void
on_late(void *user)
{
	struct attempt *a = user;

	fail(a, "no answer in time");
	finish(a);
}

static const struct conn_ops ops = {.on_open = on_open, .on_data = on_data, .on_gone = on_gone};

void
probe_run(struct probe *probe, struct loop *loop, const struct dial *dial, struct span request)
{
	struct attempt a = {.probe = probe, .loop = loop, .asks = request.n > 0};

	*probe = (struct probe){0};
	a.parser = http_parser_new(HTTP_RESPONSE, &limits, &parser_ops, &a);
	timer_init(&a.deadline, loop, on_late, &a);
	timer_start(&a.deadline, PROBE_MS);
	a.conn = conn_dial(loop, dial, &ops, &a);
	if (request.n)
		conn_write(a.conn, request);
	loop_run(loop);
	timer_stop(&a.deadline);
	loop_run_down(loop);
	http_parser_free(&a.parser);
}

struct dial
probe_dial(const struct whc_tunnel *t)
{
	const char *host = t->server.host[0] ? t->server.host : NULL;

	return (struct dial){.host = host,
	    .port = t->server.port,
	    .tls = t->server.tls ? t->server_tls : NULL,
	    .server_name = host ? host : "localhost",
	    .proxy = t->has_proxy ? &t->proxy : NULL};
}

void
probe_token(struct probe *probe, struct loop *loop, const struct whc_tunnel *t, const char *id,
    struct span token)
{
	struct dial dial = probe_dial(t);
	struct strb request;
	char key[WS_KEY_MAX];

	ws_handshake_key(key);
	strb_init(&request, REQUEST_MAX);
	strb_printf(&request,
	    "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 0\r\n"
	    "x-webhooktunnel-id: %s\r\nx-websocktunnel-id: %s\r\nAuthorization: Bearer "
	    "%.*s\r\n\r\n",
	    t->server.text, key, id, id, SPAN_FMT(token));
	probe_run(probe, loop, &dial, strb_span(&request));
	explicit_bzero(request.p, request.n);
	strb_free(&request);
}

static void
on_news(void *user)
{
	loop_stop(user);
}

static void
take_answer(struct whc_tunnel *t, struct span token)
{
	if (!settings_text(&t->settings, OPT_ID))
		settings_set(&t->settings, OPT_ID, span_str(tokens_id(t->tokens)));
	if (!t->has_server)
		settings_set(&t->settings, OPT_SERVER, span_str(tokens_server(t->tokens)));
	settings_set(&t->settings, OPT_TOKEN, token);
	settings_clear(&t->settings, OPT_CLIENT_ID);
}

bool
probe_ask_auth(struct whc_tunnel *t, struct loop *loop, char error[TUNNEL_ERROR_MAX])
{
	bool fresh;

	if (!settings_text(&t->settings, OPT_CLIENT_ID) || settings_text(&t->settings, OPT_TOKEN) ||
	    settings_text(&t->settings, OPT_TOKEN_FILE))
		return true;
	t->has_server = settings_text(&t->settings, OPT_SERVER) != NULL;
	if (tunnel_open_tokens(t, loop, error) < 0)
		return false;
	tokens_on_news(t->tokens, on_news, loop);
	(void)tokens_take(t->tokens); /* there is none yet: so it asks */
	loop_run(loop);
	fresh = tokens_fresh(t->tokens);
	if (fresh)
		take_answer(t, tokens_take(t->tokens));
	else
		snprintf(error, TUNNEL_ERROR_MAX, "no token from the Auth service: %s",
		    tokens_trouble(t->tokens));
	tokens_stop(t->tokens);
	loop_run_down(loop);
	tokens_free(&t->tokens);
	return fresh;
}

const char *
probe_verdict(const struct probe *p)
{
	if (p->error[0])
		return p->error;
	switch (p->status) {
	case 400:
		if (strcmp(p->word, "bad_ws_version") != 0 && p->word[0])
			return "the server finds the request malformed (400)";
		return NULL;
	case 405:
	case 426:
		return NULL;
	case 401:
		return "the server does not accept the token (401)";
	case 403:
		return "the server's rules forbid this tunnel (403)";
	case 404:
		return "the upgrade is lost on the way, or this is no tunnel server (404)";
	default:
		return "this is no tunnel server, or something in between answers";
	}
}
