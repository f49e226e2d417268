/* msg/facts.h - what a worker tells of itself: plain values, copied, never pointers into it. */
#ifndef WHT_MSG_FACTS_H
#define WHT_MSG_FACTS_H

#include "auth/jwt.h"
#include "auth/tunnel_id.h"
#include "base/reason.h"

#define FACT_PEER_MAX  64 /* bytes with the NUL */
#define FACT_AGENT_MAX 65
#define FACT_LABEL_MAX 65
#define FACT_WHAT_MAX  256 /* "GET /path", cut */
#define REQUEST_ID_MAX 64  /* characters */

/* One client, as it registered. */
struct client_facts {
	char id[TUNNEL_ID_MAX + 1];
	char peer[FACT_PEER_MAX];
	char agent[FACT_AGENT_MAX];
	char label[FACT_LABEL_MAX]; /* of the operator's script; "": none */
	bool websocktunnel;	    /* it asked in the x-websocktunnel-* names */
	uint32_t window;	    /* 0: a client of the original protocol */
	bool rst;
	struct jwt_claims claims;
	int64_t opened_ms; /* wall clock */
};

/* One live tunnel, now. */
struct tunnel_facts {
	struct client_facts client;
	int64_t session; /* its row */
	unsigned worker;
	uint64_t requests, bytes_in, bytes_out; /* in: from the client */
	uint64_t rtt_us;			/* 0: not measured yet */
	uint64_t held;				/* bytes that wait for viewers */
	unsigned streams, stalled; /* stalled: viewers that do not take what is there */
};

/* One request that failed: why, and how far it had come. */
struct failure_facts {
	char request[REQUEST_ID_MAX + 1];
	char id[TUNNEL_ID_MAX + 1]; /* "" when it never found a tunnel */
	char what[FACT_WHAT_MAX];
	char peer[FACT_PEER_MAX];
	unsigned worker;
	enum reason why;
	int status;	/* that the viewer was told; 0: nothing */
	bool answered;	/* the response had begun */
	uint64_t bytes; /* of its body, by then */
	int64_t at_ms;	/* wall clock */
	uint64_t took_ms;
};

#endif
