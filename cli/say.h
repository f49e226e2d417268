/* cli/say.h - what whclient says without a screen: the URL alone on stdout and the rest on stderr,
 * or one JSON object for each event on stdout. */
#ifndef WHT_CLI_SAY_H
#define WHT_CLI_SAY_H

#include <stdbool.h>

#include "cli/libwhclient.h"

struct say {
	bool json, quiet;     /* quiet: the screen says it */
	const char *out_file; /* NULL: none */
	char url[2049];	      /* the last one that was printed */
};

/* An event of libwhclient.h; user is a struct say. */
void say_event(void *user, const struct whc_event *);

#endif
