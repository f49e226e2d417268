/* cli/login.h - whclient login URL: tries a token at the server, and keeps both in a profile. */
#ifndef WHT_CLI_LOGIN_H
#define WHT_CLI_LOGIN_H

#include "cli/exit.h"
#include "cli/settings.h"

/* settings: what the command line and the environment say; the token is asked for if it is not
 * among them. Talks on stderr. */
enum leave login_run(const char *url, struct settings *, const char *path, const char *profile);

#endif
