/* The Unix socket and who is at its other end.
 *
 * The hard thing is to take the place of a socket that a crash left behind, and of nothing else:
 * not of a file, not of a link, not of a service that still listens. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/obj.h"
#include "controlplane/admin_call.h"

enum { BACKLOG = 128, GROUPS_MAX = 1024 };

static struct sockaddr_un
address_of(const struct admin_place *place)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	_Static_assert(sizeof(to.sun_path) == ADMIN_PATH_MAX, "a path fits");
	memcpy(to.sun_path, place->socket, ADMIN_PATH_MAX);
	return to;
}

static int __attribute__((format(printf, 2, 3)))
refuse(char error[ADMIN_ERROR_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, ADMIN_ERROR_MAX, fmt, ap);
	va_end(ap);
	return -WHT_EDENIED;
}

/* Whoever may write to the folder may take the socket's place. */
static int
check_folder(const char *path, char error[ADMIN_ERROR_MAX])
{
	const char *slash = strrchr(path, '/');
	char folder[ADMIN_PATH_MAX] = ".";
	struct stat st;

	if (slash)
		snprintf(
		    folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (stat(folder, &st) < 0)
		return refuse(error, "the admin socket's folder %s: %s", folder, strerror(errno));
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return refuse(error,
		    "the admin socket's folder %s may be written by everybody: chmod o-w it, or "
		    "set "
		    "WHT_ADMIN_SOCKET to a path elsewhere",
		    folder);
	return 0;
}

static bool
somebody_listens(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes = fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 ||
		   errno != ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return yes;
}

static int
clear_way(const struct sockaddr_un *to, char error[ADMIN_ERROR_MAX])
{
	struct stat st;

	if (lstat(to->sun_path, &st) < 0)
		return errno == ENOENT ? 0
				       : refuse(error, "the admin socket %s: %s", to->sun_path,
					     strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return refuse(error,
		    "%s is there and is no socket: remove it, or set WHT_ADMIN_SOCKET to another "
		    "path",
		    to->sun_path);
	if (somebody_listens(to))
		return refuse(error,
		    "another whtd listens on %s: stop it, or set WHT_ADMIN_SOCKET to another path",
		    to->sun_path);
	if (unlink(to->sun_path) < 0)
		return refuse(error, "the old admin socket %s: %s", to->sun_path, strerror(errno));
	return 0;
}

/* Never for an instant more open than it will be: the mode is the socket's before it has a name,
 * and the group comes before the group's rights. */
static int
bind_private(int fd, const struct admin_place *place, const struct sockaddr_un *to)
{
	if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		return -1;
	if (chmod(to->sun_path, 0600) < 0)
		return -1;
	if (place->has_group &&
	    (chown(to->sun_path, (uid_t)-1, place->group) < 0 || chmod(to->sun_path, 0660) < 0))
		return -1;
	return listen(fd, BACKLOG);
}

int
admin_socket_open(struct admin *a, char error[ADMIN_ERROR_MAX])
{
	struct sockaddr_un to = address_of(&a->place);
	struct stat st;
	int fd;

	if (check_folder(to.sun_path, error) < 0 || clear_way(&to, error) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_private(fd, &a->place, &to) < 0 || lstat(to.sun_path, &st) < 0) {
		refuse(error, "the admin socket %s: %s", to.sun_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	a->socket_dev = st.st_dev;
	a->socket_ino = st.st_ino;
	return fd;
}

void
admin_socket_remove(struct admin *a)
{
	struct stat st;

	if (lstat(a->place.socket, &st) == 0 && st.st_dev == a->socket_dev &&
	    st.st_ino == a->socket_ino)
		unlink(a->place.socket);
}

/* ---- the peer ---- */

static bool
is_member(int fd, gid_t own, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (own == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(gid_t); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

void
admin_socket_peer(const struct admin *a, int fd, struct admin_peer *peer)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	*peer = (struct admin_peer){.role = ROLE_NONE, .uid = (uid_t)-1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return;
	peer->uid = who.uid;
	peer->pid = who.pid;
	snprintf(peer->actor, sizeof(peer->actor), "uid:%u", (unsigned)who.uid);
	if (who.uid == geteuid() || who.uid == 0)
		peer->role = ROLE_ADMIN;
	else if (a->place.has_group && is_member(fd, who.gid, a->place.group))
		peer->role = a->place.group_role;
}
