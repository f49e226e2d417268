/* base/strb.h - builds text of bounded length; a failure is remembered and
 * asked for once, at the end.
 *
 *   struct strb b;
 *   strb_init(&b, 4096);
 *   strb_add(&b, SPAN("GET ")); strb_printf(&b, "/%s", id);
 *   if (strb_failed(&b)) ...                // any of the calls found no room
 *   use(strb_span(&b)); strb_free(&b);
 */
#ifndef WHT_BASE_STRB_H
#define WHT_BASE_STRB_H

#include "base/span.h"

struct strb {
	char *p; /* private; NUL-terminated once anything was added */
	size_t n, cap, max;
	bool failed;
};

/* At most max bytes, the terminating NUL not counted. Allocates nothing yet. */
void strb_init(struct strb *, size_t max);
void strb_free(struct strb *);
/* Empties it and forgets a failure; the memory stays for reuse. */
void strb_reset(struct strb *);

/* private */
void strb_add_slowly(struct strb *, struct span s);

static inline void
strb_add(struct strb *b, struct span s)
{
	if (b->failed || s.n >= b->cap - b->n || s.n == 0) {
		strb_add_slowly(b, s);
		return;
	}
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

/* n more bytes, the caller's to fill before anything else is added; NULL: there is no room. */
char *strb_room(struct strb *, size_t n);

static inline void
strb_char(struct strb *b, char c)
{
	strb_add(b, span_of(&c, 1));
}

/* Decimal. */
void strb_number(struct strb *, int64_t);
void strb_printf(struct strb *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The inside of a JSON string: quotes, backslashes, controls and bytes
 * that are not UTF-8 escaped. */
void strb_json(struct strb *, struct span s);
/* Text for one log line: controls and bytes above 0x7E as \xNN, backslash doubled. */
void strb_visible(struct strb *, struct span s);

static inline bool
strb_failed(const struct strb *b)
{
	return b->failed;
}

static inline struct span
strb_span(const struct strb *b)
{
	return span_of(b->p, b->n);
}

/* Never NULL; valid until the next addition. */
static inline const char *
strb_cstr(const struct strb *b)
{
	return b->p ? b->p : "";
}

#endif
