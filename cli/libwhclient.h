/* libwhclient.h - tunnels to a webhooktunnel server, from inside a program.
 *
 *   struct whc *whc = whc_new();
 *   struct whc_tunnel *t = whc_tunnel(whc);
 *   whc_set(t, "server", "https://whp.example.com");
 *   whc_set(t, "token", jwt);
 *   whc_set(t, "target", "3000");        or whc_on_request(t, answer, user)
 *   whc_on_event(whc, print, user);
 *   return whc_run(whc);
 *
 * A struct whc belongs to the thread that calls whc_run(), and callbacks come on it; only
 * whc_stop() and whc_token() may be called from anywhere. Texts in events and requests live until
 * the callback returns. docs/libwhclient.md says more.
 */
#ifndef LIBWHCLIENT_H
#define LIBWHCLIENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct whc;
struct whc_tunnel;
struct whc_request;

struct whc *whc_new(void);
void whc_free(struct whc *);
/* Another tunnel of the same program. It lives as long as the whc. */
struct whc_tunnel *whc_tunnel(struct whc *);

/* The options of whclient --help that a profile may hold, by the same words; flags are "yes" or
 * "no". Before whc_run(). NULL, or a sentence that says what is wrong. Without "token",
 * "token-file" and "client-id", whc_token() is waited for. */
const char *whc_set(struct whc_tunnel *, const char *option, const char *value);
/* The token for the next registration; a session outlives its token. Any thread. Not 0: that cannot
 * be one. */
int whc_token(struct whc_tunnel *, const char *token);

/* Instead: each line of a descriptor is a token for the next registration. */
void whc_tokens_from(struct whc_tunnel *, int fd);

enum whc_event_type {
	WHC_UP,	     /* registered: url */
	WHC_DOWN,    /* the session ended: text says why */
	WHC_RESTING, /* ms until the next attempt */
	WHC_REQUEST, /* one is answered: method, path, status, us, bytes; text: what went wrong */
	WHC_ROUND_TRIP, /* us */
	WHC_TOKEN,	/* one came, or is wanted: expires; text: "taken", "renewed" or "wanted" */
	WHC_NOTICE,	/* text, for a person */
	WHC_OVER, /* this tunnel will not come back: status is the exit status, text its sentence */
};

struct whc_event {
	enum whc_event_type type;
	struct whc_tunnel *tunnel;
	const char *id;	    /* the tunnel's; "" while unknown */
	const char *target; /* of a request: the local target; else all of them, for people */
	const char *text;   /* never NULL */
	const char *url, *method, *path;
	int status;
	uint64_t us, ms, bytes;
	int64_t expires; /* seconds since 1970; 0: unknown */
	int serious;	 /* of a notice: something has to be done */
};
void whc_on_event(struct whc *, void (*fn)(void *user, const struct whc_event *), void *user);

/* Answers requests in the program, without a local target: for each whole request, whose answer
 * must be made with whc_reply() before fn returns. A body over 1 MiB is refused with 413. */
void whc_on_request(struct whc_tunnel *, void (*fn)(void *user, struct whc_request *), void *user);
const char *whc_request_method(const struct whc_request *);
const char *whc_request_path(const struct whc_request *); /* with its query */
/* The first field called so, or NULL. */
const char *whc_request_field(const struct whc_request *, const char *name);
const void *whc_request_body(const struct whc_request *, size_t *n);
/* type: the Content-Type; NULL: text/plain. The body is copied. */
void whc_reply(struct whc_request *, int status, const char *type, const void *body, size_t n);

/* Until every tunnel is over or whc_stop(). whclient's exit status. */
int whc_run(struct whc *);
/* Lets requests finish for a moment; whc_run() returns then. Any thread, but no signal handler. */
void whc_stop(struct whc *);

#ifdef __cplusplus
}
#endif

#endif
