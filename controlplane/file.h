/* controlplane/file.h - a small file, read whole: certificates, keys, settings. */
#ifndef WHT_CONTROLPLANE_FILE_H
#define WHT_CONTROLPLANE_FILE_H

#include "base/err.h"
#include "base/span.h"

struct file_text {
	char *memory; /* private */
	struct span text;
	const char *error; /* a sentence, after a failure */
};

/* At most max bytes of a regular file; -WHT_EIO with a sentence in error. */
int file_read(const char *path, size_t max, struct file_text *) MUST_CHECK;
/* Frees it and leaves nothing of it in memory: it may have been a key. */
void file_forget(struct file_text *);

#endif
