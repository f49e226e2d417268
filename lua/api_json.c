/* lua/api_json.c - JSON for scripts, strictly by RFC 8259, into and out of Lua's own values.
 *
 * Both ways are bounded in depth and length; what is built lies in the script's memory, so its cap
 * holds. Duplicate names are refused when reading: two readers that disagree on which one counts
 * are how a check is walked around. */
#include <math.h>
#include <stdio.h>

#include "lua/vm_priv.h"

enum { DEPTH_MAX = 32 };

/* ---- writing ---- */

static void write_value(lua_State *, struct strb *, int depth);

static void
write_text(lua_State *L, struct strb *out, int index)
{
	size_t n;
	const char *p = lua_tolstring(L, index, &n);

	vm_charge(L, n);
	strb_char(out, '"');
	strb_json(out, span_of(p, n));
	strb_char(out, '"');
}

static void
write_number(lua_State *L, struct strb *out)
{
	double number = lua_tonumber(L, -1);

	if (lua_isinteger(L, -1))
		strb_printf(out, "%lld", (long long)lua_tointeger(L, -1));
	else if (!isfinite(number))
		luaL_error(L, "JSON has no infinite numbers");
	else
		strb_printf(out, "%.17g", number);
}

static void
write_list(lua_State *L, struct strb *out, lua_Integer n, int depth)
{
	strb_char(out, '[');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			strb_char(out, ',');
		lua_rawgeti(L, -1, i);
		write_value(L, out, depth + 1);
		lua_pop(L, 1);
	}
	strb_char(out, ']');
}

static void
write_members(lua_State *L, struct strb *out, int depth)
{
	bool first = true;

	strb_char(out, '{');
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "a JSON object has text for names");
		if (!first)
			strb_char(out, ',');
		first = false;
		write_text(L, out, -2);
		strb_char(out, ':');
		write_value(L, out, depth + 1);
	}
	strb_char(out, '}');
}

static void
write_field(lua_State *L, struct strb *out, const struct log_field *field)
{
	strb_printf(out, "\"%s\":", field->name);
	if (field->kind == LOG_F_BOOL) {
		strb_add(out, field->number ? SPAN("true") : SPAN("false"));
	} else if (field->kind == LOG_F_INT) {
		strb_printf(out, "%lld", (long long)field->number);
	} else {
		vm_charge(L, field->text.n);
		strb_char(out, '"');
		strb_json(out, field->text);
		strb_char(out, '"');
	}
}

static void
write_record(lua_State *L, struct strb *out)
{
	const struct log_field *field;

	strb_char(out, '{');
	for (size_t i = 0; (field = object_next_field(L, -1, i)); i++) {
		if (i > 0)
			strb_char(out, ',');
		write_field(L, out, field);
	}
	strb_char(out, '}');
}

static void
write_value(lua_State *L, struct strb *out, int depth)
{
	if (depth > DEPTH_MAX)
		luaL_error(L, "nested deeper than 32, or in itself");
	if (strb_failed(out))
		luaL_error(L, "the result is longer than 1 MiB");
	luaL_checkstack(L, 8, "nested too deep");
	vm_charge(L, 0);
	switch (lua_type(L, -1)) {
	case LUA_TSTRING:
		write_text(L, out, -1);
		break;
	case LUA_TNUMBER:
		write_number(L, out);
		break;
	case LUA_TBOOLEAN:
		strb_add(out, lua_toboolean(L, -1) ? SPAN("true") : SPAN("false"));
		break;
	case LUA_TTABLE:
		if (lua_rawlen(L, -1) > 0)
			write_list(L, out, (lua_Integer)lua_rawlen(L, -1), depth);
		else
			write_members(L, out, depth);
		break;
	default:
		if (object_is_record(L, -1))
			write_record(L, out);
		else if (lua_isnil(L, -1) || object_is_null(L, -1))
			strb_add(out, SPAN("null"));
		else
			luaL_error(L, "JSON has no %s", luaL_typename(L, -1));
	}
}

int
api_wht_json(lua_State *L)
{
	struct strb *out = vm_scratch(L);

	luaL_checkany(L, 1);
	lua_settop(L, 1);
	write_value(L, out, 0);
	return vm_push_scratch(L);
}

/* ---- reading ---- */

/* Each reader answers NULL, its value on the stack, or what is wrong. */
struct reader {
	struct span in;
	lua_State *L;
};

static const char *read_value(struct reader *, int depth);

static void
skip_blanks(struct reader *r)
{
	while (r->in.n && r->in.p[0] && strchr(" \t\r\n", r->in.p[0]))
		r->in = span_drop(r->in, 1);
}

/* The next byte, or NUL at the end. */
static char
peek(const struct reader *r)
{
	return r->in.n ? r->in.p[0] : '\0';
}

static bool
take(struct reader *r, struct span word)
{
	if (!span_starts(r->in, word))
		return false;
	r->in = span_of(r->in.p + word.n, r->in.n - word.n);
	return true;
}

static bool
read_hex4(struct reader *r, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		char c = peek(r);
		const char *at = c ? strchr("0123456789abcdef", c | 0x20) : NULL;

		if (!at || (c < '0' || (c > '9' && c < 'A')))
			return false;
		*out = *out << 4 | (uint32_t)(at - "0123456789abcdef");
		r->in = span_of(r->in.p + 1, r->in.n - 1);
	}
	return true;
}

static void
add_utf8(struct strb *out, uint32_t c)
{
	if (c < 0x80) {
		strb_char(out, (char)c);
	} else if (c < 0x800) {
		strb_char(out, (char)(0xC0 | c >> 6));
		strb_char(out, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		strb_char(out, (char)(0xE0 | c >> 12));
		strb_char(out, (char)(0x80 | (c >> 6 & 63)));
		strb_char(out, (char)(0x80 | (c & 63)));
	} else {
		strb_char(out, (char)(0xF0 | c >> 18));
		strb_char(out, (char)(0x80 | (c >> 12 & 63)));
		strb_char(out, (char)(0x80 | (c >> 6 & 63)));
		strb_char(out, (char)(0x80 | (c & 63)));
	}
}

/* Behind "\u". */
static const char *
read_unicode(struct reader *r, struct strb *out)
{
	uint32_t high, low;

	if (!read_hex4(r, &high))
		return "\\u needs four hexadecimal digits";
	if (high >= 0xDC00 && high < 0xE000)
		return "half a surrogate pair";
	if (high >= 0xD800 && high < 0xDC00) {
		if (!take(r, SPAN("\\u")) || !read_hex4(r, &low) || low < 0xDC00 || low >= 0xE000)
			return "half a surrogate pair";
		high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
	}
	add_utf8(out, high);
	return NULL;
}

static const char *
read_escape(struct reader *r, struct strb *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = peek(r);
	const char *at = c ? strchr(from, c) : NULL;

	if (take(r, SPAN("u")))
		return read_unicode(r, out);
	if (!at)
		return "an unknown escape";
	strb_char(out, to[at - from]);
	r->in = span_of(r->in.p + 1, r->in.n - 1);
	return NULL;
}

static const char *
read_text(struct reader *r)
{
	struct strb *out = vm_scratch(r->L);
	const char *fault = NULL;

	if (!take(r, SPAN("\"")))
		return "text is expected";
	while (!fault && peek(r) != '"') {
		size_t n = span_utf8_len(r->in);

		if (take(r, SPAN("\\"))) {
			fault = read_escape(r, out);
		} else if (n == 0 || (unsigned char)r->in.p[0] < 0x20) {
			fault = "text that does not end, a control in it, or no UTF-8";
		} else {
			strb_add(out, span_take(r->in, n));
			r->in = span_of(r->in.p + n, r->in.n - n);
		}
	}
	if (fault)
		return fault;
	take(r, SPAN("\""));
	vm_push_scratch(r->L);
	return NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
count_digits(struct span s, size_t from)
{
	size_t n = 0;

	while (from + n < s.n && is_digit(s.p[from + n]))
		n++;
	return n;
}

/* The length of the number at the front (RFC 8259, 6), or 0. */
static size_t
number_length(struct span s, bool *integer)
{
	size_t at = s.n && s.p[0] == '-', n = count_digits(s, at);

	*integer = true;
	if (n == 0 || (n > 1 && s.p[at] == '0'))
		return 0;
	at += n;
	if (at < s.n && s.p[at] == '.') {
		*integer = false;
		n = count_digits(s, at + 1);
		if (n == 0)
			return 0;
		at += 1 + n;
	}
	if (at < s.n && (s.p[at] | 0x20) == 'e') {
		*integer = false;
		at += at + 1 < s.n && (s.p[at + 1] == '+' || s.p[at + 1] == '-') ? 2 : 1;
		n = count_digits(s, at);
		if (n == 0)
			return 0;
		at += n;
	}
	return at;
}

static const char *
read_number(struct reader *r)
{
	bool integer;
	size_t n = number_length(r->in, &integer);
	char text[64];

	if (n == 0)
		return "a value is expected";
	if (n >= sizeof(text))
		return "a number of more than 63 characters";
	memcpy(text, r->in.p, n);
	text[n] = '\0';
	if (!lua_stringtonumber(r->L, text))
		return "a number that cannot be read";
	if (!isfinite(lua_tonumber(r->L, -1)))
		return "a number that is too large";
	r->in = span_of(r->in.p + n, r->in.n - n);
	return NULL;
}

static const char *
read_list(struct reader *r, int depth)
{
	const char *fault;
	lua_Integer n = 0;

	lua_newtable(r->L);
	skip_blanks(r);
	if (take(r, SPAN("]")))
		return NULL;
	for (;;) {
		fault = read_value(r, depth + 1);
		if (fault)
			return fault;
		lua_rawseti(r->L, -2, ++n);
		skip_blanks(r);
		if (take(r, SPAN("]")))
			return NULL;
		if (!take(r, SPAN(",")))
			return "a comma or ] is expected";
	}
}

static const char *
read_member(struct reader *r, int depth)
{
	const char *fault;

	skip_blanks(r);
	fault = read_text(r);
	if (fault)
		return fault;
	skip_blanks(r);
	if (!take(r, SPAN(":")))
		return "a colon is expected";
	lua_pushvalue(r->L, -1);
	if (lua_rawget(r->L, -3) != LUA_TNIL)
		return "a name that is there twice";
	lua_pop(r->L, 1);
	fault = read_value(r, depth + 1);
	if (!fault)
		lua_rawset(r->L, -3);
	return fault;
}

static const char *
read_members(struct reader *r, int depth)
{
	const char *fault;

	lua_newtable(r->L);
	skip_blanks(r);
	if (take(r, SPAN("}")))
		return NULL;
	for (;;) {
		fault = read_member(r, depth);
		if (fault)
			return fault;
		skip_blanks(r);
		if (take(r, SPAN("}")))
			return NULL;
		if (!take(r, SPAN(",")))
			return "a comma or } is expected";
	}
}

static const char *
read_value(struct reader *r, int depth)
{
	if (depth > DEPTH_MAX)
		return "nested deeper than 32";
	luaL_checkstack(r->L, 8, "nested too deep");
	vm_charge(r->L, 0);
	skip_blanks(r);
	if (take(r, SPAN("{")))
		return read_members(r, depth);
	if (take(r, SPAN("[")))
		return read_list(r, depth);
	if (peek(r) == '"')
		return read_text(r);
	if (take(r, SPAN("true")))
		lua_pushboolean(r->L, 1);
	else if (take(r, SPAN("false")))
		lua_pushboolean(r->L, 0);
	else if (take(r, SPAN("null")))
		object_push_null(r->L);
	else
		return read_number(r);
	return NULL;
}

int
api_wht_unjson(lua_State *L)
{
	struct reader r = {.in = vm_text(L, 1), .L = L};
	const char *fault = read_value(&r, 0);

	skip_blanks(&r);
	if (!fault && r.in.n)
		fault = "something behind the end";
	if (!fault)
		return 1;
	lua_pushnil(L);
	lua_pushstring(L, fault);
	return 2;
}
