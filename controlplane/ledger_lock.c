#include "controlplane/ledger_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/strb.h"

#define PID_TEXT_MAX  24
#define PATH_TEXT_MAX 4096

static void
say_who_holds_it(int fd, const char *database, char *error, size_t size)
{
	char pid[PID_TEXT_MAX] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	snprintf(error, size, "%s is in use by another whtd (process %.*s)", database,
	    n > 0 ? (int)strcspn(pid, "\n") : 1, n > 0 ? pid : "?");
}

static void
sign(int fd)
{
	char pid[PID_TEXT_MAX];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	/* For people; the lock holds without it. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) < 0)
		return;
}

int
ledger_lock(const char *database, char *error, size_t size)
{
	struct strb path;
	int fd;

	strb_init(&path, PATH_TEXT_MAX);
	strb_printf(&path, "%s.lock", database);
	fd = open(strb_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		snprintf(error, size, "%s: %m", strb_cstr(&path));
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		say_who_holds_it(fd, database, error, size);
		close(fd);
		fd = -1;
	} else {
		sign(fd);
	}
	strb_free(&path);
	return fd;
}

void
ledger_unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
