/* net/loop_uv.h - what a loop shows to the rest of this folder: libuv's side of it. */
#ifndef WHT_NET_LOOP_UV_H
#define WHT_NET_LOOP_UV_H

#include <uv.h>

#include "net/loop.h"

#define LOOP_READ_SIZE	(64 * 1024) /* one read from a socket */
#define LOOP_PLAIN_SIZE (16 * 1024) /* one TLS record's worth of plaintext */

uv_loop_t *loop_uv(struct loop *);
/* Scratch shared by everything on the loop, valid within one callback:
 * cipher or plain bytes as read. */
char *loop_read_scratch(struct loop *);
/* A second one: decrypted bytes on their way in, gathered bytes on their way out. */
char *loop_plain_scratch(struct loop *);
/* Handles that loop_run_down waits for. */
void loop_hold(struct loop *);
void loop_release(struct loop *);

#endif
