/* edge/note.h - what is known of a request when its head is gone, until its line is in the log.
 *
 *   OPEN --note_end()--> OVER --end of the turn--> told, and freed
 *
 * Lines wait for the end of the turn, because the code that answers, the code that writes lines and
 * a script's on_log do not fit into the processor's first cache together: one line after the other,
 * each finds its code there.
 *
 * Thread: its worker's.
 */
#ifndef WHT_EDGE_NOTE_H
#define WHT_EDGE_NOTE_H

#include "edge/worker.h"
#include "http/head.h"

/* What only a script wants to know. */
struct note_seen {
	struct span host, target; /* that the viewer named; with the query */
	struct span agent, referer;
};

/* The spans point behind it. */
struct note {
	STAILQ_ENTRY(note) entry; /* OVER */
	struct log_tag tag;	  /* whose request it is */
	char *tunnel;		  /* NULL: it came to none; note_tunnel() only */
	struct span what;	  /* "GET /path", no query; and its halves: */
	struct span method, path;
	struct span peer; /* as the conn calls it */
	struct note_seen seen;
	uint64_t began_ms; /* of the loop */

	int status; /* OVER, like the rest */
	uint64_t bytes, took_ms;
	enum reason why;
	char text[];
};

/* head NULL: there was none that could be read. seen NULL: no script will ask. */
struct note *note_new(const struct worker *, const struct log_tag *, const char *peer,
    const struct http_head *head, const struct note_seen *seen);
/* *np may be NULL. */
void note_free(struct note **np);
/* It is for that tunnel. */
void note_tunnel(struct note *, struct span id);
/* The request is over; takes the note. */
void note_end(struct worker *, struct note **, int status, uint64_t bytes, enum reason why);
/* Those that are over are told now: before what must be behind them. */
void notes_tell(struct worker *);

#endif
