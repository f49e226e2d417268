#include "cli/leg.h"

#include <stdio.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/obj.h"

#define LEG_MAGIC  0xf02d0003u
#define LEGS_MAGIC 0xf02d0004u

enum {
	FINISH_MS = 5000, /* for a target that is slow to take the last bytes */
	IDLE_MS = 3000,	  /* less than what servers usually wait */
	IDLE_MAX = 16,
};

struct leg {
	unsigned magic;
	struct legs *legs;
	void *user; /* NULL: nobody's */
	const struct route *route;
	struct conn *conn;
	bool open, idle, reused;
	struct timer rest; /* of an idle one */
	TAILQ_ENTRY(leg) entry;
};

struct legs {
	unsigned magic;
	struct loop *loop;
	const struct leg_ops *ops;
	bool refusing; /* the last dial failed: said once, not once a request */
	TAILQ_HEAD(, leg) idle;
	size_t nidle;
};

static const struct conn_ops conn_ops;

static void
leg_unlist(struct leg *leg)
{
	if (!leg->idle)
		return;
	leg->idle = false;
	timer_stop(&leg->rest);
	TAILQ_REMOVE(&leg->legs->idle, leg, entry);
	leg->legs->nidle--;
}

static void
leg_close(struct leg *leg, enum reason why)
{
	leg_unlist(leg);
	if (leg->conn)
		conn_close(&leg->conn, why);
}

static void
leg_on_rest(void *user)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	leg_close(leg, R_NONE);
}

/* ---- beginning ---- */

static struct leg *
leg_take_idle(struct legs *legs, const struct route *route)
{
	struct leg *leg;

	TAILQ_FOREACH(leg, &legs->idle, entry)
	{
		if (leg->route == route)
			break;
	}
	if (!leg)
		return NULL;
	leg_unlist(leg);
	leg->reused = true;
	return leg;
}

static struct leg *
leg_dial(struct legs *legs, const struct route *route)
{
	const struct place *place = &route->place;
	struct dial dial = {.port = place->port, .tls = route->tls, .server_name = "localhost"};
	struct leg *leg;

	if (place->unix_path[0])
		dial.unix_path = place->unix_path;
	if (place->host[0])
		dial.host = dial.server_name = place->host;
	OBJ_NEW(leg, LEG_MAGIC);
	leg->legs = legs;
	leg->route = route;
	timer_init(&leg->rest, legs->loop, leg_on_rest, leg);
	leg->conn = conn_dial(legs->loop, &dial, &conn_ops, leg);
	return leg;
}

struct leg *
leg_take(struct legs *legs, const struct route *route, bool may_be_idle, void *user)
{
	struct leg *leg = may_be_idle ? leg_take_idle(legs, route) : NULL;

	if (!leg)
		leg = leg_dial(legs, route);
	leg->user = user;
	return leg;
}

/* ---- use ---- */

void
leg_write(struct leg *leg, struct span out)
{
	conn_write(leg->conn, out);
}

size_t
leg_queued(const struct leg *leg)
{
	return conn_queued(leg->conn);
}

void
leg_resume(struct leg *leg)
{
	conn_resume(leg->conn);
}

void
leg_shutdown(struct leg *leg)
{
	conn_shutdown(leg->conn);
}

const struct route *
leg_route(const struct leg *leg)
{
	return leg->route;
}

bool
leg_opened(const struct leg *leg)
{
	return leg->open;
}

bool
leg_reused(const struct leg *leg)
{
	return leg->reused;
}

/* ---- ending ---- */

void
leg_drop(struct leg **legp, enum reason why, bool finish)
{
	struct leg *leg;

	TAKE_OBJ(leg, legp, LEG_MAGIC);
	leg->user = NULL;
	if (finish)
		conn_finish(&leg->conn, why, FINISH_MS);
	else
		conn_close(&leg->conn, why);
}

void
leg_keep(struct leg **legp)
{
	struct legs *legs = (*legp)->legs;
	struct leg *leg;

	if (legs->nidle >= IDLE_MAX || conn_queued((*legp)->conn))
		return;
	TAKE_OBJ(leg, legp, LEG_MAGIC);
	leg->user = NULL;
	leg->idle = true;
	TAILQ_INSERT_HEAD(&legs->idle, leg, entry);
	legs->nidle++;
	timer_start(&leg->rest, IDLE_MS);
}

/* ---- what it says ---- */

static void
leg_on_open(void *user)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	leg->open = true;
	if (leg->legs->refusing)
		log_info(NULL, "%s answers again", leg->route->place.text);
	leg->legs->refusing = false;
}

static size_t
leg_on_data(void *user, struct span in)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	if (leg->user)
		return leg->legs->ops->on_data(leg->user, in);
	leg_close(leg, R_NONE); /* an idle one speaks: not to be trusted with a request */
	return in.n;
}

static void
leg_on_sent(void *user, size_t n)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	if (leg->user)
		leg->legs->ops->on_sent(leg->user, n);
}

static void
leg_on_eof(void *user)
{
	struct leg *leg;

	CAST_OBJ(leg, user, LEG_MAGIC);
	if (leg->user)
		leg->legs->ops->on_eof(leg->user);
	else
		leg_close(leg, R_NONE);
}

static void
leg_say_refusal(struct leg *leg, const char *error)
{
	if (!leg->legs->refusing)
		log_warn(NULL, "%s does not answer: %s", leg->route->place.text, error);
	leg->legs->refusing = true;
}

static void
leg_on_gone(void *user, enum reason why)
{
	struct leg *leg;
	char error[256];

	CAST_OBJ(leg, user, LEG_MAGIC);
	snprintf(error, sizeof(error), "%s", leg->conn ? conn_error(leg->conn) : "");
	leg->conn = NULL;
	leg_unlist(leg);
	if (leg->user && !leg->open)
		leg_say_refusal(leg, error);
	if (leg->user)
		leg->legs->ops->on_gone(leg->user, why, error);
	timer_stop(&leg->rest);
	OBJ_FREE(leg);
}

static const struct conn_ops conn_ops = {
    .on_open = leg_on_open,
    .on_data = leg_on_data,
    .on_sent = leg_on_sent,
    .on_eof = leg_on_eof,
    .on_gone = leg_on_gone,
};

/* ---- all of them ---- */

struct legs *
legs_new(struct loop *loop, const struct leg_ops *ops)
{
	struct legs *legs;

	OBJ_NEW(legs, LEGS_MAGIC);
	legs->loop = loop;
	legs->ops = ops;
	TAILQ_INIT(&legs->idle);
	return legs;
}

void
legs_close_idle(struct legs *legs)
{
	struct leg *leg;

	CHECK_OBJ(legs, LEGS_MAGIC);
	while ((leg = TAILQ_FIRST(&legs->idle)))
		leg_close(leg, R_NONE);
}

void
legs_free(struct legs **legsp)
{
	struct legs *legs;

	TAKE_OBJ(legs, legsp, LEGS_MAGIC);
	ENSURE(legs->nidle == 0);
	OBJ_FREE(legs);
}
