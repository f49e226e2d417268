/* A certificate and its key, right and wrong in every way. Wrong never means plain HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/obj.h"
#include "controlplane/pem.h"

#define DAY 86400

struct pair {
	char *key, *certificate; /* PEM */
};

static char *
text_of(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);
	char *copy = span_dup(span_of(p, (size_t)n));

	BIO_free(bio);
	return copy;
}

static struct pair
make_pair(long ends_in_s)
{
	struct pair pair;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -2 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), ends_in_s);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	pair.certificate = text_of(bio);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	pair.key = text_of(bio);
	X509_free(x);
	EVP_PKEY_free(key);
	return pair;
}

static struct pair good, other, expired;

static int
make_pairs(void **state)
{
	(void)state;
	good = make_pair(DAY);
	other = make_pair(DAY);
	expired = make_pair(-DAY);
	return 0;
}

static int
free_pairs(void **state)
{
	struct pair *all[] = {&good, &other, &expired};

	(void)state;
	for (int i = 0; i < 3; i++) {
		free(all[i]->key);
		free(all[i]->certificate);
	}
	return 0;
}

/* NAME=base64 of the PEM */
static char *
inlined(const char *name, const char *pem)
{
	size_t n = strlen(pem), head = strlen(name) + 1;
	char *variable = must_alloc(head + n / 3 * 4 + 5);

	sprintf(variable, "%s=", name);
	EVP_EncodeBlock((unsigned char *)variable + head, (const unsigned char *)pem, (int)n);
	return variable;
}

static char heard[4096];

static void
hear(void *user, enum log_level level, const char *sentence)
{
	(void)user;
	(void)level;
	strncat(heard, sentence, sizeof(heard) - strlen(heard) - 1);
	strncat(heard, "\n", sizeof(heard) - strlen(heard) - 1);
}

/* The pair of environment variables gives a context, or the sentence; NULL: no sentence at all. */
static void
gives(const char *a, const char *b, const char *sentence)
{
	struct report report = {.say = hear};
	char *const environment[] = {(char *)a, (char *)b, NULL};
	struct config *c = config_load(environment, &report);
	struct tls_context *tls;

	heard[0] = '\0';
	assert_true(pem_wanted(c));
	tls = pem_tls(c, &report);
	config_free(&c);
	if (sentence ? !strstr(heard, sentence) : heard[0])
		print_message("%s", heard);
	assert_int_equal(tls == NULL, sentence != NULL);
	assert_int_equal(report.errors == 0, sentence == NULL);
	if (sentence)
		assert_non_null(strstr(heard, sentence));
	else
		tls_unref(&tls);
}

static void
gives_inlined(const char *key, const char *certificate, const char *sentence)
{
	char *k = inlined("TLS_KEY", key), *c = inlined("TLS_CERTIFICATE", certificate);

	gives(k, c, sentence);
	free(k);
	free(c);
}

static void
test_a_good_pair_serves(void **state)
{
	(void)state;
	gives_inlined(good.key, good.certificate, NULL);
}

/* C06 */
static void
test_a_broken_pair_is_refused(void **state)
{
	(void)state;
	gives_inlined(other.key, good.certificate, "the TLS certificate cannot be used: ");
	gives_inlined(expired.key, expired.certificate, "expired");
	gives_inlined("nonsense", good.certificate, "the TLS certificate cannot be used: ");
	gives_inlined(good.key, "nonsense", "the TLS certificate cannot be used: ");
	gives_inlined(good.certificate, good.key, "the TLS certificate cannot be used: ");
}

/* C06 */
static void
test_half_a_pair_is_refused(void **state)
{
	char *key = inlined("TLS_KEY", good.key);
	char *certificate = inlined("TLS_CERTIFICATE", good.certificate);

	(void)state;
	gives(key, NULL, "TLS_CERTIFICATE (or TLS_CERTIFICATE_FILE) is missing");
	gives(certificate, NULL, "TLS_KEY (or TLS_KEY_FILE) is missing");
	gives(certificate, "TLS_KEY=", "TLS_KEY (or TLS_KEY_FILE) is missing");
	free(key);
	free(certificate);
}

/* C06 */
static void
test_what_is_not_base64_is_refused(void **state)
{
	char *certificate = inlined("TLS_CERTIFICATE", good.certificate);

	(void)state;
	gives("TLS_KEY=-----BEGIN PRIVATE KEY-----", certificate, "TLS_KEY is not PEM in base64");
	gives("TLS_KEY=AAA", certificate, "TLS_KEY is not PEM in base64");
	gives("TLS_KEY= ", certificate, "TLS_KEY is not PEM in base64");
	free(certificate);
}

/* C05 C06 */
static void
test_files_instead_of_variables(void **state)
{
	char path[] = "/tmp/pem_test.XXXXXX", variable[64];
	int fd = mkstemp(path);
	char *key = inlined("TLS_KEY", good.key);
	char *certificate = inlined("TLS_CERTIFICATE", good.certificate);

	(void)state;
	snprintf(variable, sizeof(variable), "TLS_KEY_FILE=%s", path);
	gives(variable, certificate, "the TLS certificate cannot be used: ");
	assert_int_equal(write(fd, good.key, strlen(good.key)), strlen(good.key));
	gives(variable, certificate, NULL);
	gives(variable, key, "TLS_KEY and TLS_KEY_FILE are both set");
	gives("TLS_KEY_FILE=/nonexistent/key", certificate, "/nonexistent/key: No such file");
	gives("TLS_KEY_FILE=/tmp", certificate, "/tmp: not a regular file");
	gives("TLS_KEY_FILE=/dev/zero", certificate, "/dev/zero: not a regular file");
	close(fd);
	unlink(path);
	free(key);
	free(certificate);
}

static void
decodes(const char *in, const char *want)
{
	char out[64];
	ptrdiff_t n = pem_base64(span_str(in), out);

	assert_int_equal(n, want ? (ptrdiff_t)strlen(want) : -WHT_EINVAL);
	if (want)
		assert_memory_equal(out, want, strlen(want));
}

static void
test_base64(void **state)
{
	(void)state;
	decodes("", "");
	decodes("Zg==", "f");
	decodes("Zm8=", "fo");
	decodes("Zm9v", "foo");
	decodes("Zm9v\nYmFy\n", "foobar");
	decodes("Zg=", NULL);
	decodes("Zg", NULL);
	decodes("Z===", NULL);
	decodes("====", NULL);
	decodes("Zg==Zg==", NULL);
	decodes("Zm-_", NULL);
	decodes("Zm9v\x80", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_a_good_pair_serves),
	    cmocka_unit_test(test_a_broken_pair_is_refused),
	    cmocka_unit_test(test_half_a_pair_is_refused),
	    cmocka_unit_test(test_what_is_not_base64_is_refused),
	    cmocka_unit_test(test_files_instead_of_variables),
	};

	return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
