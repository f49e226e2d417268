#include <sys/resource.h>
#include <sys/un.h>

#include "net/addr.h"
#include "still.h"

/* ---- addresses ---- */

static void
test_addresses_are_parsed(void **state)
{
	static const struct {
		const char *text, *first, *second; /* first NULL: refused */
	} rows[] = {
	    {"127.0.0.1:8080", "127.0.0.1:8080", NULL},
	    {"127.0.0.1", "127.0.0.1:99", NULL},
	    {"[::1]:8080", "[::1]:8080", NULL},
	    {"[::1]", "[::1]:99", NULL},
	    {"::1", "[::1]:99", NULL},
	    {"fe80::1", "[fe80::1]:99", NULL},
	    {"localhost:7", "127.0.0.1:7", NULL},
	    {"localhost", "127.0.0.1:99", NULL},
	    {"8080", "[::]:8080", "0.0.0.0:8080"},
	    {"0", "[::]:0", "0.0.0.0:0"},
	    {"*:8080", "[::]:8080", "0.0.0.0:8080"},
	    {"*", "[::]:99", "0.0.0.0:99"},
	    {":8080", "[::]:8080", "0.0.0.0:8080"},
	    {"0.0.0.0:65535", "0.0.0.0:65535", NULL},
	    {"[::ffff:10.0.0.7]:1", "10.0.0.7:1", NULL},
	    {"", NULL, NULL},
	    {"65536", NULL, NULL},
	    {"127.0.0.1:65536", NULL, NULL},
	    {"127.0.0.1:", NULL, NULL},
	    {"127.0.0.1:-1", NULL, NULL},
	    {"127.0.0.1:80x", NULL, NULL},
	    {"127.0.0.1:80 ", NULL, NULL},
	    {"127.0.0.1x", NULL, NULL},
	    {"127.1:80", NULL, NULL},
	    {"example.com:80", NULL, NULL},
	    {"[::1]80", NULL, NULL},
	    {"[::1]x80", NULL, NULL},
	    {"[::1]:", NULL, NULL},
	    {"[::1", NULL, NULL},
	    {"[]:80", NULL, NULL},
	    {"[*]:80", NULL, NULL},
	    {"::1]:80", NULL, NULL},
	    {"1:2:3", NULL, NULL},
	    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:80", NULL, NULL},
	};
	struct sockaddr_storage out[2];
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int want = !rows[i].first ? -WHT_EINVAL : rows[i].second ? 2 : 1;

		assert_int_equal(listen_parse(span_str(rows[i].text), 99, out, 2), want);
		if (want > 0)
			assert_string_equal(
			    addr_text((struct sockaddr *)&out[0], text), rows[i].first);
		if (want > 1)
			assert_string_equal(
			    addr_text((struct sockaddr *)&out[1], text), rows[i].second);
	}
	assert_int_equal(listen_parse(SPAN("8080"), 99, out, 1), -WHT_EINVAL);
	assert_int_equal(listen_parse(SPAN("127.0.0.1:1"), 99, out, 0), -WHT_EINVAL);
	assert_int_equal(listen_parse(SPAN("127.0.0.1\0x:1"), 99, out, 2), -WHT_EINVAL);
}

static void
test_addresses_are_written(void **state)
{
	static const struct {
		const char *parse, *text, *host;
		bool loopback;
	} rows[] = {
	    {"10.0.0.7:51234", "10.0.0.7:51234", "10.0.0.7", false},
	    {"127.9.9.9:1", "127.9.9.9:1", "127.9.9.9", true},
	    {"[::1]:65535", "[::1]:65535", "::1", true},
	    {"[::ffff:127.0.0.1]:5", "127.0.0.1:5", "127.0.0.1", true},
	    {"[::ffff:8.8.8.8]:5", "8.8.8.8:5", "8.8.8.8", false},
	    {"[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
		"[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
		"1111:2222:3333:4444:5555:6666:7777:8888", false},
	};
	const struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_storage out;
	struct sockaddr *addr = (struct sockaddr *)&out;
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(listen_parse(span_str(rows[i].parse), 0, &out, 1), 1);
		assert_string_equal(addr_text(addr, text), rows[i].text);
		assert_string_equal(addr_host(addr, text), rows[i].host);
		assert_int_equal(addr_is_loopback(addr), rows[i].loopback);
		addr_set_port(addr, 4711);
		assert_int_equal(addr_port(addr), 4711);
	}
	assert_string_equal(addr_text((const struct sockaddr *)&un, text), "unix");
	assert_int_equal(addr_port((const struct sockaddr *)&un), 0);
	assert_int_equal(addr_len((const struct sockaddr *)&un), sizeof(un));
}

/* C09 */
static void
test_bad_address_is_a_sentence(void **state)
{
	struct sockaddr_storage addr;
	char error[LISTEN_ERROR_MAX];

	(void)state;
	assert_int_equal(listen_parse(SPAN("198.51.100.7:8080"), 0, &addr, 1), 1);
	assert_int_equal(listen_socket(&addr, error), -1);
	assert_string_equal(error,
	    "cannot listen on 198.51.100.7:8080: Cannot assign requested address (this machine has "
	    "no such address)");
}

/* C09 */
static void
test_port_in_use_is_a_sentence(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	struct sockaddr_storage addr = {0};
	char error[LISTEN_ERROR_MAX];
	int foreign = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(foreign, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(foreign, 1), 0);
	getsockname(foreign, (struct sockaddr *)&in, &len);
	memcpy(&addr, &in, sizeof(in));
	assert_int_equal(listen_socket(&addr, error), -1);
	assert_non_null(strstr(error, "Address already in use (another program listens there"));
	close(foreign);
}

/* C10 */
static void
test_workers_share_a_port(void **state)
{
	struct sockaddr_storage addr;
	char error[LISTEN_ERROR_MAX];
	int first, second;

	(void)state;
	assert_int_equal(listen_parse(SPAN("127.0.0.1:0"), 0, &addr, 1), 1);
	first = listen_socket(&addr, error);
	assert_int_not_equal(addr_port((struct sockaddr *)&addr), 0);
	second = listen_socket(&addr, error);
	assert_true(first >= 0 && second >= 0);
	close(first);
	close(second);
}

/* ---- accepting ---- */

enum { GUESTS = 300 };

static struct listener *listener;
static int guests[GUESTS], accepted[GUESTS], naccepted, close_at;

static void
on_accept(void *user, int fd)
{
	assert_ptr_equal(user, accepted);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	accepted[naccepted++] = fd;
	if (naccepted == close_at)
		listener_close(&listener);
}

static void
invite(uint16_t port, int n)
{
	naccepted = 0;
	for (int i = 0; i < n; i++)
		guests[i] = local_connect(port);
}

static void
close_all(int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

static uint16_t
open_listener(void)
{
	int fd;
	uint16_t port = local_listen(&fd, "127.0.0.1:0");

	close_at = 0;
	listener = listener_new(loop, fd, on_accept, accepted);
	return port;
}

/* S07: never more than a burst in one turn. */
static void
test_burst_is_accepted_in_several_turns(void **state)
{
	uint16_t port = open_listener();
	int before = 0;

	(void)state;
	invite(port, GUESTS);
	while (naccepted < GUESTS) {
		turn(UV_RUN_ONCE);
		assert_in_range(naccepted - before, 0, LISTEN_BURST);
		before = naccepted;
	}
	listener_close(&listener);
	assert_null(listener);
	close_all(guests, GUESTS);
	close_all(accepted, GUESTS);
}

static void
test_listener_is_closed_by_its_own_guest(void **state)
{
	uint16_t port = open_listener();

	(void)state;
	close_at = 3;
	invite(port, 10);
	until(naccepted == 3);
	loop_run_down(loop);
	assert_int_equal(naccepted, 3);
	close_all(guests, 10);
	close_all(accepted, 3);
}

/* S08: out of descriptors, accepting pauses without spinning, and goes on by itself. */
static void
test_out_of_descriptors_pauses_and_recovers(void **state)
{
	uint16_t port = open_listener();
	struct rlimit limit, tight;
	struct pollfd wake = {.fd = uv_backend_fd(loop_uv(loop)), .events = POLLIN};

	(void)state;
	invite(port, 10);
	getrlimit(RLIMIT_NOFILE, &limit);
	tight = limit;
	tight.rlim_cur = (rlim_t)guests[9] + 1 + 4; /* four more, and no fifth */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	until(naccepted == 4);
	live(LISTEN_PAUSE_MS - LOOP_TICK_MS);
	assert_int_equal(poll(&wake, 1, 0), 0); /* nothing to turn for, though somebody waits */
	assert_true(uv_backend_timeout(loop_uv(loop)) > 0);
	live(10 * LISTEN_PAUSE_MS); /* it tries again, in vain */
	assert_int_equal(naccepted, 4);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	live(LISTEN_PAUSE_MS + 2 * LOOP_TICK_MS);
	assert_int_equal(naccepted, 10);
	listener_close(&listener);
	close_all(guests, 10);
	close_all(accepted, 10);
}

/* S08 C03 */
static void
test_listener_is_closed_while_it_pauses(void **state)
{
	uint16_t port = open_listener();
	struct rlimit limit, none;

	(void)state;
	invite(port, 1);
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)guests[0] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	turn(UV_RUN_ONCE);
	turn(UV_RUN_NOWAIT);
	listener_close(&listener);
	loop_run_down(loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(naccepted, 0);
	close_all(guests, 1);
}

/* C15: it connected, and reset before we came to it. */
static void
test_guest_that_is_gone_already(void **state)
{
	uint16_t port = open_listener();
	struct end e = {0};

	(void)state;
	naccepted = 0;
	peer_reset(local_connect(port));
	until(naccepted == 1);
	e.c = conn_accept(loop, accepted[0], NULL, &end_ops, &e);
	if (e.c)
		until(e.gones);
	listener_close(&listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_addresses_are_parsed),
	    world_test(test_addresses_are_written),
	    world_test(test_bad_address_is_a_sentence),
	    world_test(test_port_in_use_is_a_sentence),
	    world_test(test_workers_share_a_port),
	    world_test(test_burst_is_accepted_in_several_turns),
	    world_test(test_listener_is_closed_by_its_own_guest),
	    still_test(test_out_of_descriptors_pauses_and_recovers),
	    world_test(test_listener_is_closed_while_it_pauses),
	    world_test(test_guest_that_is_gone_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
