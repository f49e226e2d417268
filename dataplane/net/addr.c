#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

const char *
addr_host(const struct sockaddr *addr, char out[ADDR_TEXT_MAX])
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &in4->sin_addr, out, ADDR_TEXT_MAX);
	else if (addr->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], out, ADDR_TEXT_MAX);
	else if (addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, out, ADDR_TEXT_MAX);
	else
		snprintf(out, ADDR_TEXT_MAX, "unix");
	return out;
}

const char *
addr_text(const struct sockaddr *addr, char out[ADDR_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];

	addr_host(addr, host);
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		snprintf(out, ADDR_TEXT_MAX, "%s", host);
	else if (strchr(host, ':'))
		snprintf(out, ADDR_TEXT_MAX, "[%.48s]:%u", host, addr_port(addr));
	else
		snprintf(out, ADDR_TEXT_MAX, "%.48s:%u", host, addr_port(addr));
	return out;
}

struct span
addr_text_host(struct span text)
{
	const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
	struct span host;

	if (!colon)
		return text;
	host = span_take(text, (size_t)(colon - text.p));
	return host.n >= 2 && host.p[0] == '[' ? span_of(host.p + 1, host.n - 2) : host;
}

uint16_t
addr_port(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)addr)->sin_port);
	if (addr->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
	return 0;
}

void
addr_set_port(struct sockaddr *addr, uint16_t port)
{
	if (addr->sa_family == AF_INET)
		((struct sockaddr_in *)addr)->sin_port = htons(port);
	else if (addr->sa_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

socklen_t
addr_len(const struct sockaddr *addr)
{
	switch (addr->sa_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default:
		return sizeof(struct sockaddr_un);
	}
}

bool
addr_is_loopback(const struct sockaddr *addr)
{
	char host[ADDR_TEXT_MAX];

	addr_host(addr, host);
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
	       strcmp(host, "unix") == 0;
}
