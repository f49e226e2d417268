/* base/log_syslog.h - log lines as RFC 5424 datagrams. For log.c alone.
 *
 * UDP: a datagram that nobody hears is lost, and nobody is told;
 * what counts is that sending never waits.
 */
#ifndef WHT_BASE_LOG_SYSLOG_H
#define WHT_BASE_LOG_SYSLOG_H

#include "base/err.h"
#include "base/log_line.h"

#define LOG_SYSLOG_PORT "514"

/* "host", "host:port", "::1" or "[::1]:port" -> a connected socket, or -WHT_EINVAL. */
int log_syslog_open(const char *address) MUST_CHECK;
/* One line, its newline left out. False when the kernel had no room for it. */
bool log_syslog_send(int fd, const struct log_origin *, enum log_level, struct span line);

#endif
