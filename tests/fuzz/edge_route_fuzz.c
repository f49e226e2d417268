/* A request that we take, routed into a tunnel, is one that every strict server takes:
 * in origin form, framed as it was, with our word on who asked, for which path, and
 * nothing of the viewer's hop.
 *
 * The first byte chooses the policy and who the viewer is; the rest is the request. */
#include "edge_forward.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { BY_TLS = 1, WEBSOCKTUNNEL = 2, TRUSTED = 4 };

struct trip {
	uint8_t how;
	struct policy *policy;
	const struct http_head *in; /* while its callback runs */
	const struct forward_request *request;
	int heads_out;
};

static int
on_head_out(void *user, const struct http_head *out, struct span raw)
{
	struct trip *t = user;
	const struct http_head *in = t->in;
	const struct route *route = t->request->route;
	bool wst = t->how & WEBSOCKTUNNEL;

	(void)raw;
	t->heads_out++;
	ENSURE(out->minor == 1 && out->target.p[0] == '/');
	ENSURE(span_eq(out->method, in->method));
	ENSURE(out->target.n >= route->path.n);
	ENSURE(span_eq(span_drop(out->target, out->target.n - route->path.n), route->path));
	ENSURE(out->framing == in->framing && out->length == in->length);
	ENSURE(out->upgrade == t->request->upgrade && !out->expect_continue);
	ENSURE(http_head_count(out, HF_WHT_ORIGINAL_PATH) == !wst);
	ENSURE(http_head_count(out, HF_WST_ORIGINAL_PATH) == wst);
	ENSURE(span_eq(http_head_value(out, wst ? HF_WST_ORIGINAL_PATH : HF_WHT_ORIGINAL_PATH),
	    route->original));
	ENSURE(http_head_count(out, HF_HOST) == 1);
	if (route->host.n)
		ENSURE(span_eq(http_head_value(out, HF_HOST), route->host));
	ENSURE(http_head_count(out, HF_X_FORWARDED_FOR) == 1);
	ENSURE(http_head_count(out, HF_X_FORWARDED_PROTO) == 1);
	ENSURE(http_head_count(out, HF_FORWARDED) == 0);
	if (!(t->how & TRUSTED))
		ENSURE(span_eq(http_head_value(out, HF_X_FORWARDED_FOR), SPAN("192.0.2.7")));
	fuzz_check_hops(out, t->request->upgrade, false);
	return HTTP_HOLD;
}

static void
read_again(struct trip *t, struct span head)
{
	static const struct http_parser_ops ops = {
	    .on_head = on_head_out, .on_body = fuzz_ignore_body, .on_end = fuzz_ignore_end};
	struct http_parser *p = http_parser_new(HTTP_REQUEST, &fuzz_limits_out, &ops, t);
	size_t used;

	ENSURE(http_parser_feed(p, head, &used) == 0 && used == head.n);
	ENSURE(t->heads_out == 1);
	http_parser_free(&p);
}

static void
forward(struct trip *t, const struct http_head *head, const struct route *route)
{
	const struct sockaddr_in peer = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000207)};
	const struct forward_request request = {
	    .head = head,
	    .route = route,
	    .family = t->how & WEBSOCKTUNNEL ? FAMILY_WEBSOCKTUNNEL : FAMILY_WEBHOOKTUNNEL,
	    .policy = t->policy,
	    .peer = (const struct sockaddr *)&peer,
	    .peer_host = SPAN("192.0.2.7"),
	    .tls = t->how & BY_TLS,
	    .upgrade = forward_is_upgrade(head),
	    .request_id = SPAN("r1"),
	};
	struct strb b;

	t->in = head;
	t->request = &request;
	t->heads_out = 0;
	strb_init(&b, 2 * fuzz_limits.head_max + 2048);
	forward_write_request(&b, &request);
	ENSURE(!strb_failed(&b)); /* as an exchange bounds it */
	read_again(t, strb_span(&b));
	strb_free(&b);
}

static int
on_head_in(void *user, const struct http_head *head, struct span raw)
{
	struct trip *t = user;
	struct route route = route_of(head, t->policy);

	(void)raw;
	if (route.kind == ROUTE_TUNNEL)
		forward(t, head, &route);
	else
		ENSURE(route.kind != ROUTE_REFUSED || reason_info(route.why)->status >= 400);
	return HTTP_GO;
}

static struct policy *
policy_for(uint8_t how)
{
	struct policy *p = policy_new();
	struct span bad;

	free(p->hostname);
	free(p->authority);
	p->hostname = span_dup(SPAN("t.example"));
	p->authority = span_dup(SPAN("t.example:81"));
	if (how & BY_TLS)
		p->tls = (struct tls_context *)(void *)p; /* only that there is one matters */
	if (how & TRUSTED)
		ENSURE(networks_parse(SPAN("192.0.2.0/24"), &p->trusted, &bad) == 0);
	return p;
}

static void
read_stream(struct trip *t, struct span in)
{
	static const struct http_parser_ops ops = {
	    .on_head = on_head_in, .on_body = fuzz_ignore_body, .on_end = fuzz_ignore_end};
	struct http_parser *p = http_parser_new(HTTP_REQUEST, &fuzz_limits, &ops, t);
	size_t used;

	while (in.n && http_parser_feed(p, in, &used) == 0) {
		in = span_drop(in, used);
		if (http_parser_done(p))
			http_parser_next(p);
	}
	http_parser_free(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trip t = {.how = size ? data[0] : 0};

	if (size == 0)
		return 0;
	t.policy = policy_for(t.how);
	read_stream(&t, span_of(data + 1, size - 1));
	t.policy->tls = NULL;
	policy_unref(&t.policy);
	return 0;
}
