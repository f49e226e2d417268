#include "ws/frame_out.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <wslay/wslay.h>

#include "base/obj.h"

#define SENDER_MAGIC 0x53454e44

enum { RANDOM_BATCH = 1024 }; /* bytes: 256 frames for one call of the generator */

struct sender {
	uint32_t magic;
	wslay_frame_context_ptr ctx;
	struct buf *out;    /* of the frame that is being written */
	size_t random_left; /* unused bytes at the end of random */
	unsigned char random[RANDOM_BATCH];
};

/* A wslay context that once masked a frame masks for ever: the two roles must not share one. */
struct senders {
	struct sender *by_mask[2];
};

static pthread_key_t senders_key;
static pthread_once_t senders_once = PTHREAD_ONCE_INIT;

static ssize_t
sender_on_bytes(const uint8_t *data, size_t n, int flags, void *user)
{
	struct sender *s;

	(void)flags;
	CAST_OBJ(s, user, SENDER_MAGIC);
	return buf_append(s->out, span_of(data, n)) == 0 ? (ssize_t)n : -1;
}

static int
sender_on_mask(uint8_t *mask, size_t n, void *user)
{
	struct sender *s;

	CAST_OBJ(s, user, SENDER_MAGIC);
	if (s->random_left < n) {
		ENSURE(RAND_bytes(s->random, RANDOM_BATCH) == 1);
		s->random_left = RANDOM_BATCH;
	}
	memcpy(mask, s->random + RANDOM_BATCH - s->random_left, n);
	s->random_left -= n;
	return 0;
}

static struct sender *
sender_new(void)
{
	const struct wslay_frame_callbacks callbacks = {
	    .send_callback = sender_on_bytes,
	    .genmask_callback = sender_on_mask,
	};
	struct sender *s;

	OBJ_NEW(s, SENDER_MAGIC);
	ENSURE(wslay_frame_context_init(&s->ctx, &callbacks, s) == 0);
	return s;
}

static void
senders_free(void *value)
{
	struct senders *all = value;

	for (int i = 0; i < 2; i++) {
		if (!all->by_mask[i])
			continue;
		wslay_frame_context_free(all->by_mask[i]->ctx);
		OBJ_FREE(all->by_mask[i]);
	}
	free(all);
}

static void
senders_make_key(void)
{
	ENSURE(pthread_key_create(&senders_key, senders_free) == 0);
}

static struct sender *
sender_of_this_thread(bool masked)
{
	struct senders *all;

	ENSURE(pthread_once(&senders_once, senders_make_key) == 0);
	all = pthread_getspecific(senders_key);
	if (!all) {
		all = must_alloc(sizeof(*all));
		ENSURE(pthread_setspecific(senders_key, all) == 0);
	}
	if (!all->by_mask[masked])
		all->by_mask[masked] = sender_new();
	return all->by_mask[masked];
}

size_t
ws_frame_header_len(uint64_t payload, bool masked)
{
	size_t extended = payload > UINT16_MAX ? 8 : payload > WS_CONTROL_MAX ? 2 : 0;

	return 2 + extended + (masked ? 4 : 0);
}

/* wslay writes the header with the first run that it is shown, even when that run is empty. */
static bool
sender_write(struct sender *s, struct wslay_frame_iocb *frame, const struct iovec *run)
{
	frame->data = run->iov_base;
	frame->data_length = run->iov_len;
	return wslay_frame_send(s->ctx, frame) == (ssize_t)run->iov_len;
}

/* Half a frame is in the context: the next one needs a context of its own. */
static void
sender_forget(bool masked)
{
	struct senders *all = pthread_getspecific(senders_key);

	wslay_frame_context_free(all->by_mask[masked]->ctx);
	OBJ_FREE(all->by_mask[masked]);
}

int
ws_frame_send(
    bool masked, enum ws_opcode opcode, const struct iovec *runs, int nruns, struct buf *out)
{
	static const struct iovec nothing = {NULL, 0};
	struct sender *s = sender_of_this_thread(masked);
	struct wslay_frame_iocb frame = {.fin = 1, .opcode = (uint8_t)opcode, .mask = masked};
	size_t payload = 0;
	bool written = true;

	for (int i = 0; i < nruns; i++)
		payload += runs[i].iov_len;
	ENSURE(opcode <= WS_BINARY || payload <= WS_CONTROL_MAX);
	if (ws_frame_header_len(payload, masked) + payload > buf_room(out))
		return -WHT_EFULL;
	frame.payload_length = payload;
	s->out = out;
	if (payload == 0)
		written = sender_write(s, &frame, &nothing);
	for (int i = 0; i < nruns && written; i++) {
		if (runs[i].iov_len > 0)
			written = sender_write(s, &frame, &runs[i]);
	}
	s->out = NULL;
	if (written)
		return 0;
	sender_forget(masked);
	return -WHT_EMEM;
}
