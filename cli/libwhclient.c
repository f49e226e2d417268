/* The library's door: tunnels on one loop, and the two calls that other threads may make. */
#include "cli/libwhclient.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/obj.h"
#include "cli/tunnel.h"
#include "net/mailbox.h"

#define WHC_MAGIC	 0x3bc00001u
#define WHC_TUNNEL_MAGIC 0x3bc00002u

enum { TUNNELS_MAX = 64, WHC_ERROR_MAX = TUNNEL_ERROR_MAX };

enum { LETTER_STOP, LETTER_TOKEN };

struct letter {
	struct mail mail;
	struct whc_tunnel *tunnel;
	size_t n;
	char text[];
};

struct whc {
	unsigned magic;
	struct loop *loop;
	struct mailbox *box;
	struct whc_tunnel *tunnels[TUNNELS_MAX];
	int ntunnels, running;
	int result;
	void (*on_event)(void *user, const struct whc_event *);
	void *user;
	char error[WHC_ERROR_MAX];
};

/* ---- events ---- */

static void
tell(void *user, struct whc_event *event)
{
	struct whc_tunnel *t = user;

	event->tunnel = t;
	if (!event->target)
		event->target = t->targets;
	if (t->whc->on_event)
		t->whc->on_event(t->whc->user, event);
}

static const char *
leave_text(int leave)
{
	switch (leave) {
#define LEAVE(NAME, code, text)                                                                    \
	case code:                                                                                 \
		return text;
#include "cli/exit_tbl.h"
#undef LEAVE
	}
	return "";
}

static void
over(void *user)
{
	struct whc_tunnel *t = user;
	int result = (int)keepup_result(t->keepup);
	struct whc_event event = {.type = WHC_OVER,
	    .id = keepup_id(t->keepup),
	    .status = result,
	    .text = leave_text(result)};

	if (result)
		t->whc->result = result;
	tell(t, &event);
	if (--t->whc->running == 0)
		loop_stop(t->whc->loop);
}

/* ---- other threads ---- */

static void
letter_drop(struct mail *mail)
{
	struct letter *letter = (struct letter *)mail;

	explicit_bzero(letter->text, letter->n);
	free(letter);
}

static void
stop_all(struct whc *whc)
{
	for (int i = 0; i < whc->ntunnels; i++)
		tunnel_stop(whc->tunnels[i]);
}

static void
on_mail(void *user, struct mail *mail)
{
	struct letter *letter = (struct letter *)mail;
	struct whc *whc;

	CAST_OBJ(whc, user, WHC_MAGIC);
	if (mail->type == LETTER_STOP)
		stop_all(whc);
	else if (letter->tunnel->tokens && !letter->tunnel->over)
		(void)!tokens_give(letter->tunnel->tokens, span_of(letter->text, letter->n));
	letter_drop(mail);
}

static void
post(struct whc *whc, unsigned type, struct whc_tunnel *tunnel, struct span text)
{
	struct letter *letter = must_alloc(sizeof(*letter) + text.n);

	letter->mail.type = type;
	letter->tunnel = tunnel;
	letter->n = text.n;
	if (text.n)
		memcpy(letter->text, text.p, text.n);
	if (!mailbox_post(whc->box, &letter->mail))
		letter_drop(&letter->mail);
}

void
whc_stop(struct whc *whc)
{
	CHECK_OBJ(whc, WHC_MAGIC);
	post(whc, LETTER_STOP, NULL, SPAN(""));
}

int
whc_token(struct whc_tunnel *t, const char *token)
{
	CHECK_OBJ(t, WHC_TUNNEL_MAGIC);
	if (!token_shaped(span_str(token)))
		return -WHT_EINVAL;
	post(t->whc, LETTER_TOKEN, t, span_str(token));
	return 0;
}

/* ---- life ---- */

struct whc *
whc_new(void)
{
	struct whc *whc;

	OBJ_NEW(whc, WHC_MAGIC);
	signal(SIGPIPE, SIG_IGN);
	whc->loop = loop_new();
	whc->box = mailbox_new(whc->loop, on_mail, whc);
	return whc;
}

struct whc_tunnel *
whc_tunnel(struct whc *whc)
{
	struct whc_tunnel *t;

	CHECK_OBJ(whc, WHC_MAGIC);
	ENSURE(whc->ntunnels < TUNNELS_MAX);
	OBJ_NEW(t, WHC_TUNNEL_MAGIC);
	t->whc = whc;
	t->token_fd = -1;
	t->on_event = tell;
	t->on_over = over;
	t->user = t;
	whc->tunnels[whc->ntunnels++] = t;
	return t;
}

const char *
whc_set(struct whc_tunnel *t, const char *option, const char *value)
{
	enum option_id id = option_of_word(span_str(option));

	CHECK_OBJ(t, WHC_TUNNEL_MAGIC);
	if (id == OPT_COUNT || !(option_infos[id].kind & OPT_TUNNEL))
		return "there is no such option";
	return settings_set(&t->settings, id, span_str(value));
}

void
whc_tokens_from(struct whc_tunnel *t, int fd)
{
	CHECK_OBJ(t, WHC_TUNNEL_MAGIC);
	t->token_fd = fd;
}

void
whc_on_event(struct whc *whc, void (*fn)(void *user, const struct whc_event *), void *user)
{
	whc->on_event = fn;
	whc->user = user;
}

void
whc_on_request(struct whc_tunnel *t, void (*fn)(void *user, struct whc_request *), void *user)
{
	t->on_request = fn;
	t->request_user = user;
}

static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
prepare(struct whc *whc)
{
	for (int i = 0; i < whc->ntunnels; i++) {
		struct whc_tunnel *t = whc->tunnels[i];
		struct whc_event event = {
		    .type = WHC_OVER, .id = "", .status = LEAVE_USAGE, .text = whc->error};

		if (tunnel_read(t, whc->error) == 0 &&
		    tunnel_open_tokens(t, whc->loop, whc->error) == 0)
			continue;
		tell(t, &event);
		return false;
	}
	return true;
}

int
whc_run(struct whc *whc)
{
	CHECK_OBJ(whc, WHC_MAGIC);
	raise_descriptor_limit();
	if (!prepare(whc))
		return LEAVE_USAGE;
	whc->running = whc->ntunnels;
	for (int i = 0; i < whc->ntunnels; i++)
		tunnel_start(whc->tunnels[i], whc->loop);
	if (whc->running > 0)
		loop_run(whc->loop);
	return whc->result;
}

void
whc_free(struct whc *whc)
{
	CHECK_OBJ(whc, WHC_MAGIC);
	mailbox_shut(whc->box, letter_drop);
	for (int i = 0; i < whc->ntunnels; i++)
		tunnel_end(whc->tunnels[i]);
	loop_run_down(whc->loop);
	for (int i = 0; i < whc->ntunnels; i++) {
		tunnel_free(whc->tunnels[i]);
		OBJ_FREE(whc->tunnels[i]);
	}
	mailbox_free(&whc->box);
	loop_free(&whc->loop);
	OBJ_FREE(whc);
}
