/*
 * core.outlet: standard output that goes into programs and files while a command runs.
 */
#include "bind/bind.h"

#include <errno.h>

#include "base/outlet.h"

#define OUTLET "core.outlet"

/* look(path) -> size of the file there | false when nothing is there | nil, message, code: no file can be written there */
static int outlet_look(lua_State *L)
{
    struct error err = {0};
    int64_t size = list_file_look(bind_check_path(L, 1), &err);

    if (size < 0 && size != -ENOENT)
        return bind_fail(L, &err);
    if (size < 0)
        lua_pushboolean(L, 0);
    else
        lua_pushinteger(L, size);
    return 1;
}

/*
 * open(list of argvs, path?, append?) -> outlet | nil, message, code: nothing was started
 * From now on standard output goes there. Closing it ends that, waits for the programs, and drops a file that was not kept.
 */
static int outlet_new(lua_State *L)
{
    char *const *argvs[OUTLET_MOST];
    struct error err = {0};

    luaL_checktype(L, 1, LUA_TTABLE);
    const char *path = lua_isnoneornil(L, 2) ? NULL : bind_check_path(L, 2);
    size_t count = lua_rawlen(L, 1);
    luaL_argcheck(L, count <= OUTLET_MOST, 1, "too many programs");
    luaL_argcheck(L, count || path, 1, "nowhere to go");
    for (size_t i = 0; i < count; i++) {
        luaL_checkstack(L, 4, NULL);
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        argvs[i] = bind_check_argv(L, lua_gettop(L));
    }
    struct outlet *o = lua_newuserdatauv(L, sizeof *o, 0);
    if (outlet_open(o, argvs, count, path, lua_toboolean(L, 3), &err) < 0)
        return bind_fail(L, &err);
    luaL_setmetatable(L, OUTLET);
    return 1;
}

static struct outlet *check(lua_State *L) { return luaL_checkudata(L, 1, OUTLET); }

/* restore() -> true | nil, message, code: what was still to be written was not */
static int outlet_restore_(lua_State *L)
{
    int code = outlet_restore(check(L));

    if (code < 0)
        return bind_fail_errno(L, -code, "standard output");
    lua_pushboolean(L, 1);
    return 1;
}

/* wait() -> list of the programs' exit statuses (128+n: killed by signal n), whether Ctrl-C ended one meanwhile */
static int outlet_wait_(lua_State *L)
{
    struct outlet *o = check(L);
    size_t count = o->count;

    outlet_wait(o);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushinteger(L, o->status[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushboolean(L, o->interrupted);
    return 2;
}

/* keep() -> true: the file is whole and takes its place | nil, message, code */
static int outlet_keep_(lua_State *L)
{
    struct error err = {0};
    return bind_done(L, outlet_keep(check(L), &err), &err);
}

static int outlet_gc(lua_State *L)
{
    outlet_close(check(L));
    return 0;
}

int luaopen_core_outlet(lua_State *L)
{
    static const luaL_Reg functions[] = {{"look", outlet_look}, {"open", outlet_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"close", outlet_gc}, {"keep", outlet_keep_}, {"restore", outlet_restore_}, {"wait", outlet_wait_}, {NULL, NULL},
    };

    luaL_newmetatable(L, OUTLET);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, outlet_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, outlet_gc);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
