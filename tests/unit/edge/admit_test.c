/* May this request become a tunnel? The refusals in their order, and the 101. */
#include "heads.h"

#include "base/clock.h"
#include "edge/admit.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define UPGRADE                                                                                    \
	"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"               \
	"Sec-WebSocket-Key: " KEY "\r\n"

struct judging {
	struct policy *policy;
	struct admission a;
	enum reason why;
	enum jwt_fault fault;
};

static void
judge_it(const struct http_head *head, void *more)
{
	struct judging *j = more;
	struct route route = route_of(head, j->policy);

	assert_int_equal(route.kind, ROUTE_REGISTER);
	memset(&j->a, 0, sizeof(j->a));
	j->why = admit_judge(head, &route, j->policy, &j->a, &j->fault);
}

/* fields may name the token as %s. */
static void
judges_as(struct judging *j, const char *fields, const char *token, enum reason want)
{
	struct strb b, filled;

	strb_init(&filled, 10000);
	for (const char *at = fields; *at; at++) {
		if (at[0] == '%' && at[1] == 's')
			strb_add(&filled, span_str((at++, token)));
		else
			strb_char(&filled, *at);
	}
	strb_init(&b, 20000);
	strb_printf(&b, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", strb_cstr(&filled));
	with_request(strb_cstr(&b), judge_it, j);
	if (j->why != want)
		fail_msg("%s, not %s: %s", reason_word(j->why), reason_word(want), strb_cstr(&b));
	strb_free(&filled);
	strb_free(&b);
}

static char *
token_for(const char *id, const char *secret)
{
	char *token =
	    jwt_mint(span_str(id), span_str(secret), SPAN(""), clock_wall_ms() / 1000, 3600);

	assert_non_null(token);
	return token;
}

#define ID     "x-webhooktunnel-id: a\r\n"
#define BEARER "Authorization: Bearer %s\r\n"

/* R01 R04 R10 R11 J24 J31 J32: token's shape, upgrade, token, handshake. */
static void
test_refusals_in_their_order(void **state)
{
	struct judging j = {.policy = policy_plain()};
	char *good = token_for("a", "secretA"), *other = token_for("b", "secretA"),
	     *forged = token_for("a", "secretX");

	(void)state;
	judges_as(&j, ID UPGRADE BEARER, good, R_NONE);
	judges_as(&j, ID UPGRADE, good, R_NO_TOKEN);
	judges_as(&j, ID, good, R_NO_TOKEN);
	judges_as(&j, ID UPGRADE BEARER BEARER, good, R_NO_TOKEN);
	judges_as(&j, ID UPGRADE "Authorization: bearer %s\r\n", good, R_NO_TOKEN);
	judges_as(&j, ID UPGRADE "Authorization: Bearer  %s\r\n", good, R_NO_TOKEN);
	judges_as(&j, ID BEARER, forged, R_NO_UPGRADE);
	judges_as(&j, ID BEARER "Upgrade: websocket\r\nConnection: x\r\n", good, R_NO_UPGRADE);
	judges_as(&j, ID UPGRADE BEARER, forged, R_BAD_TOKEN);
	assert_int_equal(j.fault, JWT_SIGNATURE);
	judges_as(&j, ID UPGRADE BEARER, other, R_BAD_TOKEN);
	assert_int_equal(j.fault, JWT_ID);
	judges_as(
	    &j, ID BEARER "Connection: Upgrade\r\nUpgrade: websocket\r\n", forged, R_BAD_TOKEN);
	judges_as(
	    &j, ID BEARER "Connection: Upgrade\r\nUpgrade: websocket\r\n", good, R_BAD_WS_VERSION);
	judges_as(&j,
	    ID BEARER "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
	    good, R_BAD_HANDSHAKE);
	free(good);
	free(other);
	free(forged);
	policy_end(&j.policy);
}

/* J01 J26: either secret, and the audience of the policy. */
static void
test_secrets_and_audience_are_the_policys(void **state)
{
	struct judging j = {.policy = policy_plain()};
	char *by_b = token_for("a", "secretB");

	(void)state;
	judges_as(&j, ID UPGRADE BEARER, by_b, R_NONE);
	heads_set(&j.policy->audience, "me");
	judges_as(&j, ID UPGRADE BEARER, by_b, R_BAD_TOKEN);
	assert_int_equal(j.fault, JWT_AUDIENCE);
	free(by_b);
	policy_end(&j.policy);
}

/* What is kept of the head outlives it. */
static void
test_what_is_kept(void **state)
{
	struct judging j = {.policy = policy_plain()};
	char *token = token_for("a", "secretA"), agent[200];
	struct strb fields;

	(void)state;
	memset(agent, 'u', sizeof(agent));
	agent[sizeof(agent) - 1] = '\0';
	strb_init(&fields, 4096);
	strb_printf(&fields, "%s%sUser-Agent: %s\r\nx-webhooktunnel-mux: window=1000, rst\r\n%s",
	    ID, UPGRADE, agent, BEARER);
	judges_as(&j, strb_cstr(&fields), token, R_NONE);
	assert_string_equal(j.a.client.id, "a");
	assert_int_equal(strlen(j.a.client.agent), FACT_AGENT_MAX - 1);
	assert_true(j.a.client.rst && j.a.offer.rst && !j.a.client.websocktunnel);
	assert_int_equal(j.a.client.window, 1000);
	assert_string_equal(j.a.key, KEY);
	assert_true(j.a.client.claims.exp > j.a.client.claims.nbf);
	judges_as(&j, "x-websocktunnel-id: a\r\n" UPGRADE BEARER, token, R_NONE);
	assert_true(j.a.client.websocktunnel && !j.a.client.rst);
	assert_int_equal(j.a.family, FAMILY_WEBSOCKTUNNEL);
	assert_string_equal(j.a.client.agent, "");
	strb_free(&fields);
	free(token);
	policy_end(&j.policy);
}

#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* RFC 6455, 1.3 */
#define SWITCHING                                                                                  \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"        \
	"Sec-WebSocket-Accept: " ACCEPT "\r\n"

static void
says(const struct admission *a, const struct policy *policy, const char *want)
{
	struct strb b;

	strb_init(&b, 8192);
	admit_write_101(&b, a, policy);
	assert_string_equal(strb_cstr(&b), want);
	strb_free(&b);
}

/* R08 R09: the URL in the family that asked; the extensions that it offered, with our window. */
static void
test_the_101(void **state)
{
	struct policy *plain = policy_plain(), *tls = policy_tls();
	struct admission a = {.client = {.id = "a"}, .key = KEY};

	(void)state;
	plain->limits.window = 70000;
	says(&a, plain,
	    SWITCHING "x-webhooktunnel-client-url: http://tunnel.example:8080/a\r\n\r\n");
	says(&a, tls, SWITCHING "x-webhooktunnel-client-url: https://a.tunnel.example\r\n\r\n");
	heads_set(&plain->url_prefix, "https://pub.example/t");
	a.family = FAMILY_WEBSOCKTUNNEL;
	a.offer = (struct mux_offer){.present = true, .window = 5, .rst = true};
	says(&a, plain,
	    SWITCHING "x-websocktunnel-client-url: https://pub.example/t/a\r\n"
		      "x-webhooktunnel-mux: window=70000, rst\r\n\r\n");
	a.offer = (struct mux_offer){.present = true, .rst = true};
	says(&a, plain,
	    SWITCHING "x-websocktunnel-client-url: https://pub.example/t/a\r\n"
		      "x-webhooktunnel-mux: rst\r\n\r\n");
	policy_end(&plain);
	policy_end(&tls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refusals_in_their_order),
	    cmocka_unit_test(test_secrets_and_audience_are_the_policys),
	    cmocka_unit_test(test_what_is_kept),
	    cmocka_unit_test(test_the_101),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
