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
	bool shut;                /* under lock */
	void (*on_mail)(void *user, struct mail *);
	void *user;
};

/* Empties the box into *out. */
static void
mailbox_take(struct mailbox *box, struct mail_list *out)
{
	STAILQ_INIT(out);
	uv_mutex_lock(&box->lock);
	STAILQ_CONCAT(out, &box->letters);
	uv_mutex_unlock(&box->lock);
}

static void
mailbox_on_wake(uv_async_t *handle)
{
	struct mailbox *box;
	struct mail_list letters;
	struct mail *m;

	CAST_OBJ(box, handle->data, MAILBOX_MAGIC);
	mailbox_take(box, &letters);
	while ((m = STAILQ_FIRST(&letters))) {
		STAILQ_REMOVE_HEAD(&letters, entry);
		box->on_mail(box->user, m);
	}
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
	struct mail_list letters;
	struct mail *m;

	CHECK_OBJ(box, MAILBOX_MAGIC);
	uv_mutex_lock(&box->lock);
	box->shut = true;
	uv_mutex_unlock(&box->lock);
	mailbox_take(box, &letters);
	while ((m = STAILQ_FIRST(&letters))) {
		STAILQ_REMOVE_HEAD(&letters, entry);
		drop(m);
	}
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
