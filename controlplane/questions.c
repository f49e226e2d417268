#include "controlplane/questions.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/obj.h"

#define QUESTIONS_MAGIC 0x9e57105eu
#define QUESTION_MAGIC	0x9e571041u

struct question {
	unsigned magic;
	LIST_ENTRY(question) entry;
	struct questions *all;
	uint64_t ticket;
	struct timer deadline;
	bool *waiting; /* by worker */
	unsigned missing;
	struct answer answer;
	question_done_f *done;
	void *user;
};

struct questions {
	unsigned magic;
	struct loop *loop;
	unsigned workers;
	bool *ended; /* by worker */
	question_post_f *post;
	void *user;
	uint64_t next_ticket;
	LIST_HEAD(, question) open;
};

struct questions *
questions_new(struct loop *loop, unsigned workers, question_post_f *post, void *user)
{
	struct questions *all;

	OBJ_NEW(all, QUESTIONS_MAGIC);
	all->loop = loop;
	all->workers = workers;
	all->ended = must_alloc(sizeof(bool) * workers);
	all->post = post;
	all->user = user;
	all->next_ticket = 1;
	LIST_INIT(&all->open);
	return all;
}

/* The one way out. */
static void
question_finish(struct question *q)
{
	LIST_REMOVE(q, entry);
	timer_stop(&q->deadline);
	q->answer.silent = q->missing;
	q->done(q->user, &q->answer);
	for (unsigned w = 0; w < q->answer.workers; w++) {
		if (q->answer.told[w])
			msg_told_free(q->answer.told[w]);
	}
	free(q->answer.told);
	free(q->waiting);
	OBJ_FREE(q);
}

void
questions_free(struct questions **allp)
{
	struct questions *all;
	struct question *q;

	TAKE_OBJ(all, allp, QUESTIONS_MAGIC);
	while ((q = LIST_FIRST(&all->open)))
		question_finish(q);
	free(all->ended);
	OBJ_FREE(all);
}

static void
question_on_deadline(void *user)
{
	struct question *q;

	CAST_OBJ(q, user, QUESTION_MAGIC);
	question_finish(q);
}

/* With nobody to ask it ends by its deadline, which is then at once. */
static struct question *
question_new(struct questions *all, question_done_f *done, void *user)
{
	struct question *q;

	OBJ_NEW(q, QUESTION_MAGIC);
	q->all = all;
	q->ticket = all->next_ticket++;
	q->done = done;
	q->user = user;
	q->waiting = must_alloc(sizeof(bool) * all->workers);
	q->answer.workers = all->workers;
	q->answer.told = must_alloc(sizeof(struct msg_told *) * all->workers);
	for (unsigned w = 0; w < all->workers; w++) {
		q->waiting[w] = !all->ended[w];
		q->missing += q->waiting[w];
	}
	LIST_INSERT_HEAD(&all->open, q, entry);
	timer_init(&q->deadline, all->loop, question_on_deadline, q);
	timer_start(&q->deadline, q->missing ? QUESTION_MS : 0);
	return q;
}

void
questions_ask(
    struct questions *all, enum ask_what what, const char *match, question_done_f *done, void *user)
{
	struct question *q = question_new(all, done, user);

	for (unsigned w = 0; w < all->workers; w++) {
		struct msg_ask *letter;

		if (!q->waiting[w])
			continue;
		letter = must_alloc(sizeof(*letter));
		letter->mail.type = MSG_ASK;
		letter->ticket = q->ticket;
		letter->what = what;
		snprintf(letter->match, sizeof(letter->match), "%s", match);
		all->post(all->user, w, &letter->mail);
	}
}

void
questions_kick(struct questions *all, const char *match, const char *by, enum reason why,
    question_done_f *done, void *user)
{
	struct question *q = question_new(all, done, user);

	for (unsigned w = 0; w < all->workers; w++) {
		struct msg_kick *letter;

		if (!q->waiting[w])
			continue;
		letter = must_alloc(sizeof(*letter));
		letter->mail.type = MSG_KICK;
		letter->ticket = q->ticket;
		letter->why = why;
		snprintf(letter->match, sizeof(letter->match), "%s", match);
		snprintf(letter->by, sizeof(letter->by), "%s", by);
		all->post(all->user, w, &letter->mail);
	}
}

/* The question that still waits for that worker, or NULL. */
static struct question *
question_of(struct questions *all, uint64_t ticket, unsigned worker)
{
	struct question *q;

	ENSURE(worker < all->workers);
	LIST_FOREACH(q, &all->open, entry)
	{
		if (q->ticket == ticket)
			return q->waiting[worker] ? q : NULL;
	}
	return NULL;
}

static void
question_heard(struct question *q, unsigned worker)
{
	q->waiting[worker] = false;
	if (--q->missing == 0)
		question_finish(q);
}

void
questions_on_told(struct questions *all, struct msg_told *letter)
{
	struct question *q = question_of(all, letter->ticket, letter->worker);

	if (!q) {
		msg_told_free(letter);
		return;
	}
	q->answer.told[letter->worker] = letter;
	question_heard(q, letter->worker);
}

void
questions_on_kicked(struct questions *all, struct msg_kicked *letter)
{
	struct question *q = question_of(all, letter->ticket, letter->worker);
	unsigned worker = letter->worker;

	if (q) {
		q->answer.ended += letter->ended;
		question_heard(q, worker);
	}
	msg_kicked_free(letter);
}

void
questions_worker_ended(struct questions *all, unsigned worker)
{
	struct question *q, *next;

	ENSURE(worker < all->workers);
	all->ended[worker] = true;
	for (q = LIST_FIRST(&all->open); q; q = next) {
		next = LIST_NEXT(q, entry);
		if (q->waiting[worker])
			question_heard(q, worker);
	}
}
