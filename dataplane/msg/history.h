/* msg/history.h - the last requests of one worker: as they came, and what was decided about them.
 *
 * For trying a new script on yesterday's requests. Written by the worker for every request, so it
 * costs one copy of the head and nothing else: there are two halves, the newer is filled from front
 * to back, and when it is full the older one is forgotten and begun anew. Between half and all of
 * what it may hold is remembered.
 *
 * What a request proves itself with is not kept: the values of Authorization and Cookie are blotted
 * out here, and so never leave the worker.
 *
 * Thread: its worker's; a copy is whoever's it was made for.
 */
#ifndef WHT_MSG_HISTORY_H
#define WHT_MSG_HISTORY_H

#include "lua/outcome.h"

struct request_facts {
	int64_t at_ms; /* wall clock */
	bool tls;
	bool blotted; /* something in the head was */
	enum outcome outcome;
	int status; /* DENIED, ANSWERED: what the script said; else 0 */
	struct span request_id, peer;
	struct span host;		     /* as the viewer named it */
	struct span built_in, built_in_path; /* by the built-in rule; empty: no tunnel */
	struct span usual_path; /* what the client gets where a script names only an id */
	struct span id, path;	/* as decided; id empty: none was found */
	struct span head;	/* whole, with its empty line */
};

struct history;

/* Holds at most max bytes; 0: nothing, ever. */
struct history *history_new(size_t max);
void history_free(struct history **);
size_t history_max(const struct history *);

/* Copies it all. blots: parts of facts->head that are not kept.
 * What is larger than a half is not remembered. */
void history_put(
    struct history *, const struct request_facts *, const struct span *blots, size_t nblots);
/* What it holds now, for somebody else. */
struct history *history_copy(const struct history *);

struct history_cursor {
	const struct history *history;
	size_t at; /* private */
	int half;
};
/* From the oldest. The texts of *out live as long as the history stands unchanged. */
struct history_cursor history_begin(const struct history *);
bool history_next(struct history_cursor *, struct request_facts *out);

#endif
