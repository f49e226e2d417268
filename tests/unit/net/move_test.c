/* Connections given between two loops on two threads, with bytes in every
 * place where bytes can be. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "net/mailbox.h"
#include "net/move.h"
#include "world.h"
#include "identity.h"

/* ---- on one loop: detach and adopt by hand ---- */

static struct identity self;
static struct tls_context *server, *client;

static int
group_setup(void **state)
{
	char error[TLS_ERROR_MAX];

	(void)state;
	self = identity_new("self", "DNS:localhost", NULL, -1, 30);
	server = tls_server_new(span_str(self.cert_pem), span_str(self.key_pem), error);
	client = tls_client_new(NULL, true, error);
	return server && client ? 0 : -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	tls_unref(&server);
	tls_unref(&client);
	identity_free(&self);
	return 0;
}

static struct conn_bundle *
take(struct end *e, const char *unread)
{
	struct conn_bundle *b = conn_detach(&e->c, span_str(unread));

	assert_non_null(b);
	assert_null(e->c);
	return b;
}

static void
give(struct end *e, struct conn_bundle *b)
{
	e->c = conn_adopt(loop, &b, &end_ops, e);
	assert_non_null(e->c);
	assert_null(b);
	assert_int_equal(e->datas + e->eofs, 0); /* not at once */
}

static void
test_moved_conn_speaks_both_ways(void **state)
{
	struct end a = {0}, b = {0};
	int peer = end_with_peer(&a), end = -1;
	char text[16] = "", before[CONN_PEER_MAX];
	size_t n = 0;

	(void)state;
	peer_say(peer, "one");
	until(a.got == 3);
	snprintf(before, sizeof(before), "%s", conn_peer(a.c));
	give(&b, take(&a, ""));
	assert_string_equal(conn_peer(b.c), before);
	assert_int_equal(conn_received(b.c), 3);
	peer_say(peer, "two");
	until(b.got == 3);
	end_say(&b, "three");
	until_with(n == 5, assert_true(peer_hear(peer, text, sizeof(text), &n, &end)));
	assert_string_equal(text, "three");
	close(peer);
	until(b.eofs);
	ends_close(&b, NULL);
	assert_int_equal(a.gones + a.eofs, 0);
}

/* Taken bytes first, kept ones behind them, then what the kernel has. */
static void
test_unread_bytes_move_in_order(void **state)
{
	struct end a = {.take_max = 3}, b = {0};
	int peer = end_with_peer(&a);

	(void)state;
	peer_say(peer, "abcdef");
	until(a.got == 3);
	peer_say(peer, "ghi");
	give(&b, take(&a, "abc"));
	until(b.got == 9);
	assert_string_equal(b.text, "abcdefghi");
	close(peer);
	until(b.eofs);
	ends_close(&b, NULL);
}

static struct conn_bundle *in_flight;

static void
detach_with_all(struct end *e)
{
	if (e->take_none)
		return;
	e->detached = true;
	in_flight = take(e, e->text);
}

/* Inside on_data what it was offered counts as taken, fresh from the kernel or kept from before. */
static void
test_given_away_inside_on_data(void **state)
{
	(void)state;
	for (int kept = 0; kept < 2; kept++) {
		struct end a = {.take_none = kept, .on_data = detach_with_all}, b = {0};
		int peer = end_with_peer(&a);

		peer_say(peer, "abcdef");
		until(a.datas == 1);
		if (kept) {
			a.take_none = false;
			conn_resume(a.c);
			until(a.datas == 2);
		}
		give(&b, in_flight);
		peer_say(peer, "ghi");
		until(b.got == 9);
		assert_string_equal(b.text, "abcdefghi");
		close(peer);
		until(b.eofs);
		ends_close(&b, NULL);
	}
}

static void
detach_in_hook(struct end *e)
{
	e->detached = true;
	in_flight = take(e, "");
}

/* The moment to give a conn away that had something to say first. */
static void
test_given_away_inside_on_empty_and_on_eof(void **state)
{
	struct end a = {.on_empty = detach_in_hook}, b = {.on_eof = detach_in_hook}, c = {0};
	int peer = end_with_peer(&a);

	(void)state;
	in_flight = NULL;
	end_say(&a, "hello");
	until(in_flight);
	give(&b, in_flight);
	in_flight = NULL;
	shutdown(peer, SHUT_WR);
	until(in_flight);
	give(&c, in_flight);
	until(c.eofs); /* the new user has not heard of it yet */
	close(peer);
	ends_close(&c, NULL);
}

static void
test_end_of_stream_and_kept_bytes_move(void **state)
{
	struct end a = {.take_none = true}, b = {.take_max = 2};
	int peer = end_with_peer(&a);

	(void)state;
	peer_say(peer, "abc");
	close(peer);
	until(a.datas == 1);
	for (int i = 0; i < 20; i++)
		turn(UV_RUN_NOWAIT);
	assert_int_equal(a.eofs, 0);
	give(&b, take(&a, ""));
	until(b.got == 2);
	conn_resume(b.c);
	until(b.eofs);
	assert_string_equal(b.text, "abc");
	ends_close(&b, NULL);
}

static void
test_undelivered_bundle_closes_the_connection(void **state)
{
	struct end a = {.take_max = 1};
	int peer = end_with_peer(&a), end = -1;
	struct conn_bundle *b;
	char text[16];
	size_t n = 0;

	(void)state;
	peer_say(peer, "abc");
	until(a.got == 1);
	b = take(&a, "a");
	conn_bundle_free(&b);
	assert_null(b);
	until_with(!peer_hear(peer, text, sizeof(text), &n, &end), );
	close(peer);
}

/* S08 */
static void
test_without_a_descriptor_the_conn_stays(void **state)
{
	struct end e = {0};
	int peer = end_with_peer(&e);
	struct rlimit limit, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)peer + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_null(conn_detach(&e.c, SPAN("")));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_non_null(e.c);
	peer_say(peer, "hello");
	until(e.got == 5);
	close(peer);
	until(e.eofs);
	ends_close(&e, NULL);
}

/* ---- TLS ---- */

/* Two ends, shaken hands. */
static void
tls_pair(struct end *a, struct end *b)
{
	struct sockaddr_storage addr;
	char error[LISTEN_ERROR_MAX];
	struct dial to = {.host = "127.0.0.1", .tls = client};
	int listening, fd = -1;

	assert_int_equal(listen_parse(SPAN("127.0.0.1:0"), 0, &addr, 1), 1);
	listening = listen_socket(&addr, error);
	to.port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
	b->c = conn_dial(loop, &to, &end_ops, b);
	until_with(fd >= 0, fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC));
	close(listening);
	a->c = conn_accept(loop, fd, server, &end_ops, a);
	until(a->opens && b->opens && conn_queued(a->c) == 0);
}

static void
test_moved_tls_conn_speaks_both_ways(void **state)
{
	struct end a = {.take_max = 3}, b = {0}, there = {0};

	(void)state;
	tls_pair(&a, &there);
	end_say(&there, "abcdef");
	until(a.got == 3);
	give(&b, take(&a, "abc"));
	assert_true(conn_is_tls(b.c));
	until(b.got == 6);
	end_say(&there, "ghi");
	until(b.got == 9);
	assert_string_equal(b.text, "abcdefghi");
	end_say(&b, "answer");
	conn_shutdown(b.c);
	until(there.eofs);
	assert_string_equal(there.text, "answer");
	ends_close(&b, &there);
}

/* More records than are decrypted while nobody takes what comes out: cipher text moves too. */
static void
test_unread_records_move(void **state)
{
	enum { ALL = 200000 };
	uint64_t all = ALL;
	struct end a = {.take_none = true}, b = {.patterned = true};
	struct end there = {.on_drain = end_feed, .more = &all};

	(void)state;
	tls_pair(&a, &there);
	end_feed(&there);
	until(there.sent == ALL && conn_queued(there.c) == 0);
	for (int i = 0; i < 50; i++)
		turn(UV_RUN_NOWAIT);
	give(&b, take(&a, ""));
	until(b.eofs);
	assert_int_equal(b.got, ALL);
	ends_close(&b, &there);
}

/* A man in the middle who lets through a part of a record: its rest comes to the new owner. */
static void
test_part_of_a_record_moves(void **state)
{
	struct end a = {0}, b = {0};
	int fds[2];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *to_peer = BIO_new(BIO_s_mem()), *from_peer = BIO_new(BIO_s_mem());
	char p[4096];
	int n;

	(void)state;
	BIO_set_mem_eof_return(to_peer, -1);
	SSL_set_bio(ssl, to_peer, from_peer);
	SSL_set_connect_state(ssl);
	tcp_pair(fds);
	a.c = conn_accept(loop, fds[0], server, &end_ops, &a);
	until_with(a.opens && conn_queued(a.c) == 0, {
		ssize_t got = recv(fds[1], p, sizeof(p), MSG_DONTWAIT);

		if (got > 0)
			BIO_write(to_peer, p, (int)got);
		(void)SSL_do_handshake(ssl);
		n = BIO_read(from_peer, p, sizeof(p));
		if (n > 0)
			assert_int_equal(send(fds[1], p, (size_t)n, MSG_NOSIGNAL), n);
	});
	assert_int_equal(SSL_write(ssl, "hello", 5), 5);
	n = BIO_read(from_peer, p, sizeof(p));
	for (int i = 0; i < n - 1; i++) { /* it moves after every byte, to and fro */
		struct end *from = i % 2 ? &b : &a, *to = i % 2 ? &a : &b;

		assert_int_equal(send(fds[1], p + i, 1, MSG_NOSIGNAL), 1);
		for (int turns = 0; turns < 4; turns++)
			turn(UV_RUN_NOWAIT);
		give(to, take(from, ""));
	}
	assert_int_equal(send(fds[1], p + n - 1, 1, MSG_NOSIGNAL), 1);
	until(a.got + b.got == 5);
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(fds[1]);
	until(a.eofs || a.gones || b.eofs || b.gones);
	ends_close(a.c ? &a : NULL, b.c ? &b : NULL);
}

static void
test_undelivered_tls_bundle_leaves_nothing(void **state)
{
	enum { ALL = 100000 };
	uint64_t all = ALL;
	struct end a = {.take_none = true}, there = {.on_drain = end_feed, .more = &all};
	struct conn_bundle *b;

	(void)state;
	tls_pair(&a, &there);
	end_feed(&there);
	until(there.sent == ALL);
	for (int i = 0; i < 50; i++)
		turn(UV_RUN_NOWAIT);
	b = take(&a, "");
	conn_bundle_free(&b);
	until(there.eofs || there.gones);
	ends_close(&there, NULL);
}

/* ---- two threads ---- */

enum {
	TRAVELLERS = 2000,
	TLS_EVERY = 10, /* so many of them speak TLS */
	HOPS = 6,
	WORDS = 24,
};

/* What a viewer's connection is to a worker: it echoes, and after some bytes
 * it moves to the other one. */
struct traveller {
	struct mail mail;
	int fd; /* before it is a conn */
	struct conn *c;
	struct conn_bundle *bundle;
	int hops, number;
};

struct station {
	struct loop *loop;
	struct mailbox *box, *other;
	int gone; /* of its thread alone, until it has ended */
};

static struct station stations[2];
static struct traveller travellers[TRAVELLERS];
static atomic_int arrived, departed;

static struct station *
station_of(struct traveller *t)
{
	return &stations[t->hops % 2];
}

static void
traveller_leave(struct traveller *t, struct span unread)
{
	struct station *from = station_of(t);

	t->bundle = conn_detach(&t->c, unread);
	if (!t->bundle)
		abort();
	t->hops++;
	atomic_fetch_add(&departed, 1);
	if (!mailbox_post(from->other, &t->mail))
		abort();
}

/* Some bytes are echoed here; the others travel unread, to be echoed by the next station. */
static size_t
traveller_on_data(void *user, struct span in)
{
	struct traveller *t = user;

	if (t->hops < HOPS && conn_queued(t->c) == 0 && (t->number + in.n) % 2) {
		traveller_leave(t, in);
		return in.n;
	}
	conn_write(t->c, in);
	return in.n;
}

static void
traveller_on_empty(void *user)
{
	struct traveller *t = user;

	if (t->hops < HOPS)
		traveller_leave(t, SPAN(""));
}

static void
traveller_on_eof(void *user)
{
	struct traveller *t = user;

	conn_finish(&t->c, R_NONE, 10000);
}

static void
traveller_on_gone(void *user, enum reason why)
{
	struct traveller *t = user;

	(void)why;
	station_of(t)->gone++;
}

static const struct conn_ops traveller_ops = {
    .on_data = traveller_on_data,
    .on_empty = traveller_on_empty,
    .on_eof = traveller_on_eof,
    .on_gone = traveller_on_gone,
};

/* A letter brings one that arrives from the street, or from the other station, or the end. */
enum { ARRIVES, CHANGES, CLOSING_TIME };

static void
station_on_letter(void *user, struct mail *mail)
{
	struct station *s = user;
	struct traveller *t = (struct traveller *)mail;

	if (mail->type == CLOSING_TIME) {
		loop_stop(s->loop);
		return;
	}
	if (mail->type == CHANGES) {
		atomic_fetch_add(&arrived, 1);
		t->c = conn_adopt(s->loop, &t->bundle, &traveller_ops, t);
	} else {
		t->c = conn_accept(
		    s->loop, t->fd, t->number % TLS_EVERY ? NULL : server, &traveller_ops, t);
	}
	if (!t->c)
		abort();
	mail->type = CHANGES;
}

static void
drop(struct mail *mail)
{
	(void)mail;
	abort();
}

static void *
station_run(void *user)
{
	struct station *s = user;

	loop_run(s->loop);
	mailbox_shut(s->box, drop);
	loop_run_down(s->loop);
	mailbox_free(&s->box);
	loop_free(&s->loop);
	return NULL;
}

/* The other end of a traveller: it waits, on the test's own thread. */
struct friend
{
	int fd;
	SSL *ssl; /* NULL: plain */
	char heard[WORDS];
	size_t n;
};

static struct friend friends[TRAVELLERS];

static void
friend_meet(struct friend *f, struct traveller *t, SSL_CTX *tls)
{
	struct timeval patience = {.tv_sec = 300};
	int fds[2];

	tcp_pair(fds);
	t->fd = fds[0];
	*f = (struct friend){.fd = fds[1]};
	setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_true(mailbox_post(stations[0].box, &t->mail));
	if (!tls)
		return;
	f->ssl = SSL_new(tls);
	SSL_set_fd(f->ssl, f->fd);
	assert_int_equal(SSL_connect(f->ssl), 1);
}

static void
friend_say(struct friend *f, const char *p, int n)
{
	assert_int_equal(f->ssl ? SSL_write(f->ssl, p, n) : send(f->fd, p, (size_t)n, 0), n);
}

static void
friend_hear(struct friend *f, size_t all)
{
	while (f->n < all) {
		char *p = f->heard + f->n;
		int want = (int)(all - f->n);
		ssize_t got = f->ssl ? SSL_read(f->ssl, p, want) : recv(f->fd, p, (size_t)want, 0);

		assert_true(got > 0);
		f->n += (size_t)got;
	}
}

/* The end, and nothing but the end. */
static void
friend_part(struct friend *f)
{
	char p;

	if (f->ssl)
		SSL_shutdown(f->ssl);
	shutdown(f->fd, SHUT_WR);
	assert_int_equal(f->ssl ? SSL_read(f->ssl, &p, 1) : recv(f->fd, &p, 1, 0), 0);
	SSL_free(f->ssl);
	close(f->fd);
}

/* Everybody says a half of his words, and hears them again. */
static void
friends_talk(size_t half)
{
	char words[WORDS];

	for (int i = 0; i < TRAVELLERS; i++) {
		pattern_fill(words, WORDS, (uint64_t)i);
		friend_say(&friends[i], words + half * WORDS / 2, WORDS / 2);
	}
	for (int i = 0; i < TRAVELLERS; i++) {
		friend_hear(&friends[i], (half + 1) * WORDS / 2);
		pattern_fill(words, WORDS, (uint64_t)i);
		assert_memory_equal(words, friends[i].heard, friends[i].n);
	}
}

static void
stations_open(pthread_t threads[2])
{
	for (int i = 0; i < 2; i++) {
		stations[i].loop = loop_new();
		stations[i].box = mailbox_new(stations[i].loop, station_on_letter, &stations[i]);
	}
	stations[0].other = stations[1].box;
	stations[1].other = stations[0].box;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, station_run, &stations[i]);
}

static void
stations_close(pthread_t threads[2])
{
	struct mail end[2] = {{.type = CLOSING_TIME}, {.type = CLOSING_TIME}};

	for (int i = 0; i < 2; i++)
		assert_true(mailbox_post(stations[i].box, &end[i]));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* Thousands of connections to and fro between two threads while their friends talk to them. */
static void
test_two_thousand_connections_travel(void **state)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	pthread_t threads[2];

	(void)state;
	stations_open(threads);
	for (int i = 0; i < TRAVELLERS; i++) {
		travellers[i].number = i;
		friend_meet(&friends[i], &travellers[i], i % TLS_EVERY ? NULL : tls);
	}
	friends_talk(0);
	friends_talk(1);
	for (int i = 0; i < TRAVELLERS; i++)
		friend_part(&friends[i]);
	stations_close(threads);
	SSL_CTX_free(tls);
	assert_int_equal(stations[0].gone + stations[1].gone, TRAVELLERS);
	assert_int_equal(atomic_load(&arrived), atomic_load(&departed));
	assert_in_range(atomic_load(&arrived), TRAVELLERS * 2, TRAVELLERS * HOPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_moved_conn_speaks_both_ways),
	    world_test(test_unread_bytes_move_in_order),
	    world_test(test_given_away_inside_on_data),
	    world_test(test_given_away_inside_on_empty_and_on_eof),
	    world_test(test_end_of_stream_and_kept_bytes_move),
	    world_test(test_undelivered_bundle_closes_the_connection),
	    world_test(test_without_a_descriptor_the_conn_stays),
	    world_test(test_moved_tls_conn_speaks_both_ways),
	    world_test(test_unread_records_move),
	    world_test(test_part_of_a_record_moves),
	    world_test(test_undelivered_tls_bundle_leaves_nothing),
	    world_test(test_two_thousand_connections_travel),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
