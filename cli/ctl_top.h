/* cli/ctl_top.h - the live tunnels and how much each carries per second; drawn as text.
 *
 * Pure: fed with the service's answers and a clock, it draws into a strb. The rates are differences
 * between two answers, kept by session, so that a client that came back under the same id begins
 * anew.
 */
#ifndef WHT_CLI_CTL_TOP_H
#define WHT_CLI_CTL_TOP_H

#include <jansson.h>

#include "base/strb.h"
#include "cli/ctl_sheet.h"

enum top_sort {
#define TOP_SORT(NAME, key, by, more) TOP_BY_##NAME,
#include "cli/ctl_top_tbl.h"
#undef TOP_SORT
	TOP_SORTS
};

struct top_row;

struct top {
	struct top_row *rows; /* private; a map by session */
	struct sheet sheet;
	json_t *status;
	uint64_t now_ms; /* of the answers taken now */
	bool help;
	enum top_sort sort;
	char trouble[160]; /* why the numbers stand still; "" */
};

void top_init(struct top *);
void top_free(struct top *);

/* One round of answers, at a moment of the monotonic clock: begin, the pages of tunnels, end. */
void top_begin(struct top *, uint64_t mono_ms);
void top_add(struct top *, const json_t *tunnels);
void top_end(struct top *, json_t *status);
/* The round failed: the numbers stay, and the foot says why. First line of what is given. */
void top_fail(struct top *, const char *why);

/* A key; false: it asks to end. */
bool top_key(struct top *, int key);
/* The whole screen. */
void top_draw(struct top *, struct strb *out, unsigned width, unsigned height, bool utf8);

#endif
