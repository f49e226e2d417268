/* controlplane/ledger_lock.h - one service to a database.
 *
 * A lock on a file beside it, because the database itself must stay open to readers. The kernel
 * lets go of it when the process ends, however it ends; the file stays and means nothing.
 */
#ifndef WHT_CONTROLPLANE_LEDGER_LOCK_H
#define WHT_CONTROLPLANE_LEDGER_LOCK_H

#include <stddef.h>

/* The descriptor that holds the lock, or -1 and a sentence. */
int ledger_lock(const char *database, char *error, size_t size);
void ledger_unlock(int *fd);

#endif
