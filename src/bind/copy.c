/*
 * core.copy: start{...} -> job, with the fields of struct transfer_request (lock_wait in seconds, fan a handle, only a list,
 * layers of core.undo.asof, which it takes);
 * fan{streams=N, jobs=N?, rate=BYTES_PER_SECOND?, idle=BOOLEAN?} -> fan, for the transfers of one source to several
 * destinations; fan:close() when all were started;
 * lock{root=, identity=, name=, text=, wait=SECONDS?, tell=FUNCTION(TEXT)?} -> lock of the database, for start{locked=true},
 * until lock:close() (EBUSY: another holds it; EINTR: a signal ended the wait); tell hears what goes on meanwhile;
 * writable{root=, identity=, what=TEXT, category=PATH?} -> true, or why not, without writing (copy/writable.h);
 * matches{catalog=, source=, target=, only=PATTERNS} -> list of how many names each pattern covers;
 * respell{catalog=, operation=, run=?, path=, source_identity=, target_root=, target_identity=, target_name=, source=,
 * target=, only=PATTERNS} -> list of {dir=, from=, to=, kept=BOOLEAN}: names of the destination that got the source's
 * spelling (copy/respell.h);
 * partial_name(path) -> the name that a large file's temp has in its folder, by its path relative to the database;
 * record{catalog=, operation=, target_root=, target_identity=, source=, target=, readback=} -> number of digests
 * offered.
 * measure{catalog=, database=ID, root=, identity=, anew=BOOLEAN?, category=PATH?} -> what its filesystem keeps, measured unless that is known: the columns of the catalog's table traits, from granularity
 * on (index/measured.h; copy/trial.h).
 * Events and meaning: copy/transfer.h.
 */
#include "bind/fields.h"
#include "bind/layers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "copy/fan.h"
#include "copy/lock.h"
#include "copy/respell.h"
#include "copy/temp.h"
#include "copy/transfer.h"
#include "copy/trial.h"
#include "copy/writable.h"

#define LOCK "autobackup.lock"
#define FAN "autobackup.fan"

/* Strings stay Lua's until everything is checked; only then are they copied. */
static void take_texts(struct transfer_request *r)
{
    char **texts[] = {&r->catalog, &r->operation, &r->run, &r->path, &r->source_root, &r->source_identity,
                      &r->target_root, &r->target_identity, &r->lock_text, &r->project, &r->category};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = *texts[i] ? mem_strdup(*texts[i]) : NULL;
}

/* The fan of the table at 1, or NULL. */
static struct fan *shared_fan(lua_State *L)
{
    if (lua_getfield(L, 1, "fan") == LUA_TNIL)
        return NULL;
    struct fan **fan = luaL_checkudata(L, -1, FAN);
    if (!*fan)
        luaL_error(L, "the fan is closed");
    return *fan;
}

/* The handle in the table at 1, or NULL. */
static struct layers **given_layers(lua_State *L)
{
    return lua_getfield(L, 1, "layers") == LUA_TNIL ? NULL : bind_check_layers(L, -1);
}

static int copy_fan(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const struct fan_options options = {
        .streams = (int)field_integer(L, "streams", 1, 1, FAN_STREAMS),
        .jobs = (int)field_integer(L, "jobs", 0, 0, 64),
        .rate = field_integer(L, "rate", 0, 0, INT64_MAX),
        .idle = field_flag(L, "idle"),
    };
    struct fan **fan = lua_newuserdatauv(L, sizeof *fan, 0);
    *fan = NULL;
    luaL_setmetatable(L, FAN);
    *fan = fan_new(&options);
    return 1;
}

static int fan_close(lua_State *L)
{
    struct fan **fan = luaL_checkudata(L, 1, FAN);

    if (*fan) {
        fan_seal(*fan);
        fan_unref(*fan);
    }
    *fan = NULL;
    return 0;
}

static int copy_start(lua_State *L)
{
    struct error err = {0};
    struct job *job;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 32, NULL);
    struct transfer_request request = {
        .catalog = (char *)field_text(L, "catalog"),
        .operation = (char *)field_text(L, "operation"),
        .run = (char *)field_text_or_none(L, "run"),
        .path = (char *)field_text(L, "path"),
        .source_root = (char *)field_text(L, "source_root"),
        .source_identity = (char *)field_text(L, "source_identity"),
        .target_root = (char *)field_text(L, "target_root"),
        .target_identity = (char *)field_text(L, "target_identity"),
        .lock_text = (char *)field_text(L, "lock_text"),
        .source = field_integer(L, "source", -1, 0, INT64_MAX),
        .project = (char *)field_text_or_none(L, "project"),
        .category = (char *)field_text_or_none(L, "category"),
        .target = field_integer(L, "target", 0, 0, INT64_MAX),
        .room = field_integer(L, "room", 0, 0, INT64_MAX),
        .window = field_integer(L, "window", 0, 0, INT64_MAX),
        .lock_wait = field_duration(L, "lock_wait"),
        .locked = field_flag(L, "locked"),
        .overwrite_newer = field_flag(L, "overwrite_newer"),
        .mirror = field_flag(L, "mirror"),
        .repair = field_flag(L, "repair"),
        .restore = field_flag(L, "restore"),
        .dry_run = field_flag(L, "dry_run"),
        .measure = field_flag(L, "measure"),
        .attributes = field_flag(L, "attributes"),
        .readback = field_flag(L, "readback"),
        .jobs = (int)field_integer(L, "jobs", 0, 0, 64),
        .fan = shared_fan(L),
    };
    struct layers **layers = given_layers(L);
    luaL_argcheck(L, request.source || (layers && request.project && request.category), 1,
                  "without a source there must be layers, project and category");
    field_check_texts(L, "only");
    take_texts(&request);
    if (layers) {
        request.layers = *layers;
        *layers = NULL;
    }
    request.only = field_copy_texts(L, "only", &request.only_count);
    if (transfer_start(&request, &job, &err) < 0)
        return bind_fail(L, &err);
    bind_push_job(L, job);
    return 1;
}

/* So many integers at `counts`, as a list. For lua_pcall. */
static int push_counts(lua_State *L)
{
    const int64_t *counts = lua_touserdata(L, 1);
    lua_Integer count = lua_tointeger(L, 2);

    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_pushinteger(L, counts[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int copy_matches(lua_State *L)
{
    struct error err = {0};
    size_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    struct matches_request request = {
        .catalog = field_text(L, "catalog"),
        .source = field_integer(L, "source", 0, 0, INT64_MAX),
        .target = field_integer(L, "target", 0, 0, INT64_MAX),
    };
    field_check_texts(L, "only");
    char **only = field_copy_texts(L, "only", &count);
    int64_t *counts = mem_zalloc((count + 1) * sizeof *counts);
    request.only = only;
    request.only_count = count;
    int code = transfer_matches(&request, counts, &err);
    field_free_texts(only, count);
    if (code < 0) {
        free(counts);
        return bind_fail(L, &err);
    }
    lua_pushcfunction(L, push_counts);
    lua_pushlightuserdata(L, counts);
    lua_pushinteger(L, (lua_Integer)count);
    code = lua_pcall(L, 2, 1, 0);
    free(counts);
    return code == LUA_OK ? 1 : lua_error(L);
}

static int push_respelled(lua_State *L)
{
    const struct respellings *r = lua_touserdata(L, 1);

    lua_createtable(L, (int)r->count, 0);
    for (size_t i = 0; i < r->count; i++) {
        lua_createtable(L, 0, 4);
        bind_set_text(L, "dir", r->list[i].dir);
        bind_set_text(L, "from", r->list[i].from);
        bind_set_text(L, "to", r->list[i].to);
        lua_pushboolean(L, r->list[i].kept);
        lua_setfield(L, -2, "kept");
        lua_seti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int copy_respell(lua_State *L)
{
    struct respellings done;
    struct error err = {0};
    size_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 24, NULL);
    struct respell_request request = {
        .catalog = field_text(L, "catalog"),
        .operation = field_text(L, "operation"),
        .run = field_text_or_none(L, "run"),
        .path = field_text(L, "path"),
        .source_identity = field_text(L, "source_identity"),
        .target_root = field_text(L, "target_root"),
        .target_identity = field_text(L, "target_identity"),
        .target_name = field_text(L, "target_name"),
        .source = field_integer(L, "source", 0, 0, INT64_MAX),
        .target = field_integer(L, "target", 0, 0, INT64_MAX),
    };
    field_check_texts(L, "only");
    char **only = field_copy_texts(L, "only", &count);
    request.only = only;
    request.only_count = count;
    int code = respell_run(&request, &done, &err);
    field_free_texts(only, count);
    if (!code) {
        lua_pushcfunction(L, push_respelled);
        lua_pushlightuserdata(L, &done);
        code = lua_pcall(L, 1, 1, 0);
        respellings_free(&done);
        return code == LUA_OK ? 1 : lua_error(L);
    }
    respellings_free(&done);
    return bind_fail(L, &err);
}

static int copy_partial_name(lua_State *L)
{
    char name[TEMP_NAME_SIZE];

    temp_partial_name(bind_check_path(L, 1), name);
    lua_pushstring(L, name);
    return 1;
}

static int copy_record(lua_State *L)
{
    struct error err = {0};
    int64_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    struct record_request request = {
        .catalog = field_text(L, "catalog"),
        .operation = field_text(L, "operation"),
        .target_root = field_text(L, "target_root"),
        .target_identity = field_text(L, "target_identity"),
        .source = field_integer(L, "source", 0, 0, INT64_MAX),
        .target = field_integer(L, "target", 0, 0, INT64_MAX),
        .readback = field_flag(L, "readback"),
    };
    if (transfer_record(&request, &count, &err) < 0)
        return bind_fail(L, &err);
    lua_pushinteger(L, count);
    return 1;
}

static int push_measured(lua_State *L, const struct measured *m)
{
    lua_createtable(L, 0, 16);
    bind_set_integer(L, "granularity", m->traits.granularity);
    if (m->traits.has_oldest)
        bind_set_integer(L, "oldest", m->traits.oldest);
    if (m->traits.has_newest)
        bind_set_integer(L, "newest", m->traits.newest);
    bind_set_integer(L, "keeps_times", !m->traits.drops_times);
    bind_set_integer(L, "link_times", !m->traits.drops_link_times);
    for (int i = 0; i < TRAIT_COUNT; i++)
        if (m->kept[i] >= 0)
            bind_set_integer(L, trait_name(i), m->kept[i]);
    return 1;
}

static int copy_measure(lua_State *L)
{
    struct error err = {0};
    struct measured measured;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    const struct trial_request request = {
        .catalog = field_text(L, "catalog"),
        .root = field_text(L, "root"),
        .identity = field_text(L, "identity"),
        .database = field_integer(L, "database", 0, 1, INT64_MAX),
        .anew = field_flag(L, "anew"),
        .category = field_text_or_none(L, "category"),
    };
    if (trial_ensure(&request, &measured, &err) < 0)
        return bind_fail(L, &err);
    return push_measured(L, &measured);
}

static int lock_close(lua_State *L)
{
    int *lock = luaL_checkudata(L, 1, LOCK);

    lock_give_back(*lock);
    *lock = -1;
    return 0;
}

/* The handle comes first, so that no error of Lua can lose a lock that is held. */
static int *push_lock(lua_State *L)
{
    int *lock = lua_newuserdatauv(L, sizeof *lock, 0);

    *lock = -1;
    luaL_setmetatable(L, LOCK);
    return lock;
}

static bool has_hook(void *arg) { return lua_gethook(arg) != NULL; }

/*
 * To the function `tell` of the table at 1, when there is one; what that raises is not passed on, but for an interrupt,
 * which is raised again as soon as Lua runs.
 */
static void tell_lua(void *arg, const char *code, const char *text)
{
    lua_State *L = arg;

    (void)code;
    if (lua_getfield(L, 1, "tell") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_pushstring(L, text);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        lua_pop(L, 1);
        interrupt_again();
    }
}

static int copy_lock(lua_State *L)
{
    struct error err = {0};

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    const char *root = field_text(L, "root"), *identity = field_text(L, "identity"), *name = field_text(L, "name");
    const char *holder = field_text(L, "text");
    int64_t wait = field_duration(L, "wait");
    const struct lock_ear ear = {.is_over = has_hook, .tell = tell_lua, .arg = L};
    int *lock = push_lock(L);

    *lock = lock_open(root, identity, name, holder, wait, &ear, &err);
    return *lock < 0 ? bind_fail(L, &err) : 1;
}

static int copy_writable(lua_State *L)
{
    struct error err = {0};

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkstack(L, 16, NULL);
    const char *root = field_text(L, "root"), *identity = field_text(L, "identity"), *what = field_text(L, "what");
    int code = writable_look(root, identity, field_text_or_none(L, "category"), what, &err);

    return bind_done(L, code, &err);
}

/* A type whose values are closed by hand, by a to-be-closed variable, or by the collector. */
static void make_type(lua_State *L, const char *type, const char *name, lua_CFunction close)
{
    luaL_newmetatable(L, type);
    lua_newtable(L);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "close");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

int luaopen_core_copy(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", copy_start}, {"fan", copy_fan}, {"record", copy_record}, {"lock", copy_lock},
        {"writable", copy_writable},
        {"measure", copy_measure}, {"partial_name", copy_partial_name}, {"matches", copy_matches},
        {"respell", copy_respell}, {NULL, NULL},
    };
    make_type(L, LOCK, "lock", lock_close);
    make_type(L, FAN, "fan", fan_close);
    luaL_newlib(L, functions);
    return 1;
}
