#include "cli/ctl_screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The alternate screen, no cursor, no wrapping; and all of it back. */
static const struct span enter_text = {"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J", 22};
static const struct span leave_text = {"\x1b[?7h\x1b[?25h\x1b[?1049l", 19};

static void
enter(struct screen *s)
{
	struct termios raw = s->was;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	screen_draw(enter_text);
}

static void
leave(struct screen *s)
{
	screen_draw(leave_text);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->was);
}

int
screen_open(struct screen *s)
{
	static const int read_ones[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t set;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &s->was) < 0)
		return -WHT_EIO;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(read_ones) / sizeof(read_ones[0]); i++)
		sigaddset(&set, read_ones[i]);
	sigprocmask(SIG_BLOCK, &set, &s->mask);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (s->signals < 0) {
		sigprocmask(SIG_SETMASK, &s->mask, NULL);
		return -WHT_EIO;
	}
	enter(s);
	return 0;
}

void
screen_close(struct screen *s)
{
	leave(s);
	close(s->signals);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

void
screen_size(unsigned *width, unsigned *height)
{
	struct winsize size = {0};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*width = size.ws_col > 0 ? size.ws_col : 80;
	*height = size.ws_row > 0 ? size.ws_row : 24;
}

void
screen_draw(struct span text)
{
	while (text.n > 0) {
		ssize_t n = write(STDOUT_FILENO, text.p, text.n);

		if (n < 0 && errno != EINTR)
			return;
		text = span_drop(text, n > 0 ? (size_t)n : 0);
	}
}

static enum screen_event
take_signal(struct screen *s, int *what)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return SCREEN_SIZE;
	*what = (int)info.ssi_signo;
	if (*what == SIGTSTP) {
		leave(s);
		raise(SIGSTOP);
		enter(s);
	}
	return *what == SIGTSTP || *what == SIGWINCH ? SCREEN_SIZE : SCREEN_END;
}

enum screen_event
screen_wait(struct screen *s, int ms, int *what)
{
	struct pollfd fds[] = {
	    {.fd = s->signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	unsigned char key;

	if (poll(fds, 2, ms) <= 0)
		return SCREEN_TICK;
	if (fds[0].revents)
		return take_signal(s, what);
	*what = SIGHUP;
	if (read(STDIN_FILENO, &key, 1) != 1)
		return SCREEN_END; /* the terminal is gone */
	*what = key;
	return SCREEN_KEY;
}
