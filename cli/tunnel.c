#include "cli/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/tunnel_id.h"
#include "base/log.h"
#include "cli/auth_service.h"
#include "http/write.h"

/* ---- reading ---- */

static int
wrong(char error[TUNNEL_ERROR_MAX], const char *about, const char *what)
{
	char shown[PLACE_TEXT_MAX];

	place_show(about, shown);
	snprintf(error, TUNNEL_ERROR_MAX, "%s%s%s", shown, about[0] ? ": " : "", what);
	return -WHT_EINVAL;
}

static const char *
environment_proxy(const struct place *server)
{
	const char *const names[] = {server->tls ? "https_proxy" : "http_proxy",
	    server->tls ? "HTTPS_PROXY" : "http_proxy", "all_proxy", "ALL_PROXY"};
	const char *except = getenv("no_proxy");

	if (!except)
		except = getenv("NO_PROXY");
	if (server->loopback || (except && proxy_bypassed(except, server->host)))
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return value;
	}
	return NULL;
}

const char *
tunnel_find_proxy(
    const struct settings *s, const struct place *server, struct proxy *proxy, bool *has)
{
	const char *text = settings_text(s, OPT_PROXY);

	*has = false;
	if (text && strcmp(text, "none") == 0)
		return NULL;
	if (!text)
		text = environment_proxy(server);
	*has = text != NULL;
	return text ? proxy_parse(text, proxy) : NULL;
}

static int
read_server(struct whc_tunnel *t, char error[TUNNEL_ERROR_MAX])
{
	const char *text = settings_text(&t->settings, OPT_SERVER), *what;

	if (!text && !settings_text(&t->settings, OPT_CLIENT_ID))
		return wrong(error, "", "no server: --server, WHT_URL or whclient login");
	if (text && (what = place_of_server(text, &t->server)))
		return wrong(error, text, what);
	t->has_server = text != NULL;
	if ((what = tunnel_find_proxy(&t->settings, &t->server, &t->proxy, &t->has_proxy)))
		return wrong(error, "the proxy", what);
	return 0;
}

static int
read_id(const struct whc_tunnel *t, char error[TUNNEL_ERROR_MAX])
{
	const char *id = settings_text(&t->settings, OPT_ID);

	if (id && !tunnel_id_valid(span_str(id)))
		return wrong(error, id,
		    "an id is 1 to 128 characters of A-Z a-z 0-9 _ ~ . % -, not . or .., "
		    "and does not begin with __");
	return 0;
}

static int
read_token(const struct whc_tunnel *t, char error[TUNNEL_ERROR_MAX])
{
	const char *token = settings_text(&t->settings, OPT_TOKEN);
	const char *file = settings_text(&t->settings, OPT_TOKEN_FILE);

	if (token && file)
		return wrong(error, "", "--token and --token-file exclude each other");
	if (token && !token_shaped(span_str(token)))
		return wrong(error, "--token", "this cannot be a token");
	if (file && access(file, R_OK) < 0)
		return wrong(error, file, "the token file cannot be read");
	return 0;
}

static int
read_elapsed(const struct whc_tunnel *t, uint64_t *ms, char error[TUNNEL_ERROR_MAX])
{
	const char *text = settings_text(&t->settings, OPT_MAX_ELAPSED);

	*ms = 0;
	if (text && (span_u64(span_str(text), 1000 * 1000 * 1000, ms) || *ms == 0))
		return wrong(error, "--max-elapsed", "a whole number of seconds is wanted");
	*ms *= 1000;
	return 0;
}

static int
read_server_window(const struct whc_tunnel *t, uint32_t *bytes, char error[TUNNEL_ERROR_MAX])
{
	const char *text = settings_text(&t->settings, OPT_SERVER_WINDOW);
	uint64_t n = 0;

	if (text && (span_u64(span_str(text), INT32_MAX, &n) || n == 0))
		return wrong(error, "--server-window", "a whole number of bytes is wanted");
	*bytes = (uint32_t)n;
	return 0;
}

/* "localhost:3000, /api localhost:8000" */
static void
describe_targets(struct whc_tunnel *t)
{
	size_t n = 0;

	t->targets[0] = '\0';
	for (int i = 0; i < t->rules.nroutes && n < sizeof(t->targets); i++) {
		const struct route *r = &t->rules.routes[i];

		n += (size_t)snprintf(t->targets + n, sizeof(t->targets) - n, "%s%s%s%s",
		    i ? ", " : "", r->path, r->path_len ? " " : "", r->place.text);
	}
}

static int
read_rules(struct whc_tunnel *t, char error[TUNNEL_ERROR_MAX])
{
	char what[RULES_ERROR_MAX];

	if (rules_read(&t->rules, &t->settings, what) < 0)
		return wrong(error, "", what);
	if (t->on_request && t->rules.nroutes == 0)
		t->rules.routes[t->rules.nroutes++] = (struct route){
		    .kind = ROUTE_PROGRAM, .place = {.text = "program", .loopback = true}};
	describe_targets(t);
	return t->rules.nroutes ? 0
				: wrong(error, "", "a TARGET is wanted: what shall be reachable?");
}

static int
read_trust(struct whc_tunnel *t, char error[TUNNEL_ERROR_MAX])
{
	bool insecure = settings_on(&t->settings, OPT_INSECURE_TARGET), wanted = false, far = false;
	char what[TLS_ERROR_MAX];

	for (int i = 0; i < t->rules.nroutes; i++) {
		wanted |= t->rules.routes[i].place.tls;
		far |= t->rules.routes[i].place.tls && !t->rules.routes[i].place.loopback;
	}
	if ((t->server.tls || !t->has_server) &&
	    !(t->server_tls = tls_client_new(settings_text(&t->settings, OPT_CA),
		  settings_on(&t->settings, OPT_INSECURE), what)))
		return wrong(error, "TLS", what);
	if (wanted && !(t->target_tls = tls_client_new(NULL, insecure || !far, what)))
		return wrong(error, "TLS", what);
	for (int i = 0; i < t->rules.nroutes; i++)
		t->rules.routes[i].tls = t->rules.routes[i].place.tls ? t->target_tls : NULL;
	return 0;
}

int
tunnel_read(struct whc_tunnel *t, char error[TUNNEL_ERROR_MAX])
{
	uint64_t elapsed;
	uint32_t window;

	if (read_server(t, error) < 0 || read_id(t, error) < 0 || read_token(t, error) < 0 ||
	    read_elapsed(t, &elapsed, error) < 0 || read_server_window(t, &window, error) < 0 ||
	    read_rules(t, error) < 0 || read_trust(t, error) < 0)
		return -WHT_EINVAL;
	return 0;
}

static int
open_auth(struct whc_tunnel *t, struct loop *loop, char error[TUNNEL_ERROR_MAX])
{
	const struct settings *s = &t->settings;
	struct auth_config config = {.client_id = settings_text(s, OPT_CLIENT_ID),
	    .access_token = settings_text(s, OPT_ACCESS_TOKEN),
	    .certificate = settings_text(s, OPT_CERT),
	    .root_url = settings_text(s, OPT_ROOT_URL),
	    .auth_url = settings_text(s, OPT_AUTH_URL),
	    .audience = settings_text(s, OPT_AUDIENCE),
	    .proxy = settings_text(s, OPT_PROXY),
	    .id = settings_text(s, OPT_ID)};

	if (config.root_url && strcmp(config.root_url, "https://taskcluster.net") == 0)
		config.root_url = NULL; /* where that was, the service of old is */
	if (config.root_url && !t->has_server)
		return wrong(error, "",
		    "no server: --server or WHT_URL; its address does not come from "
		    "the Auth service");
	t->tokens = tokens_of_auth(loop, &config, error, TUNNEL_ERROR_MAX);
	return t->tokens ? 0 : -WHT_EINVAL;
}

int
tunnel_open_tokens(struct whc_tunnel *t, struct loop *loop, char error[TUNNEL_ERROR_MAX])
{
	const char *token = settings_text(&t->settings, OPT_TOKEN);
	const char *file = settings_text(&t->settings, OPT_TOKEN_FILE);

	if (token)
		t->tokens = tokens_of_text(token);
	else if (file)
		t->tokens = tokens_of_file(file);
	else if (t->token_fd >= 0)
		t->tokens = tokens_of_lines(loop, t->token_fd);
	else if (settings_text(&t->settings, OPT_CLIENT_ID))
		return open_auth(t, loop, error);
	else
		t->tokens = tokens_of_hand();
	return 0;
}

/* ---- life ---- */

static void
on_exchange(void *user, const struct exchange_news *news)
{
	struct whc_tunnel *t = user;
	struct whc_event event = {.type = WHC_REQUEST,
	    .method = news->method,
	    .path = news->path,
	    .target = news->target,
	    .text = news->error,
	    .status = news->status,
	    .us = news->us,
	    .bytes = news->bytes};

	event.id = keepup_id(t->keepup);
	t->on_event(t, &event);
}

static void
on_event(void *user, struct whc_event *event)
{
	struct whc_tunnel *t = user;

	t->on_event(t, event);
}

static void
on_over(void *user)
{
	struct whc_tunnel *t = user;

	t->over = true;
	t->on_over(t);
}

struct whc_request {
	const struct program_request *of;
	char field[8192];
	bool answered;
};

static void
on_request(void *user, struct program_request *of)
{
	struct whc_tunnel *t = user;
	struct whc_request request = {.of = of};

	t->on_request(t->request_user, &request);
}

static const struct forwarder_ops forwarder_ops = {
    .on_exchange = on_exchange, .on_request = on_request};

static void
warn_of_risks(const struct whc_tunnel *t)
{
	bool secure = t->server.tls || !t->has_server;

	if (secure && settings_on(&t->settings, OPT_INSECURE))
		log_warn(NULL,
		    "--insecure: anybody on the way can pose as the server and read the token");
	if (!secure && !t->server.loopback)
		log_warn(NULL, "http: anybody on the way can read the token and all traffic");
	for (int i = 0; i < t->rules.nroutes; i++) {
		const struct place *place = &t->rules.routes[i].place;

		if (place->folder[0] && access(place->folder, R_OK | X_OK) < 0)
			log_warn(NULL, "%s: no such folder so far", place->text);
	}
	if (t->target_tls && settings_on(&t->settings, OPT_INSECURE_TARGET))
		log_warn(NULL, "--insecure-target: the target's certificate is not verified");
}

void
tunnel_start(struct whc_tunnel *t, struct loop *loop)
{
	const char *id = settings_text(&t->settings, OPT_ID);
	struct keepup_config config = {.loop = loop,
	    .server = t->has_server ? &t->server : NULL,
	    .tls = t->server_tls,
	    .proxy = t->has_proxy ? &t->proxy : NULL,
	    .id = id ? id : "",
	    .tokens = t->tokens,
	    .once =
		settings_on(&t->settings, OPT_ONCE) || settings_on(&t->settings, OPT_EXIT_ON_LOSS),
	    .on_event = on_event,
	    .on_over = on_over,
	    .user = t};
	char error[TUNNEL_ERROR_MAX];

	(void)!read_elapsed(t, &config.max_elapsed_ms, error);
	(void)!read_server_window(t, &config.server_window, error);
	warn_of_risks(t);
	t->forwarder = config.forwarder = forwarder_new(loop, &t->rules, &forwarder_ops, t);
	t->keepup = keepup_new(&config);
	keepup_start(t->keepup);
}

void
tunnel_stop(struct whc_tunnel *t)
{
	if (t->keepup && !t->over)
		keepup_stop(t->keepup);
}

void
tunnel_end(struct whc_tunnel *t)
{
	if (t->tokens)
		tokens_stop(t->tokens);
	if (t->forwarder)
		forwarder_stop(t->forwarder);
}

void
tunnel_free(struct whc_tunnel *t)
{
	if (t->keepup)
		keepup_free(&t->keepup);
	if (t->forwarder)
		forwarder_free(&t->forwarder);
	if (t->tokens)
		tokens_free(&t->tokens);
	if (t->server_tls)
		tls_unref(&t->server_tls);
	if (t->target_tls)
		tls_unref(&t->target_tls);
	explicit_bzero(&t->proxy, sizeof(t->proxy));
	explicit_bzero(t->rules.secret, sizeof(t->rules.secret));
	settings_free(&t->settings);
}

/* ---- requests for the program ---- */

const char *
whc_request_method(const struct whc_request *r)
{
	return r->of->method;
}

const char *
whc_request_path(const struct whc_request *r)
{
	return r->of->path;
}

const void *
whc_request_body(const struct whc_request *r, size_t *n)
{
	*n = r->of->body.n;
	return r->of->body.n ? r->of->body.p : "";
}

const char *
whc_request_field(const struct whc_request *r, const char *name)
{
	struct whc_request *mutable = (struct whc_request *)r;
	struct span rest = r->of->head, line;

	while (span_cut(&rest, '\n', &line)) {
		ptrdiff_t colon = span_find(line, ':');

		if (colon <= 0 || !span_ieq(span_take(line, (size_t)colon), span_str(name)))
			continue;
		line = span_drop(line, (size_t)colon + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		line = span_trim(line);
		snprintf(mutable->field, sizeof(mutable->field), "%.*s", SPAN_FMT(line));
		return r->field;
	}
	return NULL;
}

void
whc_reply(struct whc_request *r, int status, const char *type, const void *body, size_t n)
{
	struct strb *out = r->of->reply;

	if (r->answered)
		return;
	r->answered = true;
	http_write_status_line(out, status >= 200 && status <= 599 ? status : 500);
	http_write_field(out, SPAN("Content-Type"), span_str(type ? type : "text/plain"));
	http_write_framing(out, HTTP_BY_LENGTH, n);
	http_write_end(out);
	if (strcmp(r->of->method, "HEAD") != 0)
		strb_add(out, span_of(body, n));
}
