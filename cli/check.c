#include "cli/check.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/probe.h"
#include "cli/view.h"

enum {
	DETAIL_MAX = 1024,
	SKEW_S = 60, /* less than what servers forgive */
	EXPIRY_DAYS = 7,
};

struct check {
	struct whc_tunnel *t;
	struct loop *loop;
	int failures;
	char detail[DETAIL_MAX];
	const char *id;
	struct span token;
	struct probe answer; /* to the registration that is none */
};

enum finding { GOOD, BAD, SKIPPED };

static enum finding say(struct check *c, enum finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum finding
say(struct check *c, enum finding finding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, args);
	va_end(args);
	return finding;
}

static enum finding
check_settings(struct check *c)
{
	char error[TUNNEL_ERROR_MAX];

	if (!probe_ask_auth(c->t, c->loop, error) || tunnel_read(c->t, error) < 0)
		return say(c, BAD, "%s", error);
	return say(
	    c, GOOD, "server %s://%s", c->t->server.tls ? "https" : "http", c->t->server.text);
}

static enum finding
check_proxy(struct check *c)
{
	const struct proxy *p = &c->t->proxy;
	struct dial dial = probe_dial(c->t);
	struct probe probe;

	if (!c->t->has_proxy)
		return say(c, GOOD, "none: the server is reached directly");
	dial.tls = NULL;
	probe_run(&probe, c->loop, &dial, SPAN(""));
	return say(c, probe.error[0] ? BAD : GOOD, "%s://%s:%u %s%s",
	    p->kind == PROXY_SOCKS5 ? "socks5" : "http", p->host, p->port,
	    probe.error[0] ? "does not let us through: " : "lets us through to the server",
	    probe.error);
}

static const char *
first_hop(const struct check *c, uint16_t *port)
{
	const struct whc_tunnel *t = c->t;

	*port = t->has_proxy ? t->proxy.port : t->server.port;
	if (t->has_proxy)
		return t->proxy.host;
	return t->server.host[0] ? t->server.host : "localhost";
}

static enum finding
check_dns(struct check *c)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char address[NI_MAXHOST] = "";
	uint16_t port;
	const char *host = first_hop(c, &port);
	int error = getaddrinfo(host, NULL, &hints, &found);

	if (!error)
		getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
		    NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	return error ? say(c, BAD, "%s: %s", host, gai_strerror(error))
		     : say(c, GOOD, "%s is %s", host, address);
}

static enum finding
check_tcp(struct check *c)
{
	struct dial dial = {0};
	struct probe probe;

	dial.host = first_hop(c, &dial.port);
	if (!c->t->has_proxy && !c->t->server.host[0])
		dial.host = NULL;
	probe_run(&probe, c->loop, &dial, SPAN(""));
	return probe.error[0] ? say(c, BAD, "%s", probe.error)
			      : say(c, GOOD, "port %u answers", dial.port);
}

static enum finding
check_tls(struct check *c)
{
	struct dial dial = probe_dial(c->t);
	struct probe probe;
	int64_t days;

	if (!c->t->server.tls)
		return say(c, SKIPPED, "the server's URL is http://: nothing is encrypted");
	probe_run(&probe, c->loop, &dial, SPAN(""));
	if (probe.error[0])
		return say(c, BAD, "%s", probe.error);
	days = (probe.not_after - clock_wall_ms() / 1000) / 86400;
	return say(c, GOOD, "%s, the certificate ends in %lld days%s",
	    settings_on(&c->t->settings, OPT_INSECURE) ? "nothing was verified (--insecure)"
						       : "the chain is trusted",
	    (long long)days, days < EXPIRY_DAYS ? ": soon" : "");
}

static void
know_token(struct check *c)
{
	struct tokens *tokens = c->t->tokens;

	c->token = tokens ? tokens_take(tokens) : SPAN("");
	c->id = settings_text(&c->t->settings, OPT_ID);
	if (!c->id && tokens)
		c->id = tokens_id(tokens);
}

static enum finding
check_token(struct check *c)
{
	char error[TUNNEL_ERROR_MAX], doubt[TOKEN_DOUBT_MAX], left[VIEW_TIME_MAX];
	int64_t expiry;

	if (tunnel_open_tokens(c->t, c->loop, error) < 0)
		return say(c, BAD, "%s", error);
	know_token(c);
	if (c->token.n == 0)
		return say(c, BAD, "there is none: --token-file, WHT_TOKEN or whclient login");
	expiry = tokens_expiry(c->t->tokens);
	if (!expiry)
		return say(c, BAD, "what there is, is no token that says when it ends");
	if (!c->id || !c->id[0])
		return say(c, BAD, "no id was given, and the token holds none");
	if (tokens_doubt(c->t->tokens, c->id, doubt))
		return say(c, BAD, "%s", doubt);
	view_duration(left, expiry - clock_wall_ms() / 1000);
	return say(c, GOOD, "for the id %s, good for another %s", c->id, left);
}

static enum finding
check_upgrade(struct check *c)
{
	const char *id = c->id && c->id[0] ? c->id : "check";

	probe_token(&c->answer, c->loop, c->t, id, c->token.n ? c->token : SPAN("none"));
	if (c->answer.error[0])
		return say(c, BAD, "%s", c->answer.error);
	if (c->answer.status == 404 || c->answer.status >= 500 || c->answer.status < 400)
		return say(
		    c, BAD, "%s (it answered %d)", probe_verdict(&c->answer), c->answer.status);
	return say(c, GOOD, "a tunnel server answers");
}

static enum finding
check_acceptance(struct check *c)
{
	const char *verdict;

	if (!c->token.n || !c->answer.status)
		return say(c, SKIPPED, "there was no token to be judged, or nobody to judge it");
	verdict = probe_verdict(&c->answer);
	return verdict ? say(c, BAD, "%s", verdict)
		       : say(c, GOOD, "the server accepts the token; nobody was disturbed");
}

static enum finding
check_clock(struct check *c)
{
	int64_t skew = c->answer.date - clock_wall_ms() / 1000;
	char text[VIEW_TIME_MAX];

	if (!c->answer.date)
		return say(c, SKIPPED, "the server does not say what time it is");
	view_duration(text, llabs(skew));
	return say(
	    c, llabs(skew) > SKEW_S ? BAD : GOOD, "ours and the server's differ by %s", text);
}

static enum finding
check_route(struct check *c, const struct route *route)
{
	const struct place *place = &route->place;
	struct dial dial = {.port = place->port,
	    .tls = route->tls,
	    .host = place->host[0] ? place->host : NULL,
	    .server_name = place->host[0] ? place->host : "localhost",
	    .unix_path = place->unix_path[0] ? place->unix_path : NULL};
	struct probe probe;

	if (route->kind == ROUTE_FOLDER && access(place->folder, R_OK | X_OK) < 0)
		return say(c, BAD, "%s: %s", place->text, strerror(errno));
	if (route->kind != ROUTE_DIAL)
		return GOOD;
	probe_run(&probe, c->loop, &dial, SPAN(""));
	return probe.error[0] ? say(c, BAD, "nothing answers at %s: %s", place->text, probe.error)
			      : GOOD;
}

static enum finding
check_target(struct check *c)
{
	struct rules *rules = &c->t->rules;

	for (int i = 0; i < rules->nroutes; i++) {
		if (check_route(c, &rules->routes[i]) == BAD)
			return BAD;
	}
	return say(c, GOOD, "%s", c->t->targets);
}

static const struct {
	const char *name;
	enum finding (*fn)(struct check *);
} steps[] = {
    {"settings", check_settings},
    {"DNS", check_dns},
    {"TCP", check_tcp},
    {"proxy", check_proxy},
    {"TLS", check_tls},
    {"token", check_token},
    {"upgrade", check_upgrade},
    {"acceptance", check_acceptance},
    {"clock", check_clock},
    {"target", check_target},
};

bool
check_run(struct whc_tunnel *t)
{
	static const char *const words[] = {[GOOD] = "ok", [BAD] = "FAILED", [SKIPPED] = "-"};
	struct check c = {.t = t, .loop = loop_new()};
	int n = (int)(sizeof(steps) / sizeof(steps[0]));
	bool senseless = false;

	for (int i = 0; i < n; i++) {
		/* Without settings that make sense there is nothing to try. */
		enum finding finding =
		    i && senseless ? say(&c, SKIPPED, "not tried") : steps[i].fn(&c);

		printf("%-6s  %-10s  %s\n", words[finding], steps[i].name, c.detail);
		fflush(stdout);
		c.failures += finding == BAD;
		senseless |= i == 0 && finding == BAD;
	}
	tunnel_end(t);
	loop_run_down(c.loop);
	tunnel_free(t);
	loop_free(&c.loop);
	return c.failures == 0;
}
