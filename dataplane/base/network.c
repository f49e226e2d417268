#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define V4_BITS 96 /* the ::ffff: in front of an IPv4 address */

static void
map_v4(const void *v4, unsigned char out[16])
{
	static const unsigned char front[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

	memcpy(out, front, sizeof(front));
	memcpy(out + sizeof(front), v4, 4);
}

/* Answers how many bits of the 128 stand in front of what was written, or -WHT_EINVAL. */
static int
address_parse(struct span text, unsigned char out[16])
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
		return -WHT_EINVAL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET6, copy, out) == 1)
		return 0;
	if (inet_pton(AF_INET, copy, &v4) != 1)
		return -WHT_EINVAL;
	map_v4(&v4, out);
	return V4_BITS;
}

/* Does the address agree with itself when all behind the prefix is zero? */
static bool
ends_with_prefix(const struct network *net)
{
	for (unsigned bit = net->bits; bit < 128; bit++) {
		if (net->address[bit / 8] & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

int
network_parse(struct span text, struct network *net)
{
	struct span address;
	uint64_t bits;
	int front;

	if (!span_cut(&text, '/', &address))
		return -WHT_EINVAL;
	front = address_parse(address, net->address);
	if (front < 0)
		return front;
	bits = 128 - (unsigned)front;
	if (text.p && span_u64(text, bits, &bits) < 0)
		return -WHT_EINVAL;
	net->bits = (unsigned)(front + (int)bits);
	return ends_with_prefix(net) ? 0 : -WHT_EINVAL;
}

int
networks_parse(struct span list, struct networks *nets, struct span *bad)
{
	struct span word;

	nets->n = 0;
	while (span_word(&list, &word)) {
		*bad = word;
		if (nets->n == NETWORKS_MAX || network_parse(word, &nets->of[nets->n]) < 0)
			return -WHT_EINVAL;
		nets->n++;
	}
	return 0;
}

static bool
network_has(const struct network *net, const unsigned char address[16])
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	unsigned char mask = (unsigned char)(0xFF00 >> rest);

	return memcmp(net->address, address, whole) == 0 &&
	       (rest == 0 || ((net->address[whole] ^ address[whole]) & mask) == 0);
}

bool
networks_have(const struct networks *nets, const struct sockaddr *peer)
{
	unsigned char address[16];

	if (peer->sa_family == AF_INET)
		map_v4(&((const struct sockaddr_in *)peer)->sin_addr, address);
	else if (peer->sa_family == AF_INET6)
		memcpy(address, &((const struct sockaddr_in6 *)peer)->sin6_addr, sizeof(address));
	else
		return false;
	for (int i = 0; i < nets->n; i++) {
		if (network_has(&nets->of[i], address))
			return true;
	}
	return false;
}
