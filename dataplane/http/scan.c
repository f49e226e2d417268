#include "http/scan.h"

#include "http/chars.h"

#define METHOD_MAX 32 /* twice the longest that we know; beyond it a method is unknown anyway */

void
http_scan_init(struct http_scan *s, enum http_scan_state first)
{
	*s = (struct http_scan){.state = first};
}

/* The word or line under way ends where we are, skip bytes of separator included. */
static void
scan_enter(struct http_scan *s, enum http_scan_state next, size_t skip)
{
	s->at += skip;
	s->begin = s->at;
	s->state = next;
}

static enum reason
method_verdict(struct span method)
{
#define METHOD(name, verdict)                                                                      \
	if (span_eq(method, SPAN(name)))                                                           \
		return verdict;
#include "http/method_tbl.h"
#undef METHOD
	return R_UNKNOWN_METHOD;
}

static enum reason
scan_method(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	(void)limits;
	for (; s->at < all.n; s->at++) {
		struct span word = span_of(all.p, s->at);

		if (all.p[s->at] == ' ' && word.n > 0) {
			scan_enter(s, SCAN_TARGET, 1);
			return method_verdict(word);
		}
		if (!is_tchar(all.p[s->at]))
			return R_BAD_REQUEST;
		if (word.n == METHOD_MAX)
			return R_UNKNOWN_METHOD;
	}
	return R_NONE;
}

static enum reason
scan_target(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	for (; s->at < all.n; s->at++) {
		char c = all.p[s->at];

		if (c == ' ' && s->at > s->begin) {
			scan_enter(s, SCAN_VERSION, 1);
			return R_NONE;
		}
		if (!is_visible(c) || c == '#')
			return R_BAD_REQUEST;
		if (s->at - s->begin == limits->target_max)
			return R_TARGET_TOO_LONG;
	}
	return R_NONE;
}

/* Whether the bytes so far fit a shape, in which 'd' stands for a digit; stops behind its end. */
static bool
scan_shape(struct http_scan *s, struct span all, struct span shape)
{
	for (; s->at < all.n && s->at - s->begin < shape.n; s->at++) {
		char want = shape.p[s->at - s->begin], c = all.p[s->at];

		if (want == 'd' ? !is_digit(c) : c != want)
			return false;
	}
	return true;
}

static enum reason
scan_version(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	const struct span shape = SPAN("HTTP/d.d\r\n");
	const char *version = all.p + s->begin;

	(void)limits;
	if (!scan_shape(s, all, shape))
		return R_BAD_REQUEST;
	if (s->at - s->begin < shape.n)
		return R_NONE;
	scan_enter(s, SCAN_LINES, 0);
	return version[5] == '1' && version[7] <= '1' ? R_NONE : R_BAD_VERSION;
}

static enum reason
scan_status(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	const struct span shape = SPAN("HTTP/1.d ddd");

	(void)limits;
	if (!scan_shape(s, all, shape))
		return R_BAD_RESPONSE;
	if (s->at < shape.n || s->at == all.n)
		return R_NONE;
	if (all.p[s->at] != ' ' && all.p[s->at] != '\r')
		return R_BAD_RESPONSE;
	scan_enter(s, SCAN_PHRASE, 0);
	return all.p[7] <= '1' && all.p[9] >= '1' && all.p[9] <= '5' ? R_NONE : R_BAD_RESPONSE;
}

/* The line under way without its LF, once that has come; the next line begins. */
static bool
scan_line(struct http_scan *s, struct span all, struct span *line)
{
	struct span fresh = span_drop(all, s->at);
	ptrdiff_t lf = span_find(fresh, '\n');

	if (lf < 0) {
		s->at = all.n;
		return false;
	}
	s->at += (size_t)lf;
	*line = span_of(all.p + s->begin, s->at - s->begin);
	scan_enter(s, s->state, 1);
	return true;
}

/* A CR, and that at the end. */
static bool
line_ends_well(struct span line)
{
	return span_find(line, '\r') == (ptrdiff_t)line.n - 1 && line.n > 0;
}

static enum reason
scan_phrase(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	struct span line;

	(void)limits;
	if (!scan_line(s, all, &line))
		return R_NONE;
	s->state = SCAN_LINES;
	return line_ends_well(line) ? R_NONE : R_BAD_RESPONSE;
}

static enum reason
scan_lines(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	struct span line;

	while (scan_line(s, all, &line)) {
		if (!line_ends_well(line) || line.p[0] == ' ' || line.p[0] == '\t')
			return R_BAD_REQUEST;
		if (line.n == 1) {
			s->state = SCAN_DONE;
			return R_NONE;
		}
		if (s->fields++ == limits->fields_max)
			return R_HEAD_TOO_LARGE;
	}
	return R_NONE;
}

static enum reason (*const steps[SCAN_DONE])(
    struct http_scan *, struct span, const struct http_limits *) = {
    [SCAN_METHOD] = scan_method,
    [SCAN_TARGET] = scan_target,
    [SCAN_VERSION] = scan_version,
    [SCAN_STATUS] = scan_status,
    [SCAN_PHRASE] = scan_phrase,
    [SCAN_LINES] = scan_lines,
};

enum reason
http_scan(struct http_scan *s, struct span all, const struct http_limits *limits)
{
	struct span allowed = span_take(all, limits->head_max);
	enum http_scan_state was;
	enum reason why;

	do {
		was = s->state;
		why = steps[was](s, allowed, limits);
	} while (why == R_NONE && s->state != was && s->state != SCAN_DONE);
	if (why == R_NONE && s->state != SCAN_DONE && all.n >= limits->head_max)
		return R_HEAD_TOO_LARGE;
	return why;
}
