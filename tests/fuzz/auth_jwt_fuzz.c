/* Tokens as a stranger may send them, and head and claims as only a holder of the secret may.
 *
 * Byte 0: 0 the rest is an Authorization value; else head and claims, split at the first NUL, which
 * are signed, so that everything behind the signature is reached. */
#include <stdlib.h>

#include "auth/base64url.h"
#include "auth/hs256.h"
#include "auth/jwt.h"
#include "base/strb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 2000000000.0

static const struct jwt_rules rules[2] = {
    {.secrets = {{"secretA", 7}, {"secretB", 7}}},
    {.secrets = {{"secretB", 7}, {"secretA", 7}}, .audience = {"here", 4}},
};

static void
judge(struct span token)
{
	struct jwt_claims peeked = {0};
	char tid[130];
	enum jwt_fault seen = jwt_peek(token, &peeked, tid, sizeof(tid));

	for (int i = 0; i < 2; i++) {
		struct jwt_claims out = {.exp = -1};
		enum jwt_fault fault = jwt_check(token, SPAN("alpha"), &rules[i], NOW, &out);

		if (!jwt_fault_text(fault) || (fault == JWT_OK) != (out.exp > 0))
			abort();
		if (fault == JWT_OK &&
		    (seen != JWT_OK || out.exp <= NOW || out.nbf > NOW || out.exp != peeked.exp ||
			out.exp - out.nbf >= JWT_SPAN_MAX_S || strcmp(tid, "alpha") != 0))
			abort();
	}
}

static void
judge_signed(struct span in)
{
	ptrdiff_t nul = span_find(in, '\0');
	size_t head = nul < 0 ? in.n : (size_t)nul;
	char mac[HS256_SIZE];
	struct strb token;

	strb_init(&token, 1 << 20);
	base64url_add(&token, span_take(in, head));
	strb_char(&token, '.');
	base64url_add(&token, span_drop(in, head + 1));
	if (hs256_sign(strb_span(&token), SPAN("secretA"), mac) != 0)
		abort();
	strb_char(&token, '.');
	base64url_add(&token, span_of(mac, sizeof(mac)));
	judge(strb_span(&token));
	strb_free(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_drop(span_of(data, size), 1), token;

	if (size == 0)
		return 0;
	if (data[0] != 0)
		judge_signed(in);
	else if (jwt_bearer(in, &token) == 0)
		judge(token);
	return 0;
}
