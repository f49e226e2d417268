#include "controlplane/state_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define USUAL "./wht-state"

void
state_dir_find(const struct config *c, char out[PATH_MAX])
{
	struct span systemd = span_str(getenv("STATE_DIRECTORY")), first = SPAN("");

	if (systemd.n)
		span_cut(&systemd, ':', &first);
	if (config_text(c, SET_state_dir))
		snprintf(out, PATH_MAX, "%s", config_text(c, SET_state_dir));
	else if (first.n)
		snprintf(out, PATH_MAX, "%.*s", SPAN_FMT(first));
	else
		snprintf(out, PATH_MAX, USUAL);
}

int
state_dir_make(const char *path, char *error, size_t size)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		snprintf(error, size, "WHT_STATE_DIR: %.100s cannot be made: %m", path);
		return -WHT_EIO;
	}
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		snprintf(error, size, "WHT_STATE_DIR: %.100s is not a directory", path);
		return -WHT_EIO;
	}
	/* Whoever may replace our files may as well write them. */
	if (st.st_mode & S_IWOTH) {
		snprintf(error, size, "WHT_STATE_DIR: everybody may write to %.100s: chmod o-w it",
		    path);
		return -WHT_EIO;
	}
	return 0;
}
