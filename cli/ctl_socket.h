/* cli/ctl_socket.h - finds the admin socket of whtd, and says what to do when it cannot be used.
 *
 * Whoever names a socket means that one: --socket and WHT_ADMIN_SOCKET are not second-guessed.
 * Without them the places where whtd makes it are tried in order, and the first that exists is it.
 */
#ifndef WHT_CLI_CTL_SOCKET_H
#define WHT_CLI_CTL_SOCKET_H

#include "base/err.h"
#include "base/strb.h"

#define SOCKET_PATH_MAX 108 /* with the NUL: what the kernel takes */

/* named: of --socket, or NULL. 0 with the path, or an error with sentences for people in *why. */
int ctl_socket_find(const char *named, char path[SOCKET_PATH_MAX], struct strb *why) MUST_CHECK;
/* Why connecting to it failed with that errno, and what to do. */
void ctl_socket_explain(const char *path, int error, struct strb *why);

#endif
