/* controlplane/migrate.h - the database brought to the schema of this program.
 *
 * Every schema/NNNN_*.sql is one step: one transaction that ends by setting user_version to its
 * number. A step that was released is never edited, so a version says exactly what is in a
 * database; one from a newer program is refused, because nobody here knows what its columns mean.
 */
#ifndef WHT_CONTROLPLANE_MIGRATE_H
#define WHT_CONTROLPLANE_MIGRATE_H

#include "controlplane/db.h"

#define SCHEMA_APPLICATION 0x77687464 /* application_id */

struct migration {
	const char *name, *sql;
};

/* In order; the step at index i leads to version i + 1. */
extern const struct migration migrations[];
extern const int migrations_count;

/* Brings it to the last version; 0, or a code and a sentence in db->error.
 * What was begun is undone. */
int migrate(struct db *);
/* The same, to an earlier one: how a test makes an old database. */
int migrate_to(struct db *, int version);

#endif
