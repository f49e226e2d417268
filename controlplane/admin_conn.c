/* One peer of the admin socket: one request at a time, bounded in bytes and in time.
 *
 *   IDLE --first byte--> READING --whole--> BUSY --answer--> WRITING --all of it out--> IDLE
 *                          \--malformed, too large or too slow--> answered, and GONE
 *   BUSY --answer, no keep-alive--> GONE; any --the peer went, or out of time--> GONE
 *
 * Each state has its time, and no state holds more than one request and one answer. When every
 * place is taken, the peer that has been idle longest makes room: whoever leaves connections open
 * must not keep an operator out. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin_call.h"
#include "http/parse.h"
#include "http/write.h"
#include "net/conn.h"

#define ADMIN_CONN_MAGIC 0xadc0117eu

enum { CONNS_MAX = 64, HEAD_MAX = 16 * 1024, TARGET_MAX = 8 * 1024, FIELDS_MAX = 64 };
enum { REPLY_HEAD_MAX = 4096, GOODBYE_MS = 1000 };

enum conn_state { IDLE, READING, BUSY, WRITING, GONE };

static const unsigned state_ms[] = {
    [IDLE] = 60 * 1000, [READING] = 10 * 1000, [BUSY] = 0, [WRITING] = 30 * 1000, [GONE] = 0};

struct admin_conn {
	unsigned magic;
	enum conn_state state; /* set_state() only */
	struct admin *admin;
	LIST_ENTRY(admin_conn) entry;
	struct conn *conn; /* NULL: closing */
	struct http_parser *parser;
	struct admin_peer peer;
	bool over_tcp, keep_alive, whole, too_large;
	char *method, *target; /* of the request at hand */
	struct strb body;
	struct timer deadline;
	uint64_t since_ms; /* in this state */
};

static const struct http_limits limits = {
    .head_max = HEAD_MAX, .target_max = TARGET_MAX, .fields_max = FIELDS_MAX};

static void
set_state(struct admin_conn *c, enum conn_state state)
{
	c->state = state;
	c->since_ms = loop_now_ms(c->admin->loop);
	if (state_ms[state])
		timer_start(&c->deadline, state_ms[state]);
	else
		timer_stop(&c->deadline);
}

static void
forget_request(struct admin_conn *c)
{
	free(c->method);
	free(c->target);
	c->method = c->target = NULL;
	c->whole = c->too_large = false;
	strb_reset(&c->body);
}

/* From here on it has no answer to give; on_gone frees it. */
static void
leave(struct admin_conn *c)
{
	if (c->state == GONE)
		return;
	set_state(c, GONE);
	admin_forget_conn(c->admin, c);
}

static void
drop(struct admin_conn *c, enum reason why)
{
	leave(c);
	if (c->conn)
		conn_close(&c->conn, why);
}

/* ---- answers ---- */

static void
write_head(struct strb *b, const struct admin_conn *c, int status, const char *type,
    struct span fields, size_t length)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%zu", length);
	http_write_status_line(b, status);
	http_write_field(b, SPAN("Content-Type"), span_str(type));
	http_write_field(b, SPAN("Content-Length"), span_str(digits));
	http_write_field(b, SPAN("Cache-Control"), SPAN("no-store"));
	strb_add(b, fields);
	if (!c->keep_alive)
		http_write_field(b, SPAN("Connection"), SPAN("close"));
	http_write_end(b);
}

void
admin_conn_reply(
    struct admin_conn *c, int status, const char *type, struct span fields, struct span body)
{
	struct strb head;

	CHECK_OBJ(c, ADMIN_CONN_MAGIC);
	if (c->state == GONE)
		return;
	strb_init(&head, REPLY_HEAD_MAX);
	write_head(&head, c, status, type, fields, body.n);
	conn_write(c->conn, strb_span(&head));
	conn_write(c->conn, body);
	strb_free(&head);
	forget_request(c);
	if (c->keep_alive) {
		set_state(c, WRITING);
	} else {
		leave(c);
		conn_finish(&c->conn, R_NONE, state_ms[WRITING]);
	}
}

/* What is not well-formed HTTP has no second request. */
static void
refuse(struct admin_conn *c, int status, const char *error, const char *message)
{
	struct strb body;

	strb_init(&body, REPLY_HEAD_MAX);
	strb_printf(&body,
	    "{\"error\": \"%s\", \"message\": \"%s\", \"hint\": \"docs/admin-api.md\"}\n", error,
	    message);
	c->keep_alive = false;
	admin_conn_reply(c, status, "application/json", SPAN(""), strb_span(&body));
	strb_free(&body);
}

static void
refuse_reason(struct admin_conn *c, enum reason why)
{
	const struct reason_info *info = reason_info(why);

	refuse(c, info->status ? info->status : 400, info->word, info->text);
}

/* ---- requests ---- */

static int
on_head(void *user, const struct http_head *head, struct span raw)
{
	struct admin_conn *c = user;

	(void)raw;
	c->method = span_dup(head->method);
	c->target = span_dup(head->target);
	c->keep_alive = head->keep_alive;
	if (head->expect_continue && head->length <= ADMIN_BODY_MAX)
		conn_write(c->conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
	return HTTP_GO;
}

static void
on_body(void *user, struct span data)
{
	struct admin_conn *c = user;

	strb_add(&c->body, data);
	c->too_large = strb_failed(&c->body);
}

static void
on_end(void *user)
{
	struct admin_conn *c = user;

	c->whole = true;
}

static const struct http_parser_ops parser_ops = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end};

/* A scraper sees the metrics as an operator would, and nothing else at all. */
static bool
scraper_may(const struct admin_conn *c)
{
	const struct admin_row *metrics = admin_row(ADMIN_METRICS);

	return strcmp(c->method, metrics->method) == 0 && strcmp(c->target, metrics->path) == 0;
}

static void
take_request(struct admin_conn *c)
{
	http_parser_next(c->parser);
	set_state(c, BUSY);
	if (c->over_tcp && !scraper_may(c))
		refuse(c, 404, "not_found", "only GET /metrics is answered here");
	else
		admin_dispatch(c->admin, c, &c->peer, span_str(c->method), span_str(c->target),
		    strb_span(&c->body));
}

/* One request at most; what follows waits until it is answered. */
static size_t
on_data(void *user, struct span in)
{
	struct admin_conn *c;
	size_t used = 0;

	CAST_OBJ(c, user, ADMIN_CONN_MAGIC);
	if (c->state == BUSY || c->state == WRITING)
		return 0;
	if (c->state == GONE)
		return in.n;
	if (c->state == IDLE)
		set_state(c, READING);
	if (http_parser_feed(c->parser, in, &used) < 0)
		refuse_reason(c, http_parser_fault(c->parser));
	else if (c->too_large)
		refuse(c, 413, "body_too_large", "a body has 64 KiB at most");
	else if (c->whole)
		take_request(c);
	return c->state == GONE ? in.n : used;
}

static void
on_empty(void *user)
{
	struct admin_conn *c;

	CAST_OBJ(c, user, ADMIN_CONN_MAGIC);
	if (c->state != WRITING)
		return;
	set_state(c, IDLE);
	conn_resume(c->conn);
}

/* A half-closed peer has said all it wants; the answer to it may still be on its way. */
static void
on_eof(void *user)
{
	struct admin_conn *c;

	CAST_OBJ(c, user, ADMIN_CONN_MAGIC);
	c->keep_alive = false;
	if (c->state == IDLE || c->state == READING) {
		drop(c, R_EOF);
	} else if (c->state == WRITING) {
		leave(c);
		conn_finish(&c->conn, R_NONE, state_ms[WRITING]);
	}
}

static void
on_gone(void *user, enum reason why)
{
	struct admin_conn *c;

	(void)why;
	CAST_OBJ(c, user, ADMIN_CONN_MAGIC);
	leave(c);
	LIST_REMOVE(c, entry);
	c->admin->nconns[c->over_tcp]--;
	http_parser_free(&c->parser);
	forget_request(c);
	strb_free(&c->body);
	timer_stop(&c->deadline);
	OBJ_FREE(c);
}

static const struct conn_ops conn_ops = {
    .on_data = on_data, .on_empty = on_empty, .on_eof = on_eof, .on_gone = on_gone};

static void
on_deadline(void *user)
{
	struct admin_conn *c;

	CAST_OBJ(c, user, ADMIN_CONN_MAGIC);
	if (c->state == READING)
		refuse_reason(c, R_HEAD_TIMEOUT);
	else
		drop(c, c->state == IDLE ? R_VIEWER_IDLE : R_WRITE_TIMEOUT);
}

/* ---- the door ---- */

/* True when there is a place, if need be that of the one that has been idle longest. */
static bool
make_room(struct admin *a, bool over_tcp)
{
	struct admin_conn *c, *oldest = NULL;

	if (a->nconns[over_tcp] < CONNS_MAX)
		return true;
	LIST_FOREACH(c, &a->conns, entry)
	{
		if (c->over_tcp == over_tcp && c->state == IDLE &&
		    (!oldest || c->since_ms <= oldest->since_ms))
			oldest = c;
	}
	if (oldest)
		drop(oldest, R_VIEWER_IDLE);
	return oldest != NULL;
}

static struct admin_conn *
new_conn(struct admin *a, const struct admin_peer *peer, bool over_tcp)
{
	struct admin_conn *c;

	OBJ_NEW(c, ADMIN_CONN_MAGIC);
	c->admin = a;
	c->peer = *peer;
	c->over_tcp = over_tcp;
	c->parser = http_parser_new(HTTP_REQUEST, &limits, &parser_ops, c);
	strb_init(&c->body, ADMIN_BODY_MAX);
	timer_init(&c->deadline, a->loop, on_deadline, c);
	return c;
}

void
admin_conn_accept(struct admin *a, int fd, bool over_tcp)
{
	struct admin_peer peer = {.role = ROLE_VIEW};
	struct admin_conn *c;

	if (!over_tcp)
		admin_socket_peer(a, fd, &peer);
	if (!make_room(a, over_tcp)) {
		close(fd);
		return;
	}
	c = new_conn(a, &peer, over_tcp);
	c->conn = conn_accept(a->loop, fd, NULL, &conn_ops, c);
	if (!c->conn) {
		http_parser_free(&c->parser);
		OBJ_FREE(c);
		return;
	}
	LIST_INSERT_HEAD(&a->conns, c, entry);
	a->nconns[over_tcp]++;
	set_state(c, IDLE);
}

void
admin_conns_shut(struct admin *a)
{
	struct admin_conn *c;

	LIST_FOREACH(c, &a->conns, entry)
	{
		if (c->state == WRITING) {
			leave(c);
			conn_finish(&c->conn, R_SHUTDOWN, GOODBYE_MS);
		} else if (c->state != GONE) {
			drop(c, R_SHUTDOWN);
		}
	}
}
