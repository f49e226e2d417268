#include "controlplane/url.h"

#include <arpa/inet.h>
#include <ctype.h>

#define HOST_MAX 253 /* RFC 1035 */

static bool
all(struct span s, const char *others)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || (!isalnum(c) && (c == '\0' || !strchr(others, c))))
			return false;
	}
	return s.n > 0;
}

static bool
is_ipv6(struct span s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.n >= sizeof(text) || !all(s, ":."))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* Labels of letters, digits, - and _ with single dots between; this takes in IPv4 too. */
static bool
is_name(struct span s)
{
	struct span rest = s, label;

	while (span_cut(&rest, '.', &label)) {
		if (!all(label, "-_") || label.p[0] == '-')
			return false;
	}
	return s.n > 0 && s.n <= HOST_MAX;
}

int
url_authority(struct span text, struct span *host)
{
	struct span port;
	ptrdiff_t bracket = span_find(text, ']');
	uint64_t n;

	port = text;
	if (bracket >= 0) {
		*host = span_take(text, (size_t)bracket + 1);
		port = span_drop(text, (size_t)bracket + 1);
		if (text.p[0] != '[' || !is_ipv6(span_of(text.p + 1, (size_t)bracket - 1)))
			return -WHT_EINVAL;
		if (port.n && port.p[0] != ':')
			return -WHT_EINVAL;
		port = port.n ? span_of(port.p + 1, port.n - 1) : span_of(NULL, 0);
	} else if (!span_cut(&port, ':', host) || !is_name(*host)) {
		return -WHT_EINVAL;
	}
	if (port.p && (span_u64(port, 65535, &n) < 0 || n == 0))
		return -WHT_EINVAL;
	return 0;
}

static bool
begins(struct span s, struct span scheme, struct span *rest)
{
	*rest = span_drop(s, scheme.n);
	return span_ieq(span_take(s, scheme.n), scheme);
}

int
url_prefix(struct span text, struct span *prefix)
{
	struct span path, authority, host;

	*prefix = text;
	while (prefix->n && prefix->p[prefix->n - 1] == '/')
		prefix->n--;
	if (!begins(*prefix, SPAN("https://"), &path) && !begins(*prefix, SPAN("http://"), &path))
		return -WHT_EINVAL;
	if (!span_cut(&path, '/', &authority) || url_authority(authority, &host) < 0)
		return -WHT_EINVAL;
	return path.n == 0 || all(path, "/-._~!$&'()*+,;=:@%") ? 0 : -WHT_EINVAL;
}
