#include "edge/edge.h"

#include <stdio.h>
#include <unistd.h>

#include "base/obj.h"
#include "edge/worker.h"

#define EDGE_MAGIC 0xed6ed6e1u

struct edge {
	unsigned magic;
	struct edge_shared shared;
	struct worker **workers;
};

/* One socket for each worker and address; the first bind of a port 0
 * settles the port for the rest. */
static int
edge_bind(struct edge_config *config, int *fds, char error[EDGE_ERROR_MAX])
{
	int n = 0;

	for (unsigned w = 0; w < config->workers; w++) {
		for (int i = 0; i < config->nlisten; i++) {
			fds[n] = listen_socket(&config->listen[i], error);
			if (fds[n] < 0)
				goto fail;
			n++;
		}
	}
	return 0;
fail:
	while (n > 0)
		close(fds[--n]);
	return -WHT_EIO;
}

struct edge *
edge_start(struct edge_config *config, char error[EDGE_ERROR_MAX])
{
	int *fds = must_alloc(sizeof(*fds) * config->workers * EDGE_LISTEN_MAX);
	struct edge *edge;

	_Static_assert(LISTEN_ERROR_MAX <= EDGE_ERROR_MAX, "a listening error fits");
	ENSURE(config->workers > 0 && config->nlisten <= EDGE_LISTEN_MAX);
	if (edge_bind(config, fds, error) < 0) {
		free(fds);
		return NULL;
	}
	OBJ_NEW(edge, EDGE_MAGIC);
	edge->shared.workers = config->workers;
	edge->shared.control = config->control;
	edge->shared.lua = lua_shared_new();
	owner_key_make(&edge->shared.owner_key);
	edge->workers = must_alloc(sizeof(struct worker *) * config->workers);
	edge->shared.boxes = must_alloc(sizeof(struct mailbox *) * config->workers);
	for (unsigned w = 0; w < config->workers; w++) {
		edge->workers[w] = worker_new(&edge->shared, w, config->policy,
		    fds + w * (unsigned)config->nlisten, config->nlisten);
		edge->shared.boxes[w] = edge->workers[w]->box;
	}
	for (unsigned w = 0; w < config->workers; w++)
		worker_start(edge->workers[w]);
	free(fds);
	return edge;
}

void
edge_publish(struct edge *edge, struct policy *policy)
{
	CHECK_OBJ(edge, EDGE_MAGIC);
	for (unsigned w = 0; w < edge->shared.workers; w++) {
		struct msg_policy *letter = must_alloc(sizeof(*letter));

		letter->mail.type = MSG_POLICY;
		letter->policy = policy_ref(policy);
		msg_post(edge->shared.boxes[w], &letter->mail);
	}
}

void
edge_post(struct edge *edge, unsigned worker, struct mail *letter)
{
	CHECK_OBJ(edge, EDGE_MAGIC);
	ENSURE(worker < edge->shared.workers);
	msg_post(edge->shared.boxes[worker], letter);
}

unsigned
edge_workers(const struct edge *edge)
{
	return edge->shared.workers;
}

struct lua_shared *
edge_lua(struct edge *edge)
{
	CHECK_OBJ(edge, EDGE_MAGIC);
	return edge->shared.lua;
}

void
edge_drain(struct edge *edge, bool now)
{
	CHECK_OBJ(edge, EDGE_MAGIC);
	for (unsigned w = 0; w < edge->shared.workers; w++) {
		struct msg_drain *letter = must_alloc(sizeof(*letter));

		letter->mail.type = MSG_DRAIN;
		letter->now = now;
		msg_post(edge->shared.boxes[w], &letter->mail);
	}
}

void
edge_free(struct edge **edgep)
{
	struct edge *edge;

	TAKE_OBJ(edge, edgep, EDGE_MAGIC);
	for (unsigned w = 0; w < edge->shared.workers; w++)
		worker_join(edge->workers[w]);
	for (unsigned w = 0; w < edge->shared.workers; w++)
		worker_free(&edge->workers[w]);
	free(edge->workers);
	free(edge->shared.boxes);
	lua_shared_free(&edge->shared.lua);
	OBJ_FREE(edge);
}
