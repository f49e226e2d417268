/* cli/register.h - asking for a tunnel: the request, and what the server's answer says.
 *
 * Pure: bytes in, bytes out. Both header families are spoken, for a server of either answers in its
 * own.
 *
 *   READING --101 that keeps its word--> ACCEPTED   what follows the head is the WebSocket's
 *      |  \--another status, whole-----> REFUSED
 *      \-----no HTTP, no end, no URL---> BROKEN
 *
 * The answer comes from a stranger: its texts are bounded here, and cleaned for a terminal.
 */
#ifndef WHT_CLI_REGISTER_H
#define WHT_CLI_REGISTER_H

#include "cli/place.h"
#include "link/mux_header.h"

#define REGISTER_WINDOW	      262144 /* bytes of one stream that we take ahead of the target */
#define REGISTER_URL_MAX      2048
#define REGISTER_ERROR_MAX    64
#define REGISTER_SENTENCE_MAX 256
#define REGISTER_REQUEST_MAX  (32 * 1024)

enum register_state { REGISTER_READING, REGISTER_ACCEPTED, REGISTER_REFUSED, REGISTER_BROKEN };

struct register_answer {
	int status;			/* 0: none came */
	char url[REGISTER_URL_MAX + 1]; /* ACCEPTED: where viewers find us */
	struct mux_offer mux; /* ACCEPTED: what the server agreed to; not present: a legacy one */
	char error[REGISTER_ERROR_MAX + 1]; /* x-webhooktunnel-error, or "" */
	char sentence[REGISTER_SENTENCE_MAX +
		      1]; /* the body's first line, or what is wrong, or "" */
};

/* The whole request. key: ws_handshake_key's. */
void register_write(
    struct strb *, const struct place *server, const char *id, struct span token, const char *key);

struct registration;

/* The key is copied. */
struct registration *registration_new(const char *key);
void registration_free(struct registration **);

/* Answers how many bytes were taken: all, unless the answer is complete. */
size_t registration_feed(struct registration *, struct span in);
/* The server sends no more. */
void registration_eof(struct registration *);

enum register_state registration_state(const struct registration *);
const struct register_answer *registration_answer(const struct registration *);

#endif
