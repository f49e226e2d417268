/* cli/tokens.h - where the token for the next registration comes from: the command line, a file
 * that is read again each time, or lines on stdin of which the last counts.
 *
 * A token is a bearer's secret: it is held here, wiped at the end, and never part of a log or an
 * error.
 */
#ifndef WHT_CLI_TOKENS_H
#define WHT_CLI_TOKENS_H

#include "base/err.h"
#include "net/loop.h"

#define TOKEN_MAX (16 * 1024)

struct tokens;

/* The one token, forever; NULL when it cannot be one. */
struct tokens *tokens_of_text(const char *token);
/* The path is borrowed. */
struct tokens *tokens_of_file(const char *path);
/* Lines of a descriptor, which is borrowed. */
struct tokens *tokens_of_lines(struct loop *, int fd);
/* What tokens_give() gives. */
struct tokens *tokens_of_hand(void);
/* What the Taskcluster Auth service gives; asked when there is none that still holds. NULL, with a
 * sentence in error. */
struct auth_config;
struct tokens *tokens_of_auth(struct loop *, const struct auth_config *, char *error, size_t max);
/* Of OF_HAND; -WHT_EINVAL when it cannot be a token. */
int tokens_give(struct tokens *, struct span token) MUST_CHECK;
/* Nothing is told any more. Before the loop runs down. */
void tokens_stop(struct tokens *);
/* When it has run down. */
void tokens_free(struct tokens **);

/* on_news: a new token came, or none will for now. Files are asked again, not watched. */
void tokens_on_news(struct tokens *, void (*on_news)(void *user), void *user);

/* The token to register with now; empty: none (a file says why in the log). Valid until the next
 * call on tokens, or on_news. */
struct span tokens_take(struct tokens *);
/* There is one that tokens_take() has not handed out. */
bool tokens_fresh(const struct tokens *);

/* The last one taken was refused by the server: not that one again, where there may be another. */
void tokens_refused(struct tokens *);
/* It ends soon: get the next one where that can be asked for. on_news tells, if there is one; until
 * then the old one stays. May be called again and again. */
void tokens_renew(struct tokens *);
/* The id that the present token says it is for; and, from the service of old, the server's URL.
 * Empty: not said. */
const char *tokens_id(const struct tokens *);
const char *tokens_server(const struct tokens *);
/* When it ends, in seconds since 1970; 0: it does not say. */
int64_t tokens_expiry(const struct tokens *);
/* What is wrong with where tokens come from; "" if nothing. */
const char *tokens_trouble(const struct tokens *);
/* "stdin", "the Auth service", ...: where the next would come from. */
const char *tokens_source(const struct tokens *);

/* What to do about a refused token, or about none. */
enum tokens_hope {
	TOKENS_NEVER, /* no other can come */
	TOKENS_WAIT,  /* on_news will tell */
	TOKENS_RETRY, /* ask again later */
};
enum tokens_hope tokens_hope(const struct tokens *);

#define TOKEN_DOUBT_MAX 256
/* What is plainly wrong with the last token taken, as far as its bearer can see: another id,
 * expired, not valid yet. False: nothing. The token itself is not part of it. */
bool tokens_doubt(const struct tokens *, const char *id, char doubt[TOKEN_DOUBT_MAX]);

/* Could this be sent as a bearer token: [A-Za-z0-9_.-]+ and not too long. */
bool token_shaped(struct span text);

#endif
