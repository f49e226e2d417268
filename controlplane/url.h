/* controlplane/url.h - the two public names that a configuration may give: HOSTNAME and URL_PREFIX.
 *
 * Both go into the URLs that clients are told, and from there into other people's pages and shells;
 * so what could end a word, a quote or a host early is refused here.
 */
#ifndef WHT_CONTROLPLANE_URL_H
#define WHT_CONTROLPLANE_URL_H

#include "base/err.h"
#include "base/span.h"

/* "host", "host:8443", "[2001:db8::1]:8443". Answers with what is in front of the port. */
int url_authority(struct span text, struct span *host) MUST_CHECK;
/* http(s)://authority[/path], without user, query or fragment. Answers without slashes behind. */
int url_prefix(struct span text, struct span *prefix) MUST_CHECK;

#endif
