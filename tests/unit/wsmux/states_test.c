/* Every state x every frame, against the table at the top of session_in.c. */
#include "side.h"

/* M04 M05 M07 M16 M17 M18: one row of the table each */
enum place { NOWHERE, BACKLOG, QUEUED, OPENING, OPEN, HALF_IN, HALF_OUT, DONE, SHADOW, PLACES };

/* What a frame did: to the user, to the counters, to what is sent. */
struct outcome {
	bool ignored;
	int fins;
	int dones; /* after a reap; DONE and SHADOW had one before */
	size_t got;
	int sent; /* frames that went out in answer */
};

static const struct {
	enum wsmux_type type;
	uint32_t number;
} frames[] = {
    {WSMUX_SYN, 0},
    {WSMUX_DAT, 0},
    {WSMUX_ACK, 65536},
    {WSMUX_FIN, 0},
    {WSMUX_RST, 40},
};

#define NOTHING                                                                                    \
	{                                                                                          \
		.ignored = false                                                                   \
	}
#define IGNORED                                                                                    \
	{                                                                                          \
		.ignored = true                                                                    \
	}
#define OVER                                                                                       \
	{                                                                                          \
		.dones = 1                                                                         \
	}
#define OVER_SENT                                                                                  \
	{                                                                                          \
		.dones = 1, .sent = 1                                                              \
	}
#define OVER_IGNORED                                                                               \
	{                                                                                          \
		.dones = 1, .ignored = true                                                        \
	}
#define OVER_IGNORED_1                                                                             \
	{                                                                                          \
		.dones = 1, .ignored = true, .sent = 1                                             \
	}
#define HALF_IN_IGNORED                                                                            \
	{                                                                                          \
		.fins = 1, .ignored = true                                                         \
	}
#define HALF_IN_OVER                                                                               \
	{                                                                                          \
		.fins = 1, .dones = 1                                                              \
	}

/* clang-format off */
/* The peer knows rst: an abort is one RST. */
static const struct outcome with_rst[PLACES][5] = {
	/*          SYN              DAT              ACK            FIN                      RST */
	[NOWHERE]  = {NOTHING,         IGNORED,         IGNORED,       IGNORED,                 IGNORED},
	[BACKLOG]  = {IGNORED,         IGNORED,         IGNORED,       IGNORED,                 NOTHING},
	[QUEUED]   = {IGNORED,         IGNORED,         IGNORED,       IGNORED,                 IGNORED},
	[OPENING]  = {IGNORED,         OVER_SENT,       NOTHING,       {.fins = 1},             OVER},
	[OPEN]     = {IGNORED,         {.got = 3},      NOTHING,       {.fins = 1},             OVER},
	[HALF_IN]  = {HALF_IN_IGNORED, HALF_IN_IGNORED, {.fins = 1},   HALF_IN_IGNORED,         HALF_IN_OVER},
	[HALF_OUT] = {IGNORED,         {.got = 3},      NOTHING,       {.fins = 1, .dones = 1}, OVER},
	[DONE]     = {OVER_IGNORED_1,  OVER_SENT,       OVER_SENT,     OVER_SENT,               OVER},
	[SHADOW]   = {OVER_IGNORED_1,  OVER_SENT,       OVER_SENT,     OVER_SENT,               OVER},
};

/* It does not: an abort is a FIN, and late data is ACKed. What an RST does: session_test.c. */
static const struct outcome without_rst[PLACES][4] = {
	/*          SYN              DAT                      ACK            FIN */
	[NOWHERE]  = {NOTHING,         IGNORED,                 IGNORED,       IGNORED},
	[BACKLOG]  = {IGNORED,         IGNORED,                 IGNORED,       IGNORED},
	[QUEUED]   = {IGNORED,         IGNORED,                 IGNORED,       IGNORED},
	[OPENING]  = {IGNORED,         {.dones = 1, .sent = 2}, NOTHING,       {.fins = 1}},
	[OPEN]     = {IGNORED,         {.got = 3},              NOTHING,       {.fins = 1}},
	[HALF_IN]  = {HALF_IN_IGNORED, HALF_IN_IGNORED,         {.fins = 1},   HALF_IN_IGNORED},
	[HALF_OUT] = {IGNORED,         {.got = 3},              NOTHING,       {.fins = 1, .dones = 1}},
	[DONE]     = {OVER_IGNORED_1,  {.dones = 1, .sent = 2}, OVER_SENT,     OVER_SENT},
	[SHADOW]   = {OVER_IGNORED,    OVER_SENT,               OVER,          OVER},
};
/* clang-format on */

static int
drain(struct side *s)
{
	struct wsmux_out out;
	int n = 0;

	while (wsmux_session_pull(s->session, &out))
		n++;
	return n;
}

/* Puts a stream of a server there; answers its id. */
static uint32_t
stage(struct side *s, enum place place, bool rst)
{
	struct ear *e;

	if (place == NOWHERE)
		return 7;
	if (place == BACKLOG) {
		s->accepts = false;
		assert_int_equal(tell(s, WSMUX_SYN, 1, 0), R_NONE);
		return 1;
	}
	e = side_open(s);
	if (place == QUEUED)
		return 0;
	drain(s);
	if (place == OPENING)
		return 0;
	assert_int_equal(tell(s, WSMUX_ACK, 0, KIB(1)), R_NONE);
	drain(s);
	if (place == HALF_IN)
		assert_int_equal(tell(s, WSMUX_FIN, 0, 0), R_NONE);
	if (place == HALF_OUT)
		wsmux_stream_fin(e->st);
	if (place == DONE || place == SHADOW)
		wsmux_stream_abort(e->st, R_VIEWER_GONE);
	if (place == SHADOW)
		wsmux_session_reap(s->session);
	if (place == HALF_OUT || (place == SHADOW && !rst))
		drain(s);
	return 0;
}

static void
check(enum place place, size_t frame, bool rst, const struct outcome *want)
{
	struct wsmux_config config = legacy(WSMUX_SERVER);
	struct side *s;
	struct ear *e;
	uint32_t id;
	uint64_t ignored;

	config.rst_agreed = rst;
	s = side_new(config);
	e = &s->ear[0];
	id = stage(s, place, rst);
	s->accepts = false;
	ignored = wsmux_session_counts(s->session)->ignored_frames;
	if (frames[frame].type == WSMUX_DAT)
		assert_int_equal(tell_raw(s, WSMUX_DAT, id, SPAN("abc")), R_NONE);
	else
		assert_int_equal(tell(s, frames[frame].type, id, frames[frame].number), R_NONE);
	ignored = wsmux_session_counts(s->session)->ignored_frames - ignored;
	if (place == DONE)
		assert_int_equal(e->dones, 0); /* never from feed() */
	wsmux_session_reap(s->session);
	assert_int_equal(ignored, want->ignored);
	assert_int_equal(e->fins, want->fins);
	assert_int_equal(e->dones, want->dones);
	assert_int_equal(e->got, want->got);
	assert_int_equal(drain(s), want->sent + (place == QUEUED));
	side_free(s);
}

static void
test_the_table_with_rst(void **state)
{
	(void)state;
	for (enum place place = NOWHERE; place < PLACES; place++) {
		for (size_t frame = 0; frame < 5; frame++)
			check(place, frame, true, &with_rst[place][frame]);
	}
}

static void
test_the_table_without_rst(void **state)
{
	(void)state;
	for (enum place place = NOWHERE; place < PLACES; place++) {
		for (size_t frame = 0; frame < 4; frame++)
			check(place, frame, false, &without_rst[place][frame]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_table_with_rst),
	    cmocka_unit_test(test_the_table_without_rst),
	};

	return RUN_CUT("states", tests);
}
