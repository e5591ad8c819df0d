/*
 * core.host: what Lua may ask of the house it runs in. The host keeps these tables in the registry.
 */
#include "bind/bind.h"

#include <string.h>

#include "base/version.h"

/* add_path(dir): `require` finds modules in this folder from now on, before those added earlier */
static int host_add_path(lua_State *L)
{
    bind_check_path(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, BIND_FOLDERS);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    return 0;
}

/*
 * set_loader(loader): a file that `require` finds in an added folder goes to loader(path) first, which returns its
 * chunk as a function, or nil to have it loaded as any other, or raises
 */
static int host_set_loader(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, BIND_LOADER);
    return 0;
}

/* modules(prefix = "") -> sorted names of the embedded modules that begin so */
static int host_modules(lua_State *L)
{
    size_t len;
    const char *prefix = luaL_optlstring(L, 1, "", &len);

    lua_newtable(L);
    lua_getfield(L, LUA_REGISTRYINDEX, BIND_MODULES);
    for (lua_Integer i = 1, n = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++) {
        if (strncmp(lua_tostring(L, -1), prefix, len) == 0)
            lua_rawseti(L, -3, n++);
        else
            lua_pop(L, 1);
    }
    lua_pop(L, 2);
    return 1;
}

int luaopen_core_host(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"add_path", host_add_path}, {"modules", host_modules}, {"set_loader", host_set_loader}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    lua_pushstring(L, AUTOBACKUP_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
