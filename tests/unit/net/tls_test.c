/* TLS connections, against our own other end and against OpenSSL driven by hand. */
#include "still.h"
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <time.h>

#include "identity.h"
#include "net/tls_context.h"
#include "net/tls_io.h"

#define MIB (1024 * 1024ull)

static struct identity authority, ours, other;
static char *authority_file;
static struct tls_context *server, *client;

static struct tls_context *
server_context(const struct identity *id)
{
	char error[TLS_ERROR_MAX] = "";
	struct tls_context *context =
	    tls_server_new(span_str(id->cert_pem), span_str(id->key_pem), error);

	if (!context)
		fail_msg("%s", error);
	return context;
}

static int
group_setup(void **state)
{
	char error[TLS_ERROR_MAX];

	(void)state;
	authority = identity_new("the authority", NULL, NULL, -1, 30);
	ours = identity_new(
	    "ours", "DNS:localhost,DNS:*.example.test,IP:127.0.0.1,IP:::1", &authority, -1, 30);
	other = identity_new("other", "DNS:localhost", NULL, -1, 30);
	authority_file = identity_file(&authority);
	server = server_context(&ours);
	client = tls_client_new(authority_file, false, error);
	return client ? 0 : -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	tls_unref(&server);
	tls_unref(&client);
	unlink(authority_file);
	free(authority_file);
	identity_free(&authority);
	identity_free(&ours);
	identity_free(&other);
	return 0;
}

/* ---- a server, and whoever dials it ---- */

static struct listener *listener;
static struct end guest;
static struct tls_context *guest_context;

static void
on_accept(void *user, int fd)
{
	(void)user;
	guest.c = conn_accept(loop, fd, guest_context, &end_ops, &guest);
}

static uint16_t
serve(struct tls_context *context)
{
	int fd;
	uint16_t port = local_listen(&fd, "127.0.0.1:0");

	guest = (struct end){0};
	guest_context = context;
	listener = listener_new(loop, fd, on_accept, NULL);
	return port;
}

static void
dial(struct end *e, struct tls_context *context, uint16_t port, const char *server_name)
{
	const struct dial to = {
	    .host = "127.0.0.1", .port = port, .tls = context, .server_name = server_name};

	e->c = conn_dial(loop, &to, &end_ops, e);
}

static void
over(struct end *e)
{
	ends_close(e, guest.c ? &guest : NULL);
	listener_close(&listener);
}

/* ---- a peer driven by hand: OpenSSL on a socket that does not block ---- */

struct raw {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	bool waits;
	const char *error; /* of the last call that failed */
};

static void
raw_open(struct raw *r, uint16_t port)
{
	r->context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_options(r->context, SSL_OP_LEGACY_SERVER_CONNECT);
	r->fd = local_connect(port);
	fcntl(r->fd, F_SETFL, O_NONBLOCK);
	setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void
raw_begin(struct raw *r)
{
	r->ssl = SSL_new(r->context);
	SSL_set_fd(r->ssl, r->fd);
	SSL_set_connect_state(r->ssl);
}

/* What OpenSSL says of a call, taken at once: the other end lives on this thread too, and has its
 * error queue emptied whenever it is called. */
static int
raw_judge(struct raw *r, int ret)
{
	int error = SSL_get_error(r->ssl, ret);
	const char *text = ERR_reason_error_string(ERR_get_error());

	r->waits = ret <= 0 && (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE);
	if (ret <= 0 && !r->waits)
		r->error = text ? text : "";
	return ret;
}

/* Calls until it is done or has failed, and the loop turns. */
#define raw_call(r, ret, call)                                                                     \
	do {                                                                                       \
		(r)->waits = true;                                                                 \
		until_with(!(r)->waits, (ERR_clear_error(), ret = raw_judge(r, call)));            \
	} while (0)

static int
raw_shake(struct raw *r)
{
	int ret = -1;

	raw_begin(r);
	raw_call(r, ret, SSL_do_handshake(r->ssl));
	return ret;
}

static int
raw_read(struct raw *r, char *p, int n)
{
	int ret = -1;

	raw_call(r, ret, SSL_read(r->ssl, p, n));
	return ret;
}

static void
raw_write(struct raw *r, const char *p, int n)
{
	int ret = -1;

	raw_call(r, ret, SSL_write(r->ssl, p, n));
	assert_int_equal(ret, n);
}

static void
raw_close(struct raw *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->context);
	close(r->fd);
}

/* ---- bytes ---- */

static void
guest_echoes(struct end *e)
{
	conn_set_user(e->c, &echo_ops, e);
}

static struct tls_context *
client_of_version(int version)
{
	char error[TLS_ERROR_MAX];
	struct tls_context *context = tls_client_new(authority_file, false, error);

	assert_non_null(context);
	/* The first word of a context is ours, and OpenSSL's part is shown
	 * to this folder only: so be it. */
	SSL_CTX_set_max_proto_version(tls_context_ssl(context), version);
	return context;
}

/* S03 C16 */
static void
echo_64_mib(int version)
{
	uint64_t all = 64 * MIB;
	struct end e = {.patterned = true, .on_open = end_feed, .on_drain = end_feed, .more = &all};
	struct tls_context *context = client_of_version(version);
	size_t most = 0;

	uint16_t port = serve(server);

	guest.on_open = guest_echoes;
	dial(&e, context, port, NULL);
	until_with(e.eofs || e.gones,
	    most = loop_pool(loop)->in_use > most ? loop_pool(loop)->in_use : most);
	assert_int_equal(e.got, all);
	assert_int_equal(e.sent, all);
	assert_true(conn_sent(e.c) > all);
	assert_int_equal(conn_received(e.c), all);
	assert_in_range(most * CHUNK_SIZE, 0,
	    2 * (CONN_HIGH + 2 * TLS_OUT_MAX + CONN_IN_MAX + 2 * LOOP_READ_SIZE) + 65536);
	over(&e);
	tls_unref(&context);
}

static void
test_echo_of_64_mib_over_tls_1_3(void **state)
{
	(void)state;
	echo_64_mib(TLS1_3_VERSION);
}

static void
test_echo_of_64_mib_over_tls_1_2(void **state)
{
	(void)state;
	echo_64_mib(TLS1_2_VERSION);
}

/* S03 */
static void
test_tls_reader_that_takes_nothing_stops_the_writer(void **state)
{
	uint64_t all = 32 * MIB, fed = 1;
	struct end e = {.on_open = end_feed, .on_drain = end_feed, .more = &all};
	size_t bound =
	    (CONN_HIGH + 2 * TLS_OUT_MAX + CONN_IN_MAX + 2 * LOOP_READ_SIZE + 65536) / CHUNK_SIZE;
	uint16_t port = serve(server);

	(void)state;
	guest.take_none = guest.patterned = true;
	dial(&e, client, port, NULL);
	until(e.opens && guest.opens);
	while (fed != e.fed) {
		fed = e.fed;
		for (int i = 0; i < 200; i++)
			turn(UV_RUN_NOWAIT);
		assert_in_range(loop_pool(loop)->in_use, 0, bound);
	}
	assert_true(e.fed < all);
	guest.take_none = false;
	conn_resume(guest.c);
	until(guest.eofs);
	assert_int_equal(guest.got, all);
	over(&e);
}

static void
resume_again(struct end *e)
{
	conn_resume(e->c);
}

static void
test_tls_one_byte_taken_at_a_time(void **state)
{
	uint64_t all = 100000;
	struct end e = {.on_open = end_feed, .on_drain = end_feed, .more = &all};
	uint16_t port = serve(server);

	(void)state;
	guest.take_max = 7;
	guest.patterned = true;
	guest.on_data = resume_again;
	dial(&e, client, port, NULL);
	until(guest.eofs);
	assert_int_equal(guest.got, all);
	over(&e);
}

/* C16: a record of one byte, the largest, and tiny ones because the peer asked for them. */
static void
test_records_of_every_size(void **state)
{
	static const int sizes[] = {1, 2, 511, 512, 513, 16383, 16384};
	uint16_t port = serve(server);
	char p[16384], back[16384];
	struct raw r;

	(void)state;
	guest.on_open = guest_echoes;
	raw_open(&r, port);
	SSL_CTX_set_tlsext_max_fragment_length(r.context, TLSEXT_max_fragment_length_512);
	SSL_CTX_set_max_send_fragment(r.context, 512);
	assert_int_equal(raw_shake(&r), 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int got = 0;

		pattern_fill(p, (size_t)sizes[i], i);
		raw_write(&r, p, sizes[i]);
		while (got < sizes[i]) {
			int n = raw_read(&r, back + got, sizes[i] - got);

			assert_in_range(n, 1, 512);
			got += n;
		}
		assert_memory_equal(p, back, sizes[i]);
	}
	raw_close(&r);
	until(guest.gones || guest.eofs);
	over(NULL);
}

/* The wire brings one byte at a time, also of the handshake. */
static void
test_bytes_of_the_wire_one_by_one(void **state)
{
	uint16_t port = serve(server);
	BIO *to_us = BIO_new(BIO_s_mem()), *from_us = BIO_new(BIO_s_mem());
	struct raw r;
	char p[4096];
	int done = 0;

	(void)state;
	BIO_set_mem_eof_return(to_us, -1);
	raw_open(&r, port);
	r.ssl = SSL_new(r.context);
	SSL_set_bio(r.ssl, to_us, from_us);
	SSL_set_connect_state(r.ssl);
	until_with(guest.got >= 5, {
		ssize_t n = recv(r.fd, p, sizeof(p), MSG_DONTWAIT);

		if (n > 0)
			BIO_write(to_us, p, (int)n);
		if (!done && SSL_do_handshake(r.ssl) == 1)
			done = SSL_write(r.ssl, "hello", 5) == 5;
		if (BIO_read(from_us, p, 1) == 1)
			assert_int_equal(send(r.fd, p, 1, MSG_NOSIGNAL), 1);
	});
	assert_string_equal(guest.text, "hello");
	raw_close(&r);
	until(guest.eofs);
	over(NULL);
}

/* ---- ends ---- */

static void
test_tls_half_close_each_way(void **state)
{
	uint16_t port = serve(server);
	struct end e = {0};

	(void)state;
	dial(&e, client, port, NULL);
	end_say(&e, "question");
	conn_shutdown(e.c); /* asked before the handshake: it waits for it */
	until(guest.eofs);
	assert_string_equal(guest.text, "question");
	end_say(&guest, "answer");
	conn_shutdown(guest.c);
	until(e.eofs);
	assert_string_equal(e.text, "answer");
	assert_int_equal(e.gones + guest.gones, 0);
	over(&e);
}

static void
test_end_without_a_word_waits_for_the_handshake(void **state)
{
	uint16_t port = serve(server);
	struct end e = {0};

	(void)state;
	dial(&e, client, port, NULL);
	conn_shutdown(e.c);
	until(guest.eofs || guest.gones || e.gones);
	assert_int_equal(guest.opens, 1);
	assert_int_equal(guest.eofs, 1);
	over(&e);
}

/* close_notify waits for a kernel that is full, while the peer goes on sending: it must neither be
 * said twice nor break what is read. */
static void
test_tls_half_close_with_a_full_kernel_reads_on(void **state)
{
	uint64_t all = 16 * MIB;
	struct end e = {.patterned = true};
	uint16_t port = serve(server);
	char *p = malloc(all);

	(void)state;
	pattern_fill(p, all, 0);
	dial(&e, client, port, NULL);
	until(e.opens && guest.opens);
	guest.take_none = guest.patterned = true;
	e.take_max = 1000; /* cipher text waits behind what is kept */
	conn_write(e.c, span_of(p, all));
	conn_shutdown(e.c);
	conn_write(guest.c, span_of(p, all));
	conn_shutdown(guest.c);
	for (int i = 0; i < 1000; i++)
		turn(UV_RUN_NOWAIT);
	guest.take_none = false;
	conn_resume(guest.c);
	e.on_data = resume_again;
	conn_resume(e.c);
	until((guest.eofs || guest.gones) && (e.eofs || e.gones));
	assert_int_equal(guest.got, all);
	assert_int_equal(e.got, all);
	assert_int_equal(e.eofs, 1);
	over(&e);
	free(p);
}

static void
test_tls_finish_sends_all_then_close_notify(void **state)
{
	uint64_t all = 4 * MIB;
	struct end e = {.patterned = true};
	uint16_t port = serve(server);
	char *p = malloc(all);

	(void)state;
	pattern_fill(p, all, 0);
	dial(&e, client, port, NULL);
	until(e.opens && guest.opens);
	conn_write(guest.c, span_of(p, all));
	conn_finish(&guest.c, R_SHUTDOWN, 20000);
	until(e.eofs);
	assert_int_equal(e.got, all);
	end_close(&e);
	until(e.gones && guest.gones);
	assert_int_equal(guest.why, R_SHUTDOWN);
	listener_close(&listener);
	free(p);
}

/* H47 over TLS: unread cipher text must not keep the socket from being swallowed. */
static void
test_tls_finish_swallows_what_still_comes(void **state)
{
	uint16_t port = serve(server);
	char junk[16384] = {0}, text[64];
	struct raw r;
	uint64_t more = 0;
	int n;

	(void)state;
	raw_open(&r, port);
	assert_int_equal(raw_shake(&r), 1);
	until(guest.opens);
	guest.take_none = true;
	SSL_set_mode(r.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	while (SSL_write(r.ssl, junk, sizeof(junk)) > 0)
		for (int i = 0; i < 10; i++)
			turn(UV_RUN_NOWAIT);
	end_say(&guest, "413");
	conn_finish(&guest.c, R_BAD_REQUEST, 5000);
	until_with(more > 16 * MIB || guest.gones, {
		int sent = SSL_write(r.ssl, junk, sizeof(junk));

		more += sent > 0 ? (uint64_t)sent : 0;
	}); /* more than the kernel holds: it is taken from it */
	assert_int_equal(guest.gones, 0);
	n = raw_read(&r, text, sizeof(text));
	assert_int_equal(n, 3);
	assert_int_equal(raw_read(&r, text, sizeof(text)), 0);
	assert_int_equal(SSL_get_shutdown(r.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
	raw_close(&r);
	until(guest.gones);
	listener_close(&listener);
}

static void
close_self(struct end *e)
{
	conn_close(&e->c, R_SHUTDOWN);
}

static void
finish_self(struct end *e)
{
	conn_finish(&e->c, R_SHUTDOWN, 5000);
}

static void
say_hello_and_fill(struct end *e)
{
	char *p = calloc(1, CONN_HIGH);

	end_say(e, "hello");
	conn_write(e->c, span_of(p, CONN_HIGH));
	(void)conn_full(e->c);
	conn_shutdown(e->c);
	free(p);
}

static void
test_tls_conn_ends_inside_each_callback(void **state)
{
	static const end_hook_f endings[] = {close_self, finish_self};

	(void)state;
	for (int callback = 0; callback < 12; callback++) {
		end_hook_f f = endings[callback % 2];
		struct end e = {.on_open = say_hello_and_fill};
		uint16_t port = serve(server);

		switch (callback / 2) {
		case 0:
			guest.on_open = f;
			break;
		case 1:
			guest.on_data = f;
			break;
		case 2:
			guest.on_eof = f;
			break;
		case 3:
			e.on_sent = f;
			break;
		case 4:
			e.on_drain = f;
			break;
		default:
			e.on_empty = f;
		}
		dial(&e, client, port, NULL);
		until(guest.gones || guest.eofs || e.gones);
		over(&e);
		assert_true(guest.gones == 0 || guest.c == NULL);
	}
}

/* ---- certificates ---- */

static void
refused(struct tls_context *from, struct tls_context *by, const char *name, const char *sentence)
{
	uint16_t port = serve(from);
	struct end e = {0};

	dial(&e, by, port, name);
	end_say(&e, "secret");
	until(e.gones);
	assert_int_equal(e.opens, 0);
	assert_int_equal(e.why, R_TLS_FAILED);
	assert_string_equal(e.error, sentence);
	until(guest.gones);
	assert_int_equal(guest.got, 0);
	assert_int_equal(guest.why, R_TLS_FAILED);
	assert_memory_equal(guest.error, "TLS: ", 5); /* it was told: the alert arrived */
	assert_non_null(strstr(guest.error, "alert"));
	listener_close(&listener);
}

static void
accepted(struct tls_context *from, struct tls_context *by, const char *name)
{
	uint16_t port = serve(from);
	struct end e = {0};

	dial(&e, by, port, name);
	end_say(&e, "hello");
	until(guest.got == 5 || e.gones);
	assert_int_equal(e.opens, 1);
	assert_true(conn_is_tls(e.c));
	over(&e);
}

static void
test_certificate_of_name_and_address_is_accepted(void **state)
{
	(void)state;
	accepted(server, client, "localhost");
	accepted(server, client, "a.example.test");
	accepted(server, client, "127.0.0.1");
	accepted(server, client, "::1");
	accepted(server, client, NULL); /* the host: 127.0.0.1 */
	accepted(server, client, "");
}

static void
test_certificate_of_another_name_is_refused(void **state)
{
	(void)state;
	refused(server, client, "example.test", "certificate: hostname mismatch");
	refused(server, client, "a.b.example.test", "certificate: hostname mismatch");
	refused(server, client, "ours", "certificate: hostname mismatch"); /* a CN is no name */
	refused(server, client, "127.0.0.2", "certificate: IP address mismatch");
}

static void
test_untrusted_certificate_is_refused(void **state)
{
	struct tls_context *stranger = server_context(&other);

	(void)state;
	refused(stranger, client, "localhost", "certificate: self-signed certificate");
	tls_unref(&stranger);
}

static void
test_insecure_client_accepts_any(void **state)
{
	char error[TLS_ERROR_MAX];
	struct tls_context *stranger = server_context(&other);
	struct tls_context *insecure = tls_client_new(NULL, true, error);

	(void)state;
	accepted(stranger, insecure, "whoever.example");
	tls_unref(&stranger);
	tls_unref(&insecure);
}

/* A server keeps its context when the certificate expires under it; the client must notice. */
static void
test_expired_certificate_is_refused_by_the_client(void **state)
{
	struct identity old = identity_new("old", "DNS:localhost", &authority, -10, -1);
	struct tls_context *context = server_context(&ours);

	(void)state;
	SSL_CTX_use_cert_and_key(tls_context_ssl(context), old.cert, old.key, NULL, 1);
	refused(context, client, "localhost", "certificate: certificate has expired");
	tls_unref(&context);
	identity_free(&old);
}

/* ---- contexts ---- */

static void
assert_no_context(const char *cert, const char *key, const char *beginning)
{
	char error[TLS_ERROR_MAX] = "";

	assert_null(tls_server_new(span_str(cert), span_str(key), error));
	assert_memory_equal(error, beginning, strlen(beginning));
	assert_int_equal(ERR_peek_error(), 0);
}

/* C05 C06 */
static void
test_unusable_certificates_are_refused(void **state)
{
	struct identity old = identity_new("old", "DNS:localhost", NULL, -10, -1);
	const char *cert = "the certificate is not usable PEM", *key = "the key is not usable PEM";
	char *half = span_dup(span_take(span_str(ours.cert_pem), strlen(ours.cert_pem) / 2));
	char chain[8192];

	(void)state;
	assert_no_context("", "", cert);
	assert_no_context(NULL, NULL, cert);
	assert_no_context("nonsense", ours.key_pem, cert);
	assert_no_context(half, ours.key_pem, cert);
	assert_no_context(ours.key_pem, ours.key_pem, cert);
	assert_no_context(ours.cert_pem, "", key);
	assert_no_context(ours.cert_pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n", key);
	assert_no_context(ours.cert_pem, ours.cert_pem, key);
	assert_no_context(
	    ours.cert_pem, other.key_pem, "the key does not belong to the certificate");
	assert_no_context(old.cert_pem, old.key_pem, "the certificate has expired");
	/* A chain that was cut off while it was written. */
	snprintf(chain, sizeof(chain), "%s%s", ours.cert_pem, half);
	assert_no_context(chain, ours.key_pem, cert);
	free(half);
	identity_free(&old);
}

/* C05: one kind of key does not slip in beside a certificate of another kind. */
static void
test_key_of_another_kind_is_refused(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	(void)state;
	PEM_write_bio_PrivateKey(bio, rsa, NULL, NULL, 0, NULL, NULL);
	pem = pem_text(bio);
	assert_no_context(ours.cert_pem, pem, "the key does not belong to the certificate");
	EVP_PKEY_free(rsa);
	free(pem);
}

/* C05: nobody is asked for a passphrase on a terminal. */
static void
test_key_behind_a_passphrase_is_refused(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	(void)state;
	PEM_write_bio_PrivateKey(
	    bio, ours.key, EVP_aes_128_cbc(), (unsigned char *)"pw", 2, NULL, NULL);
	pem = pem_text(bio);
	assert_no_context(ours.cert_pem, pem, "the key is not usable PEM");
	free(pem);
}

static void
test_context_of_a_chain_knows_its_end(void **state)
{
	char chain[8192], error[TLS_ERROR_MAX];
	struct tls_context *context;
	int64_t days;

	(void)state;
	snprintf(chain, sizeof(chain), "text in front\n%s\n%stext behind", ours.cert_pem,
	    authority.cert_pem);
	context = tls_server_new(span_str(chain), span_str(ours.key_pem), error);
	assert_non_null(context);
	days = (tls_not_after(context) - (int64_t)time(NULL)) / 86400;
	assert_in_range(days, 29, 30);
	accepted(context, client, "localhost");
	tls_unref(&context);
	assert_null(context);
}

static void
test_unusable_trust_is_refused(void **state)
{
	char error[TLS_ERROR_MAX] = "";

	(void)state;
	assert_null(tls_client_new("/nonexistent/ca.pem", false, error));
	assert_non_null(strstr(error, "trusted certificates"));
	assert_null(tls_client_new("/tmp", false, error));
	assert_null(tls_client_new("/dev/null", false, error));
}

/* C04: a connection keeps the context that it began with. */
static void
test_conn_outlives_the_context_it_was_made_with(void **state)
{
	struct tls_context *context = server_context(&ours);
	uint16_t port = serve(context);
	struct end e = {0};

	(void)state;
	dial(&e, client, port, "localhost");
	until(guest.opens && e.opens);
	tls_unref(&context);
	end_say(&guest, "still here");
	until(e.got == 10);
	over(&e);
}

/* ---- what is spoken ---- */

/* C12 */
static void
test_old_versions_are_refused_with_an_alert(void **state)
{
	static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint16_t port = serve(server);
		struct raw r;

		raw_open(&r, port);
		SSL_CTX_set_security_level(r.context, 0);
		SSL_CTX_set_min_proto_version(r.context, versions[i]);
		SSL_CTX_set_max_proto_version(r.context, versions[i]);
		assert_int_not_equal(raw_shake(&r), 1);
		assert_string_equal(r.error, "tlsv1 alert protocol version");
		until(guest.gones);
		assert_int_equal(guest.why, R_TLS_FAILED);
		assert_string_equal(guest.error, "TLS: unsupported protocol");
		raw_close(&r);
		listener_close(&listener);
	}
}

/* C12 */
static void
test_ciphers_without_forward_secrecy_are_refused(void **state)
{
	static const char *lists[] = {
	    "kRSA", "ECDHE+SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256"};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint16_t port = serve(server);
		struct raw r;

		raw_open(&r, port);
		SSL_CTX_set_max_proto_version(r.context, TLS1_2_VERSION);
		assert_int_equal(SSL_CTX_set_cipher_list(r.context, lists[i]), 1);
		assert_int_not_equal(raw_shake(&r), 1);
		until(guest.gones);
		assert_string_equal(guest.error, "TLS: no shared cipher");
		raw_close(&r);
		listener_close(&listener);
	}
}

/* C13 */
static void
test_alpn_is_http_1_1_or_nothing(void **state)
{
	static const struct {
		const char *offer, *answer;
	} rows[] = {
	    {"\x02h2\x08http/1.1", "http/1.1"},
	    {"\x08http/1.1", "http/1.1"},
	    {"\x02h2", ""},
	    {"\x08http/1.0", ""},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t port = serve(server);
		const unsigned char *chosen;
		unsigned n;
		struct raw r;

		raw_open(&r, port);
		SSL_CTX_set_alpn_protos(r.context, (const unsigned char *)rows[i].offer,
		    (unsigned)strlen(rows[i].offer));
		assert_int_equal(raw_shake(&r), 1);
		SSL_get0_alpn_selected(r.ssl, &chosen, &n);
		assert_true(span_eq(span_of(chosen, n), span_str(rows[i].answer)));
		raw_write(&r, "x", 1);
		until(guest.got == 1);
		raw_close(&r);
		until(guest.gones || guest.eofs);
		over(NULL);
	}
}

/* C13: any name in SNI, or none. */
static void
test_sni_of_any_kind_is_let_through(void **state)
{
	static const char *names[] = {NULL, "localhost", "unknown.example", "\x7f\x01 garbage%00"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint16_t port = serve(server);
		struct raw r;

		raw_open(&r, port);
		raw_begin(&r);
		if (names[i])
			SSL_set_tlsext_host_name(r.ssl, names[i]);
		until_with(guest.opens, (void)SSL_do_handshake(r.ssl));
		raw_close(&r);
		until(guest.gones || guest.eofs);
		over(NULL);
	}
}

/* C12 B4: a client's renegotiation is answered by a warning and nothing else. */
static void
test_renegotiation_is_refused(void **state)
{
	uint16_t port = serve(server);
	struct raw r;
	int ret = -1;

	(void)state;
	guest.on_open = guest_echoes;
	raw_open(&r, port);
	SSL_CTX_set_max_proto_version(r.context, TLS1_2_VERSION);
	assert_int_equal(raw_shake(&r), 1);
	assert_int_equal(SSL_renegotiate(r.ssl), 1);
	raw_call(&r, ret, SSL_do_handshake(r.ssl));
	assert_int_equal(ret, -1);
	assert_string_equal(r.error, "no renegotiation");
	until(guest.gones); /* it is OpenSSL's client that gives up for it */
	assert_string_equal(guest.error, "TLS: sslv3 alert handshake failure");
	raw_close(&r);
	listener_close(&listener);
}

/* C14 */
static void
test_early_data_is_not_offered(void **state)
{
	uint16_t port = serve(server);
	struct raw r;
	char p[1];

	(void)state;
	raw_open(&r, port);
	assert_int_equal(raw_shake(&r), 1);
	until(guest.opens);
	end_say(&guest, "x");
	assert_int_equal(raw_read(&r, p, 1), 1); /* the ticket came in front of it */
	assert_int_equal(SSL_SESSION_get_max_early_data(SSL_get_session(r.ssl)), 0);
	raw_close(&r);
	until(guest.gones || guest.eofs);
	over(NULL);
}

static void
test_thousand_key_updates(void **state)
{
	uint16_t port = serve(server);
	struct raw r;
	char p[8];

	(void)state;
	guest.on_open = guest_echoes;
	raw_open(&r, port);
	assert_int_equal(raw_shake(&r), 1);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		raw_write(&r, "ping", 4);
		assert_int_equal(raw_read(&r, p, 4), 4);
		assert_memory_equal(p, "ping", 4);
	}
	raw_close(&r);
	until(guest.gones || guest.eofs);
	over(NULL);
}

/* ---- the engine alone, between OpenSSL's memory and ours ---- */

struct engine {
	struct tls_io *io;
	SSL_CTX *context;
	SSL *peer;
	BIO *to_peer, *from_peer;
	char error[TLS_ERROR_MAX];
};

/* Answers how much came from the peer. */
static size_t
engine_feed(struct engine *e)
{
	char p[4096];
	size_t sum = 0;

	for (int n; (n = BIO_read(e->from_peer, p, sizeof(p))) > 0; sum += (size_t)n)
		assert_int_equal(tls_io_feed(e->io, span_of(p, (size_t)n)), 0);
	return sum;
}

static void
engine_answer(struct engine *e)
{
	struct buf *out = tls_io_out(e->io);

	while (out->len) {
		struct span front = buf_front(out);

		BIO_write(e->to_peer, front.p, (int)front.n);
		buf_drop(out, front.n);
	}
}

static void
engine_open(struct engine *e)
{
	enum tls_result result = TLS_WAIT;

	e->io = tls_io_accept(server, loop_pool(loop));
	e->context = SSL_CTX_new(TLS_client_method());
	e->peer = SSL_new(e->context);
	e->to_peer = BIO_new(BIO_s_mem());
	e->from_peer = BIO_new(BIO_s_mem());
	SSL_set_bio(e->peer, e->to_peer, e->from_peer);
	SSL_set_connect_state(e->peer);
	while (result == TLS_WAIT) {
		(void)SSL_do_handshake(e->peer);
		engine_feed(e);
		result = tls_io_handshake(e->io, e->error);
		engine_answer(e);
	}
	assert_int_equal(result, TLS_OK);
}

static void
engine_close(struct engine *e)
{
	SSL_free(e->peer);
	SSL_CTX_free(e->context);
	tls_io_free(&e->io);
}

/* S03: one that asks for answers and never reads them is bounded in what it can make us hold. */
static void
test_key_updates_that_nobody_reads_are_bounded(void **state)
{
	enum tls_result result;
	struct engine e;
	char p[16];
	size_t got;

	(void)state;
	engine_open(&e);
	do {
		assert_int_equal(SSL_key_update(e.peer, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(e.peer), 1);
		assert_true(engine_feed(&e) > 0);
		result = tls_io_read(e.io, p, sizeof(p), &got, e.error);
		assert_in_range(tls_io_out(e.io)->len, 0, 2 * TLS_OUT_MAX);
	} while (result == TLS_WAIT);
	assert_int_equal(result, TLS_FAIL);
	assert_string_equal(e.error, "TLS: the peer does not read what it asked for");
	engine_close(&e);
}

/* Half closed, and asked again while records wait: OpenSSL's own second
 * SSL_shutdown would choke on them. */
static void
test_close_notify_is_said_once_and_reading_goes_on(void **state)
{
	struct engine e;
	char p[16];
	size_t got, out;

	(void)state;
	engine_open(&e);
	assert_int_equal(SSL_write(e.peer, "hello", 5), 5);
	engine_feed(&e);
	tls_io_shutdown(e.io);
	out = tls_io_out(e.io)->len;
	assert_true(out > 0);
	tls_io_shutdown(e.io);
	assert_int_equal(tls_io_out(e.io)->len, out);
	assert_int_equal(tls_io_read(e.io, p, sizeof(p), &got, e.error), TLS_OK);
	assert_int_equal(got, 5);
	engine_answer(&e);
	assert_int_equal(SSL_read(e.peer, p, sizeof(p)), 0);
	SSL_shutdown(e.peer);
	engine_feed(&e);
	assert_int_equal(tls_io_read(e.io, p, sizeof(p), &got, e.error), TLS_EOF);
	engine_close(&e);
}

/* ---- what is no TLS ---- */

/* B4 wstunnel: every port gets every protocol's hello. */
static void
test_plain_words_to_a_tls_port_are_a_sentence(void **state)
{
	static const struct {
		const char *words, *sentence;
	} rows[] = {
	    {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "TLS: http request"},
	    {"CONNECT a:443 HTTP/1.1\r\n\r\n", "TLS: https proxy request"},
	    {"SSH-2.0-OpenSSH_9.2\r\n", "TLS: wrong version number"},
	    {"\x16\x03\x01\xff\xff\x01", "TLS: packet length too long"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t port = serve(server);
		int fd = local_connect(port), end = -1;
		char text[64];
		size_t n = 0;

		peer_say(fd, rows[i].words);
		until_with(!peer_hear(fd, text, sizeof(text), &n, &end), );
		assert_int_equal(end, 0); /* an alert or nothing, then FIN */
		assert_true(n == 0 || (n == 7 && text[0] == 21));
		until(guest.gones);
		assert_int_equal(guest.why, R_TLS_FAILED);
		assert_string_equal(guest.error, rows[i].sentence);
		close(fd);
		listener_close(&listener);
	}
}

static void
answer_in_plain(struct end *e)
{
	end_say(e, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void
test_tls_to_a_plain_port_is_a_sentence(void **state)
{
	uint16_t port = serve(NULL);
	struct end e = {0};

	(void)state;
	guest.on_data = answer_in_plain;
	dial(&e, client, port, NULL);
	until(e.gones);
	assert_int_equal(e.why, R_TLS_FAILED);
	assert_string_equal(e.error, "TLS: wrong version number");
	until(guest.eofs || guest.gones);
	over(NULL);
}

static void
close_on_first_byte(struct end *e)
{
	conn_close(&e->c, R_NONE);
}

/* C15 */
static void
test_peer_that_closes_during_the_handshake(void **state)
{
	uint16_t port = serve(NULL);
	struct end e = {0};

	(void)state;
	guest.on_data = close_on_first_byte;
	dial(&e, client, port, NULL);
	until(e.gones);
	assert_int_equal(e.why, R_TLS_FAILED);
	assert_string_equal(e.error, "the peer closed during the TLS handshake");
	until(guest.gones);
	listener_close(&listener);
}

/* C15: gone after every number of bytes of a handshake. */
static void
test_peer_leaves_at_each_step_of_the_handshake(void **state)
{
	BIO *to_us, *from_us;
	char p[4096], hello[4096];
	int all;

	(void)state;
	for (int cut = 0, more = 1; more; cut += 40) {
		uint16_t port = serve(server);
		struct raw r;

		raw_open(&r, port);
		to_us = BIO_new(BIO_s_mem());
		from_us = BIO_new(BIO_s_mem());
		BIO_set_mem_eof_return(to_us, -1);
		r.ssl = SSL_new(r.context);
		SSL_set_bio(r.ssl, to_us, from_us);
		SSL_set_connect_state(r.ssl);
		(void)SSL_do_handshake(r.ssl);
		all = BIO_read(from_us, hello, sizeof(hello));
		if (cut < all) {
			assert_true(send(r.fd, hello, (size_t)cut, MSG_NOSIGNAL) == cut);
		} else { /* the whole hello, its answer, and a part of what follows */
			ssize_t n = -1;

			more = 0;
			assert_true(send(r.fd, hello, (size_t)all, MSG_NOSIGNAL) == all);
			until_with(n > 0, n = recv(r.fd, p, sizeof(p), MSG_DONTWAIT));
			BIO_write(to_us, p, (int)n);
			(void)SSL_do_handshake(r.ssl);
			n = BIO_read(from_us, p, sizeof(p));
			assert_true(n > 10 && send(r.fd, p, 10, MSG_NOSIGNAL) == 10);
		}
		until(guest.c);
		raw_close(&r);
		until(guest.gones);
		assert_true(guest.why == R_TLS_FAILED || guest.why == R_IO);
		assert_int_equal(guest.opens + guest.eofs, 0);
		listener_close(&listener);
	}
}

/* C16: a record that was tampered with ends the conn, and the peer is told why. */
static void
test_broken_record_is_answered_by_an_alert(void **state)
{
	uint16_t port = serve(server);
	struct raw r;
	char p[32];

	(void)state;
	raw_open(&r, port);
	assert_int_equal(raw_shake(&r), 1);
	until(guest.opens);
	memcpy(p, "\x17\x03\x03\x00\x1b", 5);
	memset(p + 5, 'x', sizeof(p) - 5);
	assert_int_equal(send(r.fd, p, sizeof(p), MSG_NOSIGNAL), sizeof(p));
	assert_in_range(raw_read(&r, p, sizeof(p)) + 1, 0, 1);
	assert_non_null(strstr(r.error, "bad record mac"));
	until(guest.gones);
	assert_int_equal(guest.why, R_TLS_FAILED);
	assert_non_null(strstr(guest.error, "bad record mac"));
	raw_close(&r);
	listener_close(&listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    still_test(test_echo_of_64_mib_over_tls_1_3),
	    still_test(test_echo_of_64_mib_over_tls_1_2),
	    still_test(test_tls_reader_that_takes_nothing_stops_the_writer),
	    still_test(test_tls_one_byte_taken_at_a_time),
	    still_test(test_records_of_every_size),
	    still_test(test_bytes_of_the_wire_one_by_one),
	    still_test(test_tls_half_close_each_way),
	    still_test(test_end_without_a_word_waits_for_the_handshake),
	    still_test(test_tls_half_close_with_a_full_kernel_reads_on),
	    still_test(test_tls_finish_sends_all_then_close_notify),
	    still_test(test_tls_finish_swallows_what_still_comes),
	    still_test(test_tls_conn_ends_inside_each_callback),
	    still_test(test_certificate_of_name_and_address_is_accepted),
	    still_test(test_certificate_of_another_name_is_refused),
	    still_test(test_untrusted_certificate_is_refused),
	    still_test(test_insecure_client_accepts_any),
	    still_test(test_expired_certificate_is_refused_by_the_client),
	    still_test(test_unusable_certificates_are_refused),
	    still_test(test_key_of_another_kind_is_refused),
	    still_test(test_key_behind_a_passphrase_is_refused),
	    still_test(test_context_of_a_chain_knows_its_end),
	    still_test(test_unusable_trust_is_refused),
	    still_test(test_conn_outlives_the_context_it_was_made_with),
	    still_test(test_old_versions_are_refused_with_an_alert),
	    still_test(test_ciphers_without_forward_secrecy_are_refused),
	    still_test(test_alpn_is_http_1_1_or_nothing),
	    still_test(test_sni_of_any_kind_is_let_through),
	    still_test(test_renegotiation_is_refused),
	    still_test(test_early_data_is_not_offered),
	    still_test(test_thousand_key_updates),
	    still_test(test_key_updates_that_nobody_reads_are_bounded),
	    still_test(test_close_notify_is_said_once_and_reading_goes_on),
	    still_test(test_plain_words_to_a_tls_port_are_a_sentence),
	    still_test(test_tls_to_a_plain_port_is_a_sentence),
	    still_test(test_peer_that_closes_during_the_handshake),
	    still_test(test_peer_leaves_at_each_step_of_the_handshake),
	    still_test(test_broken_record_is_answered_by_an_alert),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
