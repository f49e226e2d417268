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
/* Nothing is told any more. Before the loop runs down. */
void tokens_stop(struct tokens *);
/* When it has run down. */
void tokens_free(struct tokens **);

/* on_news: a new token came, or no more will. For stdin only: files are asked again, not watched.
 */
void tokens_on_news(struct tokens *, void (*on_news)(void *user), void *user);

/* The token to register with now; empty: none (a file says why in the log). Valid until the next
 * call on tokens, or on_news. */
struct span tokens_take(struct tokens *);
/* There is one that tokens_take() has not handed out. */
bool tokens_fresh(const struct tokens *);

/* What to do about a refused token. */
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
