/* wsmux/frame_tbl.h - every frame that may cross the wire.
 *
 * FRAME(code, NAME, payload)
 *   payload  DATA: any number of bytes, handed on as they come   NUMBER: exactly one u32
 *            NOTHING: none, and what a peer puts there all the same is skipped
 *
 * Number 4 meant "close" long ago: never reuse it.
 */
/* clang-format off */
FRAME(0, DAT, DATA)    /* bytes of a stream, within the credit that the receiver gave */
FRAME(1, SYN, NOTHING) /* opens a stream */
FRAME(2, ACK, NUMBER)  /* the first one accepts a stream; each adds its number to the credit */
FRAME(3, FIN, NOTHING) /* "I send no more" */
FRAME(5, RST, NUMBER)  /* extension "rst": both directions end; its number is a reason's code */
/* clang-format on */
