#include "host/modules.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

#include "bind/bind.h"
#include "host/embedded.h"

#define NAMESPACE "autobackup."

static const luaL_Reg primitives[] = {
    {"core.catalog", luaopen_core_catalog}, {"core.compare", luaopen_core_compare}, {"core.content", luaopen_core_content},
    {"core.copy", luaopen_core_copy}, {"core.disk", luaopen_core_disk}, {"core.find", luaopen_core_find},
    {"core.fs", luaopen_core_fs}, {"core.host", luaopen_core_host}, {"core.input", luaopen_core_input},
    {"core.load", luaopen_core_load}, {"core.outlet", luaopen_core_outlet}, {"core.readline", luaopen_core_readline},
    {"core.screen", luaopen_core_screen}, {"core.sys", luaopen_core_sys}, {"core.text", luaopen_core_text},
    {"core.undo", luaopen_core_undo},
    {"core.verify", luaopen_core_verify},
    {NULL, NULL},
};

/* With a chunk or a message on the stack: what a searcher returns, or the error it raises. */
static int loaded(lua_State *L, int code, const char *name, const char *from)
{
    if (code != LUA_OK)
        return luaL_error(L, "error loading module '%s' from '%s':\n\t%s", name, from, lua_tostring(L, -1));
    lua_pushstring(L, from);
    return 2;
}

/* The file of a module `name` in `folder`, dots in the name being folders: pushed. NULL when there is none. */
static const char *find_file(lua_State *L, const char *folder, const char *name, const char *suffix)
{
    const char *inner = luaL_gsub(L, name, ".", "/");
    const char *file = lua_pushfstring(L, "%s/%s%s", folder, inner, suffix);

    return access(file, F_OK) < 0 ? NULL : file;
}

static int load_file(lua_State *L, const char *name, const char *file)
{
    return loaded(L, luaL_loadfilex(L, file, "t"), name, file);
}

/* The file of an added folder: by the loader that was set, if it takes it. */
static int load_found(lua_State *L, const char *name, const char *file)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, BIND_LOADER) == LUA_TFUNCTION) {
        lua_pushstring(L, file);
        lua_call(L, 1, 1);
        if (lua_isfunction(L, -1))
            return loaded(L, LUA_OK, name, file);
    }
    return load_file(L, name, file);
}

/* The source that stands in for an embedded module: autobackup.X.Y is X/Y.lua, as in the repository. */
static int search_override(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1), *folder = lua_touserdata(L, lua_upvalueindex(1));

    if (!folder || strncmp(name, NAMESPACE, strlen(NAMESPACE)) != 0)
        return 0;
    const char *file = find_file(L, folder, name + strlen(NAMESPACE), ".lua");
    return file ? load_file(L, name, file) : 0;
}

/* A compiled form is of one release of Lua: with another one than that the source is compiled here. */
static int load_embedded(lua_State *L, const struct embedded *e)
{
    const char *code = e->compiled + strlen(e->compiled) + 1;

    if (strcmp(e->compiled, lua_ident) == 0)
        return luaL_loadbufferx(L, code, (size_t)(e->compiled_end - code), e->chunk, "b");
    return luaL_loadbufferx(L, e->source, (size_t)(e->end - e->source), e->chunk, "t");
}

static int search_embedded(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct embedded *e = embedded_find(name);

    if (!e) {
        lua_pushfstring(L, "no module '%s' in the program", name);
        return 1;
    }
    return loaded(L, load_embedded(L, e), name, e->chunk + 1);
}

/* The newest folder first: the script's own comes after the startup file's. */
static int search_folders(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);

    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, BIND_FOLDERS);
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, 2); i > 0; i--) {
        lua_settop(L, 2);
        lua_rawgeti(L, 2, i);
        const char *folder = lua_tostring(L, 3);
        const char *file = find_file(L, folder, name, ".lua");
        if (!file)
            file = find_file(L, folder, name, "/init.lua");
        if (file)
            return load_found(L, name, file);
    }
    lua_pushfstring(L, "no file '%s.lua' in %d folders", name, (int)lua_rawlen(L, 2));
    return 1;
}

static void set_searchers(lua_State *L, int package, const char *override)
{
    lua_createtable(L, 4, 0);
    lua_getfield(L, package, "searchers");
    lua_rawgeti(L, -1, 1);    /* package.preload */
    lua_rawseti(L, -3, 1);
    lua_pop(L, 1);
    lua_pushlightuserdata(L, (void *)override);
    lua_pushcclosure(L, search_override, 1);
    lua_rawseti(L, -2, 2);
    lua_pushcfunction(L, search_embedded);
    lua_rawseti(L, -2, 3);
    lua_pushcfunction(L, search_folders);
    lua_rawseti(L, -2, 4);
    lua_setfield(L, package, "searchers");
}

static void set_registry(lua_State *L)
{
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, BIND_FOLDERS);
    lua_newtable(L);
    for (const struct embedded *e = embedded_modules; e->module; e++) {
        lua_pushstring(L, e->module);
        lua_rawseti(L, -2, e - embedded_modules + 1);
    }
    lua_setfield(L, LUA_REGISTRYINDEX, BIND_MODULES);
}

void modules_open(lua_State *L, const char *override)
{
    set_registry(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, primitives, 0);
    lua_pop(L, 1);
    lua_getglobal(L, LUA_LOADLIBNAME);
    int package = lua_gettop(L);
    lua_pushliteral(L, "");
    lua_setfield(L, package, "path");
    lua_pushliteral(L, "");
    lua_setfield(L, package, "cpath");
    set_searchers(L, package, override);
    lua_pop(L, 1);
}
