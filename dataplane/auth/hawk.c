#include "auth/hawk.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>

#include "auth/hs256.h"
#include "base/obj.h"

#define SIGNED_MAX (32 * 1024)

void
hawk_nonce(char out[HAWK_NONCE_MAX])
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char random[HAWK_NONCE_MAX - 1];

	ENSURE(getrandom(random, sizeof(random), 0) == sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		out[i] = letters[random[i] & 63];
	out[sizeof(random)] = '\0';
}

void
hawk_base64(struct strb *out, struct span bytes)
{
	for (; bytes.n; bytes = span_drop(bytes, 48)) {
		struct span part = span_take(bytes, 48);
		unsigned char text[65];
		int n = EVP_EncodeBlock(text, (const unsigned char *)part.p, (int)part.n);

		strb_add(out, span_of(text, (size_t)n));
	}
}

static bool
quotable(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 || text.p[i] > 0x7e || text.p[i] == '"' || text.p[i] == '\\')
			return false;
	}
	return true;
}

static int
hawk_mac(struct strb *out, const struct hawk *hawk, const struct hawk_request *r)
{
	char mac[HS256_SIZE];
	struct strb text;
	int error;

	strb_init(&text, SIGNED_MAX);
	strb_printf(&text, "hawk.1.header\n%llu\n%.*s\n%.*s\n%.*s\n%.*s\n%u\n\n%.*s\n",
	    (unsigned long long)r->ts, SPAN_FMT(r->nonce), SPAN_FMT(r->method), SPAN_FMT(r->path),
	    SPAN_FMT(r->host), r->port, SPAN_FMT(hawk->ext));
	error = strb_failed(&text) ? -WHT_EFULL : hs256_sign(strb_span(&text), hawk->key, mac);
	strb_free(&text);
	if (!error)
		hawk_base64(out, span_of(mac, sizeof(mac)));
	return error;
}

int
hawk_write(struct strb *out, const struct hawk *hawk, const struct hawk_request *r)
{
	struct strb mac;
	int error = -WHT_EINVAL;

	strb_init(&mac, 64);
	if (quotable(hawk->id) && quotable(hawk->ext) && quotable(r->nonce) && quotable(r->path) &&
	    quotable(r->host))
		error = hawk_mac(&mac, hawk, r);
	if (!error) {
		strb_printf(out, "Hawk id=\"%.*s\", mac=\"%s\", ts=\"%llu\", nonce=\"%.*s\"",
		    SPAN_FMT(hawk->id), strb_cstr(&mac), (unsigned long long)r->ts,
		    SPAN_FMT(r->nonce));
		if (hawk->ext.n)
			strb_printf(out, ", ext=\"%.*s\"", SPAN_FMT(hawk->ext));
	}
	strb_free(&mac);
	return error;
}
