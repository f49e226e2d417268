/* Sessions of real peers, replayed. In each capture our session plays the server, then the client:
 * it must take every frame of the other side without a complaint, and be able to say all
 * that was said on its own. ACKs are its own affair but for the accepting one; data may
 * be cut into other frames. */
#include <stdio.h>

#include "base/strb.h"
#include "side.h"

enum { LINES_MAX = 1 << 17, STREAMS = 64 };

struct voice {
	struct wsmux_stream *st;
	struct strb heard, should_hear, said, should_say;
	bool acked; /* its accepting ACK is behind us */
	int fins, should_fin;
};

struct replay {
	enum wsmux_role role;
	struct chunk_pool pool;
	struct wsmux_session *session;
	struct voice voice[STREAMS];
	size_t frames; /* of the other side */
};

static struct voice *
replay_voice(struct replay *r, uint32_t id)
{
	assert_true(id < STREAMS);
	return &r->voice[id];
}

static size_t
voice_on_data(void *user, struct span in)
{
	struct voice *v = user;

	strb_add(&v->heard, in);
	wsmux_stream_used(v->st, in.n);
	return in.n;
}

static void
voice_on_done(void *user, enum reason why)
{
	((struct voice *)user)->st = NULL;
	assert_true(why == R_NONE || why == R_LINK_LOST);
}

static const struct wsmux_stream_ops voice_ops = {
    .on_data = voice_on_data,
    .on_done = voice_on_done,
};

static bool
replay_on_stream(
    void *user, struct wsmux_stream *st, const struct wsmux_stream_ops **ops, void **stream_user)
{
	struct voice *v = replay_voice(user, wsmux_stream_id(st));

	v->st = st;
	*ops = &voice_ops;
	*stream_user = v;
	return true;
}

static void
replay_on_output(void *user)
{
	(void)user;
}

static const struct wsmux_session_ops replay_ops = {
    .on_output = replay_on_output,
    .on_stream = replay_on_stream,
};

static void
replay_begin(struct replay *r, uint32_t window)
{
	struct wsmux_config config = legacy(r->role);

	config.window = window;
	r->session = wsmux_session_new(&config, &r->pool, &replay_ops, r);
	for (struct voice *v = r->voice; v < r->voice + STREAMS; v++) {
		*v = (struct voice){0};
		strb_init(&v->heard, MIB(4));
		strb_init(&v->should_hear, MIB(4));
		strb_init(&v->said, MIB(4));
		strb_init(&v->should_say, MIB(4));
	}
}

static void
voice_check(struct voice *v)
{
	assert_true(span_eq(strb_span(&v->heard), strb_span(&v->should_hear)));
	assert_true(span_eq(strb_span(&v->said), strb_span(&v->should_say)));
	assert_int_equal(v->fins, v->should_fin);
	strb_free(&v->heard);
	strb_free(&v->should_hear);
	strb_free(&v->said);
	strb_free(&v->should_say);
}

static void
replay_end(struct replay *r)
{
	if (!r->session)
		return;
	for (struct voice *v = r->voice; v < r->voice + STREAMS; v++)
		voice_check(v);
	wsmux_session_free(&r->session, R_LINK_LOST);
	assert_int_equal(r->pool.in_use, 0);
}

/* Takes what our session says. Answers how many SYNs there were;
 * an accepting ACK must be number. */
static int
replay_listen(struct replay *r, uint32_t number)
{
	struct wsmux_out out;
	int syns = 0;

	while (wsmux_session_pull(r->session, &out)) {
		struct wsmux_frame f = frame_of(&out);
		struct voice *v = replay_voice(r, f.id);

		syns += f.type == WSMUX_SYN;
		v->fins += f.type == WSMUX_FIN;
		if (f.type == WSMUX_ACK && r->role == WSMUX_CLIENT && !v->acked) {
			assert_int_equal(f.number, number);
			v->acked = true;
		}
		for (int i = 0; i < out.ndata; i++)
			strb_add(&v->said, span_of(out.data[i].iov_base, out.data[i].iov_len));
	}
	return syns;
}

/* Our side said this. */
static void
replay_say(struct replay *r, struct wsmux_frame f, struct span data)
{
	struct voice *v = replay_voice(r, f.id);

	switch (f.type) {
	case WSMUX_SYN:
		v->st = wsmux_session_open(r->session, &voice_ops, v);
		assert_int_equal(wsmux_stream_id(v->st), f.id);
		assert_int_equal(replay_listen(r, 0), 1);
		break;
	case WSMUX_DAT:
		strb_add(&v->should_say, data);
		assert_int_equal(wsmux_stream_write(v->st, data), data.n);
		break;
	case WSMUX_FIN:
		v->should_fin++;
		wsmux_stream_fin(v->st);
		break;
	case WSMUX_ACK:
		assert_int_equal(replay_listen(r, f.number), 0);
		assert_true(r->role == WSMUX_SERVER || v->acked);
		break;
	default:
		fail();
	}
	assert_int_equal(replay_listen(r, 0), 0);
}

/* The other side said that. */
static void
replay_hear(struct replay *r, struct wsmux_frame f, struct span message)
{
	r->frames++;
	if (f.type == WSMUX_DAT)
		strb_add(&replay_voice(r, f.id)->should_hear, span_drop(message, WSMUX_HEADER_MIN));
	for (size_t at = 0; at < message.n; at += cut < message.n ? cut : message.n) {
		struct span piece = span_take(span_drop(message, at), cut);

		assert_int_equal(
		    wsmux_session_feed(r->session, piece, at + piece.n == message.n), R_NONE);
	}
}

/* The value behind "name": in one line of the capture. */
static struct span
line_field(struct span line, const char *name)
{
	char key[32];
	const char *at;
	size_t skip;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = memmem(line.p, line.n, key, strlen(key));
	if (!at)
		return (struct span){NULL, 0};
	skip = (size_t)(at - line.p) + strlen(key);
	line = span_drop(line, skip);
	if (line.p[0] == '"')
		line = span_drop(line, 1);
	return span_take(line, strcspn(line.p, "\",}"));
}

static struct span
unhex(struct span hex, char *out)
{
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		unsigned byte;

		assert_int_equal(sscanf(hex.p + i, "%2x", &byte), 1);
		out[i / 2] = (char)byte;
	}
	return span_of(out, hex.n / 2);
}

static void
replay_line(struct replay *r, struct span line, uint32_t window)
{
	static char bytes[LINES_MAX];
	bool to_server = span_eq(line_field(line, "dir"), SPAN("C->S"));
	struct wsmux_decoder d = {0};
	struct wsmux_frame f;
	struct span message;

	if (line_field(line, "head").p && to_server) {
		replay_end(r);
		replay_begin(r, window);
	}
	if (!span_eq(line_field(line, "opcode"), SPAN("2")))
		return;
	message = unhex(line_field(line, "payload"), bytes);
	wsmux_decoder_take(&d, message, WSMUX_HEADER_MAX);
	f = wsmux_decoder_frame(&d);
	if (to_server == (r->role == WSMUX_CLIENT))
		replay_say(r, f, span_drop(message, WSMUX_HEADER_MIN));
	else
		replay_hear(r, f, message);
	wsmux_session_reap(r->session);
}

static void
replay_file(const char *name, enum wsmux_role role, uint32_t window)
{
	static char line[LINES_MAX];
	struct replay *r = must_alloc(sizeof(*r));
	char path[1000];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", VECTORS, name);
	file = fopen(path, "r");
	assert_non_null(file);
	r->role = role;
	chunk_pool_init(&r->pool);
	while (fgets(line, sizeof(line), file))
		replay_line(r, span_str(line), window);
	fclose(file);
	replay_end(r);
	assert_true(r->frames > 5);
	chunk_pool_free(&r->pool);
	free(r);
}

/* I01 I02: the windows are what the clients were built with */
static void
test_every_capture_from_both_sides(void **state)
{
	static const struct {
		const char *name;
		uint32_t window;
	} files[] = {
	    {"whclient-v0-http.jsonl", 1024},
	    {"wst-client-v1-http.jsonl", 1024},
	    {"wst-client-v1-websocket.jsonl", 1024},
	    {"wst-client-v106-websocket.jsonl", 4 << 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		replay_file(files[i].name, WSMUX_SERVER, KIB(64));
		replay_file(files[i].name, WSMUX_CLIENT, files[i].window);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_capture_from_both_sides),
	};

	return RUN_CUT("vector", tests);
}
