#include <unistd.h>

#include "net/conn_priv.h"
#include "net/move.h"

#define BUNDLE_MAGIC 0xb0d1e000u

struct conn_bundle {
	unsigned magic;
	int fd;
	struct tls_io *tls;
	struct buf in; /* every unread plain byte */
	bool eof;
	uint64_t received, sent;
	struct sockaddr_storage peer;
};

static int
conn_dup_fd(struct conn *c)
{
	uv_os_fd_t fd;

	if (uv_fileno(&c->handle, &fd) < 0)
		return -1;
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void
bundle_take_input(struct conn_bundle *b, struct conn *c, struct span unread)
{
	struct chunk_pool *pool = loop_pool(c->loop);

	buf_init(&b->in, pool, c->in.max);
	ENSURE(buf_append(&b->in, unread) == 0);
	buf_drop(&c->in, c->offering); /* taken: if they are wanted again, they are in unread */
	ENSURE(buf_splice(&b->in, &c->in) == 0);
	buf_adopt(&b->in, pool, NULL);
}

struct conn_bundle *
conn_detach(struct conn **cp, struct span unread)
{
	struct conn *c = *cp;
	struct conn_bundle *b;
	int fd;

	CHECK_OBJ(c, CONN_MAGIC);
	ENSURE(c->state == CONN_OPEN && conn_queued(c) == 0 && !c->writing && !c->shutdown_asked);
	fd = conn_dup_fd(c);
	if (fd < 0)
		return NULL;
	*cp = NULL;
	OBJ_NEW(b, BUNDLE_MAGIC);
	b->fd = fd;
	b->eof = c->eof;
	b->received = c->received;
	b->sent = c->sent;
	memcpy(&b->peer, &c->peer, sizeof(c->peer));
	bundle_take_input(b, c, unread);
	if (c->tls) {
		b->tls = c->tls;
		c->tls = NULL;
		tls_io_adopt(b->tls, loop_pool(c->loop), NULL);
	}
	c->moved = true;
	conn_fail(c, R_NONE, NULL);
	return b;
}

static void
bundle_give_input(struct conn_bundle *b, struct conn *c)
{
	struct chunk_pool *pool = loop_pool(c->loop);

	buf_adopt(&b->in, NULL, pool);
	ENSURE(buf_splice(&c->in, &b->in) == 0);
	c->tls = b->tls;
	b->tls = NULL;
	if (c->tls)
		tls_io_adopt(c->tls, NULL, pool);
	c->eof = b->eof;
	c->received = b->received;
	c->sent = b->sent;
}

struct conn *
conn_adopt(struct loop *loop, struct conn_bundle **bp, const struct conn_ops *ops, void *user)
{
	struct conn_bundle *b;
	struct conn *c;

	TAKE_OBJ(b, bp, BUNDLE_MAGIC);
	c = conn_new(loop, ops, user);
	conn_set_peer(c, (struct sockaddr *)&b->peer);
	bundle_give_input(b, c);
	if (conn_open_fd(c, b->fd) < 0) {
		c->moved = true; /* nobody has heard of it */
		conn_fail(c, R_IO, NULL);
		c = NULL;
	} else {
		conn_set_state(c, CONN_OPEN);
		conn_read(c);
		conn_resume(c);
	}
	OBJ_FREE(b);
	return c;
}

void
conn_bundle_free(struct conn_bundle **bp)
{
	struct conn_bundle *b;
	struct chunk_pool pool;

	TAKE_OBJ(b, bp, BUNDLE_MAGIC);
	chunk_pool_init(&pool);
	buf_adopt(&b->in, NULL, &pool);
	buf_clear(&b->in);
	if (b->tls) {
		tls_io_adopt(b->tls, NULL, &pool);
		tls_io_free(&b->tls);
	}
	chunk_pool_free(&pool);
	close(b->fd);
	OBJ_FREE(b);
}
