/* net/addr.h - socket addresses as people write them. */
#ifndef WHT_NET_ADDR_H
#define WHT_NET_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/span.h"

#define ADDR_TEXT_MAX 64 /* "[fe80::...%scope]:65535" and a NUL */

/* "10.0.0.7:51234" or "[::1]:51234"; an IPv4 address mapped into IPv6 is shown as IPv4; "unix" for
 * a Unix socket. Answers out. */
const char *addr_text(const struct sockaddr *, char out[ADDR_TEXT_MAX]);
/* The same without port and brackets. */
const char *addr_host(const struct sockaddr *, char out[ADDR_TEXT_MAX]);
/* The host in what addr_text wrote. */
struct span addr_text_host(struct span text);
uint16_t addr_port(const struct sockaddr *);
void addr_set_port(struct sockaddr *, uint16_t port);
socklen_t addr_len(const struct sockaddr *);
bool addr_is_loopback(const struct sockaddr *);

#endif
