#include "cli/live.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "auth/hawk.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"
#include "cli/ctl_screen.h"
#include "cli/exit.h"
#include "cli/view.h"

#define LIVE_MAGIC 0x11fe0001u

enum { FRAME_MS = 100 };

struct live {
	unsigned magic;
	struct screen screen;
	pthread_t thread;
	bool started;
	struct whc *whc;
	pthread_mutex_t lock; /* over all below */
	struct view view;
	bool changed, over;
	int quits;
};

static void
draw(struct live *l)
{
	unsigned width, height;
	struct strb out;

	screen_size(&width, &height);
	strb_init(&out, VIEW_SCREEN_MAX);
	view_draw(&l->view, width, height, clock_wall_ms() / 1000, &out);
	screen_draw(strb_span(&out));
	strb_free(&out);
}

static void
copy_url(struct live *l)
{
	struct strb out;

	if (l->view.ntunnels == 0 || !l->view.tunnels[0].url[0])
		return;
	strb_init(&out, 4096);
	strb_add(&out, SPAN("\x1b]52;c;"));
	hawk_base64(&out, span_str(l->view.tunnels[0].url));
	strb_char(&out, '\a');
	screen_draw(strb_span(&out));
	strb_free(&out);
	snprintf(l->view.said, sizeof(l->view.said), "copied");
}

static void
quit(struct live *l)
{
	if (l->quits++ > 0) {
		screen_close(&l->screen);
		log_stop();
		_exit(LEAVE_OK);
	}
	snprintf(l->view.said, sizeof(l->view.said), "stopping; once more stops at once");
	whc_stop(l->whc);
}

static void
on_key(struct live *l, int key)
{
	l->view.said[0] = '\0';
	if (view_type(&l->view, key))
		return;
	if (key == 'c')
		copy_url(l);
	else if (key == 'f')
		l->view.typing = true;
	else if (key == 'q')
		quit(l);
}

static bool
turn(struct live *l)
{
	int what = 0;
	enum screen_event event = screen_wait(&l->screen, FRAME_MS, &what);
	bool over;

	pthread_mutex_lock(&l->lock);
	if (event == SCREEN_KEY)
		on_key(l, what);
	if (event == SCREEN_END)
		quit(l);
	if (l->changed || event != SCREEN_TICK)
		draw(l);
	l->changed = false;
	over = l->over;
	pthread_mutex_unlock(&l->lock);
	return !over;
}

static void *
live_main(void *arg)
{
	struct live *l;

	CAST_OBJ(l, arg, LIVE_MAGIC);
	while (turn(l))
		;
	return NULL;
}

struct live *
live_open(void)
{
	struct live *l;

	OBJ_NEW(l, LIVE_MAGIC);
	if (screen_open(&l->screen) < 0) {
		OBJ_FREE(l);
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->changed = true;
	return l;
}

void
live_start(struct live *l, struct whc *whc)
{
	l->whc = whc;
	l->started = pthread_create(&l->thread, NULL, live_main, l) == 0;
}

void
live_event(struct live *l, const struct whc_event *e)
{
	CHECK_OBJ(l, LIVE_MAGIC);
	pthread_mutex_lock(&l->lock);
	view_event(&l->view, e);
	l->changed = true;
	pthread_mutex_unlock(&l->lock);
}

void
live_close(struct live **lp)
{
	struct live *l;

	TAKE_OBJ(l, lp, LIVE_MAGIC);
	pthread_mutex_lock(&l->lock);
	l->over = true;
	pthread_mutex_unlock(&l->lock);
	if (l->started)
		pthread_join(l->thread, NULL);
	screen_close(&l->screen);
	pthread_mutex_destroy(&l->lock);
	OBJ_FREE(l);
}
