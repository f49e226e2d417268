/* controlplane/script.h - the operator's script from disk: WHT_LUA, a file or a directory of them.
 *
 * It is compiled and run once before anybody works by it: one that is broken is refused as any
 * other wrong setting, and at a reload the old one stays.
 */
#ifndef WHT_CONTROLPLANE_SCRIPT_H
#define WHT_CONTROLPLANE_SCRIPT_H

#include "controlplane/config.h"
#include "lua/script.h"

/* With one reference; NULL when none is configured, or when the report has a new error. */
struct lua_script *script_load(const struct config *, struct report *);

#endif
