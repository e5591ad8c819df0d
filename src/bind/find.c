/*
 * core.find: start{catalog=PATH, replicas={ID, ...}?, pattern=TEXT?, word=, ignore_case=, whole_path= (booleans),
 * kind="file"|"directory"|"symlink"?, larger=BYTES?, newer=NS?, older=NS?, sorted=, limit=N?, jobs=N?} -> handle;
 * handle:next(n) -> list of at most n rows, empty when a signal wants to be seen | false at the end | nil,
 * message, code; handle:close(). A row: {replica=ID, path= (in the replica), kind=, size=, mtime=NS, error=CODE?}.
 * What the fields mean: index/search.h, index/find.h.
 */
#include "bind/bind.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/glob.h"
#include "index/find.h"
#include "index/pair.h"

#define FIND "autobackup.find"
#define SLICE (50 * NSEC_PER_MSEC)    /* how long a wait may keep a signal's hook from running */
#define ROW_FIELDS 12                 /* with those that Lua adds */

struct handle {
    struct find *find;    /* NULL once closed */
};

static struct handle *check(lua_State *L) { return luaL_checkudata(L, 1, FIND); }

/* ---- start ---- */

static bool flag(lua_State *L, const char *key)
{
    lua_getfield(L, 1, key);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

static int64_t integer(lua_State *L, const char *key, int64_t fallback)
{
    lua_getfield(L, 1, key);
    int64_t value = luaL_optinteger(L, -1, fallback);
    lua_pop(L, 1);
    return value;
}

static uint32_t kind(lua_State *L)
{
    static const char *const names[] = {"any", "file", "directory", "symlink", NULL};
    static const uint32_t kinds[] = {0, S_IFREG, S_IFDIR, S_IFLNK};

    lua_getfield(L, 1, "kind");
    uint32_t value = kinds[luaL_checkoption(L, -1, "any", names)];
    lua_pop(L, 1);
    return value;
}

/* The ids as a userdata, left on the stack. */
static void take_replicas(lua_State *L, struct search_filter *filter)
{
    if (lua_getfield(L, 1, "replicas") == LUA_TNIL)
        return;
    luaL_checktype(L, -1, LUA_TTABLE);
    filter->replica_count = lua_rawlen(L, -1);
    int64_t *ids = lua_newuserdatauv(L, (filter->replica_count + 1) * sizeof *ids, 0);
    for (size_t i = 0; i < filter->replica_count; i++) {
        lua_rawgeti(L, -2, (lua_Integer)i + 1);
        ids[i] = luaL_checkinteger(L, -1);
        lua_pop(L, 1);
    }
    filter->replicas = ids;
}

/* Strings stay on the stack as long as they are used. */
static struct find_request take_request(lua_State *L)
{
    struct find_request r = {
        .filter = {
            .pattern_flags = (flag(L, "word") ? GLOB_WORD : 0) | (flag(L, "ignore_case") ? GLOB_FOLD : 0) |
                             GLOB_FORMS,
            .whole_path = flag(L, "whole_path"), .kind = kind(L), .larger = integer(L, "larger", -1),
            .newer = integer(L, "newer", INT64_MIN), .older = integer(L, "older", INT64_MAX),
        },
        .sorted = flag(L, "sorted"), .limit = integer(L, "limit", 0), .threads = (int)integer(L, "jobs", 0),
    };

    if (lua_getfield(L, 1, "pattern") != LUA_TNIL)
        r.filter.pattern = luaL_checklstring(L, -1, &r.filter.pattern_len);
    take_replicas(L, &r.filter);
    return r;
}

static int find_start_(lua_State *L)
{
    struct error err = {0};

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "catalog");
    const char *catalog = luaL_checkstring(L, 2);
    struct find_request request = take_request(L);
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->find = NULL;
    luaL_setmetatable(L, FIND);
    if (find_start(catalog, &request, &h->find, &err) < 0)
        return bind_fail(L, &err);
    return 1;
}

/* ---- next ---- */

static void push_row(lua_State *L, const struct found *e)
{
    lua_createtable(L, 0, ROW_FIELDS);
    lua_pushinteger(L, e->replica);
    lua_setfield(L, -2, "replica");
    lua_pushlstring(L, e->path, e->path_len);
    lua_setfield(L, -2, "path");
    lua_pushstring(L, type_name(e->mode));
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, (lua_Integer)e->size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, e->mtime);
    lua_setfield(L, -2, "mtime");
    if (e->damaged) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "damaged");
    }
    if (e->err) {
        lua_pushstring(L, error_name(e->err));
        lua_setfield(L, -2, "error");
    }
}

/* The first one is waited for, in slices, so that a signal is seen; further ones come if they are there. */
static int next_found(lua_State *L, struct find *f, bool wait, const struct found **ret, struct error *err)
{
    int code;

    do
        code = find_next(f, wait ? SLICE : 0, ret, err);
    while (code == -EAGAIN && wait && !lua_gethook(L));
    return code;
}

static int find_next_(lua_State *L)
{
    struct handle *h = check(L);
    lua_Integer most = luaL_checkinteger(L, 2), count = 0;
    const struct found *e;
    struct error err = {0};
    int code = 1;

    luaL_argcheck(L, h->find, 1, "it is closed");
    luaL_argcheck(L, most > 0, 2, "it must be above 0");
    lua_createtable(L, most < 1024 ? (int)most : 1024, 0);
    while (count < most && (code = next_found(L, h->find, !count, &e, &err)) == 1) {
        push_row(L, e);
        lua_rawseti(L, -2, ++count);
    }
    if (code < 0 && code != -EAGAIN)
        return bind_fail(L, &err);
    if (!code && !count)
        lua_pushboolean(L, 0);
    return 1;
}

static int find_close_(lua_State *L)
{
    struct handle *h = check(L);
    struct find *f = h->find;

    h->find = NULL;
    find_close(f);
    return 0;
}

int luaopen_core_find(lua_State *L)
{
    static const luaL_Reg functions[] = {{"start", find_start_}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"next", find_next_}, {"close", find_close_}, {NULL, NULL}};
    static const luaL_Reg ends[] = {{"__gc", find_close_}, {"__close", find_close_}, {NULL, NULL}};

    luaL_newmetatable(L, FIND);
    luaL_setfuncs(L, ends, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
