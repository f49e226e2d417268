/* A BIO of ours joins OpenSSL to two bufs: reading takes what was fed, writing appends and
 * never blocks. OpenSSL's error queue belongs to the thread, so it is emptied before every
 * call and read right after. */
#include "net/tls_io.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/obj.h"
#include "net/tls_context.h"

#define TLS_IO_MAGIC 0x7150f00du

enum {
	IN_MAX = 1024 * 1024, /* far above what reading is paused at */
	/* Twice what the conn makes ahead. The rest is for TLS's own answers: whoever asks for more
	 * of them (by KeyUpdates) than he reads has broken the protocol. */
	OUT_MAX = 128 * 1024,
};

struct tls_io {
	unsigned magic;
	SSL *ssl;
	struct buf in, out;
	struct tls_context *context;
	bool overrun; /* out was full */
};

/* ---- the BIO ---- */

static int
bio_read(BIO *bio, char *p, int n)
{
	struct tls_io *io;
	size_t got;

	CAST_OBJ(io, BIO_get_data(bio), TLS_IO_MAGIC);
	BIO_clear_retry_flags(bio);
	got = buf_peek(&io->in, p, (size_t)n);
	buf_drop(&io->in, got);
	if (got == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	return (int)got;
}

static int
bio_write(BIO *bio, const char *p, int n)
{
	struct tls_io *io;

	CAST_OBJ(io, BIO_get_data(bio), TLS_IO_MAGIC);
	BIO_clear_retry_flags(bio);
	if (buf_append(&io->out, span_of(p, (size_t)n)) == 0)
		return n;
	io->overrun = true;
	return -1;
}

static long
bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method;
static CRYPTO_ONCE bio_once = CRYPTO_ONCE_STATIC_INIT;

static void
bio_method_make(void)
{
	bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buf");
	ENSURE(bio_method != NULL);
	BIO_meth_set_read(bio_method, bio_read);
	BIO_meth_set_write(bio_method, bio_write);
	BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

/* ---- life ---- */

static struct tls_io *
tls_io_new(struct tls_context *context, struct chunk_pool *pool)
{
	struct tls_io *io;
	BIO *bio;

	ENSURE(CRYPTO_THREAD_run_once(&bio_once, bio_method_make));
	OBJ_NEW(io, TLS_IO_MAGIC);
	buf_init(&io->in, pool, IN_MAX);
	buf_init(&io->out, pool, OUT_MAX);
	io->context = tls_ref(context);
	io->ssl = SSL_new(tls_context_ssl(context));
	bio = BIO_new(bio_method);
	ENSURE(io->ssl != NULL && bio != NULL);
	BIO_set_data(bio, io);
	BIO_set_init(bio, 1);
	SSL_set_bio(io->ssl, bio, bio);
	return io;
}

struct tls_io *
tls_io_accept(struct tls_context *context, struct chunk_pool *pool)
{
	struct tls_io *io = tls_io_new(context, pool);

	SSL_set_accept_state(io->ssl);
	return io;
}

struct tls_io *
tls_io_connect(struct tls_context *context, const char *server_name, struct chunk_pool *pool)
{
	struct tls_io *io = tls_io_new(context, pool);
	X509_VERIFY_PARAM *param = SSL_get0_param(io->ssl);

	/* An address is verified as one and is not allowed in SNI (RFC 6066, 3). */
	if (X509_VERIFY_PARAM_set1_ip_asc(param, server_name) != 1) {
		(void)SSL_set_tlsext_host_name(io->ssl, server_name);
		SSL_set_hostflags(io->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		ENSURE(server_name[0] && SSL_set1_host(io->ssl, server_name) == 1);
	}
	SSL_set_connect_state(io->ssl);
	return io;
}

void
tls_io_free(struct tls_io **iop)
{
	struct tls_io *io;

	TAKE_OBJ(io, iop, TLS_IO_MAGIC);
	SSL_free(io->ssl);
	buf_clear(&io->in);
	buf_clear(&io->out);
	tls_unref(&io->context);
	OBJ_FREE(io);
}

void
tls_io_adopt(struct tls_io *io, struct chunk_pool *from, struct chunk_pool *to)
{
	buf_adopt(&io->in, from, to);
	buf_adopt(&io->out, from, to);
}

/* ---- bytes ---- */

int
tls_io_feed(struct tls_io *io, struct span in)
{
	return buf_append(&io->in, in);
}

struct buf *
tls_io_out(struct tls_io *io)
{
	return &io->out;
}

void
tls_io_forget(struct tls_io *io)
{
	buf_clear(&io->in);
}

size_t
tls_io_pending(const struct tls_io *io)
{
	return io->in.len;
}

static void
tls_error_text(struct tls_io *io, char error[TLS_ERROR_MAX])
{
	unsigned long code = ERR_get_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(error, TLS_ERROR_MAX, "certificate: %s",
		    X509_verify_cert_error_string(SSL_get_verify_result(io->ssl)));
	else if (io->overrun)
		snprintf(error, TLS_ERROR_MAX, "TLS: the peer does not read what it asked for");
	else
		snprintf(error, TLS_ERROR_MAX, "TLS: %s", text ? text : "unexpected end");
}

static enum tls_result
tls_io_result(struct tls_io *io, int ret, char error[TLS_ERROR_MAX])
{
	if (ret > 0)
		return TLS_OK;
	switch (SSL_get_error(io->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return TLS_WAIT;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	default:
		tls_error_text(io, error);
		return TLS_FAIL;
	}
}

enum tls_result
tls_io_handshake(struct tls_io *io, char error[TLS_ERROR_MAX])
{
	ERR_clear_error();
	return tls_io_result(io, SSL_do_handshake(io->ssl), error);
}

enum tls_result
tls_io_read(struct tls_io *io, char *p, size_t n, size_t *got, char error[TLS_ERROR_MAX])
{
	int ret;

	ERR_clear_error();
	ret = SSL_read(io->ssl, p, (int)n);
	*got = ret > 0 ? (size_t)ret : 0;
	return tls_io_result(io, ret, error);
}

enum tls_result
tls_io_write(struct tls_io *io, struct span s, char error[TLS_ERROR_MAX])
{
	size_t written;
	int ret;

	ERR_clear_error();
	ret = SSL_write_ex(io->ssl, s.p, s.n, &written);
	ENSURE(ret <= 0 || written == s.n); /* however small the records that the peer asked for */
	return tls_io_result(io, ret, error);
}

void
tls_io_shutdown(struct tls_io *io)
{
	/* A second call would read, and be broken by data that still comes from the peer. */
	if (!SSL_is_init_finished(io->ssl) || (SSL_get_shutdown(io->ssl) & SSL_SENT_SHUTDOWN))
		return;
	ERR_clear_error();
	SSL_shutdown(io->ssl);
	ERR_clear_error();
}

int64_t
tls_io_peer_not_after(const struct tls_io *t)
{
	X509 *certificate = SSL_get0_peer_certificate(t->ssl);
	struct tm tm;

	if (!certificate || !ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm))
		return 0;
	return timegm(&tm);
}
