#include "auth/hs256.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

int
hs256_sign(struct span text, struct span secret, char out[HS256_SIZE])
{
	unsigned n = 0;

	if (secret.n == 0 || secret.n > INT_MAX)
		return -WHT_EINVAL;
	if (!HMAC(EVP_sha256(), secret.p, (int)secret.n, (const unsigned char *)text.p, text.n,
		(unsigned char *)out, &n) ||
	    n != HS256_SIZE)
		return -WHT_EMEM;
	return 0;
}

bool
hs256_matches(struct span text, struct span secret, struct span signature)
{
	char mine[HS256_SIZE];

	return signature.n == HS256_SIZE && hs256_sign(text, secret, mine) == 0 &&
	       CRYPTO_memcmp(mine, signature.p, HS256_SIZE) == 0;
}
