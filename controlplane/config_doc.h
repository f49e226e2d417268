/* controlplane/config_doc.h - the table of settings, printed for readers. */
#ifndef WHT_CONTROLPLANE_CONFIG_DOC_H
#define WHT_CONTROLPLANE_CONFIG_DOC_H

#include <stdio.h>

/* For --help: two lines a setting. */
void config_print_help(FILE *);
/* docs/configuration.md, whole. */
void config_print_markdown(FILE *);

#endif
