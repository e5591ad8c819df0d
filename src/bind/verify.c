/*
 * core.verify: start{catalog=, root=, identity=, path=, replica=, peers={{name=, replica=}, ...}, before=SECONDS?,
 * max_bytes=?, cached=, known_again=, jobs=, operation=?, project=?, category=?, database=?, only={PATTERN...}?,
 * against=?, alike=?} -> job,
 * with the fields of struct verify_request; survey{catalog=, replica=, only=?} -> {files=, bytes=, damaged=} (accept.h);
 * ages(catalog path, replica, before=SECONDS?) -> list of {files=, bytes=, minute=}, the oldest first: what is due.
 * Events and meaning: verify/verify.h, index/verified.h.
 */
#include "bind/bind.h"

#include <stdlib.h>

#include "base/buf.h"
#include "bind/fields.h"
#include "index/verified.h"
#include "verify/accept.h"
#include "verify/verify.h"

/* Check every peer before anything is acquired; the list stays at the index returned. */
static int check_peers(lua_State *L, size_t *ret_count)
{
    if (lua_getfield(L, 1, "peers") == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    int list = lua_gettop(L);
    luaL_checktype(L, list, LUA_TTABLE);
    *ret_count = lua_rawlen(L, list);
    for (size_t i = 1; i <= *ret_count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i);
        luaL_checktype(L, -1, LUA_TTABLE);
        lua_getfield(L, -1, "name");
        luaL_checktype(L, -1, LUA_TSTRING);
        lua_getfield(L, -2, "replica");
        luaL_checkinteger(L, -1);
        lua_settop(L, list);
    }
    return list;
}

static void take_peers(lua_State *L, int list, size_t count, struct verify_request *request)
{
    request->peers = mem_zalloc((count + 1) * sizeof *request->peers);
    request->peer_count = count;
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        lua_getfield(L, -1, "name");
        request->peers[i].name = mem_strdup(lua_tostring(L, -1));
        lua_getfield(L, -2, "replica");
        request->peers[i].replica = lua_tointeger(L, -1);
        lua_settop(L, list);
    }
}

/* Strings stay Lua's until everything is checked; only then are they copied. */
static void take_texts(struct verify_request *r)
{
    char **texts[] = {&r->catalog, &r->root, &r->identity, &r->path,
                      &r->operation, &r->project, &r->category, &r->database};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = mem_strdup(*texts[i]);
}

static int verify_start_(lua_State *L)
{
    struct error err = {0};
    struct job *job;
    size_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32, NULL);
    struct verify_request request = {
        .catalog = (char *)field_text(L, "catalog"),
        .root = (char *)field_text(L, "root"),
        .identity = (char *)field_text(L, "identity"),
        .path = (char *)field_text(L, "path"),
        .replica = field_integer(L, "replica", -1, 1, INT64_MAX),
        .before = field_integer(L, "before", INT64_MAX, INT64_MIN, INT64_MAX),
        .max_bytes = field_integer(L, "max_bytes", -1, -1, INT64_MAX),
        .cached = field_flag(L, "cached"),
        .known_again = field_flag(L, "known_again"),
        .operation = (char *)field_text_or_none(L, "operation"),
        .project = (char *)field_text_or_none(L, "project"),
        .category = (char *)field_text_or_none(L, "category"),
        .database = (char *)field_text_or_none(L, "database"),
        .against = field_integer(L, "against", 0, 0, INT64_MAX),
        .alike = field_flag(L, "alike"),
        .jobs = (int)field_integer(L, "jobs", 0, 0, 64),
    };
    field_check_texts(L, "only");
    int list = check_peers(L, &count);
    request.only = field_copy_texts(L, "only", &request.only_count);
    take_texts(&request);
    take_peers(L, list, count, &request);
    if (verify_start(&request, &job, &err) < 0)
        return bind_fail(L, &err);
    bind_push_job(L, job);
    return 1;
}

/* In a protected call, so that the ages are freed even when Lua runs out of memory. */
static int push_ages(lua_State *L)
{
    const struct ages *ages = lua_touserdata(L, 1);

    lua_createtable(L, (int)ages->count, 0);
    for (size_t i = 0; i < ages->count; i++) {
        lua_createtable(L, 0, 3);
        bind_set_integer(L, "minute", ages->list[i].minute);
        bind_set_integer(L, "files", ages->list[i].files);
        bind_set_integer(L, "bytes", ages->list[i].bytes);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int verify_ages(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    int64_t replica = luaL_checkinteger(L, 2);
    int64_t before = bind_opt_integer(L, 3, INT64_MAX, INT64_MIN, INT64_MAX);
    struct catalog *cat;
    struct error err = {0};
    struct ages ages = {0};

    int code = catalog_open(path, &cat, &err);
    if (!code) {
        code = verified_ages(cat, replica, before, &ages, &err);
        catalog_close(cat);
    }
    if (code < 0) {
        ages_free(&ages);
        return bind_fail(L, &err);
    }
    lua_pushcfunction(L, push_ages);
    lua_pushlightuserdata(L, &ages);
    code = lua_pcall(L, 1, 1, 0);
    ages_free(&ages);
    return code == LUA_OK ? 1 : lua_error(L);
}

static int survey(const char *path, int64_t replica, char *const *patterns, size_t count, struct accept_survey *ret,
                  struct error *err)
{
    struct catalog *cat;
    struct only *only = NULL;

    int code = count ? only_new(patterns, count, &only, err) : 0;
    if (code)
        return code;
    code = catalog_open(path, &cat, err);
    if (!code) {
        code = accept_survey(cat, replica, only, ret, err);
        catalog_close(cat);
    }
    only_free(only);
    return code;
}

static int verify_survey(lua_State *L)
{
    struct accept_survey found;
    struct error err = {0};
    size_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    const char *path = field_text(L, "catalog");
    int64_t replica = field_integer(L, "replica", -1, 1, INT64_MAX);
    field_check_texts(L, "only");
    char **patterns = field_copy_texts(L, "only", &count);
    int code = survey(path, replica, patterns, count, &found, &err);
    field_free_texts(patterns, count);
    if (code < 0)
        return bind_fail(L, &err);
    lua_createtable(L, 0, 3);
    bind_set_integer(L, "files", found.files);
    bind_set_integer(L, "bytes", found.bytes);
    bind_set_integer(L, "damaged", found.damaged);
    return 1;
}

int luaopen_core_verify(lua_State *L)
{
    static const luaL_Reg functions[] = {{"start", verify_start_}, {"ages", verify_ages}, {"survey", verify_survey}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
