#include "link/mux_header.h"

static void
offer_word(struct mux_offer *offer, struct span word)
{
	const struct span window = SPAN("window=");
	uint64_t n;

	if (span_eq(word, SPAN("rst")))
		offer->rst = true;
	else if (span_starts(word, window) &&
		 span_u64(span_drop(word, window.n), UINT32_MAX, &n) == 0)
		offer->window = (uint32_t)n;
}

struct mux_offer
mux_offer_parse(struct span value)
{
	struct mux_offer offer = {.present = value.p != NULL};
	struct span word;

	while (span_cut(&value, ',', &word))
		offer_word(&offer, span_trim(word));
	return offer;
}

void
mux_offer_write(struct strb *b, uint32_t window, bool rst)
{
	if (window)
		strb_printf(b, "window=%u%s", window, rst ? ", " : "");
	if (rst)
		strb_add(b, SPAN("rst"));
}

void
mux_offer_apply(struct wsmux_config *config, const struct mux_offer *peer)
{
	config->windows_agreed = peer->window > 0;
	config->peer_window = peer->window;
	config->rst_agreed = peer->rst;
}
