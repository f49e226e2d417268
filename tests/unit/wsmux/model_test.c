/* Two sessions joined by two queues of messages, under random operations from a seeded generator.
 *
 * Every byte of a stream is a function of its id, its direction and its place, so each receiver
 * knows what must come without being told: nothing may be lost, doubled, reordered or spliced. The
 * joint keeps its own account of credit, and every stream must be told its end once on each side.
 */
#include "side.h"

enum {
	STREAMS_MAX = 60,
	ENDS_MAX = 600,
	IDS_MAX = 1400,
	MESSAGE_MAX = WSMUX_HEADER_MAX + WSMUX_DATA_MAX
};

struct joint;

/* One end of a stream. */
struct end {
	struct joint *joint;
	int side;
	uint32_t id;
	struct wsmux_stream *st; /* NULL once done */
	size_t written, got, unused;
	int fins, dones;
	bool finned, aborted;
	enum reason why;
};

struct message {
	struct message *next;
	size_t n;
	char bytes[];
};

struct joint {
	uint64_t random;
	bool calm;	  /* no more new work: everything is taken, used and ended */
	size_t write_max; /* bytes that an end writes in all */
	struct wsmux_config config[2];
	struct chunk_pool pool[2];
	struct wsmux_session *session[2];
	ptrdiff_t held[2];
	struct message *first[2], **last[2]; /* on their way from side 0, from side 1 */
	struct end end[ENDS_MAX];
	size_t ends;
	int64_t credit[2][IDS_MAX]; /* what side may still send */
	uint64_t now;
};

static uint64_t
chance(struct joint *j, uint64_t below)
{
	j->random ^= j->random << 13;
	j->random ^= j->random >> 7;
	j->random ^= j->random << 17;
	return j->random % below;
}

static char
byte_at(uint32_t id, int from_side, size_t place)
{
	return (char)((id * 31u + (unsigned)from_side * 101u + place * 7u + place / 251u) & 0xff);
}

static struct end *joint_open(struct joint *j, int side);

/* ---- the user of one end ---- */

static void
end_mischief(struct end *e)
{
	struct joint *j = e->joint;

	if (j->calm || !e->st)
		return;
	switch (chance(j, 300)) {
	case 0:
		e->aborted = true;
		wsmux_stream_abort(e->st, R_BAD_RESPONSE);
		break;
	case 1:
		e->finned = true;
		wsmux_stream_fin(e->st);
		break;
	case 2:
		wsmux_stream_resume(e->st);
		break;
	case 3:
		joint_open(j, e->side);
		break;
	default:
		break;
	}
}

static size_t
end_on_data(void *user, struct span in)
{
	struct end *e = user;
	size_t n = e->joint->calm ? in.n : chance(e->joint, in.n + 1);

	assert_false(e->aborted);
	assert_int_equal(e->fins + e->dones, 0);
	assert_in_range(in.n, 1, WSMUX_DATA_MAX);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(in.p[i], byte_at(e->id, !e->side, e->got + i));
	e->got += n;
	e->unused += n;
	end_mischief(e);
	return n;
}

static void
end_on_room(void *user)
{
	struct end *e = user;

	assert_true(wsmux_stream_room(e->st) > 0);
	end_mischief(e);
}

static void
end_on_fin(void *user)
{
	struct end *e = user;

	assert_false(e->aborted);
	e->fins++;
	end_mischief(e);
}

static void
end_on_done(void *user, enum reason why)
{
	struct end *e = user;

	e->dones++;
	e->why = why;
	e->st = NULL;
}

static const struct wsmux_stream_ops end_ops = {
    .on_data = end_on_data,
    .on_room = end_on_room,
    .on_fin = end_on_fin,
    .on_done = end_on_done,
};

static void
end_write(struct end *e)
{
	static char bytes[40000];
	size_t n = chance(e->joint, chance(e->joint, 4) ? 300 : sizeof(bytes));

	if (e->finned || e->aborted || n > e->joint->write_max - e->written)
		return;
	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(e->id, e->side, e->written + i);
	e->written += wsmux_stream_write(e->st, span_of(bytes, n));
}

static void
end_use(struct end *e)
{
	size_t n = e->joint->calm ? e->unused : chance(e->joint, e->unused + 1);

	e->unused -= n;
	wsmux_stream_used(e->st, n);
}

/* ---- the joint ---- */

static void
joint_add_end(struct joint *j, int side, struct wsmux_stream *st, bool ours)
{
	struct end *e = &j->end[j->ends++];
	bool agreed_windows = j->config[side].windows_agreed;

	assert_true(j->ends < ENDS_MAX);
	*e = (struct end){.joint = j, .side = side, .st = st, .id = wsmux_stream_id(st)};
	assert_true(e->id < IDS_MAX);
	if (agreed_windows)
		j->credit[side][e->id] = j->config[side].peer_window;
	else
		j->credit[side][e->id] = ours ? 0 : WSMUX_LEGACY_CREDIT;
}

static struct end *
joint_open(struct joint *j, int side)
{
	struct end *e = &j->end[j->ends];
	struct wsmux_stream *st;

	if (j->ends > ENDS_MAX - 2 * STREAMS_MAX)
		return NULL;
	st = wsmux_session_open(j->session[side], &end_ops, e);
	if (!st)
		return NULL;
	joint_add_end(j, side, st, true);
	return e;
}

static bool
joint_on_stream(struct joint *j, int side, struct wsmux_stream *st,
    const struct wsmux_stream_ops **ops, void **user)
{
	*ops = &end_ops;
	*user = &j->end[j->ends];
	joint_add_end(j, side, st, false);
	return true;
}

#define SIDE(n)                                                                                    \
	static bool on_stream_##n(                                                                 \
	    void *j, struct wsmux_stream *st, const struct wsmux_stream_ops **ops, void **user)    \
	{                                                                                          \
		return joint_on_stream(j, n, st, ops, user);                                       \
	}                                                                                          \
	static void on_held_##n(void *j, ptrdiff_t delta)                                          \
	{                                                                                          \
		((struct joint *)j)->held[n] += delta;                                             \
	}
SIDE(0)
SIDE(1)

static void
on_output(void *user)
{
	(void)user;
}

static const struct wsmux_session_ops joint_ops[2] = {
    {.on_output = on_output, .on_stream = on_stream_0, .on_held = on_held_0},
    {.on_output = on_output, .on_stream = on_stream_1, .on_held = on_held_1},
};

static bool
joint_pull(struct joint *j, int side)
{
	struct wsmux_out out;
	struct message *m;

	if (!wsmux_session_pull(j->session[side], &out))
		return false;
	m = must_alloc(sizeof(*m) + MESSAGE_MAX);
	memcpy(m->bytes, out.head, out.head_len);
	m->n = out.head_len;
	for (int i = 0; i < out.ndata; i++) {
		memcpy(m->bytes + m->n, out.data[i].iov_base, out.data[i].iov_len);
		m->n += out.data[i].iov_len;
	}
	assert_true(out.data_len <= WSMUX_DATA_MAX);
	if (out.data_len > 0) {
		j->credit[side][frame_of(&out).id] -= (int64_t)out.data_len;
		assert_true(j->credit[side][frame_of(&out).id] >= 0);
	}
	*j->last[side] = m;
	j->last[side] = &m->next;
	return true;
}

static bool
joint_deliver(struct joint *j, int from)
{
	struct message *m = j->first[from];
	struct wsmux_decoder d = {0};
	struct span rest;

	if (!m)
		return false;
	j->first[from] = m->next;
	if (!m->next)
		j->last[from] = &j->first[from];
	rest = span_of(m->bytes, m->n);
	wsmux_decoder_take(&d, rest, WSMUX_HEADER_MAX);
	if (wsmux_decoder_frame(&d).type == WSMUX_ACK)
		j->credit[!from][wsmux_decoder_frame(&d).id] += wsmux_decoder_frame(&d).number;
	do {
		struct span piece = span_take(rest, 1 + chance(j, chance(j, 2) ? 12 : MESSAGE_MAX));

		rest = span_drop(rest, piece.n);
		assert_int_equal(wsmux_session_feed(j->session[!from], piece, rest.n == 0), R_NONE);
	} while (rest.n > 0);
	free(m);
	return true;
}

static void
joint_touch(struct joint *j, struct end *e)
{
	switch (chance(j, 8)) {
	case 0:
	case 1:
	case 2:
		end_write(e);
		break;
	case 3:
	case 4:
		end_use(e);
		break;
	case 5:
	case 6:
		wsmux_stream_resume(e->st);
		break;
	default:
		end_mischief(e);
		break;
	}
}

static void
joint_turn(struct joint *j)
{
	int side = (int)chance(j, 2);

	switch (chance(j, 8)) {
	case 0:
		if (chance(j, 4) == 0)
			joint_open(j, side);
		break;
	case 1:
	case 2:
		joint_pull(j, side);
		break;
	case 3:
	case 4:
		joint_deliver(j, side);
		break;
	case 5:
		wsmux_session_reap(j->session[side]);
		wsmux_session_tick(j->session[side], j->now++);
		break;
	default:
		if (j->ends > 0) {
			struct end *e = &j->end[chance(j, j->ends)];

			if (e->st)
				joint_touch(j, e);
		}
		break;
	}
}

static bool
joint_pump(struct joint *j)
{
	bool moved = false;

	for (int side = 0; side < 2; side++) {
		while (joint_pull(j, side))
			moved = true;
		while (joint_deliver(j, side))
			moved = true;
	}
	return moved;
}

/* Everything is ended, taken and used, until nothing moves any more. */
static void
joint_calm(struct joint *j)
{
	j->calm = true;
	do {
		for (struct end *e = j->end; e < j->end + j->ends; e++) {
			if (!e->st)
				continue;
			wsmux_stream_fin(e->st);
			wsmux_stream_resume(e->st);
			end_use(e);
		}
	} while (joint_pump(j));
	for (int side = 0; side < 2; side++) {
		wsmux_session_reap(j->session[side]);
		wsmux_session_tick(j->session[side], j->now);
		wsmux_session_tick(j->session[side], j->now + 100000);
		assert_int_equal(wsmux_session_streams(j->session[side]), 0);
		assert_int_equal(wsmux_session_held(j->session[side]), 0);
		assert_int_equal(j->held[side], 0);
		assert_int_equal(j->pool[side].in_use, 0);
	}
}

static void
assert_told(struct joint *j, const struct end *e)
{
	assert_int_equal(e->dones, 1);
	assert_true(e->aborted || e->why != R_NONE || e->fins == 1);
	for (const struct end *o = j->end; o < j->end + j->ends; o++) {
		if (o->id != e->id || o->side == e->side)
			continue;
		assert_true(e->got <= o->written);
		if (e->why == R_NONE && o->why == R_NONE)
			assert_int_equal(e->got, o->written);
	}
}

static struct joint *
joint_new(
    const struct wsmux_config *a, const struct wsmux_config *b, uint64_t seed, size_t write_max)
{
	struct joint *j = must_alloc(sizeof(*j));

	j->random = seed * 0x9e3779b97f4a7c15u + 1;
	j->write_max = write_max;
	j->config[0] = *a;
	j->config[1] = *b;
	for (int side = 0; side < 2; side++) {
		chunk_pool_init(&j->pool[side]);
		j->last[side] = &j->first[side];
		j->session[side] =
		    wsmux_session_new(&j->config[side], &j->pool[side], &joint_ops[side], j);
	}
	return j;
}

static size_t
joint_run(
    const struct wsmux_config *a, const struct wsmux_config *b, uint64_t seed, size_t write_max)
{
	struct joint *j = joint_new(a, b, seed, write_max);
	size_t good = 0;

	for (int turn = 0; turn < 4000; turn++)
		joint_turn(j);
	joint_calm(j);
	for (size_t i = 0; i < j->ends; i++) {
		assert_told(j, &j->end[i]);
		good += j->end[i].why == R_NONE;
	}
	for (int side = 0; side < 2; side++) {
		wsmux_session_free(&j->session[side], R_NONE);
		chunk_pool_free(&j->pool[side]);
	}
	free(j);
	return good;
}

enum { AGREED = 1, RST = 2 };

static void
run_seeds(uint32_t window_a, uint32_t window_b, int extensions, uint64_t seeds)
{
	struct wsmux_config a = legacy(WSMUX_SERVER), b = legacy(WSMUX_CLIENT);
	size_t small = window_a < window_b ? window_a : window_b, good = 0;

	a.streams_max = b.streams_max = STREAMS_MAX;
	a.window = b.peer_window = window_a;
	b.window = a.peer_window = window_b;
	a.windows_agreed = b.windows_agreed = extensions & AGREED;
	a.rst_agreed = b.rst_agreed = extensions & RST;
	a.linger_bytes = b.linger_bytes = MIB(8);
	for (uint64_t seed = 1; seed <= seeds; seed++)
		good += joint_run(&a, &b, seed, small < 100 ? 600 : 200000);
	assert_true(good > seeds); /* enough streams came to a good end */
}

static void
test_legacy_peers(void **state)
{
	(void)state;
	run_seeds(KIB(64), KIB(64), 0, 15);
	run_seeds(KIB(1), MIB(4), 0, 15);
	run_seeds(MIB(4), KIB(1), 0, 15);
}

static void
test_agreed_windows(void **state)
{
	(void)state;
	run_seeds(KIB(64), KIB(64), AGREED | RST, 15);
	run_seeds(KIB(256), KIB(2), AGREED | RST, 15);
	run_seeds(KIB(64), KIB(256), AGREED, 15);
	run_seeds(KIB(64), KIB(256), RST, 15);
}

/* M13 M25 M27: both directions full with windows of a few bytes come to their end all the same */
static void
test_tiny_windows_do_not_deadlock(void **state)
{
	(void)state;
	run_seeds(1, 1, AGREED | RST, 4);
	run_seeds(7, 3, AGREED, 4);
	run_seeds(1, 1, 0, 4);
	run_seeds(5, KIB(64), RST, 4);
}

static void
test_a_session_short_of_memory(void **state)
{
	struct wsmux_config a = agreed(WSMUX_SERVER), b = agreed(WSMUX_CLIENT);

	(void)state;
	a.peer_window = b.peer_window = KIB(64);
	a.streams_max = b.streams_max = STREAMS_MAX;
	a.session_held_max = KIB(100);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		a.rst_agreed = b.rst_agreed = seed % 2;
		joint_run(&a, &b, seed, 200000);
	}
}

/* M20 */
static void
test_a_thousand_streams_at_once(void **state)
{
	struct wsmux_config a = agreed(WSMUX_SERVER);
	struct side *s;
	struct ear *e[1000];

	(void)state;
	a.streams_max = 2000;
	s = side_new(a);
	for (uint32_t i = 0; i < 1000; i++)
		e[i] = side_opened(s, 0);
	for (uint32_t i = 0; i < 1000; i++)
		side_write(e[i], 10);
	for (uint32_t i = 0; i < 1000; i++)
		expect_data(s, 2 * i, 10);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(tell_data(s, 2 * i, i), R_NONE);
		assert_int_equal(tell(s, WSMUX_FIN, 2 * i, 0), R_NONE);
		wsmux_stream_fin(e[i]->st);
	}
	for (uint32_t i = 0; i < 1000; i++)
		expect(s, WSMUX_FIN, 2 * i, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		expect_done(s, e[i], R_NONE);
		assert_int_equal(e[i]->got, i);
	}
	side_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_legacy_peers),
	    cmocka_unit_test(test_agreed_windows),
	    cmocka_unit_test(test_tiny_windows_do_not_deadlock),
	    cmocka_unit_test(test_a_session_short_of_memory),
	    cmocka_unit_test(test_a_thousand_streams_at_once),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
