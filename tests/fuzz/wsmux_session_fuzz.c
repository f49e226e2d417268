/* A session between a hostile peer and a careless user, both played by the input.
 *
 * The first byte chooses the configuration; then each byte is an operation (enum op) with what
 * bytes it needs behind it. Whatever happens: what is held adds up, every stream is told its end
 * once, no frame is malformed or beyond the credit, and nothing is left behind.
 */
#include "base/obj.h"
#include "wsmux/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENDS = 64, SEND_MAX = 20000, WINDOW = 5000 };

enum op {
	PIECE,
	FRAME,
	DATA,
	OPEN,
	WRITE,
	USE,
	RESUME,
	FIN,
	ABORT,
	PULL,
	REAP,
	TICK,
	APPETITE,
	OPS
};

struct end {
	struct world *world;
	struct wsmux_stream *st; /* NULL: free to be opened */
	size_t unused;
	bool over; /* on_done was called, or it never began */
};

struct world {
	struct span input;
	struct chunk_pool pool;
	struct wsmux_session *session;
	struct end end[ENDS];
	size_t held;
	size_t appetite;
	uint64_t now;
	bool in_callback;
};

static uint8_t
world_byte(struct world *w)
{
	uint8_t byte = w->input.n > 0 ? (uint8_t)w->input.p[0] : 0;

	w->input = span_drop(w->input, 1);
	return byte;
}

static struct span
world_bytes(struct world *w, size_t n)
{
	struct span bytes = span_take(w->input, n);

	w->input = span_drop(w->input, n);
	return bytes;
}

static struct end *
world_end(struct world *w, bool open)
{
	size_t from = world_byte(w);

	for (size_t i = 0; i < ENDS; i++) {
		struct end *e = &w->end[(from + i) % ENDS];

		if (!e->over == open)
			return e;
	}
	return NULL;
}

static void world_local(struct world *, enum op);

/* Inside a callback the user may do anything but reap. */
static void
world_mischief(struct world *w)
{
	uint8_t byte = world_byte(w);

	if (w->in_callback || byte < 200)
		return;
	w->in_callback = true;
	world_local(w, OPEN + byte % (ABORT - OPEN + 1));
	w->in_callback = false;
}

static size_t
end_on_data(void *user, struct span in)
{
	struct end *e = user;
	size_t n = in.n < e->world->appetite ? in.n : e->world->appetite;

	ENSURE(!e->over && in.n > 0 && in.n <= WSMUX_DATA_MAX);
	e->unused += n;
	world_mischief(e->world);
	return n;
}

static void
end_on_room(void *user)
{
	struct end *e = user;

	ENSURE(!e->over);
	world_mischief(e->world);
}

static void
end_on_done(void *user, enum reason why)
{
	struct end *e = user;

	(void)reason_word(why);
	ENSURE(!e->over);
	e->over = true;
	e->st = NULL;
	e->unused = 0;
}

static const struct wsmux_stream_ops end_ops = {
    .on_data = end_on_data,
    .on_room = end_on_room,
    .on_fin = end_on_room,
    .on_done = end_on_done,
};

static bool
world_on_stream(
    void *user, struct wsmux_stream *st, const struct wsmux_stream_ops **ops, void **stream_user)
{
	struct world *w = user;
	struct end *e = world_end(w, false);

	if (!e || w->appetite % 8 == 7)
		return false;
	e->st = st;
	e->over = false;
	*ops = &end_ops;
	*stream_user = e;
	return true;
}

static void
world_on_output(void *user)
{
	const struct wsmux_session *s = ((struct world *)user)->session;

	ENSURE(wsmux_session_has_output(s) || wsmux_session_streams(s) > 0);
}

static void
world_on_held(void *user, ptrdiff_t delta)
{
	((struct world *)user)->held += (size_t)delta;
}

static const struct wsmux_session_ops world_ops = {
    .on_output = world_on_output,
    .on_stream = world_on_stream,
    .on_held = world_on_held,
};

static void
world_feed(struct world *w, struct span message, bool last)
{
	size_t step = 1 + world_byte(w);

	do {
		struct span piece = span_take(message, step);

		message = span_drop(message, piece.n);
		if (wsmux_session_feed(w->session, piece, last && message.n == 0) != R_NONE)
			ENSURE(!wsmux_session_has_output(w->session));
	} while (message.n > 0);
}

static void
world_frame(struct world *w, bool data)
{
	static char message[WSMUX_HEADER_MIN + (1 << 16)];
	uint8_t type = world_byte(w);
	struct wsmux_frame f = {.type = type % 8, .id = world_byte(w) % 32};
	size_t n;

	if (data) {
		f.type = WSMUX_DAT;
		n = wsmux_frame_encode(&f, message) + (size_t)world_byte(w) * type;
	} else {
		f.number = (uint32_t)world_byte(w) << type % 25;
		n = wsmux_frame_encode(&f, message);
	}
	world_feed(w, span_of(message, n), true);
}

static void
world_pull(struct world *w)
{
	struct wsmux_out out;
	size_t sum = 0;

	if (!wsmux_session_pull(w->session, &out))
		return;
	ENSURE(out.head_len >= WSMUX_HEADER_MIN && out.ndata <= WSMUX_RUNS_MAX);
	for (int i = 0; i < out.ndata; i++)
		sum += out.data[i].iov_len;
	ENSURE(sum == out.data_len && sum <= WSMUX_DATA_MAX);
	ENSURE((out.head[0] == WSMUX_DAT) == (sum > 0));
}

static void
end_local(struct end *e, enum op op, uint8_t byte)
{
	static const char bytes[SEND_MAX];
	size_t n;

	switch (op) {
	case WRITE:
		n = (size_t)byte * 79;
		ENSURE(wsmux_stream_write(e->st, span_of(bytes, n)) <= n);
		break;
	case USE:
		n = byte < 200 ? e->unused : e->unused / 2;
		if (n > wsmux_stream_held(e->st))
			n = wsmux_stream_held(e->st);
		e->unused -= n;
		wsmux_stream_used(e->st, n);
		break;
	case RESUME:
		wsmux_stream_resume(e->st);
		break;
	case FIN:
		wsmux_stream_fin(e->st);
		break;
	default:
		wsmux_stream_abort(e->st, byte % REASON_COUNT);
		break;
	}
}

static void
world_open(struct world *w)
{
	struct end *e = world_end(w, false);

	if (!e)
		return;
	e->st = wsmux_session_open(w->session, &end_ops, e);
	e->over = !e->st;
}

/* What the user does. */
static void
world_local(struct world *w, enum op op)
{
	struct end *e;

	if (op == OPEN) {
		world_open(w);
		return;
	}
	e = world_end(w, true);
	if (e)
		end_local(e, op, world_byte(w));
}

static void
world_turn(struct world *w)
{
	enum op op = world_byte(w) % OPS;
	uint8_t byte;

	switch (op) {
	case PIECE:
		byte = world_byte(w);
		world_feed(w, world_bytes(w, byte % 32), byte & 32);
		break;
	case FRAME:
	case DATA:
		world_frame(w, op == DATA);
		break;
	case PULL:
		world_pull(w);
		break;
	case REAP:
		wsmux_session_reap(w->session);
		break;
	case TICK:
		w->now += world_byte(w) * 100u;
		wsmux_session_tick(w->session, w->now);
		break;
	case APPETITE:
		w->appetite = world_byte(w) * 50u;
		break;
	default:
		world_local(w, op);
		break;
	}
}

static void
world_check(const struct world *w)
{
	size_t held = 0;

	for (const struct end *e = w->end; e < w->end + ENDS; e++)
		held += e->over ? 0 : wsmux_stream_held(e->st);
	ENSURE(held == w->held && held == wsmux_session_held(w->session));
}

static struct wsmux_config
world_config(uint8_t byte)
{
	return (struct wsmux_config){
	    .role = byte & 1 ? WSMUX_CLIENT : WSMUX_SERVER,
	    .windows_agreed = byte & 2,
	    .rst_agreed = byte & 4,
	    .window = byte & 8 ? 3 : WINDOW,
	    .peer_window = byte & 16 ? 1 : 3000,
	    .streams_max = byte & 32 ? 4 : ENDS,
	    .send_max = SEND_MAX,
	    .stream_held_max = byte & 64 ? 10000 : WINDOW,
	    .session_held_max = byte & 128 ? 9000 : 100000,
	    .open_timeout_ms = 3000,
	    .linger_timeout_ms = 1000,
	    .linger_bytes = 4000,
	};
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = {.input = span_of(data, size), .appetite = SIZE_MAX};
	struct wsmux_config config = world_config(world_byte(&w));

	chunk_pool_init(&w.pool);
	w.session = wsmux_session_new(&config, &w.pool, &world_ops, &w);
	for (size_t i = 0; i < ENDS; i++)
		w.end[i] = (struct end){.world = &w, .over = true};
	while (w.input.n > 0) {
		world_turn(&w);
		world_check(&w);
	}
	wsmux_session_free(&w.session, R_LINK_LOST);
	for (size_t i = 0; i < ENDS; i++)
		ENSURE(w.end[i].over);
	ENSURE(w.pool.in_use == 0 && w.held == 0);
	chunk_pool_free(&w.pool);
	return 0;
}
