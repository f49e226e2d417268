/* lua/check.c - what can be said of a script without asking it anything: functions named like hooks
 * that are none, and names of libraries that are not there.
 *
 * The second is found by reading the text as a sequence of names, dots and the rest, comments and
 * strings left out. It knows no scopes: a table of one's own that is called "os" is taken for
 * Lua's, which is why only such names are judged as nobody should use for something else. */
#include "lua/vm_priv.h"

enum token_type { TOKEN_END, TOKEN_NAME, TOKEN_OTHER };

struct token {
	enum token_type type;
	struct span text;
	unsigned line;
};

struct lexer {
	struct span in;
	unsigned line;
};

/* ---- reading ---- */

static void
advance(struct lexer *x, size_t n)
{
	for (size_t i = 0; i < n && i < x->in.n; i++)
		x->line += x->in.p[i] == '\n';
	x->in = span_drop(x->in, n);
}

/* The level of a long bracket at the front, or -1. */
static int
bracket_level(struct span in)
{
	size_t n = 1;

	if (in.n < 2 || in.p[0] != '[')
		return -1;
	while (n < in.n && in.p[n] == '=')
		n++;
	return n < in.n && in.p[n] == '[' ? (int)n - 1 : -1;
}

static void
skip_long(struct lexer *x, int level)
{
	size_t i = (size_t)level + 2;

	for (; i < x->in.n; i++) {
		size_t n = 1;

		if (x->in.p[i] != ']')
			continue;
		while (i + n < x->in.n && x->in.p[i + n] == '=')
			n++;
		if ((int)n - 1 == level && i + n < x->in.n && x->in.p[i + n] == ']') {
			advance(x, i + n + 1);
			return;
		}
	}
	advance(x, x->in.n);
}

static void
skip_quoted(struct lexer *x)
{
	size_t i = 1;

	while (i < x->in.n && x->in.p[i] != x->in.p[0] && x->in.p[i] != '\n')
		i += x->in.p[i] == '\\' ? 2 : 1;
	advance(x, i + 1);
}

static void
skip_comment(struct lexer *x)
{
	int level;
	ptrdiff_t end;

	advance(x, 2);
	level = bracket_level(x->in);
	if (level >= 0) {
		skip_long(x, level);
		return;
	}
	end = span_find(x->in, '\n');
	advance(x, end < 0 ? x->in.n : (size_t)end);
}

static bool
is_name_byte(char c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first && c >= '0' && c <= '9');
}

static struct token
next_name(struct lexer *x)
{
	struct token t = {TOKEN_NAME, x->in, x->line};
	size_t n = 0;

	while (n < x->in.n && is_name_byte(x->in.p[n], false))
		n++;
	t.text = span_take(x->in, n);
	advance(x, n);
	return t;
}

static struct token
next_token(struct lexer *x)
{
	for (;;) {
		struct token t = {TOKEN_OTHER, span_take(x->in, 1), x->line};
		int level = bracket_level(x->in);

		if (x->in.n == 0)
			return (struct token){TOKEN_END, SPAN(""), x->line};
		if (is_name_byte(x->in.p[0], true))
			return next_name(x);
		if (span_starts(x->in, SPAN("--"))) {
			skip_comment(x);
		} else if (level >= 0) {
			skip_long(x, level);
			return t;
		} else if (x->in.p[0] == '"' || x->in.p[0] == '\'') {
			skip_quoted(x);
			return t;
		} else if (strchr(" \t\r\n", x->in.p[0])) {
			advance(x, 1);
		} else {
			/* ".." and "..." are no dots of a field */
			size_t n = span_starts(x->in, SPAN("..")) ? 2 : 1;

			t.text = span_take(x->in, n);
			advance(x, n);
			return t;
		}
	}
}

/* ---- judging ---- */

struct check {
	struct strb *faults;
	struct span file;
	bool found;
};

static void
fault(struct check *c, unsigned line, struct span a, struct span between, struct span b,
    const char *what)
{
	strb_printf(c->faults, "%.*s:%u: %.*s%.*s%.*s %s\n", SPAN_FMT(c->file), line, SPAN_FMT(a),
	    SPAN_FMT(between), SPAN_FMT(b), what);
	c->found = true;
}

static bool
is_one_of(struct span name, const char *const *names)
{
	for (; *names; names++) {
		if (span_eq(name, span_str(*names)))
			return true;
	}
	return false;
}

/* Does that library have such a function? True when it is no library. */
static bool
has_field(struct span lib, struct span name)
{
	static const char *const libs[] = {
	    "wht", "string", "table", "math", "utf8", "coroutine", NULL};
	static const char *const values[] = {"kv", "null", NULL};

	if (!is_one_of(lib, libs))
		return true;
	if (span_eq(lib, SPAN("wht")))
		return api_has(lib, name) || is_one_of(name, values);
	return sandbox_has(lib, name);
}

/* a.b, when a stands alone: os.time, wht.foo. */
static void
check_field(struct check *c, struct token lib, struct token name)
{
	static const char *const absent[] = {"os", "io", "debug", "package", NULL};

	if (is_one_of(lib.text, absent) || !has_field(lib.text, name.text))
		fault(c, lib.line, lib.text, SPAN("."), name.text, "is not there");
}

/* a(, a" or a{, when a stands alone: require "x". */
static void
check_call(struct check *c, struct token name, struct token after)
{
	static const char *const absent[] = {
	    "require", "dofile", "load", "loadfile", "loadstring", "collectgarbage", "print", NULL};

	if (after.type == TOKEN_OTHER && strchr("(\"'[{", after.text.p[0]) &&
	    is_one_of(name.text, absent))
		fault(c, name.line, name.text, SPAN(""), SPAN(""), "is not there");
}

/* x:name(, a method: of text, as far as anybody can tell. */
static void
check_method(struct check *c, struct token name)
{
	static const char *const absent[] = {"match", "gmatch", "gsub", NULL};

	if (is_one_of(name.text, absent))
		fault(c, name.line, SPAN(""), SPAN(":"), name.text,
		    "is not there: there are no patterns; see wht.split, wht.replace, wht.glob");
}

static bool
is_mark(struct token t, const char *mark)
{
	return t.type == TOKEN_OTHER && span_eq(t.text, span_str(mark));
}

static bool
is_word(struct token t, const char *word)
{
	return t.type == TOKEN_NAME && span_eq(t.text, span_str(word));
}

static void
check_hook_name(struct check *c, struct token name)
{
	if (span_starts(name.text, SPAN("on_")) && lua_phase_find(name.text) < 0)
		fault(c, name.line, name.text, SPAN(""), SPAN(""), "is no hook: nobody calls it");
}

static void
check_text(struct check *c, struct span text)
{
	struct lexer x = {.in = text, .line = 1};
	struct token before2 = {.type = TOKEN_OTHER}, before = before2, t = next_token(&x), after;

	while (t.type != TOKEN_END) {
		after = next_token(&x);
		if (t.type == TOKEN_NAME && is_mark(before, ":")) {
			check_method(c, t);
		} else if (t.type == TOKEN_NAME && is_mark(before, ".") && is_word(before2, "kv")) {
			if (!api_has(before2.text, t.text))
				fault(c, t.line, SPAN("wht.kv"), SPAN("."), t.text, "is not there");
		} else if (t.type == TOKEN_NAME && !is_mark(before, ".")) {
			struct lexer ahead = x;

			if (is_word(before, "function") && is_mark(after, "(") &&
			    !is_word(before2, "local"))
				check_hook_name(c, t);
			else if (is_mark(after, "."))
				check_field(c, t, next_token(&ahead));
			else if (is_mark(after, "=") && is_word(next_token(&ahead), "function") &&
				 !is_word(before, "local") && !is_mark(before, "{") &&
				 !is_mark(before, ","))
				check_hook_name(c, t);
			else if (!is_word(before, "function"))
				check_call(c, t, after);
		}
		before2 = before;
		before = t;
		t = after;
	}
}

int
lua_script_check(struct lua_script *script, struct strb *faults)
{
	struct lua_shared *shared = lua_shared_new();
	struct lua_vm *vm = vm_open(script, shared, faults);
	struct check c = {.faults = faults, .found = vm == NULL};

	for (size_t i = 0; vm && i < lua_script_files(script); i++) {
		c.file = lua_script_name(script, i);
		check_text(&c, lua_script_text(script, i));
	}
	if (!vm)
		strb_char(faults, '\n');
	else
		lua_vm_free(&vm);
	lua_shared_free(&shared);
	return c.found ? -WHT_EINVAL : 0;
}
