/* whtctl top: asks once a second, draws, and listens to keys in between. */
#include "cli/ctl.h"
#include "cli/ctl_screen.h"
#include "cli/ctl_top.h"
#include "cli/ctl_unit.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	EVERY_MS = 1000,
	PATIENCE_MS = 2000,
	PAGES_MAX = 10, /* of 1000 tunnels */
	DRAWING_MAX = 1 << 20
};

struct watch {
	struct ctl *ctl;
	struct top top;
	struct screen screen;
	uint64_t next_ms; /* when to ask again */
};

/* ---- asking ---- */

/* Puts the offset of the next page into values; false: that was the last. */
static bool
turn_page(const char *values[ARG_COUNT], char offset[UNIT_TEXT_MAX], const json_t *answer)
{
	const json_t *next = json_object_get(answer, "next");

	if (!json_is_integer(next))
		return false;
	snprintf(offset, UNIT_TEXT_MAX, "%lld", (long long)json_integer_value(next));
	values[ARG_TUNNEL_LIST_offset] = offset;
	return true;
}

/* Asks one thing; when it fails the foot of the screen says why. */
static bool
ask(struct watch *w, enum ctl_id command, const char *const values[ARG_COUNT],
    struct answer *answer)
{
	answer_init(answer);
	if (api_ask(w->ctl->api, command, values, answer) == CTL_LEAVE_OK)
		return true;
	top_fail(&w->top, strb_cstr(&answer->why));
	return false;
}

static bool
ask_tunnels(struct watch *w)
{
	const char *values[ARG_COUNT] = {
	    [ARG_TUNNEL_LIST_match] = w->ctl->line.values[ARG_TOP_match]};
	char offset[UNIT_TEXT_MAX];
	bool good = true, more = true;

	for (int page = 0; good && more && page < PAGES_MAX; page++) {
		struct answer answer;

		good = ask(w, CTL_TUNNEL_LIST, values, &answer);
		if (good)
			top_add(&w->top, json_object_get(answer.json, "tunnels"));
		more = good && turn_page(values, offset, answer.json);
		answer_free(&answer);
	}
	return good;
}

static void
ask_all(struct watch *w)
{
	const char *none[ARG_COUNT] = {NULL};
	struct answer status;

	top_begin(&w->top, clock_mono_ms());
	if (!ask_tunnels(w))
		return;
	if (ask(w, CTL_STATUS, none, &status))
		top_end(&w->top, status.json);
	answer_free(&status);
}

/* ---- drawing and listening ---- */

static void
draw(struct watch *w)
{
	struct strb drawing;
	unsigned width, height;

	screen_size(&width, &height);
	strb_init(&drawing, DRAWING_MAX);
	top_draw(&w->top, &drawing, width, height, w->ctl->look.utf8);
	screen_draw(strb_span(&drawing));
	strb_free(&drawing);
}

/* Until a second is over or there is something to draw; false: the end. *signum: a signal's, or 0.
 */
static bool
listen(struct watch *w, int *signum)
{
	uint64_t now = clock_mono_ms();
	int what = 0;

	switch (screen_wait(&w->screen, w->next_ms > now ? (int)(w->next_ms - now) : 0, &what)) {
	case SCREEN_KEY:
		return top_key(&w->top, what);
	case SCREEN_END:
		*signum = what;
		return false;
	case SCREEN_TICK:
	case SCREEN_SIZE:
		break;
	}
	return true;
}

static void
watch(struct watch *w, int *signum)
{
	do {
		if (clock_mono_ms() >= w->next_ms) {
			ask_all(w);
			w->next_ms = clock_mono_ms() + EVERY_MS;
		}
		draw(w);
	} while (listen(w, signum));
}

/* A signal ends the program as it would have without a screen. */
enum ctl_leave
ctl_run_top(struct ctl *c)
{
	struct watch w = {.ctl = c};
	int signum = 0;

	if (screen_open(&w.screen)) {
		ctl_complain("top draws on a terminal, and this is none\n"
			     "whtctl tunnel list --json is for programs.");
		return CTL_LEAVE_USAGE;
	}
	api_patience(c->api, PATIENCE_MS);
	top_init(&w.top);
	watch(&w, &signum);
	top_free(&w.top);
	screen_close(&w.screen);
	if (signum != 0)
		raise(signum);
	return CTL_LEAVE_OK;
}
