#include "auth/tunnel_id.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "base/obj.h"

enum { DIGEST_SIZE = 8 };

static EVP_MAC *siphash; /* fetched once: that is the dear part */
static pthread_once_t siphash_once = PTHREAD_ONCE_INIT;

static bool
is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '~' || c == '.' || c == '%' || c == '-';
}

bool
tunnel_id_valid(struct span id)
{
	if (id.n == 0 || id.n > TUNNEL_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if (!is_id_char(id.p[i]))
			return false;
	}
	return !span_eq(id, SPAN(".")) && !span_eq(id, SPAN("..")) && !span_starts(id, SPAN("__"));
}

void
owner_key_make(struct owner_key *key)
{
	ENSURE(RAND_bytes(key->bytes, sizeof(key->bytes)) == 1);
}

static void
siphash_fetch(void)
{
	siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	ENSURE(siphash != NULL);
}

/* Little-endian, as the paper's test vectors have it. */
static uint64_t
load_le(const unsigned char bytes[DIGEST_SIZE])
{
	uint64_t v = 0;

	for (int i = DIGEST_SIZE - 1; i >= 0; i--)
		v = v << 8 | bytes[i];
	return v;
}

uint64_t
owner_hash(const struct owner_key *key, struct span id)
{
	unsigned char digest[DIGEST_SIZE];
	size_t size = DIGEST_SIZE;
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
	    OSSL_PARAM_END,
	};
	EVP_MAC_CTX *ctx;

	ENSURE(pthread_once(&siphash_once, siphash_fetch) == 0);
	ctx = EVP_MAC_CTX_new(siphash);
	ENSURE(ctx && EVP_MAC_init(ctx, key->bytes, sizeof(key->bytes), params) == 1 &&
	       EVP_MAC_update(ctx, (const unsigned char *)id.p, id.n) == 1 &&
	       EVP_MAC_final(ctx, digest, &size, sizeof(digest)) == 1 && size == DIGEST_SIZE);
	EVP_MAC_CTX_free(ctx);
	return load_le(digest);
}

unsigned
owner_of(const struct owner_key *key, struct span id, unsigned workers)
{
	ENSURE(workers >= 1);
	return (unsigned)(owner_hash(key, id) % workers);
}
