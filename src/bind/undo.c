/*
 * core.undo: start{...} -> job, with the fields of struct undo_request (lock_wait in seconds);
 * prune{...} -> job, with those of struct prune_request (expired and tops are lists);
 * operations{root=, identity=} -> list of {operation, kind, replica, target, source, host, run, user, boot, pid, began, started_at,
 * finished_at, state, files, bytes, created, replaced, removed, touched, directories, has_versions, has_manifest, unread (the code of why its manifest could not be read)},
 * times in ns, what is not known nil;
 * files{root=, identity=, operation=, only=PATTERNS?} -> job that lists an operation's files.
 * asof{...} -> {layers (for core.copy.start), names, hits = {names each pattern covers}, lacking, lacks = list of
 * {why ("version", "unknown", "removed"), path, operation?, changed_at = NS}}, with the fields of struct asof_request
 * (operations, earlier and only are lists).
 * Events and meaning: undo/asof.h, undo/undo.h, undo/prune.h, undo/operations.h.
 */
#include <stdlib.h>

#include "bind/fields.h"
#include "bind/layers.h"
#include "undo/asof.h"
#include "undo/operations.h"
#include "undo/prune.h"
#include "undo/undo.h"

/* Strings stay Lua's until everything is checked; only then are they copied. */
static void copy_texts(char **texts[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        *texts[i] = mem_strdup(*texts[i]);
}

static int undo_start_(lua_State *L)
{
    struct error err = {0};
    struct job *job;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32, NULL);
    struct undo_request r = {
        .catalog = (char *)field_text(L, "catalog"),
        .operation = (char *)field_text(L, "operation"),
        .run = (char *)field_text_or_none(L, "run"),
        .undone = (char *)field_text(L, "undone"),
        .replica = field_integer(L, "replica", 0, 0, INT64_MAX),
        .path = (char *)field_text(L, "path"),
        .root = (char *)field_text(L, "root"),
        .identity = (char *)field_text(L, "identity"),
        .database = (char *)field_text(L, "database"),
        .project = (char *)field_text(L, "project"),
        .category = (char *)field_text(L, "category"),
        .lock_text = (char *)field_text(L, "lock_text"),
        .lock_wait = field_duration(L, "lock_wait"),
        .dry_run = field_flag(L, "dry_run"),
    };
    char **texts[] = {&r.catalog, &r.operation, &r.run, &r.undone, &r.path, &r.root, &r.identity, &r.database, &r.project,
                      &r.category, &r.lock_text};
    copy_texts(texts, sizeof texts / sizeof *texts);
    if (undo_start(&r, &job, &err) < 0)
        return bind_fail(L, &err);
    bind_push_job(L, job);
    return 1;
}

static int prune_start_(lua_State *L)
{
    struct error err = {0};
    struct job *job;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32, NULL);
    struct prune_request r = {
        .catalog = (char *)field_text(L, "catalog"),
        .operation = (char *)field_text(L, "operation"),
        .run = (char *)field_text_or_none(L, "run"),
        .root = (char *)field_text(L, "root"),
        .identity = (char *)field_text(L, "identity"),
        .database = (char *)field_text(L, "database"),
        .lock_text = (char *)field_text(L, "lock_text"),
        .lock_wait = field_duration(L, "lock_wait"),
        .leftovers_before = field_integer(L, "leftovers_before", 0, INT64_MIN, INT64_MAX),
        .dry_run = field_flag(L, "dry_run"),
    };
    char **texts[] = {&r.catalog, &r.operation, &r.run, &r.root, &r.identity, &r.database, &r.lock_text};
    field_check_texts(L, "expired");
    field_check_texts(L, "tops");
    copy_texts(texts, sizeof texts / sizeof *texts);
    r.expired = field_copy_texts(L, "expired", &r.expired_count);
    r.tops = field_copy_texts(L, "tops", &r.top_count);
    if (prune_start(&r, &job, &err) < 0)
        return bind_fail(L, &err);
    bind_push_job(L, job);
    return 1;
}

static void set_flag(lua_State *L, const char *key, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, key);
}

static void push_operation(lua_State *L, const struct operation *o)
{
    lua_createtable(L, 0, 24);
    bind_set_text(L, "operation", o->operation);
    bind_set_text(L, "kind", o->kind);
    bind_set_text(L, "replica", o->replica);
    bind_set_text(L, "target", o->target);
    bind_set_text(L, "source", o->source);
    bind_set_text(L, "host", o->host);
    bind_set_text(L, "run", o->run);
    bind_set_text(L, "user", o->user);
    bind_set_text(L, "boot", o->boot);
    bind_set_text(L, "state", o->state);
    bind_set_integer(L, "files", o->files);
    bind_set_integer(L, "bytes", o->bytes);
    bind_set_integer(L, "created", o->counts.created);
    bind_set_integer(L, "replaced", o->counts.replaced);
    bind_set_integer(L, "removed", o->counts.removed);
    bind_set_integer(L, "touched", o->counts.touched);
    bind_set_integer(L, "directories", o->counts.directories);
    set_flag(L, "has_versions", o->has_versions);
    set_flag(L, "has_manifest", o->has_manifest);
    bind_set_text(L, "unread", o->unread ? error_name(o->unread) : NULL);
    if (o->has_manifest) {
        bind_set_integer(L, "pid", o->pid);
        bind_set_integer(L, "began", o->began);
        bind_set_integer(L, "started_at", o->started_at);
    }
    if (o->state)
        bind_set_integer(L, "finished_at", o->finished_at);
}

static int build_list(lua_State *L)
{
    const struct operations *h = lua_touserdata(L, 1);

    lua_createtable(L, (int)h->count, 0);
    for (size_t i = 0; i < h->count; i++) {
        push_operation(L, &h->list[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int list_operations(lua_State *L)
{
    struct error err = {0};
    struct operations found;

    luaL_checktype(L, 1, LUA_TTABLE);
    const char *root = field_text(L, "root"), *identity = field_text(L, "identity");
    if (operations_read(root, identity, &found, &err) < 0) {
        operations_free(&found);
        return bind_fail(L, &err);
    }
    lua_pushcfunction(L, build_list);
    lua_pushlightuserdata(L, &found);
    int code = lua_pcall(L, 1, 1, 0);
    operations_free(&found);
    return code == LUA_OK ? 1 : lua_error(L);
}

static int list_files(lua_State *L)
{
    struct error err = {0};
    struct job *job;

    luaL_checktype(L, 1, LUA_TTABLE);
    struct operation_request r = {
        .root = (char *)field_text(L, "root"),
        .identity = (char *)field_text(L, "identity"),
        .operation = (char *)field_text(L, "operation"),
    };
    char **texts[] = {&r.root, &r.identity, &r.operation};
    field_check_texts(L, "only");
    copy_texts(texts, sizeof texts / sizeof *texts);
    r.only = field_copy_texts(L, "only", &r.only_count);
    if (operation_files_start(&r, &job, &err) < 0)
        return bind_fail(L, &err);
    bind_push_job(L, job);
    return 1;
}

static void push_lacks(lua_State *L, const struct asof *a)
{
    static const char *const why[] = {[LACK_VERSION] = "version", [LACK_UNKNOWN] = "unknown", [LACK_REMOVED] = "removed"};

    lua_createtable(L, (int)a->lack_count, 0);
    for (size_t i = 0; i < a->lack_count; i++) {
        lua_createtable(L, 0, 4);
        bind_set_text(L, "why", why[a->lacks[i].why]);
        bind_set_text(L, "path", a->lacks[i].path);
        bind_set_text(L, "operation", a->lacks[i].operation);
        bind_set_integer(L, "changed_at", a->lacks[i].changed_at);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "lacks");
}

static int build_asof(lua_State *L)
{
    struct asof *a = lua_touserdata(L, 1);
    lua_Integer count = lua_tointeger(L, 2);

    lua_createtable(L, 0, 5);
    bind_push_layers(L, a->layers);
    a->layers = NULL;
    lua_setfield(L, -2, "layers");
    bind_set_integer(L, "lacking", a->lacking);
    bind_set_integer(L, "names", a->names);
    push_lacks(L, a);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_pushinteger(L, a->hits[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "hits");
    return 1;
}

static int undo_asof(lua_State *L)
{
    struct error err = {0};
    struct asof asof;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32, NULL);
    struct asof_request r = {
        .catalog = field_text(L, "catalog"),
        .root = field_text(L, "root"),
        .identity = field_text(L, "identity"),
        .path = field_text(L, "path"),
        .replica = field_integer(L, "replica", 0, 0, INT64_MAX),
        .moment = field_integer(L, "moment", 0, INT64_MIN, INT64_MAX),
        .at_operation = field_flag(L, "at_operation"),
    };
    field_check_texts(L, "operations");
    field_check_texts(L, "earlier");
    field_check_texts(L, "only");
    r.operations = field_copy_texts(L, "operations", &r.operation_count);
    r.earlier = field_copy_texts(L, "earlier", &r.earlier_count);
    r.only = field_copy_texts(L, "only", &r.only_count);
    int code = asof_read(&r, &asof, &err);
    if (code >= 0) {
        lua_pushcfunction(L, build_asof);
        lua_pushlightuserdata(L, &asof);
        lua_pushinteger(L, (lua_Integer)r.only_count);
        code = lua_pcall(L, 2, 1, 0) == LUA_OK ? 1 : 0;
    }
    field_free_texts(r.operations, r.operation_count);
    field_free_texts(r.earlier, r.earlier_count);
    field_free_texts(r.only, r.only_count);
    asof_free(&asof);
    return code == 1 ? 1 : code < 0 ? bind_fail(L, &err) : lua_error(L);
}

int luaopen_core_undo(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", undo_start_}, {"prune", prune_start_}, {"operations", list_operations}, {"files", list_files},
        {"asof", undo_asof}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
