/* tests/unit/edge/heads.h - heads from text, and a policy to judge them under. */
#ifndef WHT_TEST_EDGE_HEADS_H
#define WHT_TEST_EDGE_HEADS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/obj.h"
#include "base/strb.h"
#include "http/parse.h"
#include "msg/policy.h"

typedef void (*head_f)(const struct http_head *, void *more);

static const struct http_limits heads_limits = {
    .head_max = 65536, .target_max = 8192, .fields_max = 200};

struct heads_call {
	head_f f;
	void *more;
	int calls;
};

static inline int
heads_on_head(void *user, const struct http_head *head, struct span raw)
{
	struct heads_call *call = user;

	(void)raw;
	call->calls++;
	call->f(head, call->more);
	return HTTP_HOLD;
}

static inline void
heads_ignore(void *user, struct span data)
{
	(void)user;
	(void)data;
}

static inline void
heads_on_end(void *user)
{
	(void)user;
}

/* Calls f with the head that text is; fails when it is none. */
static inline void
with_head(enum http_kind kind, struct span text, bool to_head, head_f f, void *more)
{
	static const struct http_parser_ops ops = {
	    .on_head = heads_on_head, .on_body = heads_ignore, .on_end = heads_on_end};
	struct heads_call call = {.f = f, .more = more};
	struct http_parser *p = http_parser_new(kind, &heads_limits, &ops, &call);
	size_t used;
	int rc;

	if (kind == HTTP_RESPONSE)
		http_parser_expect(p, to_head);
	rc = http_parser_feed(p, text, &used);
	if (rc < 0 || call.calls != 1)
		fail_msg("no head: %s in %.*s", reason_word(http_parser_fault(p)), SPAN_FMT(text));
	http_parser_free(&p);
}

static inline void
with_request(const char *text, head_f f, void *more)
{
	with_head(HTTP_REQUEST, span_str(text), false, f, more);
}

static inline void
with_response(const char *text, bool to_head, head_f f, void *more)
{
	with_head(HTTP_RESPONSE, span_str(text), to_head, f, more);
}

static inline void
heads_set(char **place, const char *text)
{
	free(*place);
	*place = span_dup(span_str(text));
}

static inline struct policy *
policy_plain(void)
{
	struct policy *p = policy_new();

	heads_set(&p->hostname, "tunnel.example");
	heads_set(&p->authority, "tunnel.example:8080");
	p->secrets[0] = span_dup(SPAN("secretA"));
	p->secrets[1] = span_dup(SPAN("secretB"));
	p->limits.head_timeout = p->limits.admit_timeout = 300000; /* unless a test is about them */
	return p;
}

/* Where only the fact matters that there is TLS, any pointer says it; policy_end takes it back. */
static inline struct policy *
policy_tls(void)
{
	struct policy *p = policy_plain();

	heads_set(&p->authority, "tunnel.example");
	p->tls = (struct tls_context *)(void *)p;
	return p;
}

static inline void
policy_end(struct policy **p)
{
	(*p)->tls = NULL;
	policy_unref(p);
}

static inline struct sockaddr_in
address(const char *text, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
	return a;
}

#endif
