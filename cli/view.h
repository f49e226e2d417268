/* cli/view.h - what whclient's screen shows, as text: a head about the tunnels, then requests as
 * they happen, the latest at the bottom. Pure: events in, a screenful out.
 *
 * Paths come from strangers: nothing of them reaches the terminal but what is visible.
 */
#ifndef WHT_CLI_VIEW_H
#define WHT_CLI_VIEW_H

#include "base/strb.h"
#include "cli/libwhclient.h"

#define VIEW_TUNNELS_MAX 16
#define VIEW_LINES_MAX	 512
#define VIEW_TIMES_MAX	 512
#define VIEW_LINE_MAX	 512
#define VIEW_SCREEN_MAX	 (1 << 20)

struct view_tunnel {
	const struct whc_tunnel *of;
	char url[512], target[512], status[160];
	bool up;
	uint64_t rtt_us;
	int64_t expires;
};

struct view {
	struct view_tunnel tunnels[VIEW_TUNNELS_MAX];
	int ntunnels;
	uint64_t requests, errors, bytes;
	uint64_t times_us[VIEW_TIMES_MAX];	   /* of the last requests, in turn */
	char lines[VIEW_LINES_MAX][VIEW_LINE_MAX]; /* in turn */
	uint64_t nlines;
	char notice[VIEW_LINE_MAX];
	char filter[64];
	bool typing;   /* the filter */
	char said[80]; /* what the last key did */
};

#define VIEW_TIME_MAX 32
/* "30 days", "5 hours", "12 min", "40 s". */
void view_duration(char out[VIEW_TIME_MAX], int64_t seconds);

void view_event(struct view *, const struct whc_event *);
/* The whole screen, with the sequences that draw it. now_s: for what is left of a token. */
void view_draw(const struct view *, unsigned width, unsigned height, int64_t now_s, struct strb *);
/* A key while the filter is typed; false: it was no key of the filter's. */
bool view_type(struct view *, int key);
/* A duration below which that part of the last requests lay, in microseconds. */
uint64_t view_percentile(const struct view *, unsigned percent);

#endif
