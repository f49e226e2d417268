/* cli/ctl_screen.h - a terminal that is drawn on, and given back as it was.
 *
 * Hard about it: whatever ends the program must give the terminal back, so signals are not handled
 * but read, from a descriptor, beside the keys. SIGKILL alone leaves the screen as it is (reset(1)
 * helps).
 */
#ifndef WHT_CLI_CTL_SCREEN_H
#define WHT_CLI_CTL_SCREEN_H

#include <signal.h>
#include <termios.h>

#include "base/err.h"
#include "base/span.h"

struct screen {
	struct termios was; /* private */
	sigset_t mask;
	int signals;
};

enum screen_event {
	SCREEN_TICK, /* the time is up */
	SCREEN_KEY,
	SCREEN_SIZE, /* it has, or may have, another size */
	SCREEN_END   /* a signal to end */
};

/* The other side of the screen, without a cursor; keys come one by one and are not shown. -WHT_EIO:
 * stdin and stdout are no terminal. */
int screen_open(struct screen *) MUST_CHECK;
void screen_close(struct screen *);
void screen_size(unsigned *width, unsigned *height);
void screen_draw(struct span);
/* The next event, within ms. *what: the key, or the signal. */
enum screen_event screen_wait(struct screen *, int ms, int *what);

#endif
