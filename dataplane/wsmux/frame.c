/* One frame, to and from bytes. A peer is trusted with neither alignment nor length. */
#include "wsmux/frame.h"

#include <endian.h>

enum {
	ID_AT = 1,
	NUMBER_AT = WSMUX_HEADER_MIN,
};

enum wsmux_payload
wsmux_frame_payload(uint8_t type)
{
	switch (type) {
#define FRAME(code, NAME, payload)                                                                 \
	case (code):                                                                               \
		return WSMUX_PAYLOAD_##payload;
#include "wsmux/frame_tbl.h"
#undef FRAME
	default:
		return WSMUX_PAYLOAD_UNKNOWN;
	}
}

static void
put_u32(char *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
}

static uint32_t
get_u32(const char *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return le32toh(value);
}

size_t
wsmux_frame_encode(const struct wsmux_frame *f, char out[WSMUX_HEADER_MAX])
{
	out[0] = (char)f->type;
	put_u32(out + ID_AT, f->id);
	if (wsmux_frame_payload(f->type) != WSMUX_PAYLOAD_NUMBER)
		return WSMUX_HEADER_MIN;
	put_u32(out + NUMBER_AT, f->number);
	return WSMUX_HEADER_MAX;
}

struct span
wsmux_decoder_take(struct wsmux_decoder *d, struct span piece, size_t size)
{
	struct span part = {NULL, 0};

	if (d->have < size)
		part = span_take(piece, size - d->have);
	if (part.n > 0)
		memcpy(d->head + d->have, part.p, part.n);
	d->have += part.n;
	return span_drop(piece, part.n);
}

struct wsmux_frame
wsmux_decoder_frame(const struct wsmux_decoder *d)
{
	return (struct wsmux_frame){
	    .type = (uint8_t)d->head[0],
	    .id = get_u32(d->head + ID_AT),
	    .number = get_u32(d->head + NUMBER_AT),
	};
}
