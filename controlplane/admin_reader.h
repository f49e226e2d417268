/* controlplane/admin_reader.h - a thread that reads the database for the admin,
 * so that nobody else has to wait for it.
 *
 * A walk over a year of audit takes seconds, and the control plane's thread has registrations to
 * admit. The thread has a connection of its own, which nobody else touches; a query is its owner's
 * before it is asked and after it is done, and the thread's in between.
 */
#ifndef WHT_CONTROLPLANE_ADMIN_READER_H
#define WHT_CONTROLPLANE_ADMIN_READER_H

#include <jansson.h>
#include <sqlite3.h>

#include "controlplane/admin_route.h"
#include "net/mailbox.h"

struct admin_reader;

#define QUERY_PROBLEM_MAX 200

struct admin_query {
	struct mail mail;
	/* On the reader's thread: the answer, or NULL and what SQLite says in problem. */
	json_t *(*run)(sqlite3 *, const struct admin_args *, char problem[QUERY_PROBLEM_MAX]);
	const struct admin_args *args; /* the owner's; not changed until done */
	/* On the loop's thread, once. answer becomes the owner's; NULL: see problem. */
	void (*done)(struct admin_query *);
	void *user;
	json_t *answer;
	char problem[QUERY_PROBLEM_MAX];
};

/* db becomes the reader's; NULL: every query fails. */
struct admin_reader *admin_reader_new(struct loop *, sqlite3 *db);
void admin_reader_ask(struct admin_reader *, struct admin_query *);
/* Interrupts what is under way, ends the thread, and is done with every query. */
void admin_reader_shut(struct admin_reader *);
/* When the loop has run down. */
void admin_reader_free(struct admin_reader **);

#endif
