#include "net/proxy.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>

enum { HTTP_PORT = 80, SOCKS_PORT = 1080, SOCKS_VERSION = 5, LOGIN_VERSION = 1 };

/* ---- addresses ---- */

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* With %xx decoded. */
static bool
take_decoded(struct span text, char *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n + 1 < max; i++) {
		char c = text.p[i];

		if (c == '%' && i + 2 < text.n && hex_of(text.p[i + 1]) >= 0 &&
		    hex_of(text.p[i + 2]) >= 0) {
			c = (char)(hex_of(text.p[i + 1]) << 4 | hex_of(text.p[i + 2]));
			i += 2;
		}
		if ((unsigned char)c < 0x20)
			return false;
		out[n++] = c;
		if (i + 1 == text.n) {
			out[n] = '\0';
			return true;
		}
	}
	out[0] = '\0';
	return text.n == 0;
}

static const char *
take_credentials(struct span text, struct proxy *proxy)
{
	ptrdiff_t colon = span_find(text, ':');
	struct span user = colon < 0 ? text : span_take(text, (size_t)colon);

	if (!take_decoded(user, proxy->user, sizeof(proxy->user)) ||
	    !take_decoded(colon < 0 ? SPAN("") : span_drop(text, (size_t)colon + 1),
		proxy->password, sizeof(proxy->password)))
		return "the proxy's user name or password is too long or has control characters";
	return NULL;
}

static const char *
take_address(struct span text, struct proxy *proxy)
{
	bool bracketed = text.n && text.p[0] == '[';
	struct span rest = bracketed ? span_drop(text, 1) : text;
	ptrdiff_t end = span_find(rest, bracketed ? ']' : ':');
	struct span host = end < 0 ? rest : span_take(rest, (size_t)end);
	uint64_t port;

	rest = end < 0 ? SPAN("") : span_drop(rest, (size_t)end + (bracketed ? 1 : 0));
	if (host.n == 0 || host.n >= sizeof(proxy->host) || (bracketed && end < 0))
		return "the proxy's host is missing or too long";
	memcpy(proxy->host, host.p, host.n);
	if (rest.n == 0)
		return NULL;
	if (rest.p[0] != ':' || span_u64(span_drop(rest, 1), UINT16_MAX, &port) || port == 0)
		return "the proxy's port must be a number from 1 to 65535";
	proxy->port = (uint16_t)port;
	return NULL;
}

const char *
proxy_parse(const char *url, struct proxy *proxy)
{
	struct span rest = span_str(url);
	const char *at, *scheme = strstr(url, "://");
	const char *wrong;

	*proxy = (struct proxy){.kind = PROXY_CONNECT, .port = HTTP_PORT};
	if (scheme) {
		struct span name = span_take(rest, (size_t)(scheme - url));

		rest = span_drop(rest, name.n + 3);
		if (span_ieq(name, SPAN("socks5")) || span_ieq(name, SPAN("socks5h")))
			*proxy = (struct proxy){.kind = PROXY_SOCKS5, .port = SOCKS_PORT};
		else if (!span_ieq(name, SPAN("http")))
			return "a proxy is http://host:port or socks5://host:port";
	}
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	at = rest.n ? memrchr(rest.p, '@', rest.n) : NULL;
	if (at) {
		if ((wrong = take_credentials(span_take(rest, (size_t)(at - rest.p)), proxy)))
			return wrong;
		rest = span_drop(rest, (size_t)(at - rest.p) + 1);
	}
	return take_address(rest, proxy);
}

bool
proxy_bypassed(const char *no_proxy, const char *host)
{
	struct span rest = span_str(no_proxy), word, name = span_str(host);

	while (span_word(&rest, &word)) {
		if (word.n > 1 && word.p[0] == '.')
			word = span_drop(word, 1);
		if (span_eq(word, SPAN("*")) || span_ieq(word, name))
			return true;
		if (name.n > word.n && name.p[name.n - word.n - 1] == '.' &&
		    span_ieq(span_drop(name, name.n - word.n), word))
			return true;
	}
	return false;
}

/* ---- the conversation ---- */

static void
refuse(struct proxy_talk *t, const char *why)
{
	t->state = PROXY_REFUSED;
	if (!t->error[0])
		snprintf(t->error, sizeof(t->error), "%s", why);
}

static void
write_basic(const struct proxy *proxy, struct strb *out)
{
	char plain[2 * PROXY_NAME_MAX];
	unsigned char text[2 * sizeof(plain)];
	int n = snprintf(plain, sizeof(plain), "%s:%s", proxy->user, proxy->password);

	EVP_EncodeBlock(text, (unsigned char *)plain, n);
	strb_printf(out, "Proxy-Authorization: Basic %s\r\n", text);
}

static void
write_connect(const struct proxy_talk *t, struct strb *out)
{
	bool v6 = strchr(t->host, ':') != NULL;
	char where[PROXY_HOST_MAX + 16];

	snprintf(where, sizeof(where), v6 ? "[%s]:%u" : "%s:%u", t->host, t->port);
	strb_printf(out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", where, where);
	if (t->proxy->user[0])
		write_basic(t->proxy, out);
	strb_add(out, SPAN("\r\n"));
}

void
proxy_begin(struct proxy_talk *t, const struct proxy *proxy, const char *host, uint16_t port,
    struct strb *out)
{
	*t = (struct proxy_talk){.proxy = proxy, .port = port};
	snprintf(t->host, sizeof(t->host), "%s", host);
	if (proxy->kind == PROXY_CONNECT) {
		write_connect(t, out);
		return;
	}
	t->state = PROXY_METHOD;
	strb_add(out, proxy->user[0] ? SPAN("\x05\x02\x00\x02") : SPAN("\x05\x01\x00"));
}

static void
write_short(struct strb *out, const char *text)
{
	strb_char(out, (char)strlen(text));
	strb_add(out, span_str(text));
}

static void
write_socks_request(const struct proxy_talk *t, struct strb *out)
{
	uint16_t port = htons(t->port);
	struct in_addr v4;
	struct in6_addr v6;

	strb_add(out, SPAN("\x05\x01\x00"));
	if (inet_pton(AF_INET, t->host, &v4) == 1) {
		strb_char(out, 1);
		strb_add(out, span_of(&v4, sizeof(v4)));
	} else if (inet_pton(AF_INET6, t->host, &v6) == 1) {
		strb_char(out, 4);
		strb_add(out, span_of(&v6, sizeof(v6)));
	} else {
		strb_char(out, 3);
		write_short(out, t->host);
	}
	strb_add(out, span_of(&port, sizeof(port)));
}

static void
on_method(struct proxy_talk *t, struct strb *out)
{
	if (t->have[0] != SOCKS_VERSION) {
		refuse(t, "it does not speak SOCKS5");
	} else if (t->have[1] == 0) {
		t->state = PROXY_REPLY;
		write_socks_request(t, out);
	} else if (t->have[1] == 2 && t->proxy->user[0]) {
		t->state = PROXY_LOGIN;
		strb_char(out, LOGIN_VERSION);
		write_short(out, t->proxy->user);
		write_short(out, t->proxy->password);
	} else {
		refuse(t, "it wants a user name and password");
	}
}

static void
on_login(struct proxy_talk *t, struct strb *out)
{
	if (t->have[1] != 0) {
		refuse(t, "it does not accept the user name and password");
		return;
	}
	t->state = PROXY_REPLY;
	write_socks_request(t, out);
}

static void
on_reply(struct proxy_talk *t)
{
	static const char *const verdicts[] = {"", "it failed", "its rules forbid this connection",
	    "it cannot reach the network", "it cannot reach the host", "the server refused it",
	    "it got no answer in time", "it knows no CONNECT", "it knows no such address"};
	unsigned verdict = (unsigned char)t->have[1];

	if (t->have[0] != SOCKS_VERSION)
		refuse(t, "it does not speak SOCKS5");
	else if (verdict)
		refuse(t, verdict < sizeof(verdicts) / sizeof(verdicts[0]) ? verdicts[verdict]
									   : "it refused");
	else
		t->state = PROXY_BOUND;
}

static void
on_head(struct proxy_talk *t)
{
	struct span head = span_of(t->have, t->nhave);
	uint64_t status;

	if (head.n < 12 || !span_starts(head, SPAN("HTTP/1.")) || head.p[8] != ' ' ||
	    span_u64(span_of(head.p + 9, 3), 999, &status)) {
		refuse(t, "it does not speak HTTP/1.1");
	} else if (status / 100 == 2) {
		t->state = PROXY_THROUGH;
	} else if (status == 407) {
		refuse(t, t->proxy->user[0] ? "it does not accept the user name and password (407)"
					    : "it wants a user name and password (407)");
	} else {
		snprintf(t->error, sizeof(t->error), "it refused with %u", (unsigned)status);
		refuse(t, "");
	}
}

/* Is what the state waits for there? */
static bool
complete(const struct proxy_talk *t)
{
	unsigned char type = (unsigned char)t->have[3];

	switch (t->state) {
	case PROXY_HEAD:
		return t->nhave >= 4 && memcmp(t->have + t->nhave - 4, "\r\n\r\n", 4) == 0;
	case PROXY_METHOD:
	case PROXY_LOGIN:
		return t->nhave == 2;
	case PROXY_REPLY:
		return t->nhave == 5;
	case PROXY_BOUND:
		return t->nhave == 6u + (type == 1	? 4u
					    : type == 4 ? 16u
							: 1u + (unsigned char)t->have[4]);
	default:
		return false;
	}
}

static void
step(struct proxy_talk *t, struct strb *out)
{
	switch (t->state) {
	case PROXY_HEAD:
		on_head(t);
		break;
	case PROXY_METHOD:
		on_method(t, out);
		break;
	case PROXY_LOGIN:
		on_login(t, out);
		break;
	case PROXY_REPLY:
		on_reply(t);
		return; /* the address stands right behind */
	case PROXY_BOUND:
		t->state = PROXY_THROUGH;
		break;
	default:
		break;
	}
	t->nhave = 0;
}

size_t
proxy_feed(struct proxy_talk *t, struct span in, struct strb *out)
{
	size_t i = 0;

	while (i < in.n && t->state < PROXY_THROUGH) {
		t->have[t->nhave++] = in.p[i++];
		if (complete(t))
			step(t, out);
		else if (t->nhave == sizeof(t->have))
			refuse(t, "its answer is too long");
	}
	return i;
}
