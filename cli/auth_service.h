/* cli/auth_service.h - asking the Taskcluster Auth service for a tunnel token.
 *
 * Two services are known: that of old, which also says which server and id (GET
 * /v1/webhooktunnel), and today's, below a root URL, which is told audience and id. The request is
 * made on a thread of its own, for libcurl waits; its answer comes on the loop's.
 */
#ifndef WHT_CLI_AUTH_SERVICE_H
#define WHT_CLI_AUTH_SERVICE_H

#include "base/span.h"
#include "base/strb.h"
#include "net/loop.h"

#define AUTH_ANSWER_MAX	  (64 * 1024)
#define AUTH_SENTENCE_MAX 512

struct auth_config {
	const char *client_id, *access_token;
	const char *certificate;   /* JSON; NULL: permanent credentials */
	const char *root_url;	   /* NULL: the service of old, at auth_url */
	const char *auth_url;	   /* NULL: https://auth.taskcluster.net */
	const char *audience, *id; /* with a root URL */
	const char *proxy;	   /* http://, socks5://, or none; NULL: as the environment says */
};

struct auth_answer {
	struct span token;	/* empty: none came */
	struct span id, server; /* empty: not said */
	int status;		/* HTTP's; 0: no answer */
	const char *sentence;	/* what went wrong; "" */
};

struct auth_service;

/* NULL, with a sentence in error: something is missing, or the certificate is no JSON. config is
 * copied. on_answer's texts die with it. */
struct auth_service *auth_service_new(struct loop *, const struct auth_config *,
    void (*on_answer)(void *user, const struct auth_answer *), void *user,
    char error[AUTH_SENTENCE_MAX]);
/* Begins to ask, unless it is being asked. */
void auth_service_ask(struct auth_service *);
bool auth_service_asking(const struct auth_service *);
/* Waits for the thread; no callback follows. */
void auth_service_stop(struct auth_service *);
/* When stopped, and the loop has run down. */
void auth_service_free(struct auth_service **);

/* The pieces, for tests. */
bool auth_parse(struct span body, struct auth_answer *, char storage[AUTH_ANSWER_MAX]);

#endif
