/* cli/live.h - whclient in a terminal: a thread that draws what the events say, and reads keys.
 *
 *   c  copies the URL, by the terminal (OSC 52)
 *   f  shows only requests with a text in them
 *   q  quits
 *
 * Signals that end the program are read here, too, for the terminal must be given back first. */
#ifndef WHT_CLI_LIVE_H
#define WHT_CLI_LIVE_H

#include <stdbool.h>

#include "cli/libwhclient.h"

struct live;

/* NULL: this is no terminal. Before other threads begin, for they shall not be given the signals.
 */
struct live *live_open(void);
/* Begins to draw; quitting calls whc_stop(), and then again when that takes too long: _exit. */
void live_start(struct live *, struct whc *);
void live_event(struct live *, const struct whc_event *);
/* Gives the terminal back. */
void live_close(struct live **);

#endif
