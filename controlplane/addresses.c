#include "controlplane/addresses.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "net/addr.h"
#include "net/listen.h"

/* A socket bound to a free port of every address, IPv4 and IPv6; -1 when there is none. */
static int
bind_any(int family, uint16_t *port)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	struct sockaddr *addr = (struct sockaddr *)&any;
	socklen_t len = addr_len(addr);
	int on = 1, off = 0, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* means nothing to IPv4 */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
	    bind(fd, addr, len) == 0 && getsockname(fd, addr, &len) == 0) {
		*port = addr_port(addr);
		return fd;
	}
	close(fd);
	return -1;
}

static void
choose_port(struct addresses *a, const struct config *c, uint16_t standard, struct report *report)
{
	a->reserved = -1;
	a->port = config_given(c, SET_port) ? (uint16_t)config_number(c, SET_port) : standard;
	if (a->port != 0)
		return;
	a->reserved = bind_any(AF_INET6, &a->port);
	if (a->reserved < 0)
		a->reserved = bind_any(AF_INET, &a->port);
	if (a->reserved < 0)
		report_error(report, "PORT: no port is free: %s", strerror(errno));
}

/* A machine without IPv6 has no ::1 and no [::], and nobody asked for them. */
static bool
exists(const struct sockaddr_storage *addr)
{
	struct sockaddr_storage probe = *addr;
	struct sockaddr *p = (struct sockaddr *)&probe;
	int fd = socket(probe.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	addr_set_port(p, 0);
	ok = bind(fd, p, addr_len(p)) == 0 || errno != EADDRNOTAVAIL;
	close(fd);
	return ok;
}

static void
keep_existing(struct addresses *a)
{
	int kept = 0;

	for (int i = 0; i < a->n; i++) {
		if (exists(&a->of[i]))
			a->of[kept++] = a->of[i];
	}
	a->n = kept;
}

static void
add_words(struct addresses *a, struct span list, struct report *report)
{
	struct span word;

	while (span_word(&list, &word)) {
		int n = listen_parse(word, a->port, a->of + a->n, EDGE_LISTEN_MAX - a->n);

		if (n > 0)
			a->n += n;
		else
			report_error(report,
			    "WHT_LISTEN: \"%.*s\" is not an address to listen on, or one of more "
			    "than %d",
			    SPAN_FMT(span_take(word, 100)), EDGE_LISTEN_MAX);
	}
}

void
addresses_plan(struct addresses *a, const struct config *c, uint16_t standard, const char *usual,
    struct report *report)
{
	*a = (struct addresses){.n = 0};
	choose_port(a, c, standard, report);
	if (config_given(c, SET_listen)) {
		add_words(a, span_str(config_text(c, SET_listen)), report);
	} else {
		add_words(a, span_str(usual), report);
		keep_existing(a);
	}
	if (a->n == 0)
		report_error(report, "WHT_LISTEN names no address that this machine has");
}

void
addresses_release(struct addresses *a)
{
	if (a->reserved >= 0)
		close(a->reserved);
	a->reserved = -1;
}
