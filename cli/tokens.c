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
#include "cli/auth_service.h"
#include "cli/lines.h"

#define TOKENS_MAGIC 0x70ce0001u

enum {
	SERVER_MAX = 512,
	SPARE_S = 20, /* a token that ends sooner is not worth a registration */
};

struct tokens {
	unsigned magic;
	enum tokens_kind { OF_TEXT, OF_FILE, OF_LINES, OF_HAND, OF_AUTH } kind;
	const char *path;	   /* OF_FILE */
	struct lines *lines;	   /* OF_LINES */
	struct auth_service *auth; /* OF_AUTH */
	bool ended;		   /* OF_LINES: no more will come; OF_AUTH: it does not know us */
	bool fresh;
	size_t n;
	char text[TOKEN_MAX];
	char id[TUNNEL_ID_MAX + 1];
	char server[SERVER_MAX];
	int64_t expiry; /* seconds since 1970; 0: unknown */
	char trouble[AUTH_SENTENCE_MAX];
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
	struct jwt_claims claims;

	explicit_bzero(t->text, t->n);
	memcpy(t->text, token.p, token.n);
	t->n = token.n;
	t->fresh = true;
	t->expiry = 0;
	t->id[0] = '\0';
	if (jwt_peek(token, &claims, t->id, sizeof(t->id)) == JWT_OK && claims.exp < 1e15)
		t->expiry = (int64_t)claims.exp;
	if (!tunnel_id_valid(span_str(t->id)))
		t->id[0] = '\0';
}

static struct tokens *
tokens_new(enum tokens_kind kind)
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
	snprintf(t->trouble, sizeof(t->trouble), "it has ended");
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

struct tokens *
tokens_of_hand(void)
{
	return tokens_new(OF_HAND);
}

int
tokens_give(struct tokens *t, struct span token)
{
	if (!token_shaped(token))
		return -WHT_EINVAL;
	tokens_set(t, token);
	tokens_tell(t);
	return 0;
}

static void
tokens_on_answer(void *user, const struct auth_answer *answer)
{
	struct tokens *t;

	CAST_OBJ(t, user, TOKENS_MAGIC);
	t->ended = answer->status == 401 || answer->status == 403;
	snprintf(t->trouble, sizeof(t->trouble), "%s", answer->sentence);
	if (answer->token.n && token_shaped(answer->token)) {
		tokens_set(t, answer->token);
		if (answer->id.n)
			snprintf(t->id, sizeof(t->id), "%.*s", SPAN_FMT(answer->id));
		snprintf(t->server, sizeof(t->server), "%.*s", SPAN_FMT(answer->server));
	} else if (!t->trouble[0]) {
		snprintf(t->trouble, sizeof(t->trouble), "its answer holds no token");
	}
	if (t->trouble[0])
		log_warn(NULL, "no token from the Auth service: %s", t->trouble);
	tokens_tell(t);
}

struct tokens *
tokens_of_auth(struct loop *loop, const struct auth_config *config, char *error, size_t max)
{
	struct tokens *t = tokens_new(OF_AUTH);
	char sentence[AUTH_SENTENCE_MAX];

	t->auth = auth_service_new(loop, config, tokens_on_answer, t, sentence);
	if (t->auth)
		return t;
	snprintf(error, max, "%s", sentence);
	OBJ_FREE(t);
	return NULL;
}

void
tokens_stop(struct tokens *t)
{
	CHECK_OBJ(t, TOKENS_MAGIC);
	t->on_news = NULL;
	if (t->auth)
		auth_service_stop(t->auth);
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
	if (t->auth)
		auth_service_free(&t->auth);
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

/* 1: another token than before, 0: the same, -1: none, and the log says why. */
static int
tokens_reread(struct tokens *t)
{
	char text[TOKEN_MAX + 2];
	ssize_t n = tokens_read(t->path, text);
	struct span rest = span_of(text, n > 0 ? (size_t)n : 0), line = rest;
	int result = -1;

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
		result = span_eq(line, span_of(t->text, t->n)) ? 0 : 1;
	if (result > 0)
		tokens_set(t, line);
	explicit_bzero(text, sizeof(text));
	return result;
}

/* Nothing that would only be refused: the service is asked for another, meanwhile there is none. */
static void
tokens_ask_unless_good(struct tokens *t)
{
	if (t->n && (t->fresh || t->expiry == 0 || t->expiry > clock_wall_ms() / 1000 + SPARE_S))
		return;
	t->n = 0;
	t->trouble[0] = '\0';
	auth_service_ask(t->auth);
}

struct span
tokens_take(struct tokens *t)
{
	if (t->kind == OF_FILE && tokens_reread(t) < 0)
		t->n = 0;
	if (t->kind == OF_AUTH)
		tokens_ask_unless_good(t);
	t->fresh = false;
	return span_of(t->text, t->n);
}

bool
tokens_fresh(const struct tokens *t)
{
	return t->fresh;
}

void
tokens_refused(struct tokens *t)
{
	if (t->kind == OF_AUTH)
		t->n = 0;
}

void
tokens_renew(struct tokens *t)
{
	if (t->kind == OF_AUTH)
		auth_service_ask(t->auth);
	if (t->kind == OF_FILE && tokens_reread(t) > 0)
		tokens_tell(t);
}

const char *
tokens_id(const struct tokens *t)
{
	return t->id;
}

const char *
tokens_server(const struct tokens *t)
{
	return t->server;
}

int64_t
tokens_expiry(const struct tokens *t)
{
	return t->n ? t->expiry : 0;
}

const char *
tokens_trouble(const struct tokens *t)
{
	return t->trouble;
}

const char *
tokens_source(const struct tokens *t)
{
	static const char *const sources[] = {
	    [OF_TEXT] = "nowhere",
	    [OF_FILE] = "the token file",
	    [OF_LINES] = "stdin",
	    [OF_HAND] = "the program",
	    [OF_AUTH] = "the Auth service",
	};

	return sources[t->kind];
}

enum tokens_hope
tokens_hope(const struct tokens *t)
{
	switch (t->kind) {
	case OF_FILE:
		return TOKENS_RETRY;
	case OF_LINES:
		return t->ended ? TOKENS_NEVER : TOKENS_WAIT;
	case OF_HAND:
		return TOKENS_WAIT;
	case OF_AUTH:
		if (t->ended)
			return TOKENS_NEVER;
		return auth_service_asking(t->auth) ? TOKENS_WAIT : TOKENS_RETRY;
	case OF_TEXT:
		break;
	}
	return TOKENS_NEVER;
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
