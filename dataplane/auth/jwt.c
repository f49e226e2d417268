/* auth/jwt.c - reading and judging tokens. Making them is in auth/jwt_mint.c.
 *
 * The hard thing is the order: the signature comes first, so that nothing but what one of our own
 * secrets signed is ever decoded, parsed or believed.
 */
#include "auth/jwt.h"

#include "auth/base64url.h"
#include "auth/hs256.h"
#include "auth/json_strict.h"

#define MOMENT_MAX 9007199254740992.0 /* 2^53: beyond it a double skips seconds */

struct jwt_parts {
	struct span head, claims, signature;
	struct span text; /* what is signed: head.claims */
};

const char *
jwt_fault_text(enum jwt_fault fault)
{
	static const char *const texts[] = {
#define JWT_FAULT_TEXT(name, text) [JWT_##name] = text,
	    JWT_FAULT_TABLE(JWT_FAULT_TEXT)
#undef JWT_FAULT_TEXT
	};

	return texts[fault];
}

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

int
jwt_bearer(struct span authorization, struct span *token)
{
	struct span rest = span_drop(authorization, SPAN("Bearer ").n);

	if (!span_starts(authorization, SPAN("Bearer ")) || rest.n == 0)
		return -WHT_EINVAL;
	for (size_t i = 0; i < rest.n; i++) {
		if (!is_token_char(rest.p[i]))
			return -WHT_EINVAL;
	}
	*token = rest;
	return 0;
}

static bool
jwt_split(struct span token, struct jwt_parts *parts)
{
	struct span rest = token;

	if (token.n == 0 || token.n > JWT_TOKEN_MAX || !span_cut(&rest, '.', &parts->head) ||
	    !span_cut(&rest, '.', &parts->claims) || !span_cut(&rest, '.', &parts->signature))
		return false;
	parts->text = span_take(token, parts->head.n + 1 + parts->claims.n);
	return rest.p == NULL && parts->head.n > 0 && parts->claims.n > 0 && parts->signature.n > 0;
}

static enum jwt_fault
jwt_judge_signature(const struct jwt_parts *parts, const struct jwt_rules *rules)
{
	char bytes[BASE64URL_BYTES(JWT_TOKEN_MAX)];
	bool good = false;
	size_t n;

	if (base64url_decode(parts->signature, bytes, &n) != 0)
		return JWT_SHAPE;
	/* All of them, so that time does not tell which secret signed. */
	for (int i = 0; i < JWT_SECRETS_MAX; i++)
		good |= hs256_matches(parts->text, rules->secrets[i], span_of(bytes, n));
	return good ? JWT_OK : JWT_SIGNATURE;
}

/* The object in a segment, or NULL. */
static json_t *
jwt_load(struct span segment)
{
	char bytes[BASE64URL_BYTES(JWT_TOKEN_MAX)];
	size_t n;

	if (base64url_decode(segment, bytes, &n) != 0)
		return NULL;
	return json_strict_object(span_of(bytes, n));
}

static enum jwt_fault
jwt_judge_head(struct span segment)
{
	json_t *head = jwt_load(segment);
	enum jwt_fault fault = JWT_OK;

	if (!head)
		return JWT_SHAPE;
	/* Extensions that must be understood (RFC 7515, 4.1.11) are not. */
	if (!span_eq(json_strict_string(head, "alg"), SPAN("HS256")) ||
	    json_object_get(head, "crit"))
		fault = JWT_ALGORITHM;
	json_decref(head);
	return fault;
}

/* Zero is what a Go server takes for "absent"; no token of ours needs it. */
static bool
claim_moment(const json_t *claims, const char *key, double *out)
{
	const json_t *value = json_object_get(claims, key);

	*out = json_number_value(value);
	return json_is_number(value) && *out > 0 && *out < MOMENT_MAX;
}

static void
claim_text(const json_t *claims, const char *key, char *out, size_t max)
{
	struct span text = span_take_utf8(json_strict_string(claims, key), max);

	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
}

static enum jwt_fault
claims_read(const json_t *claims, struct jwt_claims *out)
{
	if (!claim_moment(claims, "exp", &out->exp) || !claim_moment(claims, "nbf", &out->nbf) ||
	    !json_strict_string(claims, "tid").p)
		return JWT_CLAIMS;
	claim_text(claims, "iss", out->iss, JWT_CLAIM_MAX);
	claim_text(claims, "sub", out->sub, JWT_CLAIM_MAX);
	claim_text(claims, "jti", out->jti, JWT_CLAIM_MAX);
	return JWT_OK;
}

static enum jwt_fault
claims_judge_times(const struct jwt_claims *claims, double now_s)
{
	if (claims->exp <= now_s)
		return JWT_EXPIRED;
	if (claims->nbf > now_s)
		return JWT_NOT_YET;
	if (claims->exp - claims->nbf >= JWT_SPAN_MAX_S)
		return JWT_TOO_LONG_LIVED;
	return JWT_OK;
}

/* A string, or an array of nothing but strings (RFC 7519, 4.1.3). */
static enum jwt_fault
claims_judge_audience(const json_t *aud, struct span wanted)
{
	bool found = false;
	size_t i;
	json_t *one;

	if (json_is_string(aud))
		return span_eq(json_strict_span(aud), wanted) ? JWT_OK : JWT_AUDIENCE;
	json_array_foreach(aud, i, one)
	{
		if (!json_is_string(one))
			return JWT_AUDIENCE;
		found |= span_eq(json_strict_span(one), wanted);
	}
	return found ? JWT_OK : JWT_AUDIENCE;
}

static enum jwt_fault
claims_judge(const json_t *claims, struct span id, const struct jwt_rules *rules, double now_s,
    struct jwt_claims *out)
{
	enum jwt_fault fault = claims_read(claims, out);

	if (fault == JWT_OK && !span_eq(json_strict_string(claims, "tid"), id))
		fault = JWT_ID;
	if (fault == JWT_OK)
		fault = claims_judge_times(out, now_s);
	if (fault == JWT_OK && rules->audience.n > 0)
		fault = claims_judge_audience(json_object_get(claims, "aud"), rules->audience);
	return fault;
}

enum jwt_fault
jwt_check(struct span token, struct span id, const struct jwt_rules *rules, double now_s,
    struct jwt_claims *out)
{
	struct jwt_claims read = {0};
	struct jwt_parts parts;
	enum jwt_fault fault;
	json_t *claims;

	if (!jwt_split(token, &parts))
		return JWT_SHAPE;
	fault = jwt_judge_signature(&parts, rules);
	if (fault == JWT_OK)
		fault = jwt_judge_head(parts.head);
	if (fault != JWT_OK)
		return fault;
	claims = jwt_load(parts.claims);
	if (!claims)
		return JWT_SHAPE;
	fault = claims_judge(claims, id, rules, now_s, &read);
	json_decref(claims);
	if (fault == JWT_OK)
		*out = read;
	return fault;
}

enum jwt_fault
jwt_peek(struct span token, struct jwt_claims *out, char *tid, size_t tid_max)
{
	struct jwt_parts parts;
	enum jwt_fault fault;
	json_t *claims;

	if (!jwt_split(token, &parts))
		return JWT_SHAPE;
	claims = jwt_load(parts.claims);
	if (!claims)
		return JWT_SHAPE;
	fault = claims_read(claims, out);
	if (fault == JWT_OK)
		claim_text(claims, "tid", tid, tid_max - 1);
	json_decref(claims);
	return fault;
}
