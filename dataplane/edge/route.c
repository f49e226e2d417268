#include "edge/route.h"

#include "auth/tunnel_id.h"

struct span
family_url_header(enum header_family family)
{
	return family == FAMILY_WEBHOOKTUNNEL ? SPAN("x-webhooktunnel-client-url")
					      : SPAN("x-websocktunnel-client-url");
}

struct span
family_path_header(enum header_family family)
{
	return family == FAMILY_WEBHOOKTUNNEL ? SPAN("x-webhooktunnel-original-path")
					      : SPAN("x-websocktunnel-original-path");
}

static struct route
route_refused(enum reason why)
{
	return (struct route){.kind = ROUTE_REFUSED, .why = why};
}

/* ---- targets ---- */

static struct span
until_query(struct span target)
{
	ptrdiff_t at = span_find(target, '?');

	return at < 0 ? target : span_take(target, (size_t)at);
}

/* http(s)://authority/path -> its halves; false when the target is not in absolute form. */
static bool
absolute_form(struct span target, struct span *authority, struct span *path)
{
	static const struct span schemes[] = {{"http://", 7}, {"https://", 8}};

	if (span_starts(target, SPAN("/"))) /* nearly all of them */
		return false;
	for (int i = 0; i < 2; i++) {
		struct span rest = span_drop(target, schemes[i].n);
		size_t n = 0;

		if (!span_ieq(span_take(target, schemes[i].n), schemes[i]))
			continue;
		while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
			n++;
		*authority = span_take(rest, n);
		*path = span_of(rest.p + n, rest.n - n);
		return true;
	}
	return false;
}

/* ---- hosts ---- */

static struct span
without_port(struct span host)
{
	size_t n = host.n;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	return n > 0 && n <= host.n && host.p[n - 1] == ':' ? span_take(host, n - 1) : host;
}

/* The id in "<id>.<hostname>"; empty when the host is not of that form. */
static struct span
id_of_host(struct span host, const struct policy *policy)
{
	struct span ours = span_str(policy->hostname);
	struct span name = without_port(host);
	size_t id_len;

	if (!policy->tls || name.n < ours.n + 2)
		return SPAN("");
	id_len = name.n - ours.n - 1;
	if (name.p[id_len] != '.' || !span_ieq(span_drop(name, id_len + 1), ours))
		return SPAN("");
	return span_take(name, id_len);
}

/* ---- registrations ---- */

static struct route
route_register(const struct http_head *head)
{
	struct span ours = http_head_value(head, HF_WHT_ID),
		    theirs = http_head_value(head, HF_WST_ID);
	struct route r = {
	    .kind = ROUTE_REGISTER,
	    .family = ours.n ? FAMILY_WEBHOOKTUNNEL : FAMILY_WEBSOCKTUNNEL,
	    .id = ours.n ? ours : theirs,
	};

	if (http_head_count(head, HF_WHT_ID) > 1 || http_head_count(head, HF_WST_ID) > 1)
		return route_refused(R_BAD_ID);
	if (ours.n && theirs.n && !span_eq(ours, theirs))
		return route_refused(R_BAD_ID);
	if (!tunnel_id_valid(r.id))
		return route_refused(R_BAD_ID);
	return r;
}

static bool
has_id_header(const struct http_head *head)
{
	return http_head_value(head, HF_WHT_ID).n > 0 || http_head_value(head, HF_WST_ID).n > 0;
}

/* ---- paths ---- */

static struct route
route_ours(struct span path)
{
	if (span_eq(path, SPAN("/__lbheartbeat__")) || span_eq(path, SPAN("/__heartbeat__")))
		return (struct route){.kind = ROUTE_HEARTBEAT};
	if (span_eq(path, SPAN("/__version__")))
		return (struct route){.kind = ROUTE_VERSION};
	return route_refused(R_NOT_FOUND);
}

static struct route
route_tunnel(struct span id, struct span path, struct span original, struct span host)
{
	if (!tunnel_id_valid(id))
		return route_refused(R_NO_TUNNEL);
	return (struct route){
	    .kind = ROUTE_TUNNEL,
	    .id = id,
	    .path = path,
	    .original = original,
	    .host = host,
	};
}

/* "/<id>", "/<id>/...", "/<id>?..." */
static struct route
route_by_path(struct span target, struct span host)
{
	struct span path = until_query(target), rest = span_drop(target, 1);
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	return route_tunnel(span_take(rest, n), span_drop(rest, n), path, host);
}

void
route_asked(const struct http_head *head, struct span *host, struct span *target)
{
	*host = http_head_value(head, HF_HOST);
	*target = head->target;
	absolute_form(head->target, host, target);
}

bool
route_host_is_ours(struct span host, const struct policy *policy)
{
	return span_ieq(without_port(host), span_str(policy->hostname));
}

bool
route_is_ours(const struct route *r)
{
	return r->kind == ROUTE_HEARTBEAT || r->kind == ROUTE_VERSION || r->kind == ROUTE_OPTIONS;
}

bool
route_is_for_script(const struct route *route)
{
	return route->kind == ROUTE_TUNNEL ||
	       (route->kind == ROUTE_REFUSED &&
		   (route->why == R_NO_TUNNEL || route->why == R_NOT_FOUND));
}

struct route
route_to(const struct http_head *head, struct span id, struct span path)
{
	struct span host, target;

	route_asked(head, &host, &target);
	return route_tunnel(id, path, until_query(target), host);
}

struct route
route_of(const struct http_head *head, const struct policy *policy)
{
	struct span target = head->target, host = http_head_value(head, HF_HOST), path, id;
	bool absolute;

	if (span_eq(target, SPAN("*")))
		return (struct route){.kind = ROUTE_OPTIONS};
	absolute = absolute_form(target, &host, &target);
	if (absolute ? host.n == 0 : target.p[0] != '/') /* nobody's, or of another scheme */
		return route_refused(R_BAD_REQUEST);
	id = id_of_host(host, policy);
	if (id.n) {
		struct route r = route_tunnel(id, target, until_query(target), host);

		r.by_host = true;
		return r;
	}
	path = until_query(target);
	if (path.n <= 1)
		return has_id_header(head) ? route_register(head) : route_refused(R_NOT_FOUND);
	if (span_starts(path, SPAN("/__")))
		return route_ours(path);
	return route_by_path(target, host);
}
