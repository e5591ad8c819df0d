#include "host/exit.h"

#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/output.h"

/* os.exit(code = true, close = false), as in Lua */
static int checked_exit(lua_State *L)
{
    int status = lua_isboolean(L, 1) ? (lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE)
                                     : (int)luaL_optinteger(L, 1, EXIT_SUCCESS);

    lua_settop(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushinteger(L, output_status(status));
    lua_pushvalue(L, 2);
    lua_call(L, 2, 0);
    return 0;
}

void exit_open(lua_State *L)
{
    lua_getglobal(L, LUA_OSLIBNAME);
    lua_getfield(L, -1, "exit");
    lua_pushcclosure(L, checked_exit, 1);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
}
