/*
 * What `require` finds: the primitives (core.*), the embedded modules, and folders added by core.host.add_path.
 * No LUA_PATH, no current folder, no shared objects.
 */
#ifndef AUTOBACKUP_HOST_MODULES_H
#define AUTOBACKUP_HOST_MODULES_H

#include <lua.h>

/*
 * Set up `require` in a state whose standard libraries are open. override: a folder whose X/Y.lua stands in for
 * the embedded module autobackup.X.Y, for development; NULL for none. It must outlive the state. May raise.
 */
void modules_open(lua_State *L, const char *override);

#endif
