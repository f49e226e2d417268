/* One session under test, with a peer that is played by hand: tell() is what the peer sends, and
 * expect_*() what it must get. Every message is fed in pieces of `cut` bytes. */
#ifndef WHT_TEST_WSMUX_SIDE_H
#define WHT_TEST_WSMUX_SIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/obj.h"
#include "wsmux/session.h"

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

/* The user of one stream: takes what it may, and remembers. */
struct ear {
	struct wsmux_stream *st; /* NULL once done */
	size_t appetite;	 /* bytes that it still takes */
	bool keeps;		 /* does not call used() */
	bool aborts;		 /* at the first byte */
	char data[256];		 /* the first bytes it got */
	size_t got;
	int fins, rooms, dones;
	enum reason why;
};

struct side {
	struct chunk_pool pool;
	struct wsmux_session *session;
	bool accepts;
	struct ear ear[1000];
	size_t ears;
	ptrdiff_t held;
	int outputs;
};

static size_t cut = SIZE_MAX;

static inline size_t
ear_on_data(void *user, struct span in)
{
	struct ear *e = user;
	struct span taken = span_take(in, e->appetite);

	if (e->aborts) {
		wsmux_stream_abort(e->st, R_BAD_RESPONSE);
		return in.n;
	}
	for (size_t i = 0; i < taken.n && e->got + i < sizeof(e->data); i++)
		e->data[e->got + i] = taken.p[i];
	e->got += taken.n;
	e->appetite -= taken.n;
	if (!e->keeps)
		wsmux_stream_used(e->st, taken.n);
	return taken.n;
}

static inline void
ear_on_room(void *user)
{
	((struct ear *)user)->rooms++;
}

static inline void
ear_on_fin(void *user)
{
	((struct ear *)user)->fins++;
}

static inline void
ear_on_done(void *user, enum reason why)
{
	struct ear *e = user;

	e->dones++;
	e->why = why;
	e->st = NULL;
}

static const struct wsmux_stream_ops ear_ops = {
    .on_data = ear_on_data,
    .on_room = ear_on_room,
    .on_fin = ear_on_fin,
    .on_done = ear_on_done,
};

static inline struct ear *
side_ear(struct side *s)
{
	struct ear *e = &s->ear[s->ears++];

	assert_true(s->ears <= sizeof(s->ear) / sizeof(s->ear[0]));
	e->appetite = SIZE_MAX;
	return e;
}

static inline bool
side_on_stream(
    void *user, struct wsmux_stream *st, const struct wsmux_stream_ops **ops, void **stream_user)
{
	struct side *s = user;
	struct ear *e;

	if (!s->accepts)
		return false;
	e = side_ear(s);
	e->st = st;
	*ops = &ear_ops;
	*stream_user = e;
	return true;
}

static inline void
side_on_output(void *user)
{
	((struct side *)user)->outputs++;
}

static inline void
side_on_held(void *user, ptrdiff_t delta)
{
	((struct side *)user)->held += delta;
}

static const struct wsmux_session_ops side_ops = {
    .on_output = side_on_output,
    .on_stream = side_on_stream,
    .on_held = side_on_held,
};

static inline struct wsmux_config
legacy(enum wsmux_role role)
{
	return (struct wsmux_config){
	    .role = role,
	    .window = KIB(64),
	    .send_max = KIB(64),
	    .stream_held_max = MIB(4),
	    .session_held_max = MIB(16),
	    .open_timeout_ms = 30000,
	    .linger_timeout_ms = 5000,
	    .linger_bytes = KIB(64),
	    .streams_max = 256,
	};
}

static inline struct wsmux_config
agreed(enum wsmux_role role)
{
	struct wsmux_config c = legacy(role);

	c.windows_agreed = c.rst_agreed = true;
	c.peer_window = KIB(32);
	return c;
}

static inline struct side *
side_new(struct wsmux_config config)
{
	struct side *s = must_alloc(sizeof(*s));

	chunk_pool_init(&s->pool);
	s->accepts = true;
	s->session = wsmux_session_new(&config, &s->pool, &side_ops, s);
	return s;
}

/* Everything is back where it was, and every stream was told its end exactly once. */
static inline void
side_free(struct side *s)
{
	if (s->session)
		wsmux_session_free(&s->session, R_LINK_LOST);
	for (size_t i = 0; i < s->ears; i++)
		assert_int_equal(s->ear[i].dones, 1);
	assert_int_equal(s->pool.in_use, 0);
	assert_int_equal(s->held, 0);
	chunk_pool_free(&s->pool);
	free(s);
}

static inline struct ear *
side_open(struct side *s)
{
	struct ear *e = side_ear(s);

	e->st = wsmux_session_open(s->session, &ear_ops, e);
	assert_non_null(e->st);
	return e;
}

/* ---- what the peer says ---- */

static inline enum reason
tell_message(struct side *s, struct span message)
{
	enum reason why;

	do {
		struct span piece = span_take(message, cut);

		message = span_drop(message, piece.n);
		why = wsmux_session_feed(s->session, piece, message.n == 0);
	} while (why == R_NONE && message.n > 0);
	return why;
}

static inline enum reason
tell_raw(struct side *s, uint8_t type, uint32_t id, struct span payload)
{
	char *message = must_alloc(WSMUX_HEADER_MIN + payload.n);
	enum reason why;

	message[0] = (char)type;
	for (int i = 0; i < 4; i++)
		message[1 + i] = (char)(id >> (8 * i));
	if (payload.n > 0)
		memcpy(message + WSMUX_HEADER_MIN, payload.p, payload.n);
	why = tell_message(s, span_of(message, WSMUX_HEADER_MIN + payload.n));
	free(message);
	return why;
}

static inline enum reason
tell(struct side *s, enum wsmux_type type, uint32_t id, uint32_t number)
{
	struct wsmux_frame f = {.type = (uint8_t)type, .id = id, .number = number};
	char head[WSMUX_HEADER_MAX];

	return tell_message(s, span_of(head, wsmux_frame_encode(&f, head)));
}

static inline enum reason
tell_data(struct side *s, uint32_t id, size_t n)
{
	char *data = must_alloc(n);
	enum reason why = tell_raw(s, WSMUX_DAT, id, span_of(data, n));

	free(data);
	return why;
}

/* ---- what the peer must get ---- */

static inline struct wsmux_frame
frame_of(const struct wsmux_out *out)
{
	struct wsmux_decoder d = {0};

	wsmux_decoder_take(&d, span_of(out->head, out->head_len), WSMUX_HEADER_MAX);
	return wsmux_decoder_frame(&d);
}

static inline void
expect(struct side *s, enum wsmux_type type, uint32_t id, uint32_t number)
{
	struct wsmux_out out;
	struct wsmux_frame f;

	assert_true(wsmux_session_pull(s->session, &out));
	f = frame_of(&out);
	assert_int_equal(f.type, type);
	assert_int_equal(f.id, id);
	assert_int_equal(f.number, number);
	assert_int_equal(out.data_len, 0);
}

static inline void
expect_data(struct side *s, uint32_t id, size_t n)
{
	struct wsmux_out out;
	size_t sum = 0;

	assert_true(wsmux_session_pull(s->session, &out));
	assert_int_equal(frame_of(&out).type, WSMUX_DAT);
	assert_int_equal(frame_of(&out).id, id);
	for (int i = 0; i < out.ndata; i++)
		sum += out.data[i].iov_len;
	assert_int_equal(sum, n);
	assert_int_equal(out.data_len, n);
}

static inline void
expect_silence(struct side *s)
{
	struct wsmux_out out;

	assert_false(wsmux_session_pull(s->session, &out));
	assert_false(wsmux_session_has_output(s->session));
}

static inline void
expect_done(struct side *s, struct ear *e, enum reason why)
{
	wsmux_session_reap(s->session);
	assert_int_equal(e->dones, 1);
	assert_int_equal(e->why, why);
}

/* Queues n bytes, all of which must fit. */
static inline void
side_write(struct ear *e, size_t n)
{
	char *data = must_alloc(n);

	assert_int_equal(wsmux_stream_write(e->st, span_of(data, n)), n);
	free(data);
}

/* A stream of ours that the peer has accepted with that credit. */
static inline struct ear *
side_opened(struct side *s, uint32_t credit)
{
	struct ear *e = side_open(s);
	struct wsmux_out out;

	while (wsmux_session_pull(s->session, &out))
		;
	assert_int_equal(tell(s, WSMUX_ACK, wsmux_stream_id(e->st), credit), R_NONE);
	while (wsmux_session_pull(s->session, &out))
		;
	return e;
}

/* Runs the tests with messages whole, and cut inside, at the end of and behind the header. */
#define RUN_CUT(name, tests)                                                                       \
	({                                                                                         \
		static const size_t cuts[] = {SIZE_MAX, 1, 3, 5};                                  \
		int failed = 0;                                                                    \
                                                                                                   \
		for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {                      \
			cut = cuts[i];                                                             \
			failed += cmocka_run_group_tests_name(name, tests, NULL, NULL);            \
		}                                                                                  \
		failed;                                                                            \
	})

#endif
