/* The admin's life. It opens whole or not at all, and ends in two steps, because what it has on the
 * loop needs the loop to let go of. */
#include "controlplane/admin.h"

#include <unistd.h>

#include "base/log.h"
#include "base/obj.h"
#include "controlplane/admin_audit.h"
#include "controlplane/admin_call.h"
#include "controlplane/admin_reader.h"
#include "net/addr.h"
#include "net/listen.h"

static void
on_operator(void *user, int fd)
{
	struct admin *a;

	CAST_OBJ(a, user, ADMIN_MAGIC);
	admin_conn_accept(a, fd, false);
}

static void
on_scraper(void *user, int fd)
{
	struct admin *a;

	CAST_OBJ(a, user, ADMIN_MAGIC);
	admin_conn_accept(a, fd, true);
}

static void
on_post(void *user, unsigned worker, struct mail *mail)
{
	struct admin *a;

	CAST_OBJ(a, user, ADMIN_MAGIC);
	a->ops->post(a->user, worker, mail);
}

static int
open_doors(struct admin *a, char error[ADMIN_ERROR_MAX])
{
	char address[ADDR_TEXT_MAX];
	int scrapers = -1, operators;

	_Static_assert(LISTEN_ERROR_MAX <= ADMIN_ERROR_MAX, "a listening error fits");
	if (a->place.has_metrics && (scrapers = listen_socket(&a->place.metrics, error)) < 0)
		return -WHT_EIO;
	operators = admin_socket_open(a, error);
	if (operators < 0) {
		if (scrapers >= 0)
			close(scrapers);
		return -WHT_EIO;
	}
	a->door = listener_new(a->loop, operators, on_operator, a);
	log_event(LVL_INFO, "admin.listening", NULL, LOG_STR("path", a->place.socket));
	if (scrapers < 0)
		return 0;
	a->metrics_door = listener_new(a->loop, scrapers, on_scraper, a);
	log_event(LVL_INFO, "metrics.listening", NULL,
	    LOG_STR("address", addr_text((struct sockaddr *)&a->place.metrics, address)));
	return 0;
}

struct admin *
admin_open(struct loop *loop, const struct admin_place *place, unsigned workers,
    struct ledger *ledger, const struct admin_ops *ops, void *user, char error[ADMIN_ERROR_MAX])
{
	struct admin *a;

	OBJ_NEW(a, ADMIN_MAGIC);
	a->loop = loop;
	a->place = *place;
	a->ledger = ledger;
	a->ops = ops;
	a->user = user;
	a->workers = workers;
	LIST_INIT(&a->conns);
	LIST_INIT(&a->calls);
	if (open_doors(a, error) < 0) {
		OBJ_FREE(a);
		return NULL;
	}
	json_object_seed(0); /* lazily it would be a race between two threads */
	a->questions = questions_new(loop, workers, on_post, a);
	a->reader = admin_reader_new(loop, ledger_reader(ledger));
	admin_follow_init(a);
	return a;
}

/* The ledger may still answer for some of them: then they have nobody to act for. */
static void
orphan_calls(struct admin *a)
{
	struct admin_call *call;

	while ((call = LIST_FIRST(&a->calls))) {
		LIST_REMOVE(call, entry);
		call->admin = NULL;
		call->conn = NULL;
	}
}

void
admin_shut(struct admin *a)
{
	CHECK_OBJ(a, ADMIN_MAGIC);
	a->shut = true;
	listener_close(&a->door);
	if (a->metrics_door)
		listener_close(&a->metrics_door);
	admin_socket_remove(a);
	admin_follow_end(a);
	questions_free(&a->questions);
	admin_reader_shut(a->reader);
	orphan_calls(a);
	admin_conns_shut(a);
}

void
admin_free(struct admin **ap)
{
	struct admin *a;

	TAKE_OBJ(a, ap, ADMIN_MAGIC);
	ENSURE(a->shut && LIST_EMPTY(&a->conns));
	admin_reader_free(&a->reader);
	OBJ_FREE(a);
}

void
admin_on_told(struct admin *a, struct msg_told *letter)
{
	if (a->shut)
		msg_told_free(letter);
	else
		questions_on_told(a->questions, letter);
}

void
admin_on_kicked(struct admin *a, struct msg_kicked *letter)
{
	if (a->shut)
		msg_kicked_free(letter);
	else
		questions_on_kicked(a->questions, letter);
}

void
admin_on_drained(struct admin *a, unsigned worker)
{
	if (!a->shut)
		questions_worker_ended(a->questions, worker);
}
