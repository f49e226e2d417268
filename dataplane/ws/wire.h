/* ws/wire.h - RFC 6455 frames to and from bytes, for one direction each way of one connection.
 *
 * Built on wslay's frame layer, because its event layer buffers whole messages, queues a pong for
 * every ping and judges UTF-8 by the read. What wslay's frame layer leaves open is decided here:
 * masking by role, reserved bits, opcodes, fragmentation, control frames, close codes, message
 * size. Pure: bytes in, callbacks; spans in, bytes into a buf. No socket, clock or thread.
 *
 *   OPEN --Close received--> CLOSED      later input is swallowed
 *   OPEN --fault--> FAILED               feed answers the reason from then on
 *
 * A wire at a frame boundary holds no memory but itself: it has a receiving context
 * of wslay's only while a frame is half done (ws/receiver.h), and the sending one belongs
 * to the thread (ws/frame_out.h).
 */
#ifndef WHT_WS_WIRE_H
#define WHT_WS_WIRE_H

#include "base/buf.h"
#include "base/reason.h"

enum ws_role { WS_SERVER, WS_CLIENT }; /* a client masks what it sends and refuses what is masked */

enum ws_opcode { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

#define WS_CONTROL_MAX 125 /* payload bytes of a control frame, RFC 6455 5.5 */
#define WS_HEADER_MAX  14  /* bytes before the payload */

#define WS_CLOSE_NO_CODE 1005 /* stands for a Close without a code; never on the wire */

/* A message may come in any number of frames as long as they carry something:
 * beyond the first WS_FRAGMENTS_FREE they must hold WS_FRAGMENT_MEAN_MIN bytes each on
 * average, or it is R_WS_PROTOCOL. */
#define WS_FRAGMENTS_FREE    4096
#define WS_FRAGMENT_MEAN_MIN 16

struct ws_wire_ops {
	/* A piece of a binary message, unmasked, in order; last on its final piece, which may be
	 * empty. Fragmentation is not visible. Answer 0, or a reason that fails the wire. */
	enum reason (*on_binary)(void *user, struct span piece, bool last);
	void (*on_ping)(void *user, struct span payload);
	void (*on_pong)(void *user, struct span payload);
	/* The peer's Close; code is WS_CLOSE_NO_CODE when it gave none. Nothing follows. */
	void (*on_close)(void *user, int code, struct span text);
};

struct ws_wire;

/* ops are borrowed. message_max: bytes of one message, over all its fragments. */
struct ws_wire *ws_wire_new(
    enum ws_role, size_t message_max, const struct ws_wire_ops *, void *user);
/* Never from inside a callback. */
void ws_wire_free(struct ws_wire **);

/* Takes all of in. Answers R_NONE, or why the connection must end: R_WS_PROTOCOL, R_TEXT_MESSAGE
 * (without a look at its text), R_MESSAGE_TOO_BIG, R_BAD_CLOSE, R_BAD_TEXT, R_PROCESS_MEMORY, or
 * what on_binary said. A frame is judged once its header and its first payload byte are there.
 * Never from inside a callback; sending is fine there. */
enum reason ws_wire_feed(struct ws_wire *, struct span in) MUST_CHECK;

/* True at a frame boundary, and when nothing more is read: the wire holds no memory but itself. */
bool ws_wire_at_rest(const struct ws_wire *);

/* One whole message or control frame, its payload the two spans one behind the other (either may
 * be empty), appended to out; -WHT_EFULL and nothing appended when it does not fit; -WHT_EMEM when
 * there is no memory: out then ends in a torn frame. A control frame's payload is at most
 * WS_CONTROL_MAX bytes long. */
int ws_wire_send(
    struct ws_wire *, enum ws_opcode, struct span a, struct span b, struct buf *out) MUST_CHECK;
/* The same with the payload in any number of runs. */
int ws_wire_send_runs(struct ws_wire *, enum ws_opcode, const struct iovec *runs, int nruns,
    struct buf *out) MUST_CHECK;
/* A Close frame with a code and a reason text cut to what fits; an empty one for WS_CLOSE_NO_CODE.
 * The code must be one that may be sent. */
int ws_wire_send_close(struct ws_wire *, int code, struct span text, struct buf *out) MUST_CHECK;

#endif
