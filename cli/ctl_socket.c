#include "cli/ctl_socket.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where whtd makes its socket: the value of a variable (its first folder, if it is a list), or
 * nothing, and what stands behind it. */
static const struct {
	const char *variable, *path;
} places[] = {
    {"RUNTIME_DIRECTORY", "/admin.sock"},
    {NULL, "/run/webhooktunnel/admin.sock"},
    {"WHT_STATE_DIR", "/admin.sock"},
    {NULL, "./wht-state/admin.sock"},
};

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* 0, or -WHT_EFULL when the kernel would not take it. */
static int
set_path(char path[SOCKET_PATH_MAX], struct span folder, const char *rest)
{
	int n = snprintf(path, SOCKET_PATH_MAX, "%.*s%s", SPAN_FMT(folder), rest);

	return n < SOCKET_PATH_MAX ? 0 : -WHT_EFULL;
}

static int
use_named(const char *from, const char *named, char path[SOCKET_PATH_MAX], struct strb *why)
{
	if (set_path(path, span_str(named), "") == 0)
		return 0;
	strb_printf(why, "%s is longer than the %d bytes that a socket's path may have", from,
	    SOCKET_PATH_MAX - 1);
	return -WHT_EINVAL;
}

/* Not allowed to look counts as found: connecting fails, and then that is what has to be said. */
static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 || errno == EACCES;
}

int
ctl_socket_find(const char *named, char path[SOCKET_PATH_MAX], struct strb *why)
{
	if (named)
		return use_named("--socket", named, path, why);
	if ((named = variable("WHT_ADMIN_SOCKET")))
		return use_named("WHT_ADMIN_SOCKET", named, path, why);
	strb_add(why, SPAN("no admin socket of whtd was found at"));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *value = places[i].variable ? variable(places[i].variable) : NULL;
		struct span rest = span_str(value), folder = {NULL, 0};

		if (places[i].variable && !value)
			continue;
		if (value)
			span_cut(&rest, ':', &folder);
		if (set_path(path, folder, places[i].path))
			continue;
		if (exists(path))
			return 0;
		strb_printf(why, "\n  ");
		strb_visible(why, span_str(path));
	}
	strb_add(why,
	    SPAN("\nIs whtd running? If it is, --socket PATH or WHT_ADMIN_SOCKET says where its "
		 "socket is;\nits log has a line about it."));
	return -WHT_EIO;
}

/* ---- what is wrong with it ---- */

static void
explain_denied(const char *path, struct strb *why)
{
	struct stat st;
	const struct passwd *owner;
	const struct group *group;

	strb_add(why, SPAN("permission denied\n"));
	if (lstat(path, &st) < 0) {
		strb_add(
		    why, SPAN("Its folder is closed to you: be root (sudo whtctl ...), or the user "
			      "that whtd runs as."));
		return;
	}
	owner = getpwuid(st.st_uid);
	group = getgrgid(st.st_gid);
	if ((st.st_mode & S_IWGRP) && group)
		strb_printf(why,
		    "It is open to the group %s: sudo usermod -aG %s $USER, then log in again. Or "
		    "be "
		    "root.",
		    group->gr_name, group->gr_name);
	else
		strb_printf(why,
		    "It is open to the user %s and to root only: sudo whtctl ... (WHT_ADMIN_GROUP "
		    "in "
		    "whtd's settings opens it to a group).",
		    owner ? owner->pw_name : "of whtd");
}

void
ctl_socket_explain(const char *path, int error, struct strb *why)
{
	strb_visible(why, span_str(path));
	strb_add(why, SPAN(": "));
	switch (error) {
	case EACCES:
	case EPERM:
		explain_denied(path, why);
		break;
	case ENOENT:
		strb_add(
		    why, SPAN("there is nothing of that name\nIs whtd running, and is this its "
			      "WHT_ADMIN_SOCKET?"));
		break;
	case ECONNREFUSED:
		strb_add(why, SPAN("nobody listens there\nwhtd is not running, and left its socket "
				   "behind: systemctl status webhooktunnel."));
		break;
	default:
		strb_printf(why, "%s", strerror(error));
		break;
	}
}
