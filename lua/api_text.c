/* lua/api_text.c - digests, base64, and text without patterns: each works in time that its input
 * bounds, and the input is bounded and paid for (vm_text). */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lua/vm_priv.h"

/* ---- digests ---- */

static int
push_hex(lua_State *L, const unsigned char *bytes, unsigned n)
{
	char hex[2 * EVP_MAX_MD_SIZE];

	for (unsigned i = 0; i < n; i++) {
		hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	lua_pushlstring(L, hex, (size_t)2 * n);
	return 1;
}

int
api_wht_sha256(lua_State *L)
{
	struct span text = vm_text(L, 1);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	vm_charge(L, 4 * text.n);
	if (EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL) != 1)
		return luaL_error(L, "no digest could be made");
	return push_hex(L, digest, n);
}

int
api_wht_hmac_sha256(lua_State *L)
{
	struct span key = vm_text(L, 1), text = vm_text(L, 2);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	vm_charge(L, 4 * text.n);
	luaL_argcheck(L, key.n > 0, 1, "an empty key signs nothing");
	if (!HMAC(
		EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, digest, &n))
		return luaL_error(L, "no signature could be made");
	return push_hex(L, digest, n);
}

int
api_wht_equal(lua_State *L)
{
	struct span a = vm_text(L, 1), b = vm_text(L, 2);

	lua_pushboolean(L, a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0);
	return 1;
}

/* Of a hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
api_wht_unhex(lua_State *L)
{
	struct span text = vm_text(L, 1);
	struct strb *out = vm_scratch(L);

	for (size_t i = 0; i + 1 < text.n; i += 2) {
		int high = hex_value(text.p[i]), low = hex_value(text.p[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		strb_char(out, (char)(high << 4 | low));
	}
	return text.n % 2 ? 0 : vm_push_scratch(L);
}

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
api_wht_base64(lua_State *L)
{
	struct span text = vm_text(L, 1);
	struct strb *out = vm_scratch(L);

	vm_charge(L, 8 * text.n);
	for (; text.n; text = span_drop(text, 3)) {
		uint32_t three = 0;

		for (size_t i = 0; i < 3; i++)
			three = three << 8 | (i < text.n ? (unsigned char)text.p[i] : 0);
		strb_char(out, digits[three >> 18]);
		strb_char(out, digits[three >> 12 & 63]);
		strb_char(out, text.n > 1 ? digits[three >> 6 & 63] : '=');
		strb_char(out, text.n > 2 ? digits[three & 63] : '=');
	}
	return vm_push_scratch(L);
}

static int
digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One text for each run of bytes: stray bits and anything that is no digit are refused. */
int
api_wht_unbase64(lua_State *L)
{
	struct span text = vm_text(L, 1);
	struct strb *out = vm_scratch(L);
	uint32_t bits = 0;
	unsigned held = 0;
	size_t pads = 0;

	while (pads < 2 && pads < text.n && text.p[text.n - 1 - pads] == '=')
		pads++;
	for (size_t i = 0; i < text.n - pads; i++) {
		int value = digit_value(text.p[i]);

		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			strb_char(out, (char)(bits >> held & 0xFF));
		}
	}
	if (text.n % 4 || held != 2 * pads || (bits & ((1u << held) - 1)))
		return 0;
	return vm_push_scratch(L);
}

/* ---- text ---- */

static struct span
find(struct span text, struct span what)
{
	const char *at = text.n ? memmem(text.p, text.n, what.p, what.n) : NULL;

	return at ? span_of(at, text.n - (size_t)(at - text.p)) : span_of(NULL, 0);
}

int
api_wht_split(lua_State *L)
{
	struct span text = vm_text(L, 1), separator = vm_text(L, 2), at;
	lua_Integer most = luaL_optinteger(L, 3, LUA_LIST_MAX), n = 0;

	luaL_argcheck(L, separator.n > 0, 2, "an empty separator");
	luaL_argcheck(L, most > 0, 3, "at least one part");
	lua_newtable(L);
	while (n + 1 < most && (at = find(text, separator)).p) {
		vm_charge(L, 64);
		vm_push(L, span_take(text, (size_t)(at.p - text.p)));
		lua_rawseti(L, -2, ++n);
		text = span_of(at.p + separator.n, at.n - separator.n);
	}
	vm_push(L, text);
	lua_rawseti(L, -2, ++n);
	return 1;
}

int
api_wht_replace(lua_State *L)
{
	struct span text = vm_text(L, 1), what = vm_text(L, 2), with = vm_text(L, 3), at;
	struct strb *out = vm_scratch(L);
	lua_Integer n = 0;

	luaL_argcheck(L, what.n > 0, 2, "nothing to replace");
	while ((at = find(text, what)).p && !strb_failed(out)) {
		vm_charge(L, 64);
		strb_add(out, span_take(text, (size_t)(at.p - text.p)));
		strb_add(out, with);
		text = span_of(at.p + what.n, at.n - what.n);
		n++;
	}
	strb_add(out, text);
	vm_push_scratch(L);
	lua_pushinteger(L, n);
	return 2;
}

int
api_wht_trim(lua_State *L)
{
	struct span text = vm_text(L, 1);

	while (text.n && strchr(" \t\r\n\v\f", text.p[0]) && text.p[0])
		text = span_drop(text, 1);
	while (text.n && strchr(" \t\r\n\v\f", text.p[text.n - 1]) && text.p[text.n - 1])
		text.n--;
	vm_push(L, text);
	return 1;
}

int
api_wht_starts(lua_State *L)
{
	struct span text = vm_text(L, 1), what = vm_text(L, 2);

	lua_pushboolean(L, span_starts(text, what));
	return 1;
}

int
api_wht_ends(lua_State *L)
{
	struct span text = vm_text(L, 1), what = vm_text(L, 2);

	lua_pushboolean(
	    L, text.n >= what.n && span_eq(span_of(text.p + text.n - what.n, what.n), what));
	return 1;
}

/* Goes back to the last star only, so it takes text times pattern steps at most. */
static bool
glob(struct span text, struct span pattern)
{
	size_t t = 0, p = 0, star = SIZE_MAX, from = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

int
api_wht_glob(lua_State *L)
{
	struct span text = vm_text(L, 1), pattern = vm_text(L, 2);

	luaL_argcheck(L, text.n <= 16384, 1, "longer than 16 KiB");
	luaL_argcheck(L, pattern.n <= 256, 2, "longer than 256 bytes");
	vm_charge(L, text.n * pattern.n / 4);
	lua_pushboolean(L, glob(text, pattern));
	return 1;
}

/* ---- what stands in a URL or a cookie ---- */

static int
push_decoded(lua_State *L, struct span text, bool plus)
{
	struct strb *out = vm_scratch(L);

	for (size_t i = 0; i < text.n; i++) {
		int high = i + 2 < text.n ? hex_value(text.p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text.p[i + 2]) : -1;

		if (text.p[i] == '%' && low >= 0) {
			strb_char(out, (char)(high << 4 | low));
			i += 2;
		} else {
			strb_char(out, plus && text.p[i] == '+' ? ' ' : text.p[i]);
		}
	}
	return vm_push_scratch(L);
}

int
api_wht_decode(lua_State *L)
{
	return push_decoded(L, vm_text(L, 1), false);
}

/* The value behind "name=" among parts; false when there is none. */
static bool
find_part(struct span list, char separator, struct span name, struct span *value)
{
	struct span part;

	while (span_cut(&list, separator, &part)) {
		part = span_trim(part);
		if (!span_starts(part, name))
			continue;
		if (part.n == name.n || part.p[name.n] == '=') {
			*value = part.n == name.n ? SPAN("") : span_drop(part, name.n + 1);
			return true;
		}
	}
	return false;
}

int
api_wht_query(lua_State *L)
{
	struct span query = lua_isnil(L, 1) ? SPAN("") : vm_text(L, 1), value;

	if (!find_part(query, '&', vm_text(L, 2), &value))
		return 0;
	return push_decoded(L, value, true);
}

int
api_wht_cookie(lua_State *L)
{
	struct span name = vm_text(L, 2), value;

	lua_getfield(L, 1, "headers");
	lua_pushliteral(L, "cookie");
	lua_gettable(L, -2);
	if (!lua_isstring(L, -1) || !find_part(vm_text(L, -1), ';', name, &value))
		return 0;
	vm_push(L, value);
	return 1;
}
