#include "cli/place.h"

#include <arpa/inet.h>
#include <stdio.h>

struct scheme {
	struct span name;
	bool tls, server_only;
	uint16_t port;
};

#define SCHEME(literal)                                                                            \
	{                                                                                          \
		("" literal), sizeof(literal) - 1                                                  \
	}
static const struct scheme schemes[] = {
    {SCHEME("https://"), true, false, 443},
    {SCHEME("http://"), false, false, 80},
    {SCHEME("wss://"), true, true, 443},
    {SCHEME("ws://"), false, true, 80},
};
#undef SCHEME

static const struct scheme *
scheme_of(struct span text, bool server)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const struct scheme *s = &schemes[i];

		if (span_ieq(span_take(text, s->name.n), s->name) && (server || !s->server_only))
			return s;
	}
	return NULL;
}

static bool
is_name(struct span host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '-' || c == '_'))
			return false;
	}
	return host.n > 0;
}

static bool
is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static const char *
port_parse(struct span digits, struct place *place)
{
	uint64_t port;

	if (span_u64(digits, UINT16_MAX, &port) || port == 0)
		return "the port must be a number from 1 to 65535";
	place->port = (uint16_t)port;
	return NULL;
}

static const char *
host_take(struct span host, bool bracketed, struct place *place)
{
	struct in6_addr v6;

	if (host.n == 0)
		return "the host is missing";
	if (host.n >= sizeof(place->host))
		return "the host name is too long";
	memcpy(place->host, host.p, host.n);
	if (bracketed ? inet_pton(AF_INET6, place->host, &v6) != 1 : !is_name(host))
		return "the host is neither a name nor an address (an IPv6 address goes in "
		       "brackets)";
	place->loopback = is_loopback(place->host);
	if (span_ieq(host, SPAN("localhost"))) {
		place->host[0] = '\0';
		place->loopback = true;
	}
	return NULL;
}

/* default_port 0: there must be one. */
static const char *
authority_parse(struct span text, uint16_t default_port, struct place *place)
{
	bool bracketed = text.n && text.p[0] == '[';
	struct span rest = bracketed ? span_drop(text, 1) : text;
	ptrdiff_t end = span_find(rest, bracketed ? ']' : ':');
	struct span host = end < 0 ? rest : span_take(rest, (size_t)end);
	const char *wrong;

	if (bracketed && end < 0)
		return "a bracket is not closed";
	rest = span_drop(rest, host.n + (bracketed ? 1 : 0));
	if ((wrong = host_take(host, bracketed, place)))
		return wrong;
	if (rest.n && rest.p[0] != ':')
		return "something other than a port stands behind the address";
	if (rest.n)
		return port_parse(span_drop(rest, 1), place);
	place->port = default_port;
	return default_port ? NULL : "the port is missing";
}

static void
place_say(struct place *place, uint16_t default_port)
{
	const char *host = place->host[0] ? place->host : "localhost";
	bool v6 = strchr(host, ':') != NULL;
	int n = snprintf(place->text, sizeof(place->text), v6 ? "[%s]" : "%s", host);

	if (place->port != default_port)
		snprintf(place->text + n, sizeof(place->text) - (size_t)n, ":%u", place->port);
}

static const char *
url_parse(const struct scheme *scheme, struct span rest, struct place *place)
{
	ptrdiff_t slash = span_find(rest, '/');
	struct span authority = slash < 0 ? rest : span_take(rest, (size_t)slash);
	struct span path = span_drop(rest, authority.n);
	const char *wrong;

	if (span_find(authority, '@') >= 0)
		return "a URL with a user name in it is not supported";
	if (path.n > 1 || span_find(authority, '?') >= 0 || span_find(authority, '#') >= 0)
		return "a URL with a path, a query or a fragment is not supported here";
	if ((wrong = authority_parse(authority, scheme->port, place)))
		return wrong;
	place->tls = scheme->tls;
	place_say(place, scheme->port);
	return NULL;
}

static const char *
unix_parse(struct span path, struct place *place)
{
	if (path.n == 0 || path.p[0] != '/')
		return "unix: wants an absolute path";
	if (path.n >= sizeof(place->unix_path))
		return "the path of the Unix socket is too long";
	memcpy(place->unix_path, path.p, path.n);
	place->loopback = true;
	snprintf(place->text, sizeof(place->text), "unix:%s", place->unix_path);
	return NULL;
}

static const char *
folder_parse(struct span path, struct place *place)
{
	if (path.n == 0)
		return "file: wants a folder";
	if (path.n >= sizeof(place->folder) || path.n + 6 > sizeof(place->text))
		return "the folder's path is too long";
	memcpy(place->folder, path.p, path.n);
	place->loopback = true;
	snprintf(place->text, sizeof(place->text), "file:%.*s", SPAN_FMT(path));
	return NULL;
}

const char *
place_of_server(const char *url, struct place *place)
{
	struct span text = span_str(url);
	const struct scheme *scheme = scheme_of(text, true);

	*place = (struct place){0};
	if (!scheme)
		return "the server's URL must begin with https:// or http://";
	return url_parse(scheme, span_drop(text, scheme->name.n), place);
}

const char *
place_of_target(const char *target, struct place *place)
{
	struct span text = span_str(target);
	const struct scheme *scheme = scheme_of(text, false);
	const char *wrong;

	*place = (struct place){0};
	if (scheme)
		return url_parse(scheme, span_drop(text, scheme->name.n), place);
	if (span_starts(text, SPAN("unix:")))
		return unix_parse(span_drop(text, 5), place);
	if (span_starts(text, SPAN("file:")))
		return folder_parse(span_drop(text, 5), place);
	if (span_find(text, ':') < 0) {
		place->loopback = true;
		wrong = port_parse(text, place);
	} else {
		wrong = authority_parse(text, 0, place);
	}
	if (!wrong)
		place_say(place, 0);
	return wrong;
}

void
place_show(const char *text, char out[PLACE_TEXT_MAX])
{
	const char *at = strrchr(text, '@');
	size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	int n = strncmp(text + letters, "://", 3) ? 0 : (int)letters + 3;

	if (at)
		snprintf(out, PLACE_TEXT_MAX, "%.*s***%s", n, text, at);
	else
		snprintf(out, PLACE_TEXT_MAX, "%s", text);
}
