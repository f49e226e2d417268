/* tests/unit/link/pair.h - both ends of a tunnel on one loop, and streams with notebooks.
 *
 * A side is the user of a link: it writes down what it was told, in order, as one text to compare:
 * "down(link_lost) gone(link_lost)". A tap is the user of a stream. */
#ifndef WHT_TEST_LINK_PAIR_H
#define WHT_TEST_LINK_PAIR_H

#include "tests/unit/net/world.h"

#include "base/clock.h"
#include "base/strb.h"
#include "link/link.h"

struct side;

struct tap {
	struct side *side;
	struct wsmux_stream *stream; /* NULL behind on_done */
	bool echo, take_none;
	uint64_t all, fed, got; /* of the pattern */
	bool fin;
	int dones;
	enum reason why;
	void (*on_data)(struct tap *);
	void (*on_done)(struct tap *);
};

#define TAPS_MAX 512

struct side {
	struct link *l;
	struct strb story;
	ptrdiff_t held, held_most;
	int downs, gones, round_trips;
	enum reason down_why, gone_why;
	int close_code;
	char close_text[128];
	struct link *last; /* valid until on_gone */
	struct tap taps[TAPS_MAX];
	int ntaps;
	/* Of the streams that it accepts; quiet: they echo nothing. */
	bool refuse, take_none, quiet;
	void (*on_down)(struct side *);
	void (*on_stream)(struct side *);
};

/* ---- taps ---- */

/* Writes the pattern while there is room; FIN behind all of it. */
static inline void
tap_feed(struct tap *t)
{
	char p[8192];

	while (t->fed < t->all) {
		size_t n = t->all - t->fed < sizeof(p) ? (size_t)(t->all - t->fed) : sizeof(p);

		pattern_fill(p, n, t->fed);
		n = wsmux_stream_write(t->stream, span_of(p, n));
		t->fed += n;
		if (n == 0)
			return;
	}
	if (!t->echo)
		wsmux_stream_fin(t->stream);
}

static inline size_t
tap_on_data(void *user, struct span in)
{
	struct tap *t = user;
	size_t n = t->take_none ? 0 : in.n;

	if (t->echo)
		n = wsmux_stream_write(t->stream, in);
	for (size_t i = 0; i < n; i++) {
		if (!t->side->quiet && in.p[i] != pattern_at(t->got + i))
			fail_msg("byte %zu is not the one that was sent", (size_t)t->got + i);
	}
	t->got += n;
	if (n)
		wsmux_stream_used(t->stream, n);
	if (t->on_data)
		t->on_data(t);
	return n;
}

static inline void
tap_on_room(void *user)
{
	struct tap *t = user;

	if (t->echo)
		wsmux_stream_resume(t->stream);
	else
		tap_feed(t);
}

static inline void
tap_on_fin(void *user)
{
	struct tap *t = user;

	assert_false(t->fin);
	t->fin = true;
	wsmux_stream_fin(t->stream);
}

static inline void
tap_on_done(void *user, enum reason why)
{
	struct tap *t = user;

	assert_int_equal(t->dones++, 0);
	assert_int_equal(t->side->gones, 0);
	t->why = why;
	t->stream = NULL;
	if (t->on_done)
		t->on_done(t);
}

static const struct wsmux_stream_ops tap_ops = {
    .on_data = tap_on_data,
    .on_room = tap_on_room,
    .on_fin = tap_on_fin,
    .on_done = tap_on_done,
};

static inline struct tap *
tap_new(struct side *s)
{
	struct tap *t = &s->taps[s->ntaps++];

	assert_in_range(s->ntaps, 0, TAPS_MAX);
	t->side = s;
	t->take_none = s->take_none;
	return t;
}

/* A stream of ours that sends all bytes of the pattern; NULL when the link takes none. */
static inline struct tap *
tap_open(struct side *s, uint64_t all)
{
	struct tap *t = tap_new(s);

	t->all = all;
	t->stream = wsmux_session_open(link_session(s->l), &tap_ops, t);
	if (!t->stream)
		return NULL;
	tap_feed(t);
	return t;
}

static inline int
taps_done(const struct side *s)
{
	int n = 0;

	for (int i = 0; i < s->ntaps; i++)
		n += s->taps[i].dones;
	return n;
}

/* ---- sides ---- */

static inline bool
side_on_stream(void *user, struct wsmux_stream *stream, const struct wsmux_stream_ops **ops,
    void **stream_user)
{
	struct side *s = user;
	struct tap *t;

	if (s->refuse)
		return false;
	t = tap_new(s);
	t->stream = stream;
	t->echo = !s->take_none && !s->quiet;
	*ops = &tap_ops;
	*stream_user = t;
	if (s->on_stream)
		s->on_stream(s);
	return true;
}

static inline void
side_on_round_trip(void *user, uint64_t us)
{
	struct side *s = user;

	assert_in_range(us, 0, 600000000); /* 0: time stands (silence_test.c) */
	s->round_trips++;
}

static inline void
side_on_held(void *user, ptrdiff_t delta)
{
	struct side *s = user;

	s->held += delta;
	if (s->held > s->held_most)
		s->held_most = s->held;
	assert_true(s->held >= 0);
}

static inline void
side_hear_close(struct side *s)
{
	s->close_code = link_close_code(s->last);
	snprintf(s->close_text, sizeof(s->close_text), "%s", link_close_text(s->last));
}

static inline void
side_on_down(void *user, enum reason why)
{
	struct side *s = user;

	assert_int_equal(s->gones, 0);
	s->downs++;
	s->down_why = why;
	strb_printf(&s->story, "down(%s) ", reason_word(why));
	side_hear_close(s);
	if (s->on_down)
		s->on_down(s);
}

static inline void
side_on_gone(void *user, enum reason why)
{
	struct side *s = user;

	assert_int_equal(s->gones++, 0);
	assert_int_equal(s->held, 0);
	for (int i = 0; i < s->ntaps; i++)
		assert_null(s->taps[i].stream);
	s->gone_why = why;
	strb_printf(&s->story, "gone(%s)", reason_word(why));
	side_hear_close(s);
	s->l = NULL;
}

static const struct link_ops side_ops = {
    .on_stream = side_on_stream,
    .on_round_trip = side_on_round_trip,
    .on_held = side_on_held,
    .on_down = side_on_down,
    .on_gone = side_on_gone,
};

static inline struct link_config
side_config(enum wsmux_role role, bool extended)
{
	return (struct link_config){
	    .mux =
		{
		    .role = role,
		    .window = 65536,
		    .windows_agreed = extended,
		    .peer_window = extended ? 65536 : 0,
		    .rst_agreed = extended,
		    .streams_max = 400,
		    .send_max = 65536,
		    .stream_held_max = 1 << 20,
		    .session_held_max = 4 << 20,
		    .open_timeout_ms = 30000,
		    .linger_timeout_ms = 30000,
		    .linger_bytes = 1 << 20,
		},
	    .message_max = (1 << 20) + 16,
	    .ping_interval_ms = 600000, /* no machine is so slow that a peer of a test is silent */
	};
}

static inline void
side_begin(struct side *s, int fd, const struct link_config *config)
{
	struct conn *c = conn_accept(loop, fd, NULL, &end_ops, NULL);

	assert_non_null(c);
	strb_init(&s->story, 4096);
	s->l = s->last = link_new(loop, &c, config, &side_ops, s);
	assert_null(c);
}

/* On the heap: taps are many. */
static inline struct side *
side_new(void)
{
	return must_alloc(sizeof(struct side));
}

static inline void
side_free(struct side **sp)
{
	strb_free(&(*sp)->story);
	free(*sp);
	*sp = NULL;
}

static inline void
pair_begin(struct side **server, struct side **client, bool extended)
{
	struct link_config s = side_config(WSMUX_SERVER, extended),
			   c = side_config(WSMUX_CLIENT, extended);
	int fds[2];

	tcp_pair(fds);
	*server = side_new();
	*client = side_new();
	side_begin(*server, fds[0], &s);
	side_begin(*client, fds[1], &c);
}

static inline void
side_close(struct side *s, enum reason why)
{
	link_close(&s->l, why);
	assert_null(s->l);
}

/* One of them closes, unless both are gone already; then neither is left. */
static inline void
pair_end(struct side **a, struct side **b)
{
	if ((*a)->l && !(*a)->gones)
		side_close(*a, R_SHUTDOWN);
	until((*a)->gones && (*b)->gones);
	side_free(a);
	side_free(b);
}

/* A link whose peer is a bare socket, non-blocking; answers that. */
static inline int
side_with_peer(struct side **s, const struct link_config *config)
{
	int fds[2];

	tcp_pair(fds);
	*s = side_new();
	side_begin(*s, fds[0], config);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	return fds[1];
}

static inline void
side_end(struct side **s, int peer)
{
	if (peer >= 0)
		close(peer);
	until((*s)->gones);
	side_free(s);
}

/* A client's frame, masked with zeros. */
static inline void
peer_frame(int fd, int first, struct span payload)
{
	char head[6] = {(char)first, (char)(0x80 | payload.n)};

	assert_in_range(payload.n, 0, 125);
	assert_int_equal(send(fd, head, sizeof(head), MSG_NOSIGNAL), sizeof(head));
	assert_int_equal(send(fd, payload.p, payload.n, MSG_NOSIGNAL), payload.n);
}

#endif
