/* controlplane/env_file.h - NAME=value lines, read as systemd reads an EnvironmentFile.
 *
 *   # or ; begins a comment line          A=plain value, blanks around it dropped
 *   B='as it stands'                      C="with \" \\ \$ \` escaped"
 *   D=goes on \                           a backslash before the end of a line joins the next
 * What systemd would silently skip is refused here, with its line: a setting that got lost is how a
 * service runs for months with another limit than the one in its file.
 */
#ifndef WHT_CONTROLPLANE_ENV_FILE_H
#define WHT_CONTROLPLANE_ENV_FILE_H

#include "base/err.h"
#include "base/span.h"

#define ENV_FILE_MAX (1024 * 1024) /* bytes */

/* Calls on_pair for each, in order. name and value live until it returns. On -WHT_EINVAL *line and
 * *why say where and what. */
int env_file_parse(struct span text,
    void (*on_pair)(void *user, struct span name, struct span value), void *user, unsigned *line,
    const char **why) MUST_CHECK;

#endif
