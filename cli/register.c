#include "cli/register.h"

#include "base/obj.h"
#include "http/parse.h"
#include "http/write.h"
#include "ws/handshake.h"

#define REGISTRATION_MAGIC 0x2e610001u

struct registration {
	unsigned magic;
	enum register_state state;
	struct http_parser *parser;
	char key[WS_KEY_MAX];
	struct register_answer answer;
	bool sentence_over; /* the body's first line is complete */
	bool interim;	    /* a 1xx came: the answer is still to come */
};

static const struct http_limits limits = {
    .head_max = 32 * 1024, .target_max = 1, .fields_max = 100};

/* ---- the request ---- */

void
register_write(struct strb *out, const struct place *server, const char *id, struct span token,
    const char *key)
{
	struct strb value;

	strb_init(&value, REGISTER_REQUEST_MAX);
	http_write_request_line(out, SPAN("GET"), SPAN("/"));
	http_write_field(out, SPAN("Host"), span_str(server->text));
	http_write_field(out, SPAN("User-Agent"), SPAN("whclient/" WHT_VERSION));
	ws_handshake_write_request(out, key);
	http_write_field(out, SPAN("x-webhooktunnel-id"), span_str(id));
	http_write_field(out, SPAN("x-websocktunnel-id"), span_str(id));
	mux_offer_write(&value, REGISTER_WINDOW, true);
	http_write_field(out, SPAN("x-webhooktunnel-mux"), strb_span(&value));
	strb_reset(&value);
	strb_add(&value, SPAN("Bearer "));
	strb_add(&value, token);
	http_write_field(out, SPAN("Authorization"), strb_span(&value));
	http_write_end(out);
	if (value.p)
		explicit_bzero(value.p, value.n);
	strb_free(&value);
}

/* ---- the answer ---- */

/* The visible ASCII of text, at most max bytes; answers how many were copied. */
static size_t
copy_visible(char *out, size_t max, struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < max; i++) {
		if (text.p[i] >= 0x20 && text.p[i] < 0x7f)
			out[n++] = text.p[i];
	}
	out[n] = '\0';
	return n;
}

static int
registration_broken(struct registration *r, const char *what)
{
	r->state = REGISTER_BROKEN;
	copy_visible(r->answer.sentence, REGISTER_SENTENCE_MAX, span_str(what));
	return HTTP_HOLD;
}

/* Printed on stdout and pasted into other programs: taken whole or not at all. */
static bool
registration_take_url(struct registration *r, struct span url)
{
	char *to = r->answer.url;

	if (url.n && url.n <= REGISTER_URL_MAX && span_find(url, ' ') < 0 &&
	    copy_visible(to, REGISTER_URL_MAX, url) == url.n)
		return true;
	to[0] = '\0';
	return false;
}

static int
registration_on_101(struct registration *r, const struct http_head *head)
{
	struct span url = http_head_value(head, HF_WHT_CLIENT_URL);

	if (!ws_handshake_accepted(head, r->key))
		return registration_broken(r, "its 101 is no WebSocket handshake of ours");
	if (!registration_take_url(r, url.p ? url : http_head_value(head, HF_WST_CLIENT_URL)))
		return registration_broken(r, "its 101 carries no client URL: no tunnel server");
	r->answer.mux = mux_offer_parse(http_head_value(head, HF_WHT_MUX));
	r->state = REGISTER_ACCEPTED;
	return HTTP_HOLD;
}

static int
registration_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct registration *r;

	(void)raw;
	CAST_OBJ(r, user, REGISTRATION_MAGIC);
	r->answer.status = head->status;
	r->interim = head->status < 200;
	if (head->status == 101)
		return registration_on_101(r, head);
	copy_visible(r->answer.error, REGISTER_ERROR_MAX, http_head_value(head, HF_WHT_ERROR));
	return HTTP_GO;
}

/* The first line of the body, unless it is a page for a browser. */
static void
registration_on_body(void *user, struct span data)
{
	struct registration *r;
	size_t have;
	ptrdiff_t end;

	CAST_OBJ(r, user, REGISTRATION_MAGIC);
	have = strlen(r->answer.sentence);
	if (r->sentence_over || (have == 0 && data.p[0] == '<')) {
		r->sentence_over = true;
		return;
	}
	end = span_find(data, '\n');
	if (end >= 0) {
		r->sentence_over = true;
		data.n = (size_t)end;
	}
	copy_visible(r->answer.sentence + have, REGISTER_SENTENCE_MAX - have, data);
}

static void
registration_on_end(void *user)
{
	struct registration *r;

	CAST_OBJ(r, user, REGISTRATION_MAGIC);
	if (!r->interim)
		r->state = REGISTER_REFUSED;
}

static const struct http_parser_ops parser_ops = {
    .on_head = registration_on_head,
    .on_body = registration_on_body,
    .on_end = registration_on_end,
};

struct registration *
registration_new(const char *key)
{
	struct registration *r;

	OBJ_NEW(r, REGISTRATION_MAGIC);
	ENSURE(strlen(key) < sizeof(r->key));
	memcpy(r->key, key, strlen(key));
	r->parser = http_parser_new(HTTP_RESPONSE, &limits, &parser_ops, r);
	return r;
}

void
registration_free(struct registration **rp)
{
	struct registration *r;

	TAKE_OBJ(r, rp, REGISTRATION_MAGIC);
	http_parser_free(&r->parser);
	OBJ_FREE(r);
}

size_t
registration_feed(struct registration *r, struct span in)
{
	size_t total = 0, used;

	while (r->state == REGISTER_READING && total < in.n) {
		if (http_parser_feed(r->parser, span_drop(in, total), &used) < 0) {
			registration_broken(r, "its answer is not HTTP/1.1");
			return in.n;
		}
		total += used;
		if (r->state == REGISTER_READING && http_parser_done(r->parser))
			http_parser_next(r->parser);
	}
	return total;
}

void
registration_eof(struct registration *r)
{
	if (r->state != REGISTER_READING)
		return;
	/* A refusal whose body was cut is a refusal all the same. */
	if (http_parser_eof(r->parser) == 0 && r->state != REGISTER_READING)
		return;
	if (r->answer.status && !r->interim)
		r->state = REGISTER_REFUSED;
	else
		registration_broken(r, "it closed the connection without an answer");
}

enum register_state
registration_state(const struct registration *r)
{
	return r->state;
}

const struct register_answer *
registration_answer(const struct registration *r)
{
	return &r->answer;
}
