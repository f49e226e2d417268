#include "auth/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int
base64url_decode(struct span text, char *out, size_t *n)
{
	uint32_t acc = 0; /* its low bits are those not yet written */
	unsigned bits = 0;

	*n = 0;
	for (size_t i = 0; i < text.n; i++) {
		int v = digit_value(text.p[i]);

		if (v < 0)
			return -WHT_EINVAL;
		acc = acc << 6 | (uint32_t)v;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		out[(*n)++] = (char)(acc >> bits);
		acc &= (1U << bits) - 1;
	}
	return bits < 6 && acc == 0 ? 0 : -WHT_EINVAL;
}

void
base64url_add(struct strb *b, struct span bytes)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		acc = (acc << 8 | (unsigned char)bytes.p[i]) & 0xFFFF;
		for (bits += 8; bits >= 6; bits -= 6)
			strb_char(b, alphabet[acc >> (bits - 6) & 63]);
	}
	if (bits > 0)
		strb_char(b, alphabet[acc << (6 - bits) & 63]);
}
