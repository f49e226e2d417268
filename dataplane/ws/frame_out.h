/* ws/frame_out.h - one whole frame, header and payload gathered in the caller's queue.
 *
 * Internal to ws. wslay's sending context is 4 KiB, so there is one for each thread and not one for
 * each wire: a frame is written in one go, and between two frames the context holds nothing.
 */
#ifndef WHT_WS_FRAME_OUT_H
#define WHT_WS_FRAME_OUT_H

#include "base/buf.h"
#include "ws/wire.h"

/* Bytes before a payload of that length. */
size_t ws_frame_header_len(uint64_t payload, bool masked);

/* Appends a final frame whose payload is the runs, one behind the other; -WHT_EFULL,
 * and nothing appended, when it does not fit; -WHT_EMEM, and perhaps a part of it appended,
 * when there is no memory. */
int ws_frame_send(
    bool masked, enum ws_opcode, const struct iovec *runs, int nruns, struct buf *out) MUST_CHECK;

#endif
