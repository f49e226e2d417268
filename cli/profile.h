/* cli/profile.h - the file with the profiles: sections of "word = value", the words those of
 * options.
 *
 *   [default]
 *   server = https://whp.example.com
 *   token-file = /home/me/alpha.jwt
 *
 *   [web]
 *   target = 3000
 *
 * A section that says nothing of something takes it from [default]. The file holds tokens: others
 * may not read it, and a profile is written by putting a new file in the place of the old.
 */
#ifndef WHT_CLI_PROFILE_H
#define WHT_CLI_PROFILE_H

#include "base/err.h"
#include "cli/settings.h"

#define PROFILE_DEFAULT	  "default"
#define PROFILE_ERROR_MAX 512
#define PROFILE_PATH_MAX  4096

/* The file's usual place; false when there is no home. */
bool profile_path(char out[PROFILE_PATH_MAX]);

/* Adds what the named profile, and then [default], say. 0; -WHT_EGONE: there is no such profile (an
 * absent [default] is empty, an absent file too); -WHT_EINVAL, -WHT_EDENIED: error says why. */
int profile_read(const char *path, const char *name, struct settings *,
    char error[PROFILE_ERROR_MAX]) MUST_CHECK;
/* The same from text. */
int profile_parse(struct span text, const char *name, struct settings *,
    char error[PROFILE_ERROR_MAX]) MUST_CHECK;
/* Puts the profile into the file, in place of the one called so; directory and file are made when
 * they are not there. */
int profile_write(const char *path, const char *name, const struct settings *,
    char error[PROFILE_ERROR_MAX]) MUST_CHECK;

#endif
