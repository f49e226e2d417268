/* cli/keepup.h - keeps one tunnel up: dial, register, serve, rest, again; until told to stop or
 * until nothing can get better. The states stand in cli/keepup_tbl.h.
 *
 * Back-off begins anew after a session that lasted. A refusal that another token may cure waits
 * for one where one can come, and ends the program where none can.
 */
#ifndef WHT_CLI_KEEPUP_H
#define WHT_CLI_KEEPUP_H

#include "cli/exit.h"
#include "cli/forward.h"
#include "cli/tokens.h"

struct keepup_config {
	struct loop *loop;
	const struct place *server;
	struct tls_context *tls; /* for an https:// server; borrowed */
	const char *id;
	struct tokens *tokens;
	struct forwarder *forwarder;
	bool once;
	uint64_t max_elapsed_ms; /* without a session; 0: no limit */
};

struct keepup;

/* Everything in config but the struct itself is borrowed. The loop is stopped when it is over. */
struct keepup *keepup_new(const struct keepup_config *);
void keepup_start(struct keepup *);
/* Ends the session properly, letting streams finish for a moment. */
void keepup_stop(struct keepup *);
/* Valid when the loop was stopped. */
enum leave keepup_result(const struct keepup *);
void keepup_free(struct keepup **);

#endif
