/* controlplane/state_dir.h - the directory of what outlives a restart: the database, and the admin
 * socket when nothing better is there. */
#ifndef WHT_CONTROLPLANE_STATE_DIR_H
#define WHT_CONTROLPLANE_STATE_DIR_H

#include <limits.h>

#include "controlplane/config.h"

/* WHT_STATE_DIR, else what systemd made for us ($STATE_DIRECTORY), else ./wht-state. */
void state_dir_find(const struct config *, char out[PATH_MAX]);
/* Makes it, for our own user alone, if it is not there; 0, or -WHT_EIO and a sentence. */
int state_dir_make(const char *path, char *error, size_t size) MUST_CHECK;

#endif
