#include "base/log_syslog.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

#define FACILITY_DAEMON 3
#define HOST_MAX	256
#define PORT_MAX	8
#define HEADER_MAX	512

/* A single colon, or one behind a bracket, begins the port; more of them are an IPv6 address. */
static int
split_address(const char *address, char host[HOST_MAX], char port[PORT_MAX])
{
	struct span s = span_str(address), name = s, service = SPAN(LOG_SYSLOG_PORT);
	const char *colon = strrchr(address, ':');
	bool bracketed = s.n && s.p[0] == '[';

	if (colon && (bracketed ? colon[-1] == ']' : strchr(address, ':') == colon)) {
		name = span_take(s, (size_t)(colon - s.p));
		service = span_str(colon + 1);
	}
	if (bracketed) {
		if (name.n < 3 || name.p[name.n - 1] != ']')
			return -WHT_EINVAL;
		name = span_of(name.p + 1, name.n - 2);
	}
	if (name.n == 0 || name.n >= HOST_MAX || service.n == 0 || service.n >= PORT_MAX)
		return -WHT_EINVAL;
	snprintf(host, HOST_MAX, "%.*s", SPAN_FMT(name));
	snprintf(port, PORT_MAX, "%.*s", SPAN_FMT(service));
	return 0;
}

static int
connect_first(const struct addrinfo *list)
{
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -WHT_EINVAL;
}

int
log_syslog_open(const char *address)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	char host[HOST_MAX], port[PORT_MAX];
	int fd;

	if (split_address(address, host, port) < 0 || getaddrinfo(host, port, &hints, &list) != 0)
		return -WHT_EINVAL;
	fd = connect_first(list);
	freeaddrinfo(list);
	return fd;
}

bool
log_syslog_send(int fd, const struct log_origin *o, enum log_level level, struct span line)
{
	char header[HEADER_MAX], when[CLOCK_TEXT_MAX];
	int n = snprintf(header, sizeof(header), "<%d>1 %s %.255s %.48s %ld - - ",
	    FACILITY_DAEMON * 8 + log_level_severity(level), clock_text(clock_wall_ms(), when),
	    o->host[0] ? o->host : "-", o->logger, o->pid);
	struct iovec parts[] = {{header, (size_t)n}, {(char *)line.p, line.n - 1}};
	const struct msghdr datagram = {.msg_iov = parts, .msg_iovlen = 2};

	return sendmsg(fd, &datagram, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       (errno != EAGAIN && errno != ENOBUFS);
}
