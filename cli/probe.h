/* cli/probe.h - one connection, tried and closed again: what --check and login are made of. */
#ifndef WHT_CLI_PROBE_H
#define WHT_CLI_PROBE_H

#include "cli/tunnel.h"

#define PROBE_MS	10000
#define PROBE_ERROR_MAX 512

struct probe {
	char error[PROBE_ERROR_MAX]; /* "": it worked */
	int64_t not_after;	     /* of the server's certificate; 0: none */
	int status;		     /* of the answer; 0: none was asked for */
	int64_t date;		     /* its Date, in seconds since 1970; 0: none */
	char word[64];		     /* its x-webhooktunnel-error */
};

/* Connects; with a request, also waits for the head of the answer. */
void probe_run(struct probe *, struct loop *, const struct dial *, struct span request);
/* A registration that a server judges and never carries out: its WebSocket version is none. So the
 * token is tried and nobody who holds the id is disturbed. */
void probe_token(
    struct probe *, struct loop *, const struct whc_tunnel *, const char *id, struct span token);
/* When a token is the Auth service's to give: asks for one, which then stands in the settings, with
 * id and server if it says them. False: error says why there is none. */
bool probe_ask_auth(struct whc_tunnel *, struct loop *, char error[TUNNEL_ERROR_MAX]) MUST_CHECK;
/* What the answer to that means. NULL: the token is good. */
const char *probe_verdict(const struct probe *);
/* Where the tunnel's server is. */
struct dial probe_dial(const struct whc_tunnel *);

#endif
