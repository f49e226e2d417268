/* net/move.h - a whole connection given to another loop: descriptor, TLS state, every unread byte.
 *
 * Connections are given, never shared: the owner lets go completely, then posts the bundle. In
 * between it belongs to the message that carries it. Nothing may be queued for sending, and no TLS
 * handshake be under way; both are asserted.
 */
#ifndef WHT_NET_MOVE_H
#define WHT_NET_MOVE_H

#include "net/conn.h"

struct conn_bundle;

/* Takes the conn away from its loop and its user: no callback follows, not even on_gone. unread:
 * bytes that were taken from the conn and are to be read again first; inside on_data, all that it
 * was offered counts as taken, and is no longer to be looked at afterwards. NULL when the
 * descriptor could not be duplicated (out of descriptors); the conn is then unchanged. */
struct conn_bundle *conn_detach(struct conn **, struct span unread);
/* Makes it a conn of this loop; kept bytes are offered at the end of this turn. NULL when the loop
 * refused it (the bundle is freed and the connection closed). */
struct conn *conn_adopt(struct loop *, struct conn_bundle **, const struct conn_ops *, void *user);
/* Undelivered: closes the connection. Any thread. */
void conn_bundle_free(struct conn_bundle **);

#endif
