/* The viewer's requests on a stream, one after the other. The hard thing is to know where each one
 * ends without touching its bytes: a parser is fed what passes by, and what it used is what passes.
 */
#include <stdio.h>

#include "base/clock.h"
#include "cli/forward_priv.h"

static const struct http_limits limits = {
    .head_max = 64 * 1024, .target_max = 32 * 1024, .fields_max = 256};

/* ---- heads ---- */

static void
exchange_begin(struct exchange *e, const struct http_head *head, const struct route *route)
{
	bool changes = !span_eq(head->method, SPAN("GET")) &&
		       !span_eq(head->method, SPAN("HEAD")) &&
		       !span_eq(head->method, SPAN("OPTIONS"));

	*e = (struct exchange){.under_way = true,
	    .route = route,
	    .began_ns = clock_mono_ns(),
	    .keep = head->keep_alive,
	    .upgrade = head->upgrade,
	    .safe = !changes && !head->upgrade && head->framing == HTTP_NO_BODY};
	snprintf(e->method, sizeof(e->method), "%.*s", SPAN_FMT(head->method));
	snprintf(e->path, sizeof(e->path), "%.*s", SPAN_FMT(head->target));
}

static void
write_out(
    struct forward *f, const struct route *route, const struct http_head *head, struct span raw)
{
	const struct rules *rules = f->owner->rules;
	struct sockaddr_storage viewer;
	bool known = f->owner->trusted && rules_viewer(head, &viewer);

	strb_reset(&f->out);
	if (rules->proxy_protocol && route->kind == ROUTE_DIAL) {
		forward_drop_target(f); /* it belongs to another viewer */
		rules_write_proxy_v2(&f->out, known ? &viewer : NULL);
	}
	rules_write_head(rules, route, head, raw, &f->out);
}

static int
on_request_head(void *user, const struct http_head *head, struct span raw)
{
	struct verdict v;
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	v = rules_judge(f->owner->rules, head, f->owner->trusted);
	exchange_begin(&f->now, head, v.route);
	f->now.status = v.status;
	http_parser_expect(f->responses, span_eq(head->method, SPAN("HEAD")));
	if (!v.status)
		write_out(f, v.route, head, raw);
	return HTTP_HOLD;
}

static void
on_request_body(void *user, struct span data)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->now.route && f->now.route->kind == ROUTE_PROGRAM)
		strb_add(&f->body, data);
}

static void
on_request_end(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	f->now.asked = true;
}

static const struct http_parser_ops request_ops = {
    .on_head = on_request_head,
    .on_body = on_request_body,
    .on_end = on_request_end,
};

static const char *
refusal_text(int status)
{
	return status == 401   ? "the viewer gave no name and password that is known here"
	       : status == 403 ? "the viewer's address is not allowed"
			       : "no target is set for this path";
}

/* The head is whole: off it goes. */
static void
begin_exchange(struct forward *f)
{
	int status = f->now.status;

	f->now.status = 0;
	if (f->state == FORWARD_HEAD)
		forward_set_state(f, FORWARD_COPYING);
	if (status)
		forward_refuse(f, status, refusal_text(status), R_NONE);
	else if (strb_failed(&f->out))
		forward_refuse(f, 431, "the request head is too large", R_NONE);
	else if (f->now.route->kind == ROUTE_DIAL)
		forward_ask_target(f);
}

/* ---- bytes ---- */

/* To the target, or to nobody. */
static void
pass_on(struct forward *f, struct span in)
{
	if (f->leg) {
		/* Never more than our window: credit goes back when bytes have left. */
		f->owed += in.n;
		leg_write(f->leg, in);
	} else {
		wsmux_stream_used(f->stream, in.n);
	}
}

/* It is no HTTP that we understand. */
static void
go_raw(struct forward *f, struct span in)
{
	f->raw = true;
	if (f->now.under_way) {
		pass_on(f, in);
		return;
	}
	f->now.route = &f->owner->rules->routes[0];
	if (!rules_take_anything(f->owner->rules)) {
		f->now = (struct exchange){.under_way = true, .began_ns = clock_mono_ns()};
		wsmux_stream_used(f->stream, in.n);
		forward_refuse(f, 400, "the request is malformed", R_NONE);
		return;
	}
	if (f->state == FORWARD_HEAD)
		forward_set_state(f, FORWARD_COPYING);
	strb_reset(&f->out);
	strb_add(&f->out, strb_span(&f->seen));
	forward_ask_target(f);
	pass_on(f, in);
}

static void
after_head(struct forward *f, size_t used)
{
	wsmux_stream_used(f->stream, used); /* the head for the target is ours */
	strb_reset(&f->seen);
	begin_exchange(f);
}

static void
after_request(struct forward *f)
{
	if (f->now.route && f->now.route->kind == ROUTE_FOLDER)
		forward_answer_file(f);
	else if (f->now.route && f->now.route->kind == ROUTE_PROGRAM)
		forward_answer_program(f);
	else
		forward_next(f);
}

/* One bite of the parser's. Answers how much it was. */
static size_t
take_some(struct forward *f, struct span in)
{
	bool had_head = f->now.under_way, had_all = f->now.asked;
	size_t used;

	if (!had_head && http_parser_done(f->requests))
		http_parser_next(f->requests);
	if (http_parser_feed(f->requests, in, &used) < 0) {
		go_raw(f, in);
		return in.n;
	}
	if (!had_head && !f->now.under_way) {
		strb_add(&f->seen, span_take(in, used));
		wsmux_stream_used(f->stream, used);
		return used;
	}
	if (!had_head)
		after_head(f, used);
	else
		pass_on(f, span_take(in, used));
	if (!had_all && f->now.asked && f->state != FORWARD_DRAINING)
		after_request(f);
	return used;
}

size_t
forward_take_requests(struct forward *f, struct span in)
{
	size_t total = 0;

	while (total < in.n || (f->now.under_way && !f->now.asked && total == in.n)) {
		struct span rest = span_of(in.p + total, in.n - total);
		size_t used;

		if (f->state == FORWARD_DRAINING) {
			wsmux_stream_used(f->stream, rest.n);
			return in.n;
		}
		if (f->raw) {
			pass_on(f, rest);
			return in.n;
		}
		if (f->now.asked)
			break; /* the next request waits for the answer to this one */
		used = take_some(f, rest);
		total += used;
		if (used == 0 && !f->now.asked && f->now.under_way)
			break; /* nothing is left but to wait for its body */
	}
	return total;
}

/* ---- answers ---- */

static int
on_response_head(void *user, const struct http_head *head, struct span raw)
{
	struct forward *f;

	(void)raw;
	CAST_OBJ(f, user, FORWARD_MAGIC);
	f->now.status = head->status;
	if (!head->keep_alive)
		f->now.keep = false;
	return HTTP_GO;
}

static void
on_response_body(void *user, struct span data)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	f->now.bytes += data.n;
}

static void
on_response_end(void *user)
{
	struct forward *f;

	CAST_OBJ(f, user, FORWARD_MAGIC);
	if (f->now.status >= 200 || f->now.status == 101)
		f->now.answered = true;
}

static const struct http_parser_ops response_ops = {
    .on_head = on_response_head,
    .on_body = on_response_body,
    .on_end = on_response_end,
};

static void
after_answer(struct forward *f)
{
	if (f->now.status == 101)
		f->raw = f->blind = true;
	forward_tell(f, "");
	if (f->now.asked && !f->now.keep && !f->raw)
		return; /* the target closes now */
	forward_next(f);
}

void
forward_look_at_answer(struct forward *f, struct span sent)
{
	strb_reset(&f->out); /* it was read: not to be said again */
	while (sent.n && !f->blind) {
		size_t used;

		if (!f->now.under_way || f->now.answered ||
		    http_parser_feed(f->responses, sent, &used) < 0) {
			f->blind = true;
			return;
		}
		sent = span_drop(sent, used);
		if (http_parser_done(f->responses) && !f->now.answered)
			http_parser_next(f->responses); /* an interim one */
		else if (f->now.answered && !(f->now.status == 101))
			http_parser_next(f->responses);
		if (f->now.answered && sent.n && f->now.status != 101)
			f->blind = true; /* more than was asked for */
		if (f->now.answered)
			after_answer(f);
	}
}

/* The target closed: of an answer that lasts until then this is the end. */
void
forward_answer_ended(struct forward *f)
{
	bool whole;

	if (!f->now.under_way || f->now.told || f->blind)
		return;
	whole = http_parser_eof(f->responses) == 0 && f->now.answered;
	f->blind = true;
	forward_tell(f, whole		? ""
			: f->now.status ? "the local target broke off"
					: "the local target closed without an answer");
}

void
forward_requests_init(struct forward *f)
{
	f->requests = http_parser_new(HTTP_REQUEST, &limits, &request_ops, f);
	f->responses = http_parser_new(HTTP_RESPONSE, &limits, &response_ops, f);
	strb_init(&f->seen, RULES_HEAD_MAX);
	strb_init(&f->out, RULES_HEAD_MAX);
	strb_init(&f->reply, REPLY_MAX);
	strb_init(&f->body, PROGRAM_BODY_MAX);
}
