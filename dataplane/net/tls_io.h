/* net/tls_io.h - the TLS engine of one connection: OpenSSL between two byte queues, no socket.
 *
 * Cipher bytes are fed in and appear in a queue on the way out; one thread at a time. It knows no
 * loop, so that a connection can take it to another one. An idle engine holds no queue memory.
 */
#ifndef WHT_NET_TLS_IO_H
#define WHT_NET_TLS_IO_H

#include "base/buf.h"
#include "net/tls.h"

struct tls_io;

enum tls_result { TLS_OK, TLS_WAIT, TLS_EOF, TLS_FAIL };

/* A server's engine, or a client's that asks for server_name and verifies it. */
struct tls_io *tls_io_accept(struct tls_context *, struct chunk_pool *);
struct tls_io *tls_io_connect(struct tls_context *, const char *server_name, struct chunk_pool *);
void tls_io_free(struct tls_io **);
void tls_io_adopt(struct tls_io *, struct chunk_pool *from, struct chunk_pool *to);

/* Cipher text from the wire; kept until read. 0, or -WHT_EMEM and nothing was taken. */
int tls_io_feed(struct tls_io *, struct span in) MUST_CHECK;
/* Cipher text for the wire. */
struct buf *tls_io_out(struct tls_io *);
/* Cipher text that was fed and not yet read. */
size_t tls_io_pending(const struct tls_io *);

/* Drops it: nothing will be read any more. */
void tls_io_forget(struct tls_io *);

/* TLS_OK when the handshake is over. */
enum tls_result tls_io_handshake(struct tls_io *, char error[TLS_ERROR_MAX]);
/* Plaintext into p[0..n), *got > 0 with TLS_OK. TLS_EOF after close_notify. */
enum tls_result tls_io_read(
    struct tls_io *, char *p, size_t n, size_t *got, char error[TLS_ERROR_MAX]);
/* All of s becomes one record or more. */
enum tls_result tls_io_write(struct tls_io *, struct span s, char error[TLS_ERROR_MAX]);
/* Queues close_notify, once. */
void tls_io_shutdown(struct tls_io *);

#endif
