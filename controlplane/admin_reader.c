#include "controlplane/admin_reader.h"

#include <pthread.h>
#include <stdio.h>

#include "base/obj.h"

#define READER_MAGIC 0x4eade401u

STAILQ_HEAD(query_list, mail);

struct admin_reader {
	unsigned magic;
	sqlite3 *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	struct query_list queries; /* under lock */
	bool ending;		   /* under lock */
	struct mailbox *box;
};

static struct admin_query *
query_of(struct mail *mail)
{
	return (struct admin_query *)mail; /* its first member */
}

/* Waits for one; NULL at the end. */
static struct admin_query *
next_query(struct admin_reader *r)
{
	struct mail *mail;

	pthread_mutex_lock(&r->lock);
	while (STAILQ_EMPTY(&r->queries) && !r->ending)
		pthread_cond_wait(&r->asked, &r->lock);
	mail = r->ending ? NULL : STAILQ_FIRST(&r->queries);
	if (mail)
		STAILQ_REMOVE_HEAD(&r->queries, entry);
	pthread_mutex_unlock(&r->lock);
	return mail ? query_of(mail) : NULL;
}

static void
run(struct admin_reader *r, struct admin_query *q)
{
	if (r->db)
		q->answer = q->run(r->db, q->args, q->problem);
	else
		snprintf(q->problem, sizeof(q->problem), "the database is not open for reading");
}

static void *
reader_main(void *user)
{
	struct admin_reader *r;
	struct admin_query *q;

	CAST_OBJ(r, user, READER_MAGIC);
	pthread_setname_np(pthread_self(), "whtd-reader");
	while ((q = next_query(r))) {
		run(r, q);
		/* The box is shut only after this thread has been joined. */
		ENSURE(mailbox_post(r->box, &q->mail));
	}
	return NULL;
}

static void
on_mail(void *user, struct mail *mail)
{
	(void)user;
	query_of(mail)->done(query_of(mail));
}

struct admin_reader *
admin_reader_new(struct loop *loop, sqlite3 *db)
{
	struct admin_reader *r;

	OBJ_NEW(r, READER_MAGIC);
	r->db = db;
	STAILQ_INIT(&r->queries);
	r->box = mailbox_new(loop, on_mail, r);
	ENSURE(pthread_mutex_init(&r->lock, NULL) == 0);
	ENSURE(pthread_cond_init(&r->asked, NULL) == 0);
	ENSURE(pthread_create(&r->thread, NULL, reader_main, r) == 0);
	return r;
}

void
admin_reader_ask(struct admin_reader *r, struct admin_query *q)
{
	pthread_mutex_lock(&r->lock);
	STAILQ_INSERT_TAIL(&r->queries, &q->mail, entry);
	pthread_cond_signal(&r->asked);
	pthread_mutex_unlock(&r->lock);
}

static void
drop(struct mail *mail)
{
	query_of(mail)->done(query_of(mail));
}

void
admin_reader_shut(struct admin_reader *r)
{
	struct mail *mail;

	CHECK_OBJ(r, READER_MAGIC);
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->asked);
	pthread_mutex_unlock(&r->lock);
	if (r->db)
		sqlite3_interrupt(r->db);
	pthread_join(r->thread, NULL);
	mailbox_shut(r->box, drop);
	while ((mail = STAILQ_FIRST(&r->queries))) {
		STAILQ_REMOVE_HEAD(&r->queries, entry);
		snprintf(query_of(mail)->problem, QUERY_PROBLEM_MAX, "the service is stopping");
		drop(mail);
	}
	sqlite3_close(r->db);
	r->db = NULL;
}

void
admin_reader_free(struct admin_reader **rp)
{
	struct admin_reader *r;

	TAKE_OBJ(r, rp, READER_MAGIC);
	mailbox_free(&r->box);
	pthread_cond_destroy(&r->asked);
	pthread_mutex_destroy(&r->lock);
	OBJ_FREE(r);
}
