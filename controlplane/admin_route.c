/* From a request line to a command. Paths are compared segment by segment, still encoded: only what
 * stands for an argument is decoded, and so %2f in an id is no slash. */
#include "controlplane/admin_route.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/strb.h"

enum { SHOWN_MAX = 60, DECODED_MAX = 1024 };

#define RECORDED   true
#define UNRECORDED false
static const struct admin_row rows[ADMIN_COMMANDS] = {
#define ADMIN(NAME, method, path, words, role, audit, answer, help)                                \
	{#method, path, words, ROLE_##role, audit, answer, help},
#include "controlplane/admin_tbl.h"
};

#define REQUIRED true
#define OPTIONAL false
static const struct admin_arg_row arg_rows[ADMIN_ARGS] = {
#define ADMIN_ARG(NAME, name, place, type, need, help)                                             \
	{ADMIN_##NAME, #name, ARG_IN_##place, ARG_IS_##type, need, help},
#include "controlplane/admin_tbl.h"
};

static const char *const expected[] = {
#define ADMIN_TYPE(TYPE, text) text,
#include "controlplane/admin_tbl.h"
};

static const char *const roles[] = {"none", "view", "operate", "admin"};

const struct admin_row *
admin_row(enum admin_command c)
{
	return &rows[c];
}

const struct admin_arg_row *
admin_arg_row(enum admin_arg a)
{
	return &arg_rows[a];
}

const char *
admin_type_expected(enum admin_type type)
{
	return expected[type];
}

const char *
admin_role_word(enum admin_role role)
{
	return roles[role];
}

int
admin_role_parse(struct span word)
{
	for (int i = 0; i <= ROLE_ADMIN; i++) {
		if (span_eq(word, span_str(roles[i])))
			return i;
	}
	return -1;
}

void
admin_args_clear(struct admin_args *args)
{
	for (int i = 0; i < ADMIN_ARGS; i++)
		free(args->of[i].text);
	*args = (struct admin_args){0};
}

/* ---- refusals ---- */

void
admin_refusal_set(
    struct admin_refusal *r, int status, const char *error, const char *hint, const char *fmt, ...)
{
	va_list ap;

	*r = (struct admin_refusal){.status = status, .error = error};
	snprintf(r->hint, sizeof(r->hint), "%s", hint);
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
}

/* A stranger's text, short and harmless; answers with what out holds. */
static const char *
shown(struct span text, char out[4 * SHOWN_MAX + 1])
{
	struct strb b;

	strb_init(&b, 4 * SHOWN_MAX);
	strb_visible(&b, span_take(text, SHOWN_MAX));
	snprintf(out, 4 * SHOWN_MAX + 1, "%s", strb_cstr(&b));
	strb_free(&b);
	return out;
}

static int
refuse_value(const struct admin_arg_row *row, struct span text, struct admin_refusal *r)
{
	char value[4 * SHOWN_MAX + 1];

	admin_refusal_set(r, 400, "bad_argument", expected[row->type], "%s: \"%s\" is not %s",
	    row->name, shown(text, value), expected[row->type]);
	return -WHT_EINVAL;
}

static int
refuse_path(struct span path, struct admin_refusal *r)
{
	char text[4 * SHOWN_MAX + 1];

	admin_refusal_set(r, 404, "no_such_command", "docs/admin-api.md has the list of paths",
	    "there is no command at %s", shown(path, text));
	return -WHT_EINVAL;
}

/* ---- decoding ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Percent-decoding; a '%' that begins no pair of digits stands for itself, as in an id.
 * In a query '+' is a space. */
static int
decode(struct span in, bool plus, char out[DECODED_MAX], struct span *decoded)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (n == DECODED_MAX)
			return -WHT_EFULL;
		if (c == '%' && i + 2 < in.n && hex(in.p[i + 1]) >= 0 && hex(in.p[i + 2]) >= 0) {
			c = (char)(hex(in.p[i + 1]) << 4 | hex(in.p[i + 2]));
			i += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		out[n++] = c;
	}
	*decoded = span_of(out, n);
	return 0;
}

static int
read_encoded(enum admin_arg a, struct span in, bool plus, int64_t now_ms, struct admin_args *args,
    struct admin_refusal *r)
{
	char memory[DECODED_MAX];
	struct span text;

	if (decode(in, plus, memory, &text) < 0 ||
	    admin_value_read(arg_rows[a].type, text, now_ms, &args->of[a]) < 0)
		return refuse_value(&arg_rows[a], in, r);
	return 0;
}

/* ---- paths ---- */

static struct span
path_of(struct span target)
{
	ptrdiff_t at = span_find(target, '?');

	return at < 0 ? target : span_take(target, (size_t)at);
}

/* The argument of a command that is called that, or -1. */
static int
arg_of(enum admin_command c, enum admin_where place, struct span name)
{
	for (int a = 0; a < ADMIN_ARGS; a++) {
		const struct admin_arg_row *row = &arg_rows[a];

		if (row->command == c && row->place == place && span_eq(name, span_str(row->name)))
			return a;
	}
	return -1;
}

static bool
is_variable(struct span segment)
{
	return segment.n > 2 && segment.p[0] == '{';
}

static struct span
variable_name(struct span segment)
{
	return span_of(segment.p + 1, segment.n - 2);
}

static bool
path_matches(const char *pattern, struct span path)
{
	struct span left = span_str(pattern), want, got;

	while (span_cut(&left, '/', &want)) {
		if (!span_cut(&path, '/', &got))
			return false;
		if (is_variable(want) ? got.n == 0 : !span_eq(want, got))
			return false;
	}
	return path.p == NULL;
}

static int
read_path(enum admin_command c, struct span path, int64_t now_ms, struct admin_args *args,
    struct admin_refusal *r)
{
	struct span left = span_str(rows[c].path), want, got;

	while (span_cut(&left, '/', &want) && span_cut(&path, '/', &got)) {
		int a = is_variable(want) ? arg_of(c, ARG_IN_PATH, variable_name(want)) : -1;

		if (a >= 0 && read_encoded((enum admin_arg)a, got, false, now_ms, args, r) < 0)
			return -WHT_EINVAL;
	}
	return 0;
}

/* The path is one of ours, with other methods. */
static int
refuse_method(struct span path, struct admin_refusal *r)
{
	char allow[sizeof(r->allow)] = "";

	for (int c = 0; c < ADMIN_COMMANDS; c++) {
		size_t n = strlen(allow);

		if (path_matches(rows[c].path, path))
			snprintf(
			    allow + n, sizeof(allow) - n, "%s%s", n ? ", " : "", rows[c].method);
	}
	admin_refusal_set(r, 405, "bad_method", "docs/admin-api.md has the methods of each path",
	    "what is there takes %s", allow);
	memcpy(r->allow, allow, sizeof(allow));
	return -WHT_EINVAL;
}

int
admin_route_find(struct span method, struct span target, int64_t now_ms, enum admin_command *out,
    struct admin_args *args, struct admin_refusal *r)
{
	struct span path = path_of(target);
	bool known = false;

	for (int c = 0; c < ADMIN_COMMANDS; c++) {
		if (!path_matches(rows[c].path, path))
			continue;
		known = true;
		*out = (enum admin_command)c;
		if (span_eq(method, span_str(rows[c].method)))
			return read_path(*out, path, now_ms, args, r);
	}
	return known ? refuse_method(path, r) : refuse_path(path, r);
}

/* ---- queries and bodies ---- */

static int
refuse_unknown(enum admin_command c, struct span name, struct admin_refusal *r)
{
	char text[4 * SHOWN_MAX + 1];
	struct strb hint;

	strb_init(&hint, ADMIN_TEXT_MAX - 1);
	for (int a = 0; a < ADMIN_ARGS; a++) {
		if (arg_rows[a].command == c && arg_rows[a].place != ARG_IN_PATH)
			strb_printf(&hint, "%s%s", hint.n ? ", " : "it takes ", arg_rows[a].name);
	}
	admin_refusal_set(r, 400, "unknown_argument", hint.n ? strb_cstr(&hint) : "it takes none",
	    "%s has no argument \"%s\" there", rows[c].words, shown(name, text));
	strb_free(&hint);
	return -WHT_EINVAL;
}

static int
refuse_twice(const struct admin_arg_row *row, struct admin_refusal *r)
{
	admin_refusal_set(r, 400, "bad_argument", "give it once", "%s is given twice", row->name);
	return -WHT_EINVAL;
}

static int
read_query(enum admin_command c, struct span query, int64_t now_ms, struct admin_args *args,
    struct admin_refusal *r)
{
	struct span pair, name;
	int a;

	while (span_cut(&query, '&', &pair)) {
		if (pair.n == 0)
			continue;
		span_cut(&pair, '=', &name);
		a = arg_of(c, ARG_IN_QUERY, name);
		if (a < 0)
			return refuse_unknown(c, name, r);
		if (args->of[a].text)
			return refuse_twice(&arg_rows[a], r);
		if (read_encoded((enum admin_arg)a, pair, true, now_ms, args, r) < 0)
			return -WHT_EINVAL;
	}
	return 0;
}

/* A member is a string, or a number where one is meant. */
static int
read_member(enum admin_arg a, const json_t *json, int64_t now_ms, struct admin_args *args,
    struct admin_refusal *r)
{
	struct span text = span_of(json_string_value(json), json_string_length(json));
	char digits[32];

	if (json_is_integer(json) && arg_rows[a].type == ARG_IS_COUNT) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		text = span_str(digits);
	}
	if (!text.p || admin_value_read(arg_rows[a].type, text, now_ms, &args->of[a]) < 0)
		return refuse_value(&arg_rows[a], text, r);
	return 0;
}

static int
read_object(enum admin_command c, json_t *object, int64_t now_ms, struct admin_args *args,
    struct admin_refusal *r)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		int a = arg_of(c, ARG_IN_BODY, span_str(name));

		if (a < 0)
			return refuse_unknown(c, span_str(name), r);
		if (!json_is_null(value) &&
		    read_member((enum admin_arg)a, value, now_ms, args, r) < 0)
			return -WHT_EINVAL;
	}
	return 0;
}

static int
read_body(enum admin_command c, struct span body, int64_t now_ms, struct admin_args *args,
    struct admin_refusal *r)
{
	json_error_t error;
	json_t *object;
	int status;

	if (body.n == 0)
		return 0;
	object = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object)) {
		json_decref(object);
		admin_refusal_set(r, 400, "bad_body", "for example {\"match\": \"alpha\"}",
		    "the body is not one JSON object");
		return -WHT_EINVAL;
	}
	status = read_object(c, object, now_ms, args, r);
	json_decref(object);
	return status;
}

static int
check_required(enum admin_command c, const struct admin_args *args, struct admin_refusal *r)
{
	for (int a = 0; a < ADMIN_ARGS; a++) {
		if (arg_rows[a].command != c || !arg_rows[a].required || args->of[a].text)
			continue;
		admin_refusal_set(r, 400, "missing_argument", expected[arg_rows[a].type],
		    "%s needs %s: %s", rows[c].words, arg_rows[a].name, arg_rows[a].help);
		return -WHT_EINVAL;
	}
	return 0;
}

int
admin_route_arguments(enum admin_command c, struct span target, struct span body, int64_t now_ms,
    struct admin_args *args, struct admin_refusal *r)
{
	struct span query = span_drop(target, path_of(target).n + 1);

	if (query.n && read_query(c, query, now_ms, args, r) < 0)
		return -WHT_EINVAL;
	if (read_body(c, body, now_ms, args, r) < 0)
		return -WHT_EINVAL;
	return check_required(c, args, r);
}
