/* What an idle connection costs: bytes of heap for each of many, measured and held to a bound. The
 * sanitizers keep books of their own, so there it is only exercised. */
#include <malloc.h>

#include "world.h"
#include "identity.h"

enum {
	CONNS = 500,
	PLAIN_MAX = 1536,
	TLS_MAX = 16 * 1024,
	/* The peer's certificates, what they were checked with, its tickets. */
	DIALLED_MAX = 40 * 1024,
};

static int fds[CONNS];
static struct end *guests, *hosts;

/* Without the pool's spare chunks: they are the loop's, however many connections it has. */
static size_t
heap(void)
{
	struct mallinfo2 m = mallinfo2();
	size_t all = m.uordblks + m.hblkhd, spare = loop_pool(loop)->spares * CHUNK_SIZE;

	return all > spare ? all - spare : 0;
}

static void
report(const char *what, size_t before, size_t after, size_t n, size_t max)
{
	size_t each = after > before ? (after - before) / n : 0;

	printf("%s: %zu bytes of heap each\n", what, each);
	assert_in_range(each, 0, max);
}

/* S11: they have spoken, and are silent now. */
static void
test_idle_plain_conn(void **state)
{
	size_t before, n = 0;

	(void)state;
	guests = calloc(CONNS, sizeof(*guests));
	before = heap();
	for (int i = 0; i < CONNS; i++)
		fds[i] = end_with_peer(&guests[i]);
	for (int i = 0; i < CONNS; i++) {
		peer_say(fds[i], "hello");
		end_say(&guests[i], "hello");
	}
	until_with(n == CONNS, n += guests[n].got == 5 && guests[n].empties);
	report("idle plain conn", before, heap(), CONNS, PLAIN_MAX);
	for (int i = 0; i < CONNS; i++) {
		close(fds[i]);
		end_close(&guests[i]);
	}
	loop_run_down(loop);
	free(guests);
}

static void
close_all(struct end *ends)
{
	for (int i = 0; i < CONNS; i++)
		end_close(&ends[i]);
}

static void
on_accept(void *user, int fd)
{
	static int n;
	struct end *e = &guests[n++];

	e->c = conn_accept(loop, fd, user, &end_ops, e);
	end_say(e, "hello");
}

/* S11: both ends live here; when the dialled ones are gone, the rest is
 * what the accepted ones cost. */
static void
test_idle_tls_conn(void **state)
{
	struct identity self = identity_new("self", "DNS:localhost", NULL, -1, 30);
	char error[TLS_ERROR_MAX];
	struct tls_context *server =
	    tls_server_new(span_str(self.cert_pem), span_str(self.key_pem), error);
	struct tls_context *client = tls_client_new(NULL, true, error);
	struct dial to = {.host = "127.0.0.1", .tls = client};
	struct listener *listener;
	size_t before, both, accepted, n = 0;
	int fd;

	(void)state;
	guests = calloc(CONNS, sizeof(*guests));
	hosts = calloc(CONNS, sizeof(*hosts));
	to.port = local_listen(&fd, "127.0.0.1:0");
	listener = listener_new(loop, fd, on_accept, server);
	before = heap();
	for (int i = 0; i < CONNS; i++) {
		hosts[i].c = conn_dial(loop, &to, &end_ops, &hosts[i]);
		end_say(&hosts[i], "hello");
	}
	until_with(n == CONNS, n += hosts[n].got == 5 && guests[n].got == 5);
	both = heap();
	close_all(hosts);
	until_with(n == 2 * CONNS, n += guests[n - CONNS].eofs > 0);
	accepted = heap();
	report("idle TLS conn, dialled", accepted, both, CONNS, DIALLED_MAX);
	report("idle TLS conn, accepted", before, accepted, CONNS, TLS_MAX);
	close_all(guests);
	listener_close(&listener);
	loop_run_down(loop);
	free(guests);
	free(hosts);
	tls_unref(&server);
	tls_unref(&client);
	identity_free(&self);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_idle_plain_conn),
	    world_test(test_idle_tls_conn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
