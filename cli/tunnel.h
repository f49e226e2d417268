/* cli/tunnel.h - one tunnel out of its settings: tokens, rules, the way to the server, and what
 * keeps it up. The inside of a struct whc_tunnel (cli/libwhclient.h). */
#ifndef WHT_CLI_TUNNEL_H
#define WHT_CLI_TUNNEL_H

#include "cli/keepup.h"
#include "net/proxy.h"

#define TUNNEL_ERROR_MAX 1024

struct whc;

struct whc_tunnel {
	unsigned magic;
	struct whc *whc;
	struct settings settings;
	struct place server;
	bool has_server, has_proxy, over, began;
	struct proxy proxy;
	struct rules rules;
	char targets[512]; /* what they lead to, for people */
	struct tls_context *server_tls, *target_tls;
	struct tokens *tokens;
	struct forwarder *forwarder;
	struct keepup *keepup;
	int token_fd; /* its lines are tokens; -1: none */
	void (*on_request)(void *user, struct whc_request *);
	void *request_user;
	void (*on_event)(void *user, struct whc_event *);
	void (*on_over)(void *user);
	void *user;
};

/* Everything that can be wrong with the settings; 0 or -WHT_EINVAL, and error says what. */
int tunnel_read(struct whc_tunnel *, char error[TUNNEL_ERROR_MAX]) MUST_CHECK;
/* After tunnel_read(): the tokens. */
int tunnel_open_tokens(struct whc_tunnel *, struct loop *, char error[TUNNEL_ERROR_MAX]) MUST_CHECK;
void tunnel_start(struct whc_tunnel *, struct loop *);
void tunnel_stop(struct whc_tunnel *);
/* Before the loop runs down, and when it has. */
void tunnel_end(struct whc_tunnel *);
void tunnel_free(struct whc_tunnel *);

/* The proxy that flags, or else the environment, name for a server. Answers an error's text or
 * NULL. */
const char *tunnel_find_proxy(
    const struct settings *, const struct place *server, struct proxy *, bool *has);

#endif
