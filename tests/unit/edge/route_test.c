/* What a head asks for: every form of target and host, under a plain and a TLS policy. */
#include "heads.h"

#include "edge/route.h"

/* A route as text: "tunnel id=a path=/x original=/a/x host=h", "register id=a
 * wht", "refused not_found". */
static void
route_text(const struct http_head *head, void *more)
{
	struct strb *out = ((void **)more)[0];
	struct route r = route_of(head, ((void **)more)[1]);

	switch (r.kind) {
	case ROUTE_REFUSED:
		strb_printf(out, "refused %s", reason_word(r.why));
		break;
	case ROUTE_REGISTER:
		strb_printf(out, "register id=%.*s %s", SPAN_FMT(r.id),
		    r.family == FAMILY_WEBHOOKTUNNEL ? "wht" : "wst");
		break;
	case ROUTE_TUNNEL:
		strb_printf(out, "tunnel id=%.*s path=%.*s original=%.*s host=%.*s%s",
		    SPAN_FMT(r.id), SPAN_FMT(r.path), SPAN_FMT(r.original), SPAN_FMT(r.host),
		    r.by_host ? " by-host" : "");
		break;
	case ROUTE_HEARTBEAT:
		strb_add(out, SPAN("heartbeat"));
		break;
	case ROUTE_VERSION:
		strb_add(out, SPAN("version"));
		break;
	case ROUTE_OPTIONS:
		strb_add(out, SPAN("options"));
	}
}

static void
routes(struct policy *policy, const char *request, const char *want)
{
	struct strb out;
	void *more[] = {&out, policy};

	strb_init(&out, 100000);
	with_request(request, route_text, more);
	assert_string_equal(strb_cstr(&out), want);
	strb_free(&out);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h:81\r\n\r\n"

/* H50 H51 H52 H53 R02 R17: the id goes, everything behind it stays byte for byte. */
static void
test_by_path(void **state)
{
	struct policy *p = policy_plain();

	(void)state;
	routes(p, GET("/id/x"), "tunnel id=id path=/x original=/id/x host=h:81");
	routes(p, GET("/id"), "tunnel id=id path= original=/id host=h:81");
	routes(p, GET("/id/"), "tunnel id=id path=/ original=/id/ host=h:81");
	routes(p, GET("/id//a"), "tunnel id=id path=//a original=/id//a host=h:81");
	routes(p, GET("/id?q=1"), "tunnel id=id path=?q=1 original=/id host=h:81");
	routes(p, GET("/id?x=/y"), "tunnel id=id path=?x=/y original=/id host=h:81");
	routes(p, GET("/id/a/../%2e;?b=/c"),
	    "tunnel id=id path=/a/../%2e;?b=/c original=/id/a/../%2e; host=h:81");
	routes(p, GET("/a%2fb/c"), "tunnel id=a%2fb path=/c original=/a%2fb/c host=h:81");
	routes(p, GET("/"), "refused not_found");
	routes(p, GET("/?x"), "refused not_found");
	routes(p, GET("//id/x"), "refused no_tunnel");
	routes(p, GET("/../x"), "refused no_tunnel");
	routes(p, GET("/a$b/x"), "refused no_tunnel");
	policy_end(&p);
}

/* H28: the target's authority stands for Host, whatever the field says. */
static void
test_absolute_form(void **state)
{
	struct policy *p = policy_plain();

	(void)state;
	routes(p, GET("http://other/id/x"), "tunnel id=id path=/x original=/id/x host=other");
	routes(p, GET("HTTPS://other:1/id"), "tunnel id=id path= original=/id host=other:1");
	routes(p, GET("http://other"), "refused not_found");
	routes(p, GET("http://other?/id"), "refused not_found");
	routes(p, GET("ftp://other/id/x"), "refused bad_request");
	routes(p, GET("httpx://other/id/x"), "refused bad_request");
	routes(p, "GET http://other/id/x HTTP/1.0\r\n\r\n",
	    "tunnel id=id path=/x original=/id/x host=other");
	routes(p, "GET /id/x HTTP/1.0\r\n\r\n", "tunnel id=id path=/x original=/id/x host=");
	policy_end(&p);
}

/* H29 H55 */
static void
test_what_is_ours(void **state)
{
	struct policy *p = policy_plain();

	(void)state;
	routes(p, GET("/__lbheartbeat__"), "heartbeat");
	routes(p, GET("/__heartbeat__?x"), "heartbeat");
	routes(p, GET("/__version__"), "version");
	routes(p, GET("/__version__/"), "refused not_found");
	routes(p, GET("/__lbheartbeat__/x"), "refused not_found");
	routes(p, GET("/__else"), "refused not_found");
	routes(p, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "options");
	policy_end(&p);
}

#define ID			 "x-webhooktunnel-id"
#define WS			 "X-WebSockTunnel-ID"
#define REGISTER(target, fields) "GET " target " HTTP/1.1\r\nHost: h\r\n" fields "\r\n"

/* R02 R03 R05 R06 R07 R15 R16 */
static void
test_registrations(void **state)
{
	struct policy *p = policy_plain();

	(void)state;
	routes(p, REGISTER("/", ID ": a\r\n"), "register id=a wht");
	routes(p, REGISTER("/", WS ":\t b \r\n"), "register id=b wst");
	routes(p, REGISTER("/?q=1", ID ": a\r\n"), "register id=a wht");
	routes(p, REGISTER("http://h", ID ": a\r\n"), "register id=a wht");
	routes(p, REGISTER("/", ID ": a\r\n" WS ": a\r\n"), "register id=a wht");
	routes(p, REGISTER("/", ID ": a\r\n" WS ": b\r\n"), "refused bad_id");
	routes(p, REGISTER("/", ID ": a\r\n" ID ": a\r\n"), "refused bad_id");
	routes(p, REGISTER("/", WS ": a\r\n" WS ": b\r\n"), "refused bad_id");
	routes(p, REGISTER("/", ID ": \r\n"), "refused not_found");
	routes(p, REGISTER("/", ID ": \r\n" WS ": b\r\n"), "register id=b wst");
	routes(p, REGISTER("/", ID ": ..\r\n"), "refused bad_id");
	routes(p, REGISTER("/", ID ": __a\r\n"), "refused bad_id");
	routes(p, REGISTER("/", ID ": a b\r\n"), "refused bad_id");
	routes(p, REGISTER("/x/", ID ": a\r\n"), "tunnel id=x path=/ original=/x/ host=h");
	policy_end(&p);
}

#define ON(host, target) "GET " target " HTTP/1.1\r\nHost: " host "\r\n\r\n"

/* Domain-hosted: a name below ours is a tunnel's, whatever its path says. */
static void
test_by_host(void **state)
{
	struct policy *p = policy_tls(), *plain = policy_plain();

	(void)state;
	routes(p, ON("id.tunnel.example", "/x?y"),
	    "tunnel id=id path=/x?y original=/x host=id.tunnel.example by-host");
	routes(p, ON("ID.Tunnel.Example:443", "/"),
	    "tunnel id=ID path=/ original=/ host=ID.Tunnel.Example:443 by-host");
	routes(p, ON("a.b.tunnel.example", "/"),
	    "tunnel id=a.b path=/ original=/ host=a.b.tunnel.example by-host");
	routes(p, ON("id.tunnel.example", "/__version__"),
	    "tunnel id=id path=/__version__ original=/__version__ host=id.tunnel.example by-host");
	routes(p, ON("else", "http://id.tunnel.example?q"),
	    "tunnel id=id path=?q original= host=id.tunnel.example by-host");
	routes(p, ON("id.tunnel.example", "ftp://a/x"), "refused bad_request");
	routes(p, ON("__id.tunnel.example", "/"), "refused no_tunnel");
	routes(p, ON(".tunnel.example", "/id/x"),
	    "tunnel id=id path=/x original=/id/x host=.tunnel.example");
	routes(p, ON("xtunnel.example", "/id/x"),
	    "tunnel id=id path=/x original=/id/x host=xtunnel.example");
	routes(p, ON("tunnel.example", "/id/x"),
	    "tunnel id=id path=/x original=/id/x host=tunnel.example");
	routes(p, ON("tunnel.example", "/__version__"), "version");
	routes(plain, ON("id.tunnel.example", "/x/y"),
	    "tunnel id=x path=/y original=/x/y host=id.tunnel.example");
	policy_end(&p);
	policy_end(&plain);
}

/* A registration is no tunnel's business: on a tunnel's own host it is a request like any other. */
static void
test_no_registration_on_a_tunnels_host(void **state)
{
	struct policy *p = policy_tls();

	(void)state;
	routes(p, "GET / HTTP/1.1\r\nHost: id.tunnel.example\r\n" ID ": other\r\n\r\n",
	    "tunnel id=id path=/ original=/ host=id.tunnel.example by-host");
	policy_end(&p);
}

static void
test_names_of_the_families(void **state)
{
	(void)state;
	assert_true(
	    span_eq(family_url_header(FAMILY_WEBSOCKTUNNEL), SPAN("x-websocktunnel-client-url")));
	assert_true(span_eq(
	    family_path_header(FAMILY_WEBHOOKTUNNEL), SPAN("x-webhooktunnel-original-path")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_by_path),
	    cmocka_unit_test(test_absolute_form),
	    cmocka_unit_test(test_what_is_ours),
	    cmocka_unit_test(test_registrations),
	    cmocka_unit_test(test_by_host),
	    cmocka_unit_test(test_no_registration_on_a_tunnels_host),
	    cmocka_unit_test(test_names_of_the_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
