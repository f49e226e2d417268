/* wsmux/frame.h - one frame, to and from bytes.
 *
 *   byte 0      type (wsmux/frame_tbl.h)
 *   bytes 1-4   stream id, u32 little-endian
 *   rest        DAT: data   ACK, RST: u32 little-endian   SYN, FIN: nothing
 *
 * There is no length: the message that carries a frame ends it. Such a message arrives in pieces
 * cut anywhere, so the header is gathered across them, while data is never gathered at all.
 */
#ifndef WHT_WSMUX_FRAME_H
#define WHT_WSMUX_FRAME_H

#include "base/span.h"

#define WSMUX_HEADER_MIN 5 /* type and id */
#define WSMUX_HEADER_MAX 9 /* and a number */

enum wsmux_type {
#define FRAME(code, NAME, payload) WSMUX_##NAME = (code),
#include "wsmux/frame_tbl.h"
#undef FRAME
};

enum wsmux_payload {
	WSMUX_PAYLOAD_UNKNOWN, /* no such type */
	WSMUX_PAYLOAD_DATA,
	WSMUX_PAYLOAD_NUMBER,
	WSMUX_PAYLOAD_NOTHING,
};

struct wsmux_frame {
	uint8_t type;
	uint32_t id;
	uint32_t number; /* of ACK and RST */
};

enum wsmux_payload wsmux_frame_payload(uint8_t type);

/* Writes the frame up to its data; answers how many bytes that is. */
size_t wsmux_frame_encode(const struct wsmux_frame *, char out[WSMUX_HEADER_MAX]);

/* The header of the message now arriving. All zero between messages. */
struct wsmux_decoder {
	char head[WSMUX_HEADER_MAX];
	size_t have; /* bytes of head that are there */
};

/* Moves bytes from the front of piece into the header up to size of them; answers the rest. */
struct span wsmux_decoder_take(struct wsmux_decoder *, struct span piece, size_t size);
/* What the header says so far; a field that is not there yet is 0. */
struct wsmux_frame wsmux_decoder_frame(const struct wsmux_decoder *);

#endif
