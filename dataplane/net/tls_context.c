#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/obj.h"

#define TLS_CONTEXT_MAGIC 0x715c0de5u

/* Forward secrecy and authenticated encryption only; TLS 1.3 brings its own list. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls_context {
	unsigned magic;
	atomic_uint refs;
	SSL_CTX *ssl;
	int64_t not_after;
};

SSL_CTX *
tls_context_ssl(struct tls_context *context)
{
	CHECK_OBJ(context, TLS_CONTEXT_MAGIC);
	return context->ssl;
}

struct tls_context *
tls_ref(struct tls_context *context)
{
	CHECK_OBJ(context, TLS_CONTEXT_MAGIC);
	atomic_fetch_add(&context->refs, 1);
	return context;
}

void
tls_unref(struct tls_context **contextp)
{
	struct tls_context *context;

	TAKE_OBJ(context, contextp, TLS_CONTEXT_MAGIC);
	if (atomic_fetch_sub(&context->refs, 1) != 1)
		return;
	SSL_CTX_free(context->ssl);
	OBJ_FREE(context);
}

int64_t
tls_not_after(const struct tls_context *context)
{
	return context->not_after;
}

static struct tls_context *
context_new(const SSL_METHOD *method)
{
	struct tls_context *context;

	OBJ_NEW(context, TLS_CONTEXT_MAGIC);
	atomic_init(&context->refs, 1);
	context->ssl = SSL_CTX_new(method);
	ENSURE(context->ssl != NULL);
	SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(context->ssl, TLS12_CIPHERS);
	SSL_CTX_set_options(context->ssl,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* No partial writes: our BIO never blocks, and a peer may have asked for tiny records. */
	SSL_CTX_set_mode(
	    context->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return context;
}

static struct tls_context *
context_refuse(struct tls_context *context, char error[TLS_ERROR_MAX], const char *what)
{
	unsigned long code = ERR_get_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	snprintf(error, TLS_ERROR_MAX, "%s%s%s", what, why ? ": " : "", why ? why : "");
	ERR_clear_error();
	tls_unref(&context);
	return NULL;
}

/* ---- servers ---- */

static int
alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in,
    unsigned inlen, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto((unsigned char **)out, outlen, ours, sizeof(ours) - 1, in,
		inlen) == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_NOACK;
}

/* Nobody is here to be asked for a passphrase. */
static int
no_passphrase(char *buf, int size, int rwflag, void *user)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)user;
	return -1;
}

/* Every further certificate is the chain; a broken one among them is no end. */
static bool
use_chain(SSL_CTX *ssl, BIO *bio)
{
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		if (SSL_CTX_add0_chain_cert(ssl, cert) != 1) {
			X509_free(cert);
			return false;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static bool
use_certificates(SSL_CTX *ssl, struct span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
	bool ok = cert && SSL_CTX_use_certificate(ssl, cert) == 1 && use_chain(ssl, bio);

	X509_free(cert);
	BIO_free(bio);
	return ok;
}

static EVP_PKEY *
read_key(struct span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	return key;
}

static int64_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void
server_options(SSL_CTX *ssl)
{
	SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_max_early_data(ssl, 0);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ssl, 1);
	SSL_CTX_set_alpn_select_cb(ssl, alpn_choose, NULL);
}

struct tls_context *
tls_server_new(struct span cert_pem, struct span key_pem, char error[TLS_ERROR_MAX])
{
	struct tls_context *context = context_new(TLS_server_method());
	const ASN1_TIME *not_after;
	EVP_PKEY *key;
	bool belongs;

	ERR_clear_error();
	if (!use_certificates(context->ssl, cert_pem))
		return context_refuse(context, error, "the certificate is not usable PEM");
	key = read_key(key_pem);
	if (!key)
		return context_refuse(context, error, "the key is not usable PEM");
	belongs = SSL_CTX_use_PrivateKey(context->ssl, key) == 1 &&
		  SSL_CTX_check_private_key(context->ssl) == 1;
	EVP_PKEY_free(key);
	if (!belongs)
		return context_refuse(context, error, "the key does not belong to the certificate");
	not_after = X509_get0_notAfter(SSL_CTX_get0_certificate(context->ssl));
	context->not_after = seconds_of(not_after);
	if (X509_cmp_current_time(not_after) <= 0)
		return context_refuse(context, error, "the certificate has expired");
	server_options(context->ssl);
	return context;
}

/* ---- clients ---- */

struct tls_context *
tls_client_new(const char *ca_file, bool insecure, char error[TLS_ERROR_MAX])
{
	static const unsigned char alpn[] = "\x08http/1.1";
	struct tls_context *context = context_new(TLS_client_method());
	int ok;

	ERR_clear_error();
	ok = ca_file ? SSL_CTX_load_verify_file(context->ssl, ca_file)
		     : SSL_CTX_set_default_verify_paths(context->ssl);
	if (ok != 1)
		return context_refuse(
		    context, error, "the file of trusted certificates is not usable");
	SSL_CTX_set_verify(context->ssl, insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_alpn_protos(context->ssl, alpn, sizeof(alpn) - 1);
	return context;
}
