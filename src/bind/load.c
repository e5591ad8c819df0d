/*
 * core.load: start{catalog=, database=, jobs=, confirmed=, only={{category=, client=, project=}, ...},
 * lock_text=} -> job.
 * Events: scan/load.h.
 * core.load.held(catalog, database, root, identity) -> true: what the kept versions of a database that is plugged in
 * hold is brought up to date, in at most a fifth of a second of measuring; nil, message, code.
 */
#include "bind/bind.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "index/identity.h"
#include "scan/held.h"
#include "scan/load.h"

/* Check every element before anything is acquired: a bad one raises. */
static size_t check_only(lua_State *L, int table)
{
    size_t count = 0;

    if (lua_getfield(L, table, "only") != LUA_TNIL) {
        luaL_checktype(L, -1, LUA_TTABLE);
        count = lua_rawlen(L, -1);
        for (size_t i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            luaL_checktype(L, -1, LUA_TTABLE);
            lua_getfield(L, -1, "category");
            luaL_checkinteger(L, -1);
            lua_getfield(L, -2, "client");
            luaL_checktype(L, -1, LUA_TSTRING);
            lua_getfield(L, -3, "project");
            luaL_checktype(L, -1, LUA_TSTRING);
            lua_pop(L, 4);
        }
    }
    lua_pop(L, 1);
    return count;
}

static char *string_field(lua_State *L, const char *key)
{
    size_t len;

    lua_getfield(L, -1, key);
    const char *text = lua_tolstring(L, -1, &len);
    char *copy = mem_strndup(text, len);
    lua_pop(L, 1);
    return copy;
}

static void take_only(lua_State *L, int table, size_t count, struct load_request *request)
{
    request->only = mem_zalloc(count * sizeof *request->only);
    request->only_count = count;
    lua_getfield(L, table, "only");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        lua_getfield(L, -1, "category");
        request->only[i].category = lua_tointeger(L, -1);
        lua_pop(L, 1);
        request->only[i].client = string_field(L, "client");
        request->only[i].project = string_field(L, "project");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int load_start_(lua_State *L)
{
    struct load_request request = {0};
    struct error err = {0};
    struct job *job;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "catalog");
    const char *catalog = luaL_checkstring(L, 2);
    lua_getfield(L, 1, "database");
    request.database = luaL_checkinteger(L, 3);
    lua_getfield(L, 1, "jobs");
    request.jobs = (int)luaL_optinteger(L, 4, 0);
    luaL_argcheck(L, request.jobs >= 0 && request.jobs <= 64, 1, "jobs must be 0 to 64");
    lua_getfield(L, 1, "confirmed");
    request.confirmed = lua_toboolean(L, 5);
    lua_getfield(L, 1, "lock_text");
    const char *lock_text = luaL_optstring(L, 6, "load");
    size_t count = check_only(L, 1);
    request.catalog = mem_strdup(catalog);
    request.lock_text = mem_strdup(lock_text);
    if (count)
        take_only(L, 1, count, &request);
    if (load_start(&request, &job, &err) < 0)
        return bind_fail(L, &err);
    bind_push_job(L, job);
    return 1;
}

#define HELD_BUDGET (200 * NSEC_PER_MSEC)

static int load_held_(lua_State *L)
{
    const char *path = bind_check_path(L, 1), *root = bind_check_path(L, 3), *identity = luaL_checkstring(L, 4);
    int64_t database = luaL_checkinteger(L, 2);
    struct error err = {0};
    struct catalog *cat = NULL;

    int fd = identity_open(root, identity, &err);
    int code = fd < 0 ? fd : catalog_open(path, &cat, &err);
    if (!code)
        code = held_count(cat, database, fd, HELD_BUDGET, NULL, &err);
    catalog_close(cat);
    if (fd >= 0)
        close(fd);
    return bind_done(L, code, &err);
}

int luaopen_core_load(lua_State *L)
{
    static const luaL_Reg functions[] = {{"start", load_start_}, {"held", load_held_}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
