/* controlplane/nearest.c - which setting did they mean? A misspelt name is
 * silently no setting at all. */
#include "controlplane/config.h"

#define NAME_MAX_LEN 48
#define NEAR	     2 /* letters too many, too few or different */
#define SHORTEST     6 /* of a shorter name two letters are too much of it */

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance; both at most NAME_MAX_LEN long. */
static unsigned
distance(struct span a, struct span b)
{
	unsigned row[NAME_MAX_LEN + 1];

	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned above = row[j];

			row[j] =
			    min3(above + 1, row[j - 1] + 1, diagonal + (a.p[i - 1] != b.p[j - 1]));
			diagonal = above;
		}
	}
	return row[b.n];
}

int
setting_nearest(struct span name)
{
	unsigned best = NEAR + 1;
	int found = -1;

	if (name.n < SHORTEST || name.n > NAME_MAX_LEN)
		return -1;
	for (int s = 0; s < SETTINGS; s++) {
		unsigned d = distance(name, span_str(setting_info((enum setting)s)->name));

		if (d < best) {
			best = d;
			found = s;
		}
	}
	return found;
}
