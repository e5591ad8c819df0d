/*
 * The memory of a Lua state. Blocks up to 32 KiB come from chunks that are mapped and filled in as a whole: taken page by
 * page from the system's heap, page faults cost more than all else that a short command does. Blocks are known by their
 * size alone (Lua gives it back), so none has a header. Larger blocks are malloc's.
 *
 * Classes of sizes with a list of free blocks each, as in J. Bonwick, "The Slab Allocator" (1994). Small blocks are never
 * given back to the system: Lua takes them again.
 */
#ifndef AUTOBACKUP_HOST_HEAP_H
#define AUTOBACKUP_HOST_HEAP_H

#include <lua.h>

/*
 * A new Lua state as of luaL_newstate, with a heap of its own; NULL: out of memory. Close it with heap_close_state: its finalizers
 * run, and its memory is left to the end of the process, which is what follows.
 */
lua_State *heap_open_state(void);
void heap_close_state(lua_State *L);

#endif
