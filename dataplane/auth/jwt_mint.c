#include "auth/jwt.h"

#include "auth/base64url.h"
#include "auth/hs256.h"
#include "base/strb.h"

static const char jwt_head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

static void
claims_write(
    struct strb *b, struct span id, struct span audience, int64_t now_s, int64_t lifetime_s)
{
	strb_add(b, SPAN("{\"tid\":\""));
	strb_json(b, id);
	strb_printf(b, "\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld", (long long)now_s,
	    (long long)(now_s - JWT_GRACE_S), (long long)(now_s + lifetime_s));
	if (audience.n > 0) {
		strb_add(b, SPAN(",\"aud\":\""));
		strb_json(b, audience);
		strb_char(b, '"');
	}
	strb_char(b, '}');
}

/* Puts .signature behind what the token has so far. */
static int
token_sign(struct strb *token, struct span secret)
{
	char mac[HS256_SIZE];
	int err = hs256_sign(strb_span(token), secret, mac);

	if (err != 0)
		return err;
	strb_char(token, '.');
	base64url_add(token, span_of(mac, HS256_SIZE));
	return strb_failed(token) ? -WHT_EFULL : 0;
}

char *
jwt_mint(
    struct span id, struct span secret, struct span audience, int64_t now_s, int64_t lifetime_s)
{
	struct strb claims, token;
	char *made = NULL;

	if (lifetime_s <= 0 || lifetime_s > JWT_LIFETIME_MAX_S || now_s <= JWT_GRACE_S)
		return NULL;
	strb_init(&claims, JWT_TOKEN_MAX / 2);
	strb_init(&token, JWT_TOKEN_MAX);
	claims_write(&claims, id, audience, now_s, lifetime_s);
	base64url_add(&token, span_str(jwt_head));
	strb_char(&token, '.');
	base64url_add(&token, strb_span(&claims));
	if (!strb_failed(&claims) && token_sign(&token, secret) == 0)
		made = span_dup(strb_span(&token));
	strb_free(&claims);
	strb_free(&token);
	return made;
}
