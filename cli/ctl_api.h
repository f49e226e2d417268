/* cli/ctl_api.h - one question to the service over its admin socket, and its answer.
 *
 * HTTP by libcurl, JSON by jansson. The answer's size is bounded, its text is never trusted:
 * whoever prints it escapes it.
 */
#ifndef WHT_CLI_CTL_API_H
#define WHT_CLI_CTL_API_H

#include <jansson.h>

#include "base/strb.h"
#include "cli/ctl_exit.h"
#include "cli/ctl_line.h"

#define ANSWER_MAX (64 << 20) /* bytes */

struct api;

struct answer {
	long status;
	struct strb text; /* as it came */
	json_t *json;	  /* NULL: it was none */
	struct strb why;  /* when it failed: sentences for people, escaped */
};

/* path is copied. Never NULL. */
struct api *api_new(const char *path);
void api_free(struct api **);
/* How long a question may take, connecting included; 0: for ever. */
void api_patience(struct api *, long ms);

void answer_init(struct answer *);
void answer_free(struct answer *);

/* Asks what the command and its values say; the values may be other than the command line's (a page
 * further on). CTL_LEAVE_OK with 2xx, else the exit status that fits, and *answer says why. */
enum ctl_leave api_ask(
    struct api *, enum ctl_id, const char *const values[ARG_COUNT], struct answer *);

/* ---- the parts, for tests ---- */

/* The path and query of a command with these values, percent-encoded. */
void api_target(struct strb *out, enum ctl_id, const char *const values[ARG_COUNT]);
/* The JSON object for the body; empty when the command sends none. */
void api_body(struct strb *out, enum ctl_id, const char *const values[ARG_COUNT]);

#endif
