/* The data plane as its owner runs it: one worker, a control plane that answers when the test says
 * so, and bare sockets for viewers and clients. */
#include "tests/unit/net/world.h"

#include "base/clock.h"
#include "base/log.h"
#include "edge/edge.h"
#include "heads.h"
#include "msg/msg.h"
#include "net/addr.h"
#include "tests/unit/net/skew.h"
#include "wsmux/frame.h"

enum { HEARD_MAX = 1 << 16 };

static struct edge *edge;
static struct mailbox *control;
static uint16_t port;
static struct policy *policy;
static struct msg_admit *asked; /* the last question, unanswered */
static struct msg_tunnel_end *ended;
static struct msg_told *told;
static int drained, kicked;

static void
on_mail(void *user, struct mail *mail)
{
	(void)user;
	switch (mail->type) {
	case MSG_ADMIT:
		assert_null(asked);
		asked = (struct msg_admit *)mail;
		return;
	case MSG_TUNNEL_END:
		assert_null(ended);
		ended = (struct msg_tunnel_end *)mail;
		return;
	case MSG_TOLD:
		told = (struct msg_told *)mail;
		return;
	case MSG_DRAINED:
		drained++;
		break;
	case MSG_KICKED:
		kicked += (int)((struct msg_kicked *)mail)->ended;
		break;
	default:
		break;
	}
	msg_free(mail);
}

static void
edge_begin(struct policy *p)
{
	struct edge_config config = {.workers = 1, .nlisten = 1, .policy = p};
	struct sockaddr_in here = address("127.0.0.1", 0);
	char error[EDGE_ERROR_MAX];

	asked = NULL;
	ended = NULL;
	told = NULL;
	drained = kicked = 0;
	policy = p;
	control = mailbox_new(loop, on_mail, NULL);
	config.control = control;
	memcpy(&config.listen[0], &here, sizeof(here));
	edge = edge_start(&config, error);
	assert_non_null(edge);
	port = addr_port((struct sockaddr *)&config.listen[0]);
}

static void
edge_end(void)
{
	if (!drained)
		edge_drain(edge, true);
	until(drained);
	edge_free(&edge);
	mailbox_shut(control, msg_free);
	until(true);
	turn(UV_RUN_NOWAIT);
	mailbox_free(&control);
	if (asked)
		msg_admit_free(asked);
	if (ended)
		msg_tunnel_end_free(ended);
	if (told)
		msg_told_free(told);
	policy_end(&policy);
}

/* ---- sockets ---- */

struct caller {
	int fd, end; /* end: -1, 0 or errno */
	size_t n;
	char text[HEARD_MAX];
};

static struct caller *
call(const char *text)
{
	struct caller *c = must_alloc(sizeof(*c));

	c->fd = local_connect(port);
	c->end = -1;
	peer_say(c->fd, text);
	return c;
}

static bool
heard(struct caller *c, const char *what)
{
	if (c->end < 0)
		peer_hear(c->fd, c->text, sizeof(c->text) - 1, &c->n, &c->end);
	return memmem(c->text, c->n, what, strlen(what)) != NULL;
}

#define until_heard(c, what) until(heard(c, what))
#define until_over(c)	     until((heard(c, "\n"), (c)->end >= 0))

static void
hang_up(struct caller **c)
{
	close((*c)->fd);
	free(*c);
	*c = NULL;
}

static struct caller *
register_client(const char *more)
{
	char *token = jwt_mint(SPAN("id"), SPAN("secretA"), SPAN(""), clock_wall_ms() / 1000, 3600);
	struct strb b;
	struct caller *c;

	strb_init(&b, 8192);
	strb_printf(&b,
	    "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "x-webhooktunnel-id: id\r\n%sAuthorization: Bearer %s\r\n\r\n",
	    more, token);
	c = call(strb_cstr(&b));
	strb_free(&b);
	free(token);
	until(asked);
	return c;
}

static void
answer(enum reason why, int64_t session)
{
	struct msg_admitted *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_ADMITTED;
	letter->ticket = asked->ticket;
	letter->why = why;
	letter->session = session;
	msg_admit_free(asked);
	asked = NULL;
	edge_post(edge, 0, &letter->mail);
}

/* The worker has read every letter before: its turn for ours has come. */
static struct msg_told *
ask(enum ask_what what)
{
	struct msg_ask *letter = must_alloc(sizeof(*letter));

	if (told)
		msg_told_free(told);
	told = NULL;
	letter->mail.type = MSG_ASK;
	letter->what = what;
	edge_post(edge, 0, &letter->mail);
	until(told);
	return told;
}

/* A client's wsmux frame for stream 0 as one message, masked with zeros. */
static void
client_frame(struct caller *c, enum wsmux_type type, struct span data)
{
	size_t n = WSMUX_HEADER_MIN + data.n;
	struct strb b;

	strb_init(&b, 100000);
	strb_char(&b, (char)0x82);
	strb_char(&b, (char)(0x80 | (n < 126 ? n : 126)));
	if (n >= 126) {
		strb_char(&b, (char)(n >> 8));
		strb_char(&b, (char)n);
	}
	strb_add(&b, SPAN("\0\0\0\0"));
	strb_char(&b, (char)type);
	strb_add(&b, SPAN("\0\0\0\0"));
	strb_add(&b, data);
	assert_int_equal(send(c->fd, b.p, b.n, MSG_NOSIGNAL), b.n);
	strb_free(&b);
}

/* ---- admission ---- */

static void
test_a_client_joins_and_leaves(void **state)
{
	struct caller *c;

	(void)state;
	edge_begin(policy_plain());
	c = register_client("");
	assert_string_equal(asked->client.id, "id");
	assert_int_equal(ask(ASK_TUNNELS)->ntunnels, 0); /* not before its row */
	answer(R_NONE, 77);
	until_heard(c, "101 Switching");
	assert_int_equal(ask(ASK_TUNNELS)->ntunnels, 1);
	assert_int_equal(told->tunnels[0].session, 77);
	hang_up(&c);
	until(ended);
	assert_int_equal(ended->session, 77);
	assert_int_equal(ended->why, R_LINK_LOST);
	assert_int_equal(ask(ASK_TUNNELS)->ntunnels, 0);
	edge_end();
}

/* A12 */
static void
test_a_refusal_of_the_control_plane(void **state)
{
	struct caller *c;

	(void)state;
	edge_begin(policy_plain());
	c = register_client("");
	answer(R_BANNED, 0);
	until_heard(c, "x-webhooktunnel-error: banned");
	until_over(c);
	hang_up(&c);
	edge_end();
	assert_null(ended);
}

/* A12 R22: 503, and then the row is written: it is closed again, and the viewer that still says
 * goodbye is nobody's client. */
static void
test_an_answer_that_comes_too_late(void **state)
{
	struct policy *p = policy_plain();
	struct caller *c;

	(void)state;
	p->limits.admit_timeout = 50;
	edge_begin(p);
	c = register_client("");
	until_heard(c, "x-webhooktunnel-error: not_recorded");
	answer(R_NONE, 78);
	until(ended);
	assert_int_equal(ended->session, 78);
	assert_int_equal(ended->why, R_VIEWER_GONE);
	assert_int_equal(ask(ASK_TUNNELS)->ntunnels, 0);
	hang_up(&c);
	edge_end();
}

/* R22: gone, or half gone, while the row is written. */
static void
test_a_client_that_does_not_wait(void **state)
{
	(void)state;
	for (int half = 0; half < 2; half++) {
		struct caller *c;

		edge_begin(policy_plain());
		c = register_client("");
		if (half)
			shutdown(c->fd, SHUT_WR);
		else
			hang_up(&c);
		until(ask(ASK_METRICS)->metrics->viewers == 0);
		answer(R_NONE, 79);
		until(ended);
		assert_int_equal(ended->session, 79);
		if (half)
			hang_up(&c);
		edge_end();
	}
}

/* The 101 spoke of a window; another policy since then changes nothing about it. */
static void
test_the_session_has_the_limits_of_its_101(void **state)
{
	struct policy *p = policy_plain(), *smaller = policy_plain();
	char *data = must_alloc(60000);
	struct caller *c, *viewer;

	(void)state;
	p->limits.window = 60000;
	smaller->limits.window = 1000;
	edge_begin(p);
	c = register_client("x-webhooktunnel-mux: window=60000, rst\r\n");
	edge_publish(edge, smaller);
	ask(ASK_METRICS);
	answer(R_NONE, 80);
	until_heard(c, "window=60000, rst");
	viewer = call("GET /id/ HTTP/1.1\r\nHost: h\r\n\r\n");
	until_heard(c, "GET / HTTP/1.1");
	memset(data, 'x', 60000);
	memcpy(data, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 59955\r\nX-A: b\r\n\r\n").p, 50);
	client_frame(c, WSMUX_ACK, SPAN("\0\0\0\0"));
	client_frame(c, WSMUX_DAT, span_of(data, 60000));
	until_heard(viewer, "200 OK");
	assert_int_equal(ask(ASK_TUNNELS)->ntunnels, 1);
	assert_null(ended);
	free(data);
	hang_up(&viewer);
	hang_up(&c);
	edge_end();
	policy_end(&smaller);
}

static void
test_a_kick(void **state)
{
	struct msg_kick *letter = must_alloc(sizeof(*letter));
	struct caller *c;

	(void)state;
	edge_begin(policy_plain());
	c = register_client("");
	answer(R_NONE, 81);
	until_heard(c, "101 Switching");
	letter->mail.type = MSG_KICK;
	letter->why = R_KILLED;
	strcpy(letter->match, "i*");
	strcpy(letter->by, "op");
	edge_post(edge, 0, &letter->mail);
	until(ended && kicked == 1);
	assert_string_equal(ended->by, "op");
	assert_int_equal(ended->why, R_KILLED);
	until_over(c);
	hang_up(&c);
	edge_end();
}

/* ---- draining ---- */

/* C01 C10: who has connected but not asked yet may still ask once; who was served is let go. */
static void
test_a_drain_serves_who_has_just_come(void **state)
{
	static const char heartbeat[] = "GET /__heartbeat__ HTTP/1.1\r\nHost: h\r\n\r\n";
	struct caller *fresh, *served;

	(void)state;
	edge_begin(policy_plain());
	served = call(heartbeat);
	until_heard(served, "200 OK");
	fresh = call("");
	until(ask(ASK_METRICS)->metrics->viewers == 2);
	time_stop(); /* a last call is for a second */
	edge_drain(edge, false);
	until_over(served);
	assert_int_equal(drained, 0);
	peer_say(fresh->fd, heartbeat);
	until_heard(fresh, "200 OK");
	until_heard(fresh, "Connection: close");
	until_over(fresh);
	time_go_on();
	hang_up(&fresh);
	hang_up(&served);
	edge_end();
}

static void
test_a_drain_does_not_wait_long_for_who_never_asks(void **state)
{
	enum { LONG_MS = 24 * 3600 * 1000 }; /* whatever else could end it */
	struct policy *p = policy_plain();
	struct caller *silent;

	(void)state;
	p->limits.head_timeout = p->limits.idle_timeout = p->limits.drain_timeout = LONG_MS;
	edge_begin(p);
	silent = call("");
	until(ask(ASK_METRICS)->metrics->viewers == 1);
	edge_drain(edge, false);
	until(drained);
	hang_up(&silent);
	edge_end();
}

/* C03: an admission under way ends with the drain, and its row with it. */
static void
test_a_drain_during_an_admission(void **state)
{
	struct caller *c;

	(void)state;
	edge_begin(policy_plain());
	c = register_client("");
	edge_drain(edge, true);
	until_heard(c, "x-webhooktunnel-error: shutdown");
	answer(R_NONE, 82);
	hang_up(&c);
	edge_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(test_a_client_joins_and_leaves),
	    world_test(test_a_refusal_of_the_control_plane),
	    world_test(test_an_answer_that_comes_too_late),
	    world_test(test_a_client_that_does_not_wait),
	    world_test(test_the_session_has_the_limits_of_its_101),
	    world_test(test_a_kick),
	    world_test(test_a_drain_serves_who_has_just_come),
	    world_test(test_a_drain_does_not_wait_long_for_who_never_asks),
	    world_test(test_a_drain_during_an_admission),
	};

	log_set_level(LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
