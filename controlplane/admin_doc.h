/* controlplane/admin_doc.h - the table of commands, printed for
 * readers: docs/admin-api.md, whole. */
#ifndef WHT_CONTROLPLANE_ADMIN_DOC_H
#define WHT_CONTROLPLANE_ADMIN_DOC_H

#include <stdio.h>

void admin_print_markdown(FILE *);

#endif
