/* net/proxy.h - asking a proxy for the way to somebody: HTTP CONNECT (RFC 9110, 9.3.6)
 * and SOCKS5 (RFC 1928, 1929).
 *
 * Pure: bytes in, bytes out. The name is the proxy's to resolve. Basic and user/password are the
 * only ways of saying who we are. Credentials are never part of an error.
 *
 *   CONNECT  HEAD -> THROUGH
 *   SOCKS5   METHOD -> [LOGIN] -> REPLY -> BOUND -> THROUGH     any --refused, no sense--> REFUSED
 */
#ifndef WHT_NET_PROXY_H
#define WHT_NET_PROXY_H

#include "base/err.h"
#include "base/strb.h"

#define PROXY_HOST_MAX	 256
#define PROXY_NAME_MAX	 256
#define PROXY_ERROR_MAX	 128
#define PROXY_OUT_MAX	 4096
#define PROXY_ANSWER_MAX 8192

enum proxy_kind { PROXY_CONNECT, PROXY_SOCKS5 };

struct proxy {
	enum proxy_kind kind;
	char host[PROXY_HOST_MAX];
	uint16_t port;
	char user[PROXY_NAME_MAX], password[PROXY_NAME_MAX]; /* user "": nobody */
};

/* http://[user:pass@]host[:port], socks5:// and socks5h://; without a scheme, http.
 * NULL, or what is wrong with it. */
const char *proxy_parse(const char *url, struct proxy *);
/* Does a NO_PROXY list (names, .domains, addresses, "*") have the host? */
bool proxy_bypassed(const char *no_proxy, const char *host);

enum proxy_state {
	PROXY_HEAD,   /* CONNECT: the answer's head */
	PROXY_METHOD, /* SOCKS5: which way of login it wants */
	PROXY_LOGIN,
	PROXY_REPLY, /* SOCKS5: the verdict and the length of what follows */
	PROXY_BOUND, /* SOCKS5: an address nobody needs */
	PROXY_THROUGH,
	PROXY_REFUSED,
};

/* One conversation. */
struct proxy_talk {
	enum proxy_state state;
	const struct proxy *proxy;
	char host[PROXY_HOST_MAX];
	uint16_t port;
	char have[PROXY_ANSWER_MAX];
	size_t nhave;
	char error[PROXY_ERROR_MAX];
};

/* The proxy is borrowed. What goes to it first is added to out. */
void proxy_begin(
    struct proxy_talk *, const struct proxy *, const char *host, uint16_t port, struct strb *out);
/* Answers how many bytes were the proxy's; look at the state afterwards.
 * What shall be sent to it is added to out. */
size_t proxy_feed(struct proxy_talk *, struct span in, struct strb *out);

#endif
