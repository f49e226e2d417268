/* base/err.h - the codes that functions return inside one layer: 0, or one of these negated.
 *
 * A code is for the caller; what the world is told is a reason (base/reason.h).
 */
#ifndef WHT_BASE_ERR_H
#define WHT_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* NAME, sentence */
#define WHT_ERR_TABLE(ERR)                                                                         \
	ERR(EINVAL, "malformed input")                                                             \
	ERR(EFULL, "a bounded container is full")                                                  \
	ERR(EPROTO, "the peer broke the protocol")                                                 \
	ERR(EDENIED, "not permitted")                                                              \
	ERR(EEXPIRED, "no longer, or not yet, valid")                                              \
	ERR(EIO, "the operating system refused")                                                   \
	ERR(EMEM, "out of memory")                                                                 \
	ERR(EGONE, "the other side is gone")

enum wht_err {
	WHT_OK = 0,
#define WHT_ERR_ENUM(name, text) WHT_##name,
	WHT_ERR_TABLE(WHT_ERR_ENUM)
#undef WHT_ERR_ENUM
	    WHT_ERR_COUNT
};

/* The sentence for a code, given as returned (negative) or positive. */
const char *wht_strerror(int code);

#endif
