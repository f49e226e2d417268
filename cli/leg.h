/* cli/leg.h - a connection to a local target. It has a life of its own: a target that keeps
 * connections alive is asked again on one of them, by somebody else.
 *
 *   leg_take --> TAKEN --leg_keep--> idle --leg_take--> TAKEN ...
 *                  \--leg_drop, on_gone--> freed   \--a moment, or the target speaks--> freed
 *
 * Asked again only what may be asked twice: the target may close an idle connection at the moment
 * when a request is on its way, and nobody can know then whether it was read.
 */
#ifndef WHT_CLI_LEG_H
#define WHT_CLI_LEG_H

#include "cli/rules.h"
#include "net/conn.h"

/* All connections of one owner, the idle ones among them. */
struct legs;
struct leg;

/* As in net/conn.h. None comes after leg_keep() or leg_drop(). */
struct leg_ops {
	size_t (*on_data)(void *user, struct span in);
	void (*on_sent)(void *user, size_t n);
	void (*on_eof)(void *user);
	/* The last call; the leg is freed when it returns. error: a sentence, or "". */
	void (*on_gone)(void *user, enum reason why, const char *error);
};

struct legs *legs_new(struct loop *, const struct leg_ops *);
void legs_close_idle(struct legs *);
/* When the loop has run down. */
void legs_free(struct legs **);

/* A new connection to the route's place; or, if it may be, an idle one. Never NULL. */
struct leg *leg_take(struct legs *, const struct route *, bool may_be_idle, void *user);
void leg_write(struct leg *, struct span out);
size_t leg_queued(const struct leg *);
void leg_resume(struct leg *);
void leg_shutdown(struct leg *);

const struct route *leg_route(const struct leg *);
/* Was it connected? */
bool leg_opened(const struct leg *);
/* Did somebody use it before? */
bool leg_reused(const struct leg *);

/* For the next request, if there is room for it; then *legp is NULL. */
void leg_keep(struct leg **legp);
/* For good; finish: what is queued goes out first. */
void leg_drop(struct leg **legp, enum reason why, bool finish);

#endif
