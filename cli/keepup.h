/* cli/keepup.h - keeps one tunnel up: dial, register, serve, rest, again; until told to stop or
 * until nothing can get better. The states stand in cli/keepup_tbl.h.
 *
 * After a session that lasted it is tried again at once, and then with pauses that grow. A refusal
 * that another token may cure waits for one where one can come, and ends the program where none
 * can.
 */
#ifndef WHT_CLI_KEEPUP_H
#define WHT_CLI_KEEPUP_H

#include "cli/exit.h"
#include "cli/forward.h"
#include "cli/libwhclient.h"
#include "cli/tokens.h"

struct keepup_config {
	struct loop *loop;
	const struct place *server; /* no host and no text: the tokens say which */
	struct tls_context *tls;    /* for an https:// server; borrowed */
	const struct proxy *proxy;  /* NULL: directly */
	const char *id;		    /* "": the tokens say which */
	struct tokens *tokens;
	struct forwarder *forwarder;
	bool once;
	uint64_t max_elapsed_ms; /* without a session; 0: no limit */
	uint32_t server_window;	 /* that an original server is known to have; 0: unknown */
	void (*on_event)(void *user, struct whc_event *);
	void (*on_over)(void *user); /* keepup_result() is valid */
	void *user;
};

struct keepup;

/* Everything in config but the struct itself is borrowed. */
struct keepup *keepup_new(const struct keepup_config *);
void keepup_start(struct keepup *);
/* Ends the session properly, letting streams finish for a moment. */
void keepup_stop(struct keepup *);
/* The tunnel's; "" while unknown. */
const char *keepup_id(const struct keepup *);
/* Valid when it is over. */
enum leave keepup_result(const struct keepup *);
void keepup_free(struct keepup **);

#endif
