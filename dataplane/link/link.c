/* The link joins three machines that know nothing of each other: a conn (bytes), a wire (messages)
 * and a session (streams). Everything that callbacks cause is done once, in link_on_flush,
 * at the end of the turn: that is where streams are reaped, frames become bytes, and nobody
 * is below us on the stack. */
#include "link/link.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/obj.h"
#include "ws/wire.h"

#define LINK_MAGIC 0x11e4c0deu

enum { TICK_MS = 1000, STALLED_PINGS = 2, SILENT_CLOSE_MS = 100, LAST_LOOK_MS = 1 };

enum link_state { LINK_LIVE, LINK_CLOSING, LINK_GONE };

struct link {
	unsigned magic;
	enum link_state state; /* forward only */
	struct loop *loop;
	struct conn *conn; /* NULL unless LIVE */
	struct ws_wire *wire;
	struct wsmux_session *session;
	const struct link_ops *ops;
	void *user;
	bool client;
	uint64_t ping_interval_ms;
	enum reason why;
	struct task flush;
	struct timer tick; /* runs while the session has something that can run out */
	struct timer ping;
	uint64_t ping_due_ms;
	uint64_t probe_ms; /* of a probe, what is left when old bytes have been read; 0: none */
	uint64_t ping_stamp_ns; /* in the payload of the last ping; 0: answered */
	uint64_t rtt_us;
	uint64_t received_at_ping, sent_at_ping;
	unsigned pings_unsent; /* in a row at which nothing had left for the kernel */
	bool last_look;
	char pong[WS_CONTROL_MAX]; /* the last ping's payload, to be echoed */
	uint8_t pong_len;
	bool pong_due;
	int close_code;
	char *close_text;
	uint64_t bytes_in, bytes_out; /* of the conn, once it is gone */
	char peer[CONN_PEER_MAX];
};

/* ---- ending ---- */

static void
link_set_state(struct link *l, enum link_state state)
{
	ENSURE(state > l->state);
	l->state = state;
}

static void
link_note_bytes(struct link *l)
{
	l->bytes_in = conn_received(l->conn);
	l->bytes_out = conn_sent(l->conn);
}

/* Our Close, or the echo of the peer's (RFC 6455, 5.5.1). */
static void
link_send_close(struct link *l, enum reason why)
{
	const struct reason_info *info = reason_info(why);
	bool echo = l->close_text != NULL;
	struct span text = echo ? SPAN("") : span_str(info->text);

	if (ws_wire_send_close(
		l->wire, echo ? l->close_code : info->close, text, conn_out(l->conn)) < 0)
		conn_shutdown(l->conn); /* no memory for it: the FIN has to say the same */
}

/* A client whose server says nothing more does not wait for its goodbye: it has another to find. */
static uint64_t
link_close_ms(const struct link *l, enum reason why)
{
	return l->client && why == R_PING_TIMEOUT ? SILENT_CLOSE_MS : LINK_CLOSE_MS;
}

/* Says goodbye and lets the streams end; on_gone follows from the conn. */
static void
link_begin_close(struct link *l, enum reason why)
{
	link_set_state(l, LINK_CLOSING);
	l->why = why;
	timer_stop(&l->ping);
	timer_stop(&l->tick);
	wsmux_session_end(l->session, why);
	link_send_close(l, why);
	link_note_bytes(l);
	conn_finish(&l->conn, why, link_close_ms(l, why));
	task_ask(&l->flush);
}

static void
link_down(struct link *l, enum reason why)
{
	if (l->state != LINK_LIVE)
		return;
	link_begin_close(l, why);
	if (l->ops->on_down)
		l->ops->on_down(l->user, why);
}

void
link_close(struct link **lp, enum reason why)
{
	struct link *l;

	TAKE_OBJ(l, lp, LINK_MAGIC);
	if (l->state == LINK_LIVE)
		link_begin_close(l, why);
}

static void
link_free(struct link *l)
{
	task_cancel(&l->flush);
	timer_stop(&l->ping);
	timer_stop(&l->tick);
	ws_wire_free(&l->wire);
	free(l->close_text);
	OBJ_FREE(l);
}

static void
link_on_conn_gone(void *user, enum reason why)
{
	struct link *l;

	(void)why; /* what the network calls it; to the world the link was lost */
	CAST_OBJ(l, user, LINK_MAGIC);
	if (l->state == LINK_LIVE) {
		link_set_state(l, LINK_CLOSING);
		l->why = R_LINK_LOST;
		link_note_bytes(l);
		wsmux_session_end(l->session, l->why);
		if (l->ops->on_down)
			l->ops->on_down(l->user, l->why);
	}
	l->conn = NULL;
	link_set_state(l, LINK_GONE);
	/* Its users may still ask it for another stream, and hear no. */
	wsmux_session_reap(l->session);
	wsmux_session_free(&l->session, l->why);
	l->ops->on_gone(l->user, l->why);
	link_free(l);
}

/* ---- in ---- */

static size_t
link_on_data(void *user, struct span in)
{
	struct link *l;
	enum reason fault;

	CAST_OBJ(l, user, LINK_MAGIC);
	if (l->state != LINK_LIVE)
		return in.n;
	fault = ws_wire_feed(l->wire, in);
	if (fault != R_NONE)
		link_down(l, fault);
	task_ask(&l->flush);
	return in.n;
}

static enum reason
link_on_binary(void *user, struct span piece, bool last)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	if (l->state != LINK_LIVE)
		return R_NONE;
	return wsmux_session_feed(l->session, piece, last);
}

/* Only the last of several pings is answered, once a turn (RFC 6455, 5.5.3). */
static void
link_on_ping(void *user, struct span payload)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	memcpy(l->pong, payload.p, payload.n);
	l->pong_len = (uint8_t)payload.n;
	l->pong_due = true;
}

static void
link_on_pong(void *user, struct span payload)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	if (l->ping_stamp_ns == 0 || payload.n != sizeof(l->ping_stamp_ns) ||
	    memcmp(payload.p, &l->ping_stamp_ns, payload.n) != 0)
		return;
	l->rtt_us = (clock_mono_ns() - l->ping_stamp_ns) / 1000;
	l->ping_stamp_ns = 0;
	if (l->ops->on_round_trip)
		l->ops->on_round_trip(l->user, l->rtt_us);
}

static void
link_on_close(void *user, int code, struct span text)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	l->close_code = code;
	l->close_text = span_dup(text);
	link_down(l, R_LINK_LOST);
}

static const struct ws_wire_ops wire_ops = {
    .on_binary = link_on_binary,
    .on_ping = link_on_ping,
    .on_pong = link_on_pong,
    .on_close = link_on_close,
};

/* ---- out ---- */

static void
link_send_control(struct link *l, enum ws_opcode opcode, struct span payload)
{
	if (ws_wire_send(l->wire, opcode, payload, SPAN(""), conn_out(l->conn)) == 0)
		conn_flush(l->conn);
}

static void
link_send_frames(struct link *l)
{
	struct wsmux_out frame;

	while (!conn_full(l->conn) && wsmux_session_pull(l->session, &frame)) {
		struct iovec runs[1 + WSMUX_RUNS_MAX];

		runs[0] = (struct iovec){frame.head, frame.head_len};
		memcpy(&runs[1], frame.data, (size_t)frame.ndata * sizeof(runs[0]));
		if (ws_wire_send_runs(
			l->wire, WS_BINARY, runs, 1 + frame.ndata, conn_out(l->conn)) < 0) {
			link_down(l, R_PROCESS_MEMORY);
			return;
		}
	}
	conn_flush(l->conn);
}

static void
link_on_flush(void *user)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	wsmux_session_reap(l->session);
	if (l->state != LINK_LIVE)
		return;
	if (l->pong_due && !conn_full(l->conn)) {
		l->pong_due = false;
		link_send_control(l, WS_PONG, span_of(l->pong, l->pong_len));
	}
	link_send_frames(l);
	wsmux_session_reap(l->session); /* of streams whose FIN was the last frame */
	if (!timer_armed(&l->tick) && !wsmux_session_at_rest(l->session))
		timer_start(&l->tick, TICK_MS);
}

static void
link_on_output(void *user)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	task_ask(&l->flush);
}

static void
link_on_drain(void *user)
{
	link_on_output(user);
}

void
link_flush(struct link *l)
{
	CHECK_OBJ(l, LINK_MAGIC);
	task_ask(&l->flush);
}

/* ---- time ---- */

static void
link_on_tick(void *user)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	wsmux_session_tick(l->session, loop_now_ms(l->loop));
	task_ask(&l->flush);
}

static void
link_ping(struct link *l, uint64_t next_ms)
{
	l->probe_ms = 0;
	l->last_look = false;
	l->ping_stamp_ns = clock_mono_ns();
	l->received_at_ping = conn_received(l->conn);
	l->sent_at_ping = conn_sent(l->conn);
	link_send_control(l, WS_PING, span_of(&l->ping_stamp_ns, sizeof(l->ping_stamp_ns)));
	l->ping_due_ms = loop_now_ms(l->loop) + next_ms;
	timer_start(&l->ping, next_ms);
}

static bool
link_jumped(const struct link *l)
{
	return loop_now_ms(l->loop) > l->ping_due_ms + l->ping_interval_ms / 2;
}

void
link_probe(struct link *l, uint64_t ms)
{
	CHECK_OBJ(l, LINK_MAGIC);
	if (l->state != LINK_LIVE)
		return;
	link_ping(l, ms / 5);
	l->probe_ms = ms - ms / 5;
}

/* A peer that talks but does not read is no better than a dead one. */
static bool
link_stalled(struct link *l)
{
	bool stuck = conn_queued(l->conn) > 0 && conn_sent(l->conn) == l->sent_at_ping;

	l->pings_unsent = stuck ? l->pings_unsent + 1 : 0;
	return l->pings_unsent >= STALLED_PINGS;
}

/* What came so far may have lain in the socket since before.
 * From here on any byte is a sign of life. */
static void
link_probe_on(struct link *l)
{
	l->received_at_ping = conn_received(l->conn);
	l->ping_due_ms = loop_now_ms(l->loop) + l->probe_ms;
	timer_start(&l->ping, l->probe_ms);
	l->probe_ms = 0;
}

/* Who was kept from turning since the ping has not heard what lies in the kernel: the socket gets
 * one more look before its peer is called silent. */
static void
link_hear_nothing(struct link *l)
{
	if (l->last_look) {
		link_down(l, R_PING_TIMEOUT);
		return;
	}
	l->last_look = true;
	timer_start(&l->ping, LAST_LOOK_MS);
}

static void
link_on_ping_timer(void *user)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	if (l->probe_ms && l->ping_stamp_ns)
		link_probe_on(l);
	else if (link_jumped(l) || l->probe_ms)
		link_ping(l, l->ping_interval_ms);
	else if (conn_received(l->conn) == l->received_at_ping)
		link_hear_nothing(l);
	else if (link_stalled(l))
		link_down(l, R_LINK_STALLED);
	else
		link_ping(l, l->ping_interval_ms);
}

/* Clients that came at once shall not be pinged at once for ever after. */
static uint64_t
link_first_interval(const struct link *l)
{
	uint16_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = 0;
	return l->ping_interval_ms / 2 + l->ping_interval_ms * random / (2 * UINT16_MAX);
}

/* ---- life ---- */

static const struct conn_ops conn_ops = {
    .on_data = link_on_data,
    .on_drain = link_on_drain,
    .on_gone = link_on_conn_gone,
};

static void
link_on_held(void *user, ptrdiff_t delta)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	if (l->ops->on_held)
		l->ops->on_held(l->user, delta);
}

static bool
link_on_stream(void *user, struct wsmux_stream *stream, const struct wsmux_stream_ops **ops,
    void **stream_user)
{
	struct link *l;

	CAST_OBJ(l, user, LINK_MAGIC);
	return l->ops->on_stream && l->ops->on_stream(l->user, stream, ops, stream_user);
}

static const struct wsmux_session_ops session_ops = {
    .on_output = link_on_output,
    .on_stream = link_on_stream,
    .on_held = link_on_held,
};

struct link *
link_new(struct loop *loop, struct conn **conn, const struct link_config *config,
    const struct link_ops *ops, void *user)
{
	struct link *l;
	enum ws_role role = config->mux.role == WSMUX_SERVER ? WS_SERVER : WS_CLIENT;

	OBJ_NEW(l, LINK_MAGIC);
	l->loop = loop;
	l->conn = *conn;
	*conn = NULL;
	l->ops = ops;
	l->user = user;
	l->client = config->mux.role == WSMUX_CLIENT;
	l->ping_interval_ms = config->ping_interval_ms;
	snprintf(l->peer, sizeof(l->peer), "%s", conn_peer(l->conn));
	l->wire = ws_wire_new(role, config->message_max, &wire_ops, l);
	l->session = wsmux_session_new(&config->mux, loop_pool(loop), &session_ops, l);
	task_init(&l->flush, loop, link_on_flush, l);
	timer_init(&l->tick, loop, link_on_tick, l);
	timer_init(&l->ping, loop, link_on_ping_timer, l);
	conn_set_user(l->conn, &conn_ops, l);
	conn_resume(l->conn);
	link_ping(l, link_first_interval(l));
	return l;
}

/* ---- about ---- */

struct wsmux_session *
link_session(struct link *l)
{
	CHECK_OBJ(l, LINK_MAGIC);
	return l->session;
}

int
link_close_code(const struct link *l)
{
	return l->close_code;
}

const char *
link_close_text(const struct link *l)
{
	return l->close_text ? l->close_text : "";
}

uint64_t
link_rtt_us(const struct link *l)
{
	return l->rtt_us;
}

const char *
link_peer(const struct link *l)
{
	return l->peer;
}

uint64_t
link_bytes_in(const struct link *l)
{
	return l->conn ? conn_received(l->conn) : l->bytes_in;
}

uint64_t
link_bytes_out(const struct link *l)
{
	return l->conn ? conn_sent(l->conn) : l->bytes_out;
}
