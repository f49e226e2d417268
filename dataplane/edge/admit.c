#include "edge/admit.h"

#include <stdio.h>

#include "base/clock.h"
#include "http/write.h"

/* The one bearer token, or R_NO_TOKEN. */
static enum reason
admit_token(const struct http_head *head, struct span *token)
{
	if (http_head_count(head, HF_AUTHORIZATION) != 1)
		return R_NO_TOKEN;
	if (jwt_bearer(http_head_value(head, HF_AUTHORIZATION), token) < 0)
		return R_NO_TOKEN;
	return R_NONE;
}

static enum jwt_fault
admit_check(
    struct span token, struct span id, const struct policy *policy, struct jwt_claims *claims)
{
	const struct jwt_rules rules = {
	    .secrets = {span_str(policy->secrets[0]), span_str(policy->secrets[1])},
	    .audience = span_str(policy->audience),
	};

	return jwt_check(token, id, &rules, (double)clock_wall_ms() / 1000, claims);
}

static void
admit_note(const struct http_head *head, const struct route *route, struct admission *out)
{
	struct client_facts *client = &out->client;

	snprintf(client->id, sizeof(client->id), "%.*s", SPAN_FMT(route->id));
	snprintf(client->agent, sizeof(client->agent), "%.*s",
	    SPAN_FMT(http_head_value(head, HF_USER_AGENT)));
	out->family = route->family;
	out->offer = mux_offer_parse(http_head_value(head, HF_WHT_MUX));
	client->websocktunnel = route->family == FAMILY_WEBSOCKTUNNEL;
	client->window = out->offer.window;
	client->rst = out->offer.rst;
	snprintf(out->key, sizeof(out->key), "%.*s",
	    SPAN_FMT(http_head_value(head, HF_SEC_WEBSOCKET_KEY)));
}

enum reason
admit_judge(const struct http_head *head, const struct route *route, const struct policy *policy,
    struct admission *out, enum jwt_fault *fault)
{
	enum reason handshake = ws_handshake_check(head), why;
	struct span token;

	*fault = JWT_OK;
	if ((why = admit_token(head, &token)) != R_NONE)
		return why;
	if (handshake == R_NO_UPGRADE)
		return handshake;
	*fault = admit_check(token, route->id, policy, &out->client.claims);
	if (*fault != JWT_OK)
		return R_BAD_TOKEN;
	if (handshake != R_NONE)
		return handshake;
	admit_note(head, route, out);
	return R_NONE;
}

void
admit_write_101(struct strb *b, const struct admission *a, const struct policy *policy)
{
	struct strb value;

	strb_init(&value, 4096);
	ws_handshake_write_101(b, span_str(a->key));
	policy_client_url(policy, span_str(a->client.id), &value);
	http_write_field(b, family_url_header(a->family), strb_span(&value));
	if (a->offer.window || a->offer.rst) {
		uint32_t window = a->offer.window ? (uint32_t)policy->limits.window : 0;

		strb_reset(&value);
		mux_offer_write(&value, window, a->offer.rst);
		http_write_field(b, http_field_name(HF_WHT_MUX), strb_span(&value));
	}
	http_write_end(b);
	strb_free(&value);
}
