#include "cli/lines.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/obj.h"
#include "net/mailbox.h"

#define LINES_MAGIC 0x11e50001u

enum { LETTER_LINE, LETTER_END };

struct letter {
	struct mail mail;
	size_t n;
	char text[];
};

struct lines {
	unsigned magic;
	int fd;
	int stop[2]; /* closing [1] ends the thread */
	pthread_t thread;
	struct mailbox *box;
	const struct lines_ops *ops;
	void *user;
	/* The thread's own: */
	char have[LINE_MAX_BYTES];
	size_t nhave;
	bool skipping; /* inside a line that is too long */
};

/* ---- the thread ---- */

static void
letter_drop(struct mail *mail)
{
	struct letter *letter = (struct letter *)mail;

	explicit_bzero(letter->text, letter->n);
	free(letter);
}

static void
lines_post(struct lines *l, unsigned type, struct span text)
{
	struct letter *letter = must_alloc(sizeof(*letter) + text.n);

	letter->mail.type = type;
	letter->n = text.n;
	if (text.n)
		memcpy(letter->text, text.p, text.n);
	if (!mailbox_post(l->box, &letter->mail))
		letter_drop(&letter->mail);
}

static void
lines_post_line(struct lines *l, struct span line)
{
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	line = span_trim(line);
	if (line.n && !l->skipping)
		lines_post(l, LETTER_LINE, line);
	l->skipping = false;
}

/* Posts the whole lines of what we have and keeps the beginning of the next. */
static void
lines_split(struct lines *l)
{
	struct span rest = span_of(l->have, l->nhave);
	ptrdiff_t end;

	while ((end = span_find(rest, '\n')) >= 0) {
		lines_post_line(l, span_take(rest, (size_t)end));
		rest = span_drop(rest, (size_t)end + 1);
	}
	if (rest.n == sizeof(l->have)) {
		if (!l->skipping)
			log_warn(NULL, "a line longer than %d bytes is skipped", LINE_MAX_BYTES);
		l->skipping = true;
		rest.n = 0;
	}
	memmove(l->have, rest.n ? rest.p : l->have, rest.n);
	l->nhave = rest.n;
}

/* Waits for something to read; false when told to stop. */
static bool
lines_wait(struct lines *l)
{
	struct pollfd fds[] = {{l->fd, POLLIN, 0}, {l->stop[0], POLLIN, 0}};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[1].revents == 0;
}

static void *
lines_main(void *arg)
{
	struct lines *l;

	CAST_OBJ(l, arg, LINES_MAGIC);
	while (lines_wait(l)) {
		ssize_t n = read(l->fd, l->have + l->nhave, sizeof(l->have) - l->nhave);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			lines_post_line(l, span_of(l->have, l->nhave));
			lines_post(l, LETTER_END, (struct span){NULL, 0});
			break;
		}
		l->nhave += (size_t)n;
		lines_split(l);
	}
	return NULL;
}

/* ---- the loop ---- */

static void
lines_on_mail(void *user, struct mail *mail)
{
	struct letter *letter = (struct letter *)mail;
	struct lines *l;

	CAST_OBJ(l, user, LINES_MAGIC);
	if (mail->type == LETTER_LINE)
		l->ops->on_line(l->user, span_of(letter->text, letter->n));
	else
		l->ops->on_end(l->user);
	letter_drop(mail);
}

struct lines *
lines_new(struct loop *loop, int fd, const struct lines_ops *ops, void *user)
{
	struct lines *l;

	OBJ_NEW(l, LINES_MAGIC);
	l->fd = fd;
	l->ops = ops;
	l->user = user;
	l->box = mailbox_new(loop, lines_on_mail, l);
	ENSURE(pipe(l->stop) == 0);
	ENSURE(pthread_create(&l->thread, NULL, lines_main, l) == 0);
	return l;
}

void
lines_stop(struct lines *l)
{
	CHECK_OBJ(l, LINES_MAGIC);
	close(l->stop[1]);
	pthread_join(l->thread, NULL);
	close(l->stop[0]);
	mailbox_shut(l->box, letter_drop);
}

void
lines_free(struct lines **lp)
{
	struct lines *l;

	TAKE_OBJ(l, lp, LINES_MAGIC);
	mailbox_free(&l->box);
	explicit_bzero(l->have, sizeof(l->have));
	OBJ_FREE(l);
}
