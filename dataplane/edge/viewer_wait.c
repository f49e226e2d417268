/* Heads that wait for the script, until the turn is over.
 *
 * The code that reads, the code that forwards, and Lua with a script do not fit into the processor's
 * first cache together. So all heads of a turn are heard one behind the other, and only then is the
 * first of them followed: each but the first finds the script's code there. A head dies with the
 * parser's callback, so what waits is kept; the parser holds behind it. */
#include "edge/viewer_priv.h"

enum {
	TOGETHER = 16,	/* so many: what they hold must fit beside that code */
	SPARE_MAX = 32, /* what is kept for the heads of later turns */
};

/* ---- what is kept ---- */

/* One more is needed for each head of a turn, again and again: they stay with the worker. */
static struct viewer_asked *
asked_new(struct worker *w)
{
	struct viewer_asked *asked = TAILQ_FIRST(&w->spare);

	if (!asked)
		return must_alloc(sizeof(*asked));
	TAILQ_REMOVE(&w->spare, asked, entry);
	w->nspare--;
	return asked;
}

static void
asked_free(struct worker *w, struct viewer_asked *asked)
{
	if (asked->memory != asked->room)
		free(asked->memory);
	if (w->nspare == SPARE_MAX) {
		free(asked);
		return;
	}
	TAILQ_INSERT_HEAD(&w->spare, asked, entry);
	w->nspare++;
}

/* NULL: a head is sized by an outsider, who may get no memory. */
static struct viewer_asked *
asked_keep(struct worker *w, const struct http_head *head, struct span raw)
{
	size_t n = http_head_room(head, raw);
	struct viewer_asked *asked = asked_new(w);

	asked->memory = n <= sizeof(asked->room) ? asked->room : malloc(n);
	if (!asked->memory) {
		asked_free(w, asked);
		return NULL;
	}
	asked->head = *head;
	asked->raw = raw;
	http_head_keep(&asked->head, &asked->raw, asked->memory);
	return asked;
}

/* ---- waiting ---- */

bool
viewer_wait(struct viewer *v, const struct http_head *head, struct span raw)
{
	struct worker *w = v->worker;
	struct viewer_asked *asked = asked_keep(w, head, raw);

	if (!asked)
		return false;
	viewer_take_in(v, asked);
	asked->waiting = true;
	TAILQ_INSERT_TAIL(&w->waiting, asked, entry);
	task_ask_first(&w->ask); /* before what they make us write is sent */
	viewer_set_state(v, VIEWER_WAITING);
	return true;
}

static void
asked_leave(struct worker *w, struct viewer_asked *asked)
{
	asked->waiting = false;
	TAILQ_REMOVE(&w->waiting, asked, entry);
}

void
viewer_forget_wait(struct viewer *v)
{
	struct viewer_asked *asked = v->asked;

	if (!asked || !asked->waiting)
		return;
	viewer_forget_asked(v);
	asked_leave(v->worker, asked);
	asked_free(v->worker, asked);
}

/* ---- heard ---- */

static void
hear_some(struct worker *w)
{
	struct viewer_asked *asked;
	int n = 0;

	TAILQ_FOREACH(asked, &w->waiting, entry)
	{
		if (n++ == TOGETHER)
			break;
		viewer_hear(asked->viewer);
	}
	while ((asked = TAILQ_FIRST(&w->waiting)) && asked->heard) {
		asked_leave(w, asked);
		viewer_follow(asked->viewer);
		viewer_go_on(asked->viewer);
		asked_free(w, asked);
	}
}

static void
viewers_on_turn_end(void *user)
{
	struct worker *w;

	CAST_OBJ(w, user, WORKER_MAGIC);
	while (!TAILQ_EMPTY(&w->waiting))
		hear_some(w);
}

void
viewers_wait_init(struct worker *w)
{
	TAILQ_INIT(&w->waiting);
	TAILQ_INIT(&w->spare);
	task_init(&w->ask, w->loop, viewers_on_turn_end, w);
}

void
viewers_wait_done(struct worker *w)
{
	struct viewer_asked *asked;

	task_cancel(&w->ask);
	while ((asked = TAILQ_FIRST(&w->spare))) {
		TAILQ_REMOVE(&w->spare, asked, entry);
		free(asked);
	}
}
