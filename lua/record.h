/* lua/record.h - named values as a script sees them: a line of the log, or a tunnel.
 *
 * fields are what is written to the log; extra can be read, and becomes a field when the script
 * sets it. Few scripts ask for it, so it is laid out for the first that does. A tunnel has extra
 * values only, and cannot be changed.
 */
#ifndef WHT_LUA_RECORD_H
#define WHT_LUA_RECORD_H

#include "base/arena.h"
#include "base/log.h"

#define LUA_RECORD_MAX	32 /* fields */
#define LUA_RECORD_NAME 64
#define LUA_LINE_MAX	(16 * 1024)
#define LUA_RECORD_ROOM (64 * 1024) /* bytes of edits; the first of them need no memory */

#define LUA_EXTRA_MAX 16 /* extra values that are laid out, and what ends them */

/* Puts what is known of it into room, name NULL behind. */
typedef void lua_lay_out(const void *what, struct log_field room[LUA_EXTRA_MAX]);

struct lua_record {
	struct log_field fields[LUA_RECORD_MAX + 1]; /* name NULL ends them */
	size_t n;
	const struct log_field *extra; /* name NULL ends them; NULL: none, or not laid out yet */
	lua_lay_out *lay_out;	       /* NULL: extra is as it is */
	const void *what;	       /* to lay out */
	struct log_field extra_room[LUA_EXTRA_MAX];
	bool edited, fixed;
	struct arena arena; /* begins in first_room, so a record stays where it is */
	char first_room[512];
};

/* An empty one. */
void lua_record_init(struct lua_record *);
void lua_record_free(struct lua_record *);
/* A list that a name NULL ends; what does not fit stays away. */
void lua_record_add(struct lua_record *, const struct log_field *);
/* A field, else an extra value, else NULL. */
const struct log_field *lua_record_find(struct lua_record *, struct span name);
/* value NULL removes. NULL, or a sentence that says why not. */
const char *lua_record_set(struct lua_record *, struct span name, const struct log_field *value);

#endif
