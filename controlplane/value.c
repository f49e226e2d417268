#include "controlplane/value.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"

enum kind { KIND_TEXT, KIND_PLAIN, KIND_SIZE, KIND_SECONDS, KIND_LEVEL };

static const struct {
	enum kind kind;
	uint64_t least, most;
	const char *expected;
} types[VALUE_TYPES] = {
#define VALUE(TYPE, kind, least, most, expected) {KIND_##kind, least, most, expected},
#include "controlplane/value_tbl.h"
#undef VALUE
};

/* The larger first: that is how a size is shown. */
static const struct {
	struct span suffix, brief;
	unsigned shift;
} units[] = {
    {SPAN("GiB"), SPAN("G"), 30},
    {SPAN("MiB"), SPAN("M"), 20},
    {SPAN("KiB"), SPAN("K"), 10},
    {SPAN(""), SPAN(""), 0},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static const char *const levels[] = {"debug", "info", "warn", "error"};

bool
value_is_text(enum value_type type)
{
	return types[type].kind == KIND_TEXT;
}

bool
value_is_secret(enum value_type type)
{
	return type == VALUE_SECRET || type == VALUE_PEM64;
}

const char *
value_expected(enum value_type type)
{
	return types[type].expected;
}

static size_t
digits(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static int
read_size(struct span s, uint64_t *out)
{
	size_t n = digits(s);
	struct span suffix = span_drop(s, n);

	for (size_t i = 0; i < UNITS; i++) {
		if (!span_eq(suffix, units[i].suffix) && !span_eq(suffix, units[i].brief))
			continue;
		if (span_u64(span_take(s, n), UINT64_MAX >> units[i].shift, out) < 0)
			return -WHT_EINVAL;
		*out <<= units[i].shift;
		return 0;
	}
	return -WHT_EINVAL;
}

/* "7", "7.5s", "0.025"; behind the point there is a digit at least, and three at most. */
static int
read_seconds(struct span s, uint64_t *out)
{
	static const unsigned worth[] = {0, 100, 10, 1};
	struct span whole, fraction;
	uint64_t seconds, parts = 0;

	if (s.n && s.p[s.n - 1] == 's')
		s.n--;
	fraction = s;
	if (!span_cut(&fraction, '.', &whole) || span_u64(whole, UINT32_MAX, &seconds) < 0)
		return -WHT_EINVAL;
	if (fraction.p && (fraction.n > 3 || span_u64(fraction, 999, &parts) < 0))
		return -WHT_EINVAL;
	*out = seconds * 1000 + parts * worth[fraction.p ? fraction.n : 0];
	return 0;
}

static int
read_level(struct span s, uint64_t *out)
{
	int level = log_level_parse(s);

	*out = level < 0 ? 0 : (uint64_t)level;
	return level < 0 ? -WHT_EINVAL : 0;
}

static int
read_number(enum kind kind, struct span s, uint64_t *out)
{
	switch (kind) {
	case KIND_SIZE:
		return read_size(s, out);
	case KIND_SECONDS:
		return read_seconds(s, out);
	case KIND_LEVEL:
		return read_level(s, out);
	default:
		return span_u64(s, UINT64_MAX, out);
	}
}

static int
read_text(enum value_type type, struct span s, struct value *v)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* Base64 comes in lines, where somebody forgot -w0. */
		if ((c < 0x20 || c == 0x7F) && !(c == '\n' && type == VALUE_PEM64))
			return -WHT_EINVAL;
	}
	value_clear(type, v);
	v->text = span_dup(s);
	return 0;
}

int
value_read(enum value_type type, struct span text, struct value *v)
{
	uint64_t n;

	if (value_is_text(type))
		return read_text(type, text, v);
	if (read_number(types[type].kind, text, &n) < 0 || n < types[type].least ||
	    n > types[type].most)
		return -WHT_EINVAL;
	v->number = n;
	return 0;
}

static void
show_size(uint64_t n, struct strb *out)
{
	for (size_t i = 0; i < UNITS; i++) {
		if (n < 1ull << units[i].shift || n & ((1ull << units[i].shift) - 1))
			continue;
		strb_printf(out, "%" PRIu64 "%s", n >> units[i].shift, units[i].suffix.p);
		return;
	}
	strb_char(out, '0');
}

static void
show_seconds(uint64_t ms, struct strb *out)
{
	strb_printf(out, "%" PRIu64, ms / 1000);
	if (ms % 1000)
		strb_printf(out, ".%03" PRIu64, ms % 1000);
	strb_char(out, 's');
}

void
value_show_number(enum value_type type, uint64_t number, struct strb *out)
{
	switch (types[type].kind) {
	case KIND_SIZE:
		show_size(number, out);
		break;
	case KIND_SECONDS:
		show_seconds(number, out);
		break;
	case KIND_LEVEL:
		strb_add(out, span_str(levels[number]));
		break;
	default:
		strb_printf(out, "%" PRIu64, number);
		break;
	}
}

bool
value_same(enum value_type type, const struct value *a, const struct value *b)
{
	if (!value_is_text(type))
		return a->number == b->number;
	return !a->text == !b->text && span_eq(span_str(a->text), span_str(b->text));
}

void
value_clear(enum value_type type, struct value *v)
{
	if (v->text && value_is_secret(type))
		explicit_bzero(v->text, strlen(v->text));
	free(v->text);
	*v = (struct value){NULL, 0};
}
