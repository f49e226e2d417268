/* Streams as requests use them: taken, kept, found unfit, given up. The client at the other end is
 * a side of a link in the same loop. */
#include "tests/unit/link/pair.h"

#include "edge/upstream.h"

/* An exchange, as an upstream sees it. */
struct asker {
	struct upstream *up;
	size_t got, take_max;
	int rooms, fins, losts;
	enum reason why;
};

static size_t
asker_on_data(void *user, struct span in)
{
	struct asker *a = user;
	size_t n = in.n < a->take_max ? in.n : a->take_max;

	a->got += n;
	a->take_max -= n;
	wsmux_stream_used(upstream_stream(a->up), n);
	return n;
}

static void
asker_on_room(void *user)
{
	((struct asker *)user)->rooms++;
}

static void
asker_on_fin(void *user)
{
	((struct asker *)user)->fins++;
}

static void
asker_on_lost(void *user, enum reason why)
{
	struct asker *a = user;

	assert_int_equal(a->losts++, 0);
	a->why = why;
	a->up = NULL;
}

static const struct upstream_ops asker_ops = {
    .on_data = asker_on_data,
    .on_room = asker_on_room,
    .on_fin = asker_on_fin,
    .on_lost = asker_on_lost,
};

static struct side *server, *client;
static struct upstream_pool pool;

static void
begin(bool extended, struct upstream_bounds bounds)
{
	pair_begin(&server, &client, extended);
	client->quiet = true; /* it answers when the test says so */
	upstream_pool_init(&pool, loop, server->l, &bounds);
}

static void
end(void)
{
	pair_end(&server, &client);
	assert_int_equal(pool.nidle, 0);
	assert_int_equal(pool.stalled, 0);
}

static const struct upstream_bounds patient = {
    .reuse_ms = 60000, .linger_ms = 60000, .linger_bytes = 1 << 20};

static void
ask(struct asker *a, bool reuse)
{
	*a = (struct asker){.take_max = SIZE_MAX};
	a->up = upstream_take(&pool, reuse, &asker_ops, a);
	assert_non_null(a->up);
	assert_int_equal(wsmux_stream_write(upstream_stream(a->up), SPAN("\0")), 1);
}

/* The client's end of the newest stream. */
static struct tap *
client_tap(int n)
{
	until(client->ntaps > n);
	return &client->taps[n];
}

static void
client_says(struct tap *t, size_t n)
{
	char p[1000];

	pattern_fill(p, n, 0);
	assert_int_equal(wsmux_stream_write(t->stream, span_of(p, n)), n);
}

static void
test_a_stream_is_kept_for_the_next_request(void **state)
{
	struct asker a, b;
	struct wsmux_stream *stream;

	(void)state;
	begin(true, patient);
	ask(&a, true);
	assert_true(upstream_fresh(a.up));
	stream = upstream_stream(a.up);
	client_says(client_tap(0), 100);
	until(a.got == 100);
	upstream_release(&a.up, true);
	assert_null(a.up);
	assert_int_equal(pool.nidle, 1);
	ask(&b, true);
	assert_false(upstream_fresh(b.up));
	assert_ptr_equal(upstream_stream(b.up), stream);
	assert_int_equal(pool.nidle, 0);
	client_says(client_tap(0), 50);
	until(b.got == 50);
	assert_int_equal(a.got, 100);
	upstream_release(&b.up, true);
	end();
	assert_int_equal(a.losts + b.losts, 0);
}

/* Who must not be asked twice gets a stream of his own; the last that was kept is taken first. */
static void
test_which_stream_is_taken(void **state)
{
	struct asker a[3], b;
	struct wsmux_stream *second;

	(void)state;
	begin(true, patient);
	for (int i = 0; i < 3; i++)
		ask(&a[i], true);
	second = upstream_stream(a[1].up);
	upstream_release(&a[0].up, true);
	upstream_release(&a[1].up, true);
	upstream_release(&a[2].up, false);
	assert_int_equal(pool.nidle, 2);
	ask(&b, false);
	assert_true(upstream_fresh(b.up));
	upstream_release(&b.up, false);
	ask(&b, true);
	assert_ptr_equal(upstream_stream(b.up), second);
	upstream_release(&b.up, false);
	end();
}

static void
test_none_is_kept_when_none_may_be(void **state)
{
	struct asker a;

	(void)state;
	begin(true, (struct upstream_bounds){.linger_ms = 60000, .linger_bytes = 1000});
	ask(&a, true);
	upstream_release(&a.up, true);
	assert_int_equal(pool.nidle, 0);
	until(client_tap(0)->fin);
	until(taps_done(client) == 1);
	end();
}

static void
test_so_many_are_kept_and_no_more(void **state)
{
	struct asker a[UPSTREAM_IDLE_MAX + 5];

	(void)state;
	begin(true, patient);
	for (int i = 0; i < UPSTREAM_IDLE_MAX + 5; i++)
		ask(&a[i], true);
	for (int i = 0; i < UPSTREAM_IDLE_MAX + 5; i++)
		upstream_release(&a[i].up, true);
	assert_int_equal(pool.nidle, UPSTREAM_IDLE_MAX);
	until(taps_done(client) == 5);
	end();
}

/* An idle one is let go after its time; the client hears FIN. */
static void
test_an_idle_stream_grows_old(void **state)
{
	struct asker a;

	(void)state;
	begin(true,
	    (struct upstream_bounds){.reuse_ms = 50, .linger_ms = 60000, .linger_bytes = 1000});
	ask(&a, true);
	client_tap(0);
	upstream_release(&a.up, true);
	until(client->taps[0].fin);
	assert_int_equal(pool.nidle, 0);
	until(taps_done(client) == 1);
	assert_int_equal(client->taps[0].why, R_NONE);
	end();
}

/* P10: an answer to nothing is nobody's, and makes the stream unfit. */
static void
test_a_byte_on_an_idle_stream_makes_it_unfit(void **state)
{
	struct asker a;

	(void)state;
	begin(true, patient);
	ask(&a, true);
	client_tap(0);
	upstream_release(&a.up, true);
	client_says(&client->taps[0], 10);
	until(pool.nidle == 0);
	until(client->taps[0].fin);
	assert_int_equal(a.got, 0);
	assert_int_equal(server->held, 0);
	end();
}

/* M17 */
static void
test_a_fin_on_an_idle_stream_ends_it(void **state)
{
	struct asker a;

	(void)state;
	begin(true, patient);
	ask(&a, true);
	client_tap(0);
	upstream_release(&a.up, true);
	wsmux_stream_fin(client->taps[0].stream);
	until(pool.nidle == 0);
	until(taps_done(client) == 1);
	assert_int_equal(wsmux_session_streams(link_session(server->l)), 0);
	end();
}

/* A user of a stream that leaves it open whatever comes. */
static void
stay_open(void *user)
{
	((struct tap *)user)->fin = true;
}

static bool
accept_and_stay(void *user, struct wsmux_stream *stream, const struct wsmux_stream_ops **ops,
    void **stream_user)
{
	static struct wsmux_stream_ops staying;
	bool taken = side_on_stream(user, stream, ops, stream_user);

	staying = tap_ops;
	staying.on_fin = stay_open;
	*ops = &staying;
	return taken;
}

static const struct link_ops staying_ops = {
    .on_stream = accept_and_stay,
    .on_held = side_on_held,
    .on_down = side_on_down,
    .on_gone = side_on_gone,
};

static void
pair_with_a_client_that_stays(bool extended, struct upstream_bounds bounds)
{
	struct link_config s = side_config(WSMUX_SERVER, extended),
			   c = side_config(WSMUX_CLIENT, extended);
	struct conn *conn;
	int fds[2];

	tcp_pair(fds);
	server = side_new();
	client = side_new();
	client->quiet = true;
	side_begin(server, fds[0], &s);
	conn = conn_accept(loop, fds[1], NULL, &end_ops, NULL);
	strb_init(&client->story, 4096);
	client->l = client->last = link_new(loop, &conn, &c, &staying_ops, client);
	upstream_pool_init(&pool, loop, server->l, &bounds);
}

/* M18: we said FIN, and the client says nothing any more, or never stops. */
static void
client_stays(bool extended, bool talks)
{
	struct asker a;

	pair_with_a_client_that_stays(
	    extended, talks ? (struct upstream_bounds){.linger_ms = 60000, .linger_bytes = 2500}
			    : (struct upstream_bounds){.linger_ms = 100, .linger_bytes = 2500});
	ask(&a, true);
	client_tap(0);
	upstream_release(&a.up, false);
	until(client->taps[0].fin);
	for (int i = 0; talks && i < 3; i++) {
		assert_int_equal(wsmux_session_streams(link_session(server->l)), 1);
		client_says(&client->taps[0], 1000);
		for (int j = 0; j < 20; j++)
			turn(UV_RUN_NOWAIT);
	}
	until(wsmux_session_streams(link_session(server->l)) == 0);
	if (extended) {
		until(taps_done(client) == 1);
		assert_int_equal(client->taps[0].why, R_RESPONSE_STALLED);
	}
	assert_int_equal(server->held, 0);
	end();
}

static void
test_a_client_that_never_ends_its_half_is_cut(void **state)
{
	(void)state;
	client_stays(true, false);
	client_stays(false, false);
}

static void
test_a_client_that_goes_on_talking_is_cut(void **state)
{
	(void)state;
	client_stays(true, true);
	client_stays(false, true);
}

/* H58: given up in the middle; where resets are agreed on, the client hears why. */
static void
test_an_upstream_is_aborted(void **state)
{
	struct asker a;

	(void)state;
	begin(true, patient);
	ask(&a, true);
	client_tap(0);
	upstream_abort(&a.up, R_TARGET_FAILED);
	assert_null(a.up);
	until(taps_done(client) == 1);
	assert_int_equal(client->taps[0].why, R_TARGET_FAILED);
	assert_int_equal(a.losts, 0);
	end();
}

/* M28: each that is busy hears of it, once; idle ones are nobody's. */
static void
test_the_link_is_lost(void **state)
{
	struct asker a[3];

	(void)state;
	begin(true, patient);
	for (int i = 0; i < 3; i++)
		ask(&a[i], true);
	upstream_release(&a[1].up, true);
	side_close(client, R_SHUTDOWN);
	until(server->gones && client->gones);
	assert_int_equal(a[0].losts, 1);
	assert_int_equal(a[0].why, R_LINK_LOST);
	assert_int_equal(a[1].losts, 0);
	assert_int_equal(a[2].losts, 1);
	end();
}

static void
test_a_stream_that_the_client_resets_is_lost(void **state)
{
	struct asker a;

	(void)state;
	begin(true, patient);
	ask(&a, true);
	client_tap(0);
	wsmux_stream_abort(client->taps[0].stream, R_TARGET_REFUSED);
	until(a.losts);
	assert_int_equal(a.why, R_TARGET_REFUSED);
	end();
}

static void
test_stalled_ones_are_counted(void **state)
{
	struct asker a, b;

	(void)state;
	begin(true, patient);
	ask(&a, true);
	ask(&b, true);
	upstream_stall(a.up, true);
	upstream_stall(a.up, true);
	upstream_stall(b.up, true);
	assert_int_equal(pool.stalled, 2);
	upstream_stall(a.up, false);
	assert_int_equal(pool.stalled, 1);
	upstream_release(&b.up, false); /* nobody waits for it any more */
	assert_int_equal(pool.stalled, 0);
	upstream_stall(a.up, true);
	side_close(server, R_SHUTDOWN);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_a_stream_is_kept_for_the_next_request),
	    world_test(test_which_stream_is_taken),
	    world_test(test_none_is_kept_when_none_may_be),
	    world_test(test_so_many_are_kept_and_no_more),
	    world_test(test_an_idle_stream_grows_old),
	    world_test(test_a_byte_on_an_idle_stream_makes_it_unfit),
	    world_test(test_a_fin_on_an_idle_stream_ends_it),
	    world_test(test_a_client_that_never_ends_its_half_is_cut),
	    world_test(test_a_client_that_goes_on_talking_is_cut),
	    world_test(test_an_upstream_is_aborted),
	    world_test(test_the_link_is_lost),
	    world_test(test_a_stream_that_the_client_resets_is_lost),
	    world_test(test_stalled_ones_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
