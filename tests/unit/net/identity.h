/* tests/unit/net/identity.h - keys and certificates made while the test runs. */
#ifndef WHT_TEST_NET_IDENTITY_H
#define WHT_TEST_NET_IDENTITY_H

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/obj.h"
#include "base/span.h"

struct identity {
	EVP_PKEY *key;
	X509 *cert;
	char *key_pem, *cert_pem;
};

static inline char *
pem_text(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);
	char *text = span_dup(span_of(p, (size_t)n));

	BIO_free(bio);
	return text;
}

static inline void
identity_extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	ENSURE(ext && X509_add_ext(cert, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

/* san: "DNS:localhost,IP:127.0.0.1", NULL for an authority. issuer NULL: signed by itself. Valid
 * from one day to another, counted from today. */
static inline struct identity
identity_new(const char *name, const char *san, const struct identity *issuer, int from, int to)
{
	struct identity id = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
	X509_NAME *subject = X509_get_subject_name(id.cert);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(id.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), rand());
	X509_gmtime_adj(X509_getm_notBefore(id.cert), from * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), to * 86400L);
	X509_set_pubkey(id.cert, id.key);
	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id.cert, issuer ? X509_get_subject_name(issuer->cert) : subject);
	if (san)
		identity_extend(id.cert, NID_subject_alt_name, san);
	else
		identity_extend(id.cert, NID_basic_constraints, "critical,CA:TRUE");
	ENSURE(X509_sign(id.cert, issuer ? issuer->key : id.key, EVP_sha256()) > 0);
	PEM_write_bio_X509(bio, id.cert);
	id.cert_pem = pem_text(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, id.key, NULL, NULL, 0, NULL, NULL);
	id.key_pem = pem_text(bio);
	return id;
}

static inline void
identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
	free(id->key_pem);
	free(id->cert_pem);
}

/* The certificate as a file, for a client's trust; the caller unlinks and frees the path. */
static inline char *
identity_file(const struct identity *id)
{
	char path[] = "/tmp/wht-ca-XXXXXX";
	int fd = mkstemp(path);

	ENSURE(fd >= 0 && write(fd, id->cert_pem, strlen(id->cert_pem)) > 0);
	close(fd);
	return span_dup(span_str(path));
}

#endif
