/* controlplane/questions.h - asking all workers at once, and making one answer of what they tell.
 *
 * Every question has a ticket; letters come back by it, one a worker, in any order. A worker that
 * has ended is not waited for; one that says nothing for QUESTION_MS is reported as silent, and
 * what it says later is dropped. done is called exactly once, never from inside the call that asks.
 *
 * Thread: the control plane's.
 */
#ifndef WHT_CONTROLPLANE_QUESTIONS_H
#define WHT_CONTROLPLANE_QUESTIONS_H

#include "msg/msg.h"

#define QUESTION_MS 2000

struct questions;

/* Gives a letter to a worker. */
typedef void question_post_f(void *user, unsigned worker, struct mail *);

struct questions *questions_new(struct loop *, unsigned workers, question_post_f *, void *user);
/* Ends what is still asked with everybody silent. */
void questions_free(struct questions **);

struct answer {
	unsigned workers; /* how many were asked */
	unsigned silent;  /* of those, how many said nothing in time */
	unsigned ended;	  /* kick: tunnels */
	/* ask: by worker; NULL where there is none. They die with the call. */
	struct msg_told **told;
};
typedef void question_done_f(void *user, const struct answer *);

void questions_ask(
    struct questions *, enum ask_what, const char *match, question_done_f *, void *user);
/* Ends every tunnel that matches. by: who wished it. */
void questions_kick(struct questions *, const char *match, const char *by, enum reason,
    question_done_f *, void *user);

/* Letters; they become the questions'. */
void questions_on_told(struct questions *, struct msg_told *);
void questions_on_kicked(struct questions *, struct msg_kicked *);
/* That worker answers nothing any more. */
void questions_worker_ended(struct questions *, unsigned worker);

#endif
