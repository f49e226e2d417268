/* controlplane/pem.h - the certificate and its key, from wherever the configuration has them.
 *
 * There is no way from a broken pair to plain HTTP: either nothing about TLS is set at all, or all
 * of it must be right.
 */
#ifndef WHT_CONTROLPLANE_PEM_H
#define WHT_CONTROLPLANE_PEM_H

#include "controlplane/config.h"
#include "net/tls.h"

/* Is TLS asked for, rightly or wrongly? */
bool pem_wanted(const struct config *);
/* NULL when nothing is set, or when something is wrong: then the report has an error more. */
struct tls_context *pem_tls(const struct config *, struct report *);

/* Decodes base64 (RFC 4648, 4; line ends and blanks are skipped) into out, which has room for in.n
 * bytes; answers how many, or -WHT_EINVAL. */
ptrdiff_t pem_base64(struct span in, char *out);

#endif
