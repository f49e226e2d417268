/* net/mailbox.h - a loop's letter box: any thread posts, the loop's thread reads.
 *
 * One lock around one list; a wake-up only when the box was empty; handlers run with the lock
 * dropped. Letters arrive in the order in which one poster posted them. A letter embeds struct mail
 * as its first member and owns what it carries.
 */
#ifndef WHT_NET_MAILBOX_H
#define WHT_NET_MAILBOX_H

#include "net/loop.h"

struct mail {
	STAILQ_ENTRY(mail) entry; /* private */
	unsigned type;		  /* the poster's business */
};

struct mailbox;

struct mailbox *mailbox_new(struct loop *, void (*on_mail)(void *user, struct mail *), void *user);
/* Any thread, as long as the box exists. False when it is shut: the letter stays the caller's. */
bool mailbox_post(struct mailbox *, struct mail *) MUST_CHECK;
/* Loop's thread: from now on posting is refused; letters still in it go to drop. */
void mailbox_shut(struct mailbox *, void (*drop)(struct mail *));
/* When nobody can post any more, and the loop has run down. */
void mailbox_free(struct mailbox **);

#endif
