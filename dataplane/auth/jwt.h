/* auth/jwt.h - may the bearer of this token hold this tunnel id?
 *
 * One strict rule for one kind of token: HS256, JSON objects without duplicate keys or trailing
 * bytes, canonical base64url without padding, tid, exp and nbf required. The signature is judged
 * before anything is decoded, in constant time and under both secrets; numbers are bounded before
 * they are read. Nothing of a token or a secret is ever part of an error or a log.
 */
#ifndef WHT_AUTH_JWT_H
#define WHT_AUTH_JWT_H

#include "base/err.h"
#include "base/span.h"

#define JWT_SPAN_MAX_S	   (31 * 24 * 3600) /* exp - nbf must be less, in seconds */
#define JWT_SECRETS_MAX	   2
#define JWT_TOKEN_MAX	   16384 /* bytes; a longer one is not looked at */
#define JWT_GRACE_S	   300 /* nbf of a minted token lies so far back, for clocks that differ */
#define JWT_LIFETIME_MAX_S (JWT_SPAN_MAX_S - JWT_GRACE_S - 1)
#define JWT_CLAIM_MAX	   128 /* bytes kept of iss, sub and jti; longer ones are cut */

struct jwt_rules {
	struct span secrets[JWT_SECRETS_MAX]; /* unused ones are empty, and match nothing */
	struct span audience;		      /* empty: aud is ignored */
};

struct jwt_claims {
	double exp, nbf;	     /* seconds since 1970 */
	char iss[JWT_CLAIM_MAX + 1]; /* "" if there is none, as the next two */
	char sub[JWT_CLAIM_MAX + 1];
	char jti[JWT_CLAIM_MAX + 1];
};

/* Why a token was refused: for the operator's log, never for the bearer. NAME, sentence */
#define JWT_FAULT_TABLE(FAULT)                                                                     \
	FAULT(OK, "accepted")                                                                      \
	FAULT(SHAPE, "not three canonical base64url segments of JSON objects")                     \
	FAULT(ALGORITHM, "not HS256, or a critical extension")                                     \
	FAULT(SIGNATURE, "not signed with HS256 and one of the secrets")                           \
	FAULT(CLAIMS, "exp, nbf or tid missing, of a wrong type or out of range")                  \
	FAULT(ID, "for another tunnel id")                                                         \
	FAULT(EXPIRED, "expired")                                                                  \
	FAULT(NOT_YET, "not valid yet")                                                            \
	FAULT(TOO_LONG_LIVED, "valid for 31 days or more")                                         \
	FAULT(AUDIENCE, "for another audience")

enum jwt_fault {
#define JWT_FAULT_ENUM(name, text) JWT_##name,
	JWT_FAULT_TABLE(JWT_FAULT_ENUM)
#undef JWT_FAULT_ENUM
};
const char *jwt_fault_text(enum jwt_fault);

/* The token of an "Authorization: Bearer x" value: exactly one space, characters [A-Za-z0-9_.-].
 * -WHT_EINVAL for anything else. */
int jwt_bearer(struct span authorization, struct span *token) MUST_CHECK;

/* Judges the token for an id at a moment. Fills *out when JWT_OK; else leaves it as it was. */
enum jwt_fault jwt_check(struct span token, struct span id, const struct jwt_rules *, double now_s,
    struct jwt_claims *out) MUST_CHECK;

/* Reads a token without judging its signature or times: what a client may know of its own token.
 * tid gets at most tid_max - 1 bytes and a NUL. */
enum jwt_fault jwt_peek(
    struct span token, struct jwt_claims *out, char *tid, size_t tid_max) MUST_CHECK;

/* Signs {tid, iat, nbf, exp[, aud]} with HS256; a malloc'ed string that the caller frees.
 * NULL when the lifetime is not in [1, JWT_LIFETIME_MAX_S], the secret is empty or the
 * token would be too long. */
char *jwt_mint(
    struct span id, struct span secret, struct span audience, int64_t now_s, int64_t lifetime_s);

#endif
