/* link/mux_header.h - the x-webhooktunnel-mux header: what both ends agree on
 * beyond the original protocol. */
#ifndef WHT_LINK_MUX_HEADER_H
#define WHT_LINK_MUX_HEADER_H

#include "base/strb.h"
#include "wsmux/session.h"

struct mux_offer {
	bool present, rst;
	uint32_t window; /* 0: not offered */
};

/* "window=262144, rst"; unknown words are ignored, a malformed window is as none. */
struct mux_offer mux_offer_parse(struct span value);
/* window 0: not offered. */
void mux_offer_write(struct strb *, uint32_t window, bool rst);
/* Sets what both sides agreed on in a session's configuration. */
void mux_offer_apply(struct wsmux_config *, const struct mux_offer *peer);

#endif
