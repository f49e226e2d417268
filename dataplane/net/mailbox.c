#include "net/mailbox.h"

#include "base/obj.h"
#include "net/loop_uv.h"

#define MAILBOX_MAGIC 0x3a11b0f1u

STAILQ_HEAD(mail_list, mail);

struct mailbox {
	unsigned magic;
	struct loop *loop;
	uv_async_t wake;
	uv_mutex_t lock;
	struct mail_list letters; /* under lock */
	bool shut;		  /* under lock */
	struct mail_list taken;	  /* the loop's thread alone: out of the box, not yet handled */
	void (*on_mail)(void *user, struct mail *);
	void *user;
};

/* Empties the box into what is taken, and shuts it if told to. */
static void
mailbox_take(struct mailbox *box, bool shut)
{
	uv_mutex_lock(&box->lock);
	STAILQ_CONCAT(&box->taken, &box->letters);
	box->shut |= shut;
	uv_mutex_unlock(&box->lock);
}

static struct mail *
mailbox_next(struct mailbox *box)
{
	struct mail *m = STAILQ_FIRST(&box->taken);

	if (m)
		STAILQ_REMOVE_HEAD(&box->taken, entry);
	return m;
}

/* A handler may shut the box: then nothing is left in taken. */
static void
mailbox_on_wake(uv_async_t *handle)
{
	struct mailbox *box;
	struct mail *m;

	CAST_OBJ(box, handle->data, MAILBOX_MAGIC);
	mailbox_take(box, false);
	while ((m = mailbox_next(box)))
		box->on_mail(box->user, m);
}

struct mailbox *
mailbox_new(struct loop *loop, void (*on_mail)(void *user, struct mail *), void *user)
{
	struct mailbox *box;

	OBJ_NEW(box, MAILBOX_MAGIC);
	box->loop = loop;
	box->on_mail = on_mail;
	box->user = user;
	STAILQ_INIT(&box->letters);
	STAILQ_INIT(&box->taken);
	ENSURE(uv_mutex_init(&box->lock) == 0);
	ENSURE(uv_async_init(loop_uv(loop), &box->wake, mailbox_on_wake) == 0);
	box->wake.data = box;
	loop_hold(loop);
	return box;
}

bool
mailbox_post(struct mailbox *box, struct mail *m)
{
	bool was_empty, open;

	CHECK_OBJ(box, MAILBOX_MAGIC);
	uv_mutex_lock(&box->lock);
	open = !box->shut;
	was_empty = STAILQ_EMPTY(&box->letters);
	if (open) {
		STAILQ_INSERT_TAIL(&box->letters, m, entry);
		/* Under the lock: the box cannot be shut, and its handle closed, in between. */
		if (was_empty)
			uv_async_send(&box->wake);
	}
	uv_mutex_unlock(&box->lock);
	return open;
}

static void
mailbox_on_closed(uv_handle_t *handle)
{
	struct mailbox *box;

	CAST_OBJ(box, handle->data, MAILBOX_MAGIC);
	loop_release(box->loop);
}

void
mailbox_shut(struct mailbox *box, void (*drop)(struct mail *))
{
	struct mail *m;

	CHECK_OBJ(box, MAILBOX_MAGIC);
	mailbox_take(box, true);
	while ((m = mailbox_next(box)))
		drop(m);
	uv_close((uv_handle_t *)&box->wake, mailbox_on_closed);
}

void
mailbox_free(struct mailbox **boxp)
{
	struct mailbox *box;

	TAKE_OBJ(box, boxp, MAILBOX_MAGIC);
	ENSURE(box->shut && STAILQ_EMPTY(&box->letters));
	uv_mutex_destroy(&box->lock);
	OBJ_FREE(box);
}
