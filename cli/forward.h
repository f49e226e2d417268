/* cli/forward.h - one stream of the tunnel <-> one connection to the local target, copied raw.
 *
 *   DIALLING --connected--> COPYING       either --server's FIN--> LINGERING
 *   DIALLING --refused--> DRAINING        COPYING, LINGERING --target gone, all said--> DRAINING
 *   any --stream done, and the target's connection gone--> freed
 *
 * LINGERING: the server sends no more. What it sent goes out to the target, then the target's end
 * of stream; the target's last bytes still go back, until it closes too or falls silent.
 *
 * DRAINING: there is no target. What comes is dropped and credited; a 502 page or the last bytes
 * go out.
 *
 * The hard thing is that the two sides end each on its own turn: a forward is freed by whichever
 * end comes last, and each callback must do without the other side.
 */
#ifndef WHT_CLI_FORWARD_H
#define WHT_CLI_FORWARD_H

#include "cli/place.h"
#include "link/link.h"

/* What all streams of this client share. */
struct forwarder;

/* target is borrowed; the context is referenced, and NULL for a plain target. */
struct forwarder *forwarder_new(struct loop *, const struct place *target, struct tls_context *);
/* When the loop has run down. */
void forwarder_free(struct forwarder **);

/* Streams belong to this link from now on; NULL: it is going down. */
void forwarder_set_link(struct forwarder *, struct link *);
/* To be called when the last stream is done, from inside one of its callbacks. */
void forwarder_on_idle(struct forwarder *, void (*fn)(void *user), void *user);
size_t forwarder_streams(const struct forwarder *);

/* A new stream: dials the target for it. An on_stream of link/link.h. */
bool forwarder_take(struct forwarder *, struct wsmux_stream *, const struct wsmux_stream_ops **,
    void **stream_user);

#endif
