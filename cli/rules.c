#include "cli/rules.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "auth/hawk.h"
#include "http/write.h"

/* ---- reading ---- */

static int
wrong(char error[RULES_ERROR_MAX], const char *about, const char *what)
{
	char shown[PLACE_TEXT_MAX];

	place_show(about, shown);
	snprintf(error, RULES_ERROR_MAX, "%s: %s", shown, what);
	return -WHT_EINVAL;
}

static int
read_route(struct rules *r, const char *text, char error[RULES_ERROR_MAX])
{
	struct route *route = &r->routes[r->nroutes++];
	const char *equals = text[0] == '/' ? strchr(text, '=') : NULL, *what;

	if (text[0] == '/' && !equals)
		return wrong(error, text, "PATH=TARGET is wanted");
	if (equals) {
		route->path_len = (size_t)(equals - text);
		while (route->path_len && text[route->path_len - 1] == '/')
			route->path_len--;
		if (route->path_len >= sizeof(route->path))
			return wrong(error, text, "the path is too long");
		memcpy(route->path, text, route->path_len);
		text = equals + 1;
	}
	if ((what = place_of_target(text, &route->place)))
		return wrong(error, text, what);
	if (route->place.folder[0])
		route->kind = ROUTE_FOLDER;
	return 0;
}

static bool
is_field(struct span name, struct span value)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", name.p[i]))
			return false;
	}
	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
			return false;
	}
	return name.n > 0;
}

static int
read_header(struct rules *r, const char *text, char error[RULES_ERROR_MAX])
{
	struct span all = span_str(text), name, value;
	ptrdiff_t colon = span_find(all, ':');
	enum http_field_id id;

	if (colon < 0)
		return wrong(error, "--header", "'Name: value' is wanted");
	name = span_take(all, (size_t)colon);
	value = span_trim(span_drop(all, (size_t)colon + 1));
	id = http_field_lookup(name);
	if (!is_field(name, value))
		return wrong(error, "--header", "this cannot be a field of a request");
	if (id == HF_HOST || id == HF_CONTENT_LENGTH || id == HF_TRANSFER_ENCODING ||
	    id == HF_CONNECTION || id == HF_UPGRADE)
		return wrong(error, "--header", "this field is not yours to set");
	r->headers[r->nheaders].name = name;
	r->headers[r->nheaders++].value = value;
	return 0;
}

static int
read_secret(struct rules *r, const char *text, char error[RULES_ERROR_MAX])
{
	struct strb secret;

	if (!text)
		return 0;
	if (!strchr(text, ':') || text[0] == ':')
		return wrong(error, "--basic-auth", "user:password is wanted");
	strb_init(&secret, sizeof(r->secret) - 1);
	hawk_base64(&secret, span_str(text));
	snprintf(r->secret, sizeof(r->secret), "%s", strb_cstr(&secret));
	strb_free(&secret);
	return r->secret[0] ? 0 : wrong(error, "--basic-auth", "it is too long");
}

static int
read_host(struct rules *r, const char *text, char error[RULES_ERROR_MAX])
{
	if (!text)
		return 0;
	r->rewrite_host = strcmp(text, "rewrite") == 0;
	if (!r->rewrite_host && (!is_field(SPAN("Host"), span_str(text)) || strchr(text, ' ') ||
				    strlen(text) >= sizeof(r->host)))
		return wrong(error, "--host-header", "this is no host");
	if (!r->rewrite_host)
		snprintf(r->host, sizeof(r->host), "%s", text);
	return 0;
}

static int
read_allowed(struct rules *r, const char *text, char error[RULES_ERROR_MAX])
{
	if (r->allow.n == NETWORKS_MAX ||
	    network_parse(span_str(text), &r->allow.of[r->allow.n++]) < 0)
		return wrong(error, text, "an address, or a network as 10.0.0.0/8, is wanted");
	return 0;
}

static int
read_each(struct rules *r, const struct settings *s, enum option_id option,
    int (*read)(struct rules *, const char *, char *), char error[RULES_ERROR_MAX])
{
	int result = 0;

	for (int i = 0; i < SETTING_VALUES_MAX && s->values[option][i] && result == 0; i++)
		result = read(r, s->values[option][i], error);
	return result;
}

int
rules_read(struct rules *r, const struct settings *s, char error[RULES_ERROR_MAX])
{
	*r = (struct rules){.strip = settings_on(s, OPT_STRIP_PREFIX),
	    .proxy_protocol = settings_on(s, OPT_PROXY_PROTOCOL)};
	if (read_each(r, s, OPT_TARGET, read_route, error) < 0 ||
	    read_each(r, s, OPT_HEADER, read_header, error) < 0 ||
	    read_each(r, s, OPT_ALLOW, read_allowed, error) < 0 ||
	    read_secret(r, settings_text(s, OPT_BASIC_AUTH), error) < 0 ||
	    read_host(r, settings_text(s, OPT_HOST_HEADER), error) < 0)
		return -WHT_EINVAL;
	return 0;
}

/* ---- judging ---- */

/* In a time that does not depend on where they differ. */
static bool
same_secret(struct span given, const char *secret)
{
	size_t n = strlen(secret);
	unsigned char differ = given.n != n;

	for (size_t i = 0; i < given.n; i++)
		differ |= (unsigned char)(given.p[i] ^ secret[i % n]);
	return differ == 0;
}

static bool
knows_secret(const struct rules *r, const struct http_head *head)
{
	struct span value = http_head_value(head, HF_AUTHORIZATION);

	return http_head_count(head, HF_AUTHORIZATION) == 1 &&
	       span_ieq(span_take(value, 6), SPAN("basic ")) &&
	       same_secret(span_trim(span_drop(value, 6)), r->secret);
}

bool
rules_viewer(const struct http_head *head, struct sockaddr_storage *out)
{
	struct span list = {NULL, 0}, word;
	char text[INET6_ADDRSTRLEN] = "";

	for (size_t i = 0; i < head->nfields; i++) {
		if (head->fields[i].id == HF_X_FORWARDED_FOR)
			list = head->fields[i].value;
	}
	while (span_word(&list, &word))
		snprintf(text, sizeof(text), "%.*s", SPAN_FMT(word));
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)out)->sin_addr) == 1)
		out->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)out)->sin6_addr) == 1)
		out->ss_family = AF_INET6;
	return out->ss_family != 0;
}

static bool
allowed(const struct rules *r, const struct http_head *head, bool trusted)
{
	struct sockaddr_storage viewer;

	return trusted && rules_viewer(head, &viewer) &&
	       networks_have(&r->allow, (struct sockaddr *)&viewer);
}

static bool
route_has(const struct route *route, struct span target)
{
	char next = target.n > route->path_len ? target.p[route->path_len] : '/';

	return span_starts(target, span_of(route->path, route->path_len)) &&
	       (route->path_len == 0 || next == '/' || next == '?');
}

static const struct route *
find_route(const struct rules *r, struct span target)
{
	const struct route *best = NULL;

	for (int i = 0; i < r->nroutes; i++) {
		const struct route *route = &r->routes[i];

		if (route_has(route, target) && (!best || route->path_len > best->path_len))
			best = route;
	}
	return best;
}

struct verdict
rules_judge(const struct rules *r, const struct http_head *head, bool trusted)
{
	struct verdict v = {.route = find_route(r, head->target)};

	if (r->allow.n && !allowed(r, head, trusted))
		v.status = 403;
	else if (r->secret[0] && !knows_secret(r, head))
		v.status = 401;
	else if (!v.route)
		v.status = 404;
	return v;
}

bool
rules_take_anything(const struct rules *r)
{
	return r->allow.n == 0 && !r->secret[0] && r->nroutes == 1 && r->routes[0].path_len == 0 &&
	       r->routes[0].kind == ROUTE_DIAL;
}

/* ---- the head ---- */

static bool
replaced(const struct rules *r, const struct http_field *field)
{
	if (field->id == HF_HOST)
		return r->rewrite_host || r->host[0];
	if (field->id == HF_AUTHORIZATION && r->secret[0])
		return true;
	for (int i = 0; i < r->nheaders; i++) {
		if (span_ieq(r->headers[i].name, field->name))
			return true;
	}
	return false;
}

static void
write_target(const struct rules *r, const struct route *route, struct span target, struct strb *out)
{
	if (r->strip && route->path_len) {
		target = span_drop(target, route->path_len);
		if (target.n == 0 || target.p[0] != '/')
			strb_char(out, '/');
	}
	strb_add(out, target);
}

void
rules_write_head(const struct rules *r, const struct route *route, const struct http_head *head,
    struct span raw, struct strb *out)
{
	bool host = r->rewrite_host || r->host[0];

	if (!host && !r->nheaders && !r->secret[0] && !(r->strip && route->path_len)) {
		strb_add(out, raw);
		return;
	}
	strb_printf(out, "%.*s ", SPAN_FMT(head->method));
	write_target(r, route, head->target, out);
	strb_printf(out, " HTTP/1.%d\r\n", head->minor);
	if (host)
		http_write_field(
		    out, SPAN("Host"), span_str(r->host[0] ? r->host : route->place.text));
	for (size_t i = 0; i < head->nfields; i++) {
		if (!replaced(r, &head->fields[i]))
			http_write_field(out, head->fields[i].name, head->fields[i].value);
	}
	for (int i = 0; i < r->nheaders; i++)
		http_write_field(out, r->headers[i].name, r->headers[i].value);
	http_write_end(out);
}

/* ---- PROXY protocol ---- */

void
rules_write_proxy_v2(struct strb *out, const struct sockaddr_storage *viewer)
{
	static const char zeroes[16];
	const struct sockaddr_in *v4 = (const void *)viewer;
	const struct sockaddr_in6 *v6 = (const void *)viewer;
	size_t n = !viewer ? 0 : viewer->ss_family == AF_INET ? 4 : 16;

	strb_add(out, SPAN("\r\n\r\n\0\r\nQUIT\n"));
	strb_char(out, viewer ? 0x21 : 0x20); /* version 2; PROXY, or LOCAL: nobody is spoken for */
	strb_char(out, !viewer ? 0 : n == 4 ? 0x11 : 0x21);
	strb_char(out, 0);
	strb_char(out, (char)(n ? 2 * n + 4 : 0));
	if (!viewer)
		return;
	strb_add(out, n == 4 ? span_of(&v4->sin_addr, n) : span_of(&v6->sin6_addr, n));
	strb_add(out, span_of(zeroes, n)); /* to which of our addresses is not said */
	strb_add(out, span_of(zeroes, 4)); /* nor between which ports */
}
