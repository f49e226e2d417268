/* http/chars.h - which byte may stand where (RFC 9110, 5.6.2; RFC 3986, 2). For this folder only.
 *
 * Never <ctype.h>: what a locale calls a letter is no business of the wire.
 */
#ifndef WHT_HTTP_CHARS_H
#define WHT_HTTP_CHARS_H

#include "base/span.h"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* tchar: what methods, field names and codings are made of. */
static inline bool
is_tchar(char c)
{
	switch (c) {
	case '!':
	case '#':
	case '$':
	case '%':
	case '&':
	case '\'':
	case '*':
	case '+':
	case '-':
	case '.':
	case '^':
	case '_':
	case '`':
	case '|':
	case '~':
		return true;
	default:
		return is_alnum(c);
	}
}

/* Visible ASCII: no space, no control, nothing above 0x7E. */
static inline bool
is_visible(char c)
{
	return c > 0x20 && c < 0x7F;
}

/* What may stand in a quoted string: blanks, visible ASCII and everything above 0x7F. */
static inline bool
is_text(char c)
{
	unsigned char u = (unsigned char)c;

	return c == '\t' || (u >= 0x20 && u != 0x7F);
}

/* The value of a hexadecimal digit, or -1. */
static inline int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline bool
is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_tchar(s.p[i]))
			return false;
	}
	return s.n > 0;
}

#endif
