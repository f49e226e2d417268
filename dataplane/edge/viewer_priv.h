/* edge/viewer_priv.h - the inside of a viewer, shared by its files:
 *
 *   viewer.c        the connection: states, bytes, time, ends
 *   viewer_head.c   what a request head asks for
 *   viewer_wait.c   heads that wait for the script
 *   viewer_note.c   what is noted of a request, and remembered
 *   viewer_script.c what the operator's script says of it
 *   viewer_leave.c  leaving this worker's viewers: to another worker, or into a tunnel
 *
 * The hard part is that a head decides what becomes of the connection while the parser, and below
 * it the conn, are still on the stack: so on_head decides and changes the state, and moving happens
 * when the conn is empty, joining when the control plane has answered.
 */
#ifndef WHT_EDGE_VIEWER_PRIV_H
#define WHT_EDGE_VIEWER_PRIV_H

#include "base/obj.h"
#include "edge/admit.h"
#include "edge/exchange.h"
#include "edge/note.h"
#include "edge/request_id.h"
#include "edge/tunnel.h"
#include "edge/viewer.h"
#include "net/addr.h"

#define VIEWER_MAGIC 0x51e3e400u

enum viewer_state {
	VIEWER_HANDSHAKE,
	VIEWER_IDLE,
	VIEWER_HEAD,
	VIEWER_WAITING, /* the head, for the script */
	VIEWER_BUSY,
	VIEWER_GATHERING, /* the body, for the script */
	VIEWER_MOVING,
	VIEWER_ADMITTING,
	VIEWER_ENDING,
};

/* A response head as the script left it. */
struct viewer_response {
	struct lua_message m;
	struct http_head head;
};

enum { ASKED_ROOM = 1024 /* bytes of a head that need no memory of their own */ };

/* A head as it came, and what the script says of it: until that is followed. */
struct viewer_asked {
	TAILQ_ENTRY(viewer_asked) entry; /* waiting */
	struct viewer *viewer;
	bool waiting; /* in its worker's queue */
	struct http_head head;
	struct span raw;
	struct route route;		     /* by the built-in rule, then by the script */
	struct span host, target;	     /* that the viewer named */
	struct span built_in, built_in_path; /* by the built-in rule; empty: no tunnel */
	/* What the client gets where a script names only a tunnel: on our own host the built-in
	 * rule's path, without the id that it begins with; on any other there is no id in it. */
	struct span usual_path;
	bool heard;	  /* whoever has a word to say has said it */
	bool has_verdict; /* of on_request */
	bool shown;	  /* message is filled in: the same, as a script sees and edits it */
	struct lua_verdict verdict;
	struct lua_message message;
	void *memory; /* of head and raw: room, or its own */
	_Alignas(max_align_t) char room[ASKED_ROOM];
};

struct viewer {
	unsigned magic;
	enum viewer_state state; /* viewer_set_state() only */
	struct worker *worker;
	LIST_ENTRY(viewer) entry;
	struct conn *conn; /* NULL in ENDING */
	struct http_parser *parser;
	struct policy *policy; /* of the request under way */
	struct exchange *x;    /* BUSY */
	struct timer deadline;
	uint64_t requests;
	bool last;			  /* no further request is taken */
	bool to_head;			  /* the request under way is a HEAD */
	bool peer_done;			  /* the viewer sends no more */
	struct viewer_move *move;	  /* MOVING */
	struct viewer_ticket *ticket;	  /* ADMITTING */
	struct decision *decision;	  /* of the script, about the request under way */
	struct decision *brought;	  /* of the script on the worker that it came from */
	struct viewer_gather *gather;	  /* GATHERING, or BUSY until all of it is passed on */
	struct viewer_response *response; /* as the script left it */
	struct note *note;		  /* of the request under way; NULL: none, or it is over */
	struct viewer_asked *asked;	  /* NULL: no head is at hand; WAITING: kept */
	struct log_tag tag;
	char request_id[REQUEST_ID_MAX + 1];
};

void viewer_set_state(struct viewer *, enum viewer_state);
void viewer_free(struct viewer *);
/* The connection is nobody's viewer any more. */
void viewer_uncount(struct worker *);
void viewer_forget_request(struct viewer *);
/* What may follow an answer that is complete. */
void viewer_after_answer(struct viewer *, bool close);
/* A head on which the parser held is decided: it goes on behind it. */
void viewer_go_on(struct viewer *);

/* viewer_head.c */
extern const struct http_parser_ops viewer_request_ops;
/* Answers by the reason. head NULL: there is none to go by, and the connection closes. */
void viewer_refuse(struct viewer *, const struct http_head *, enum reason why);
/* asked->head and raw are there, and become the viewer's; the rest is filled in. */
void viewer_take_in(struct viewer *, struct viewer_asked *);
/* What decides where it goes has its word: a decision that it brought, or the script. */
void viewer_hear(struct viewer *);
/* That happens; nothing is at hand any more. */
void viewer_follow(struct viewer *);
/* Nothing is. */
void viewer_forget_asked(struct viewer *);

/* Into the tunnel that the route names, when there is one. */
void viewer_into_tunnel(struct viewer *, const struct http_head *, const struct route *);
/* Another request may follow an answer of ours only when this one is all in. */
bool viewer_must_close(const struct viewer *, const struct http_head *);
/* viewer_wait.c */
/* The head is kept, taken in, and heard at the end of the turn. False: it cannot be kept. */
bool viewer_wait(struct viewer *, const struct http_head *, struct span raw);
/* If its head waits, it does no more. */
void viewer_forget_wait(struct viewer *);

/* viewer_note.c */
void viewer_note_request(struct viewer *, const struct http_head *, const struct viewer_asked *);
/* What the rules and the script made of it, before its tunnel is looked for: for whoever tries
 * another script on it. status: that the script said, or 0. */
void viewer_remember(
    struct viewer *, const struct http_head *, const struct route *, enum outcome, int status);
/* A registration came to nothing: for the audit and the log. */
void viewer_note_refusal(struct viewer *, struct span id, enum reason why, enum jwt_fault);
/* The request is over: counted, logged, and remembered when it failed. */
void viewer_note_end(struct viewer *, int status, uint64_t bytes, enum reason why);

/* viewer_script.c: all of it only with a script that has the phase. */
void viewer_ask_route(struct viewer *);
/* As it was decided, here or on another worker. */
void viewer_follow_decision(struct viewer *);
void viewer_keep_decision(struct viewer *, const struct route *);
/* R_NONE: v->decision says under which id. R_HOOK_DENIED: it is answered. */
enum reason viewer_ask_register(
    struct viewer *, const struct http_head *, const struct admission *);
void viewer_ask_request(struct viewer *);
void viewer_follow_request(struct viewer *);
void viewer_ask_body(
    struct viewer *, const struct http_head *, const struct route *, struct span body);
void viewer_reply_by_script(struct viewer *, const struct http_head *, const struct lua_verdict *);
void viewer_gather(struct viewer *, const struct http_head *, const struct route *);
void viewer_gather_body(struct viewer *, struct span data);
void viewer_gathered(struct viewer *);
/* The exchange has room: more of what was gathered goes out. */
void viewer_push_gathered(struct viewer *);
void viewer_forget_gather(struct viewer *);
/* The head to send instead; NULL: the script failed, and the phase is closed.
 * Good until the next. */
const struct http_head *viewer_ask_response(struct viewer *, const struct http_head *);
void viewer_forget_response(struct viewer *);

/* viewer_leave.c */
void viewer_plan_move(struct viewer *, unsigned to, struct span raw);
void viewer_ask_admission(struct viewer *, const struct admission *);
/* What is left of a plan when the viewer goes. */
void viewer_forget_plan(struct viewer *);
void viewer_move(struct viewer *);

#endif
