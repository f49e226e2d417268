#include "cli/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "auth/tunnel_id.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"
#include "cli/lines.h"

#define TOKENS_MAGIC 0x70ce0001u

struct tokens {
	unsigned magic;
	enum { OF_TEXT, OF_FILE, OF_LINES } kind;
	const char *path;    /* OF_FILE */
	struct lines *lines; /* OF_LINES */
	bool ended;	     /* OF_LINES: no more will come */
	bool fresh;
	size_t n;
	char text[TOKEN_MAX];
	void (*on_news)(void *user);
	void *user;
};

bool
token_shaped(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '.' || c == '-'))
			return false;
	}
	return text.n > 0 && text.n <= TOKEN_MAX;
}

static void
tokens_set(struct tokens *t, struct span token)
{
	explicit_bzero(t->text, t->n);
	memcpy(t->text, token.p, token.n);
	t->n = token.n;
	t->fresh = true;
}

static struct tokens *
tokens_new(int kind)
{
	struct tokens *t;

	OBJ_NEW(t, TOKENS_MAGIC);
	t->kind = kind;
	return t;
}

struct tokens *
tokens_of_text(const char *token)
{
	struct tokens *t;

	if (!token_shaped(span_str(token)))
		return NULL;
	t = tokens_new(OF_TEXT);
	tokens_set(t, span_str(token));
	return t;
}

struct tokens *
tokens_of_file(const char *path)
{
	struct tokens *t = tokens_new(OF_FILE);

	t->path = path;
	return t;
}

static void
tokens_tell(struct tokens *t)
{
	if (t->on_news)
		t->on_news(t->user);
}

static void
tokens_on_line(void *user, struct span line)
{
	struct tokens *t;

	CAST_OBJ(t, user, TOKENS_MAGIC);
	if (!token_shaped(line)) {
		log_warn(NULL, "a line on stdin that is no token is ignored");
		return;
	}
	tokens_set(t, line);
	tokens_tell(t);
}

static void
tokens_on_end(void *user)
{
	struct tokens *t;

	CAST_OBJ(t, user, TOKENS_MAGIC);
	t->ended = true;
	tokens_tell(t);
}

static const struct lines_ops lines_ops = {.on_line = tokens_on_line, .on_end = tokens_on_end};

struct tokens *
tokens_of_lines(struct loop *loop, int fd)
{
	struct tokens *t = tokens_new(OF_LINES);

	t->lines = lines_new(loop, fd, &lines_ops, t);
	return t;
}

void
tokens_stop(struct tokens *t)
{
	CHECK_OBJ(t, TOKENS_MAGIC);
	t->on_news = NULL;
	if (t->lines)
		lines_stop(t->lines);
}

void
tokens_free(struct tokens **tp)
{
	struct tokens *t;

	TAKE_OBJ(t, tp, TOKENS_MAGIC);
	if (t->lines)
		lines_free(&t->lines);
	explicit_bzero(t->text, t->n);
	OBJ_FREE(t);
}

void
tokens_on_news(struct tokens *t, void (*on_news)(void *user), void *user)
{
	t->on_news = on_news;
	t->user = user;
}

/* The first line of the file, into out; how many bytes, or -1 with errno set. */
static ssize_t
tokens_read(const char *path, char out[TOKEN_MAX + 2])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, total = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, out + total, (size_t)(TOKEN_MAX + 2 - total))) > 0)
		total += n;
	close(fd);
	return n < 0 ? n : total;
}

static void
tokens_reread(struct tokens *t)
{
	char text[TOKEN_MAX + 2];
	ssize_t n = tokens_read(t->path, text);
	struct span rest = span_of(text, n > 0 ? (size_t)n : 0), line = rest;

	t->n = 0;
	if (n > 0)
		span_cut(&rest, '\n', &line);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	line = span_trim(line);
	if (n < 0)
		log_warn(NULL, "the token file %s cannot be read: %s", t->path, strerror(errno));
	else if (!token_shaped(line))
		log_warn(NULL, "the token file %s holds no token in its first line", t->path);
	else
		tokens_set(t, line);
	explicit_bzero(text, sizeof(text));
}

struct span
tokens_take(struct tokens *t)
{
	if (t->kind == OF_FILE)
		tokens_reread(t);
	t->fresh = false;
	return span_of(t->text, t->n);
}

bool
tokens_fresh(const struct tokens *t)
{
	return t->fresh;
}

enum tokens_hope
tokens_hope(const struct tokens *t)
{
	if (t->kind == OF_FILE)
		return TOKENS_RETRY;
	return t->kind == OF_LINES && !t->ended ? TOKENS_WAIT : TOKENS_NEVER;
}

bool
tokens_doubt(const struct tokens *t, const char *id, char doubt[TOKEN_DOUBT_MAX])
{
	char tid[TUNNEL_ID_MAX + 1], when[CLOCK_TEXT_MAX];
	double now = (double)clock_wall_ms() / 1000;
	struct jwt_claims claims;

	if (t->fresh || jwt_peek(span_of(t->text, t->n), &claims, tid, sizeof(tid)) != JWT_OK)
		return false;
	if (strcmp(tid, id) != 0 && tunnel_id_valid(span_str(tid)))
		snprintf(doubt, TOKEN_DOUBT_MAX, "the token is for the id %s", tid);
	else if (claims.exp <= now)
		snprintf(doubt, TOKEN_DOUBT_MAX, "the token expired at %s",
		    clock_text((int64_t)(claims.exp * 1000), when));
	else if (claims.nbf > now)
		snprintf(doubt, TOKEN_DOUBT_MAX, "the token is not valid before %s",
		    clock_text((int64_t)(claims.nbf * 1000), when));
	else
		return false;
	return true;
}
