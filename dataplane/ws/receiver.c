#include "ws/receiver.h"

#include <pthread.h>

#include "base/obj.h"

static pthread_key_t spare_key;
static pthread_once_t spare_once = PTHREAD_ONCE_INIT;

static ssize_t
receiver_on_want(uint8_t *out, size_t room, int flags, void *user)
{
	struct receiver *r = user;

	(void)flags;
	return r->want(out, room, r->user);
}

static void
receiver_free(void *value)
{
	struct receiver *r = value;

	wslay_frame_context_free(r->ctx);
	free(r);
}

static void
receiver_make_key(void)
{
	ENSURE(pthread_key_create(&spare_key, receiver_free) == 0);
}

static struct receiver *
receiver_new(void)
{
	const struct wslay_frame_callbacks callbacks = {.recv_callback = receiver_on_want};
	struct receiver *r = must_alloc(sizeof(*r));

	if (wslay_frame_context_init(&r->ctx, &callbacks, r) == 0)
		return r;
	free(r);
	return NULL;
}

struct receiver *
receiver_take(ssize_t (*want)(uint8_t *out, size_t room, void *user), void *user)
{
	struct receiver *r;

	ENSURE(pthread_once(&spare_once, receiver_make_key) == 0);
	r = pthread_getspecific(spare_key);
	if (r)
		ENSURE(pthread_setspecific(spare_key, NULL) == 0);
	else
		r = receiver_new();
	if (!r)
		return NULL;
	r->want = want;
	r->user = user;
	return r;
}

void
receiver_give(struct receiver **rp, bool at_rest)
{
	struct receiver *r = *rp;

	*rp = NULL;
	if (at_rest && !pthread_getspecific(spare_key) && pthread_setspecific(spare_key, r) == 0)
		return;
	receiver_free(r);
}
