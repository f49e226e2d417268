/* net/listen.h - listening sockets, and accepting from them without starving the loop.
 *
 * Sockets are made by whoever starts the workers, so that a bad address is a clear refusal to
 * start; each worker listens on one of its own (SO_REUSEPORT), and the kernel spreads connections
 * over them. At most LISTEN_BURST accepts a turn. Out of descriptors: accepting pauses for
 * LISTEN_PAUSE_MS, without spinning, and established connections live on.
 */
#ifndef WHT_NET_LISTEN_H
#define WHT_NET_LISTEN_H

#include <sys/socket.h>

#include "net/loop.h"

#define LISTEN_BURST	 64
#define LISTEN_PAUSE_MS	 100
#define LISTEN_ERROR_MAX 160

struct listener;

/* A bound, listening, non-blocking socket. addr's port may be 0: then it is filled in, so that the
 * next worker's socket can share it. -1 with a sentence in error. */
int listen_socket(struct sockaddr_storage *addr, char error[LISTEN_ERROR_MAX]);
/* "127.0.0.1:8080", "[::1]:8080", "8080" (all addresses, IPv6 and IPv4), "*:8080" -> addresses;
 * answers how many (at most max), or -WHT_EINVAL. default_port for a bare address. */
int listen_parse(
    struct span text, uint16_t default_port, struct sockaddr_storage *out, int max) MUST_CHECK;

/* Takes the descriptor. on_accept owns the one it gets: connected, non-blocking, close-on-exec. */
struct listener *listener_new(
    struct loop *, int fd, void (*on_accept)(void *user, int fd), void *user);
/* Stops accepting and closes; nothing is called any more. */
void listener_close(struct listener **);

#endif
