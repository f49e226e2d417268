/* Dialling: resolve if there is a name, then one address after the other until one answers.
 *
 * Each attempt needs a libuv handle of its own inside the same conn, so the next attempt
 * begins in the close callback of the last. The attempt outlives the conn only while
 * a name is being looked up. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/un.h>

#include "net/conn_priv.h"

#define DIAL_MAGIC 0xd1a11e45u

enum {
	ADDRESSES_MAX = 8,
	CONNECT_MS = 10000, /* for a name, and for each address */
};

struct dial_attempt {
	unsigned magic;
	struct conn *conn; /* NULL: it went away during the look-up */
	struct loop *loop;
	uv_getaddrinfo_t lookup;
	bool looking_up;
	struct sockaddr_storage addresses[ADDRESSES_MAX];
	int naddresses, next;
	struct task begin; /* conn_dial never calls back */
	char *name;	   /* what is looked up */
	uint16_t port;
	char *unix_path;
};

static void dial_next(struct dial_attempt *);

static void
dial_free(struct dial_attempt *d)
{
	task_cancel(&d->begin);
	free(d->name);
	free(d->unix_path);
	loop_release(d->loop);
	OBJ_FREE(d);
}

void
dial_forget(struct conn *c)
{
	struct dial_attempt *d;

	TAKE_OBJ(d, &c->dial, DIAL_MAGIC);
	d->conn = NULL;
	if (d->looking_up)
		uv_cancel((uv_req_t *)&d->lookup); /* too late is fine: its callback frees */
	else
		dial_free(d);
}

static void
dial_fail(struct dial_attempt *d, const char *to, const char *why)
{
	char error[256];

	snprintf(error, sizeof(error), "%s: %s", to, why);
	conn_fail(d->conn, R_DIAL_FAILED, error);
}

/* ---- connecting ---- */

static const char *
dial_target_text(const struct dial_attempt *d, char text[ADDR_TEXT_MAX])
{
	if (d->unix_path)
		return d->unix_path;
	return addr_text((const struct sockaddr *)&d->addresses[d->next - 1], text);
}

static void
dial_on_attempt_closed(uv_handle_t *handle)
{
	struct conn *c;

	CAST_OBJ(c, handle->data, CONN_MAGIC);
	c->handle_open = c->handle_closing = false;
	if (c->state == CONN_CLOSED)
		conn_end(c);
	else
		dial_next(c->dial);
}

static void
dial_attempt_failed(struct dial_attempt *d, const char *why)
{
	char text[ADDR_TEXT_MAX];

	if (d->next < d->naddresses)
		conn_close_handle(d->conn, dial_on_attempt_closed);
	else
		dial_fail(d, dial_target_text(d, text), why);
}

void
dial_timed_out(struct conn *c)
{
	struct dial_attempt *d = c->dial;

	if (d->looking_up)
		dial_fail(d, d->name, "the name was not resolved in time");
	else if (!c->handle_closing)
		dial_attempt_failed(d, "no answer in time");
}

static void
dial_succeeded(struct conn *c)
{
	struct sockaddr_storage peer;
	int len = sizeof(peer);
	bool is_unix = c->dial->unix_path != NULL;

	dial_forget(c);
	if (!is_unix && uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&peer, &len) == 0) {
		conn_set_peer(c, (struct sockaddr *)&peer);
		uv_tcp_nodelay(&c->tcp, 1);
	}
	if (c->greeting) {
		conn_greet(c);
		return;
	}
	timer_stop(&c->deadline);
	conn_connected(c);
	if (c->state == CONN_OPEN && !c->tls && c->ops->on_open)
		c->ops->on_open(c->user);
}

static void
dial_on_connect(uv_connect_t *request, int status)
{
	struct conn *c;

	if (status == UV_ECANCELED) /* the conn closed, and does not look at us any more */
		return;
	CAST_OBJ(c, request->handle->data, CONN_MAGIC);
	if (status < 0)
		dial_attempt_failed(c->dial, uv_strerror(status));
	else
		dial_succeeded(c);
}

static void
dial_unix(struct dial_attempt *d)
{
	struct conn *c = d->conn;

	/* libuv would cut it off and connect to another one. */
	if (strlen(d->unix_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		dial_fail(d, d->unix_path, "the path is too long for a Unix socket");
		return;
	}
	uv_pipe_init(loop_uv(c->loop), &c->pipe, 0);
	c->handle.data = c;
	c->handle_open = true;
	uv_pipe_connect(&c->connect, &c->pipe, d->unix_path, dial_on_connect);
}

static void
dial_next(struct dial_attempt *d)
{
	struct conn *c = d->conn;
	int status;

	uv_tcp_init(loop_uv(c->loop), &c->tcp);
	c->handle.data = c;
	c->handle_open = true;
	timer_start(&c->deadline, CONNECT_MS);
	status = uv_tcp_connect(
	    &c->connect, &c->tcp, (struct sockaddr *)&d->addresses[d->next++], dial_on_connect);
	if (status < 0)
		dial_attempt_failed(d, uv_strerror(status));
}

/* ---- names ---- */

static void
dial_on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct dial_attempt *d;

	CAST_OBJ(d, lookup->data, DIAL_MAGIC);
	d->looking_up = false;
	for (struct addrinfo *a = found; a && d->naddresses < ADDRESSES_MAX; a = a->ai_next)
		memcpy(&d->addresses[d->naddresses++], a->ai_addr, a->ai_addrlen);
	uv_freeaddrinfo(found);
	if (!d->conn)
		dial_free(d);
	else if (status < 0 || d->naddresses == 0)
		dial_fail(d, d->name, status < 0 ? uv_strerror(status) : "no address");
	else
		dial_next(d);
}

static void
dial_look_up(struct dial_attempt *d)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	char port[8];
	int status;

	snprintf(port, sizeof(port), "%u", d->port);
	d->lookup.data = d;
	status =
	    uv_getaddrinfo(loop_uv(d->loop), &d->lookup, dial_on_looked_up, d->name, port, &hints);
	if (status < 0) {
		dial_fail(d, d->name, uv_strerror(status));
		return;
	}
	d->looking_up = true;
	timer_start(&d->conn->deadline, CONNECT_MS);
}

static void
dial_add_address(struct dial_attempt *d, const char *host)
{
	struct sockaddr_storage *a = &d->addresses[d->naddresses];

	if (uv_ip4_addr(host, d->port, (struct sockaddr_in *)a) == 0 ||
	    uv_ip6_addr(host, d->port, (struct sockaddr_in6 *)a) == 0)
		d->naddresses++;
}

static void
dial_begin(void *user)
{
	struct dial_attempt *d;

	CAST_OBJ(d, user, DIAL_MAGIC);
	if (d->unix_path)
		dial_unix(d);
	else if (d->naddresses)
		dial_next(d);
	else
		dial_look_up(d);
}

/* Never empty: to OpenSSL an empty name means that any will do. */
static const char *
dial_server_name(const struct dial *to)
{
	if (to->server_name && *to->server_name)
		return to->server_name;
	return to->host && *to->host ? to->host : "localhost";
}

struct conn *
conn_dial(struct loop *loop, const struct dial *to, const struct conn_ops *ops, void *user)
{
	struct conn *c = conn_new(loop, ops, user);
	const char *host = to->host;
	struct dial_attempt *d;

	OBJ_NEW(d, DIAL_MAGIC);
	c->dial = d;
	d->conn = c;
	d->loop = loop;
	d->port = to->port;
	loop_hold(loop);
	if (to->tls)
		c->tls = tls_io_connect(to->tls, dial_server_name(to), loop_pool(loop));
	if (to->proxy && !to->unix_path) {
		c->greeting = greeting_new(to->proxy, host ? host : "localhost", to->port);
		host = to->proxy->host;
		d->port = to->proxy->port;
	}
	if (to->unix_path) {
		d->unix_path = span_dup(span_str(to->unix_path));
	} else if (host) {
		d->name = span_dup(span_str(host));
		dial_add_address(d, host);
	} else {
		dial_add_address(d, "::1");
		dial_add_address(d, "127.0.0.1");
	}
	task_init(&d->begin, loop, dial_begin, d);
	task_ask(&d->begin);
	return c;
}
