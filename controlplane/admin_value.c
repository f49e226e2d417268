/* The types of arguments. Strict: what would have to be guessed is refused. */
#include <stdlib.h>
#include <time.h>

#include "auth/tunnel_id.h"
#include "base/log.h"
#include "controlplane/admin_route.h"
#include "msg/facts.h"

enum { TEXT_MAX = 200 };

/* Digits of one width and range; *s goes on behind them. */
static bool
take_digits(struct span *s, size_t width, unsigned least, unsigned most, int *out)
{
	uint64_t n;

	if (s->n < width || span_u64(span_take(*s, width), most, &n) < 0 || n < least)
		return false;
	*out = (int)n;
	*s = span_drop(*s, width);
	return true;
}

static bool
take_char(struct span *s, const char *any)
{
	if (s->n == 0 || !strchr(any, s->p[0]) || s->p[0] == '\0')
		return false;
	*s = span_drop(*s, 1);
	return true;
}

static bool
read_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
			return false;
	}
	return s.n <= TEXT_MAX && span_take_utf8(s, s.n).n == s.n;
}

static bool
read_glob(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!tunnel_id_valid(span_of(&c, 1)) && (c == '\0' || !strchr(".*?[]!^", c)))
			return false;
	}
	return s.n > 0 && s.n <= TUNNEL_ID_MAX;
}

/* "90s", "2h". */
static bool
read_duration(struct span s, uint64_t *ms)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 24 * 3600}};
	const uint64_t year = 366ull * 24 * 3600;
	uint64_t n;

	if (s.n < 2 || span_u64(span_take(s, s.n - 1), UINT32_MAX, &n) < 0)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit != s.p[s.n - 1])
			continue;
		*ms = n * units[i].seconds * 1000;
		return n * units[i].seconds <= 100 * year;
	}
	return false;
}

/* RFC 3339 in UTC, as every answer of ours has it: 2026-11-22[T14:13:33[.042]Z] */
static bool
read_date(struct span s, uint64_t *ms)
{
	struct tm tm = {0};
	int fraction = 0;
	time_t t;

	if (!take_digits(&s, 4, 1970, 9999, &tm.tm_year) || !take_char(&s, "-") ||
	    !take_digits(&s, 2, 1, 12, &tm.tm_mon) || !take_char(&s, "-") ||
	    !take_digits(&s, 2, 1, 31, &tm.tm_mday))
		return false;
	if (s.n && (!take_char(&s, "T ") || !take_digits(&s, 2, 0, 23, &tm.tm_hour) ||
		       !take_char(&s, ":") || !take_digits(&s, 2, 0, 59, &tm.tm_min) ||
		       !take_char(&s, ":") || !take_digits(&s, 2, 0, 60, &tm.tm_sec)))
		return false;
	if (take_char(&s, ".") && !take_digits(&s, 3, 0, 999, &fraction))
		return false;
	take_char(&s, "Z");
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = timegm(&tm);
	*ms = (uint64_t)t * 1000 + (uint64_t)fraction;
	return s.n == 0 && t >= 0;
}

static bool
read_moment(struct span s, int64_t now_ms, uint64_t *ms)
{
	uint64_t ago;

	if (!read_duration(s, &ago))
		return read_date(s, ms);
	*ms = ago < (uint64_t)now_ms ? (uint64_t)now_ms - ago : 0;
	return true;
}

static bool
read_level(struct span s, uint64_t *number)
{
	int level = log_level_parse(s);

	*number = level < 0 ? 0 : (uint64_t)level;
	return level >= 0;
}

static bool
read_sort(struct span s)
{
	static const char *const keys[] = {
	    "id", "opened", "requests", "bytes", "streams", "stalled", "held", "rtt"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (span_eq(s, span_str(keys[i])))
			return true;
	}
	return false;
}

static bool
read_request(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 0x20 || s.p[i] == 0x7F)
			return false;
	}
	return s.n > 0 && s.n <= REQUEST_ID_MAX;
}

static bool
read_as(enum admin_type type, struct span s, int64_t now_ms, uint64_t *number)
{
	switch (type) {
	case ARG_IS_ID:
		return tunnel_id_valid(s);
	case ARG_IS_GLOB:
		return read_glob(s);
	case ARG_IS_TEXT:
		return read_text(s);
	case ARG_IS_COUNT:
		return span_u64(s, INT64_MAX, number) == 0;
	case ARG_IS_DURATION:
		return read_duration(s, number);
	case ARG_IS_MOMENT:
		return read_moment(s, now_ms, number);
	case ARG_IS_LEVEL:
		return read_level(s, number);
	case ARG_IS_SORT:
		return read_sort(s);
	case ARG_IS_REQUEST:
		return read_request(s);
	}
	return false;
}

int
admin_value_read(enum admin_type type, struct span text, int64_t now_ms, struct admin_value *out)
{
	uint64_t number = 0;

	if (!read_as(type, text, now_ms, &number))
		return -WHT_EINVAL;
	free(out->text);
	*out = (struct admin_value){.text = span_dup(text), .number = number};
	return 0;
}
