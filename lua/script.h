/* lua/script.h - an operator's script as it was read: immutable, reference-counted.
 *
 * It travels in the policy; every worker makes a VM of its own from it. Any thread may hold a
 * reference; the last unref frees. Several files count as one script, in the order of their names.
 */
#ifndef WHT_LUA_SCRIPT_H
#define WHT_LUA_SCRIPT_H

#include "base/err.h"
#include "base/strb.h"
#include "lua/phase.h"

#define LUA_SCRIPT_MAX	 (1024 * 1024) /* bytes of one file */
#define LUA_FILES_MAX	 64
#define LUA_SHA256_CHARS 64

/* What one call may cost, and what a failure means. */
struct lua_budget {
	uint64_t instructions, time_us;
	size_t memory; /* of a whole VM */
	bool closed[LUA_PHASES];
};
void lua_budget_default(struct lua_budget *);

struct lua_script;

struct lua_script *lua_script_new(const struct lua_budget *);
struct lua_script *lua_script_ref(struct lua_script *);
void lua_script_unref(struct lua_script **);
/* Before anybody else holds it. -WHT_EFULL: too many, or too large. */
int lua_script_add(struct lua_script *, struct span name, struct span text) MUST_CHECK;
/* Adds a file, or every *.lua of a directory in the order of their names.
 * 0, or -WHT_EIO and a sentence. */
int lua_script_read(struct lua_script *, const char *path, struct strb *error) MUST_CHECK;
/* No further file: the digest is made. */
void lua_script_seal(struct lua_script *);

/* In hexadecimal, of all files; valid as long as the script. */
const char *lua_script_sha256(const struct lua_script *);
const struct lua_budget *lua_script_budget(const struct lua_script *);
size_t lua_script_files(const struct lua_script *);
struct span lua_script_name(const struct lua_script *, size_t i);
struct span lua_script_text(const struct lua_script *, size_t i);
/* The same text under the same budget. NULL is the same as NULL only. */
bool lua_script_same(const struct lua_script *, const struct lua_script *);

#endif
