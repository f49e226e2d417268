/* base/span.h - a borrowed run of bytes, passed by value.
 *
 * A span owns nothing and ends nowhere with a NUL. Whoever hands one out says how long it lives;
 * unless a header says otherwise that is "until the callback returns".
 */
#ifndef WHT_BASE_SPAN_H
#define WHT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *p;
	size_t n;
};

/* A span over a string literal, without its NUL. */
#define SPAN(literal) ((struct span){("" literal), sizeof(literal) - 1})
/* The two printf arguments of a "%.*s". */
#define SPAN_FMT(s) (int)(s).n, (s).n ? (s).p : ""

static inline struct span
span_of(const void *p, size_t n)
{
	return (struct span){p, n};
}

static inline struct span
span_str(const char *s)
{
	return (struct span){s, s ? strlen(s) : 0};
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal when ASCII letters are compared without case. */
static inline bool
span_ieq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

static inline bool
span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq((struct span){s.p, prefix.n}, prefix);
}

static inline struct span
span_take(struct span s, size_t n)
{
	return (struct span){s.p, n < s.n ? n : s.n};
}

/* s without its first n bytes; n may exceed the length. */
static inline struct span
span_drop(struct span s, size_t n)
{
	if (n == 0)
		return s;
	return n < s.n ? (struct span){s.p + n, s.n - n} : (struct span){NULL, 0};
}

/* The index of the first c, or -1. */
static inline ptrdiff_t
span_find(struct span s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

/* Takes the part of *rest before the first sep; *rest becomes what is behind it.
 * The last part leaves *rest with p == NULL; a further call answers false. */
bool span_cut(struct span *rest, char sep, struct span *part);

/* The next word of a list whose words are separated by commas, spaces and tabs,
 * however many; false at the end. */
bool span_word(struct span *rest, struct span *word);

/* s without spaces and tabs at either end (the OWS of RFC 9110, 5.6.3). */
struct span span_trim(struct span s);

/* True when some element of the comma-separated list equals token, without regard to case. */
bool span_list_has(struct span list, struct span token);

/* s with A-Z as a-z, written to out, which has room for s.n bytes. */
struct span span_lower(struct span s, char *out);

/* Decimal digits only, at most max; 0, or -WHT_EINVAL. */
int span_u64(struct span s, uint64_t max, uint64_t *out);

/* Length of the well-formed UTF-8 character at the front (RFC 3629), or 0. */
size_t span_utf8_len(struct span s);
/* The longest beginning of at most n bytes that is whole, well-formed UTF-8 characters. */
struct span span_take_utf8(struct span s, size_t n);

/* A malloc'ed, NUL-terminated copy; the caller frees it. */
char *span_dup(struct span s);

#endif
