/* A dialled connection that goes through a proxy: before it is open to its user,
 * the proxy is asked for the way. The few bytes go past the queue, for what the user wrote
 * ahead waits there for TLS. */
#include <stdio.h>

#include "net/conn_priv.h"

#define GREETING_MAGIC 0x92ee7001u

struct greeting {
	unsigned magic;
	struct proxy proxy;
	struct proxy_talk talk;
};

struct greeting *
greeting_new(const struct proxy *proxy, const char *host, uint16_t port)
{
	struct greeting *g;

	OBJ_NEW(g, GREETING_MAGIC);
	g->proxy = *proxy;
	snprintf(g->talk.host, sizeof(g->talk.host), "%s", host);
	g->talk.port = port;
	return g;
}

void
greeting_free(struct greeting **gp)
{
	struct greeting *g;

	TAKE_OBJ(g, gp, GREETING_MAGIC);
	explicit_bzero(&g->proxy, sizeof(g->proxy));
	OBJ_FREE(g);
}

/* A fresh socket has room for it. */
static void
greet_send(struct conn *c, struct strb *text)
{
	uv_buf_t buf = uv_buf_init(text->p, (unsigned)text->n);

	if (!strb_failed(text) &&
	    (text->n == 0 || uv_try_write(&c->stream, &buf, 1) == (int)text->n)) {
		if (text->p)
			explicit_bzero(text->p, text->n);
		strb_free(text);
		return;
	}
	strb_free(text);
	conn_fail(c, R_DIAL_FAILED, "the proxy does not take a request");
}

void
conn_greet(struct conn *c)
{
	struct greeting *g = c->greeting;
	struct strb out;
	char host[PROXY_HOST_MAX];

	memcpy(host, g->talk.host, sizeof(host));
	strb_init(&out, PROXY_OUT_MAX);
	proxy_begin(&g->talk, &g->proxy, host, g->talk.port, &out);
	conn_set_state(c, CONN_GREETING);
	greet_send(c, &out);
	conn_read(c);
}

static void
greet_through(struct conn *c)
{
	greeting_free(&c->greeting);
	timer_stop(&c->deadline);
	conn_connected(c);
	if (c->state == CONN_OPEN && !c->tls && c->ops->on_open)
		c->ops->on_open(c->user);
}

size_t
conn_greet_feed(struct conn *c, struct span in)
{
	struct greeting *g = c->greeting;
	char error[2 * PROXY_ERROR_MAX];
	struct strb out;
	size_t used;

	strb_init(&out, PROXY_OUT_MAX);
	used = proxy_feed(&g->talk, in, &out);
	greet_send(c, &out);
	if (g->talk.state == PROXY_REFUSED) {
		snprintf(error, sizeof(error), "the proxy: %s", g->talk.error);
		conn_fail(c, R_DIAL_FAILED, error);
	} else if (g->talk.state == PROXY_THROUGH && c->state == CONN_GREETING) {
		greet_through(c);
	}
	return used;
}
