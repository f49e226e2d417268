#include "controlplane/env_file.h"

#include "base/strb.h"

struct cursor {
	struct span rest;
	unsigned line;
	const char *why;
};

static int
refuse(struct cursor *c, const char *why)
{
	c->why = why;
	return -WHT_EINVAL;
}

/* The next byte, or -1 at the end. */
static int
peek(const struct cursor *c)
{
	return c->rest.n ? (unsigned char)c->rest.p[0] : -1;
}

static int
take(struct cursor *c)
{
	int byte = peek(c);

	c->line += byte == '\n';
	c->rest = span_drop(c->rest, 1);
	return byte;
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_name(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* To the next line that says something; false at the end. */
static bool
find_pair(struct cursor *c)
{
	while (is_blank(peek(c)) || peek(c) == '\n' || peek(c) == '#' || peek(c) == ';') {
		if (peek(c) == '#' || peek(c) == ';') {
			while (peek(c) != '\n' && peek(c) >= 0)
				take(c);
		} else {
			take(c);
		}
	}
	return peek(c) >= 0;
}

static int
read_name(struct cursor *c, struct span *name)
{
	struct span from = c->rest;

	while (is_name(peek(c)))
		take(c);
	*name = span_take(from, from.n - c->rest.n);
	while (is_blank(peek(c)))
		take(c);
	if (name->n == 0 || peek(c) != '=')
		return refuse(c, "expected NAME=value");
	take(c);
	return 0;
}

/* Behind the opening quote. Between single quotes a backslash is a backslash. */
static int
read_quoted(struct cursor *c, int quote, struct strb *value)
{
	unsigned began = c->line;

	for (int byte = take(c); byte != quote; byte = take(c)) {
		if (byte == '\\' && quote == '"') {
			byte = take(c);
			if (byte == '\n')
				continue;
			if (byte >= 0 && !strchr("\"\\`$", byte))
				strb_char(value, '\\');
		}
		if (byte < 0) {
			c->line = began;
			return refuse(c, "a quote is not closed");
		}
		strb_char(value, (char)byte);
	}
	return 0;
}

/* Behind the equals sign, up to the end of the line. */
static int
read_value(struct cursor *c, struct strb *value, struct span *out)
{
	size_t keep = 0; /* how much of it is not trailing blanks */

	strb_reset(value);
	while (is_blank(peek(c)))
		take(c);
	while (peek(c) >= 0 && peek(c) != '\n') {
		int byte = take(c);

		if (byte == '\'' || byte == '"') {
			if (read_quoted(c, byte, value) < 0)
				return -WHT_EINVAL;
			keep = value->n;
			continue;
		}
		if (byte == '\\') {
			byte = take(c);
			if (byte < 0 || byte == '\n')
				continue;
			keep = value->n + 1;
		}
		strb_char(value, (char)byte);
		if (!is_blank(byte))
			keep = value->n;
	}
	*out = span_take(strb_span(value), keep);
	return 0;
}

static int
read_pairs(struct cursor *c, struct strb *value,
    void (*on_pair)(void *user, struct span name, struct span value), void *user)
{
	struct span name, out;

	while (find_pair(c)) {
		if (read_name(c, &name) < 0 || read_value(c, value, &out) < 0)
			return -WHT_EINVAL;
		on_pair(user, name, out);
	}
	return 0;
}

int
env_file_parse(struct span text, void (*on_pair)(void *user, struct span name, struct span value),
    void *user, unsigned *line, const char **why)
{
	struct cursor c = {.rest = text, .line = 1};
	struct strb value;
	int r;

	strb_init(&value, ENV_FILE_MAX);
	if (text.n > ENV_FILE_MAX)
		r = refuse(&c, "the file is larger than 1 MiB");
	else if (text.n && memchr(text.p, '\0', text.n))
		r = refuse(&c, "the file holds a NUL byte");
	else
		r = read_pairs(&c, &value, on_pair, user);
	strb_free(&value);
	*line = c.line;
	*why = c.why;
	return r;
}
