/*
 * core.compare: open(catalog path) -> comparer, on a connection of its own;
 *   comparer:start{left=, right=, window=NS, list=, list_same=, list_rot=} -> true: the replicas to compare from
 *     now on (ids; 0 or absent: nothing on that side). Ends what was compared before.
 *   comparer:next() -> item | true (still at work: call again) | false (all is counted)
 *   comparer:counts() -> table
 *   comparer:close()
 * Items: {judgement = "proved|same|time|age|size|content|target|type|left|right|unread|doubt", path =, newer = "left|right"?,
 * left = {kind =, size =, mtime = NS, error = CODE?}?, right = likewise?, rules = "left|right"?}. Meaning: index/compare.h.
 */
#include "bind/bind.h"

#include <sys/stat.h>

#include "index/compare.h"

#define COMPARER "autobackup.comparer"

struct handle {
    struct catalog *cat;        /* NULL once closed */
    struct compare *compare;    /* NULL before the first start */
};

static struct handle *check_open(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, COMPARER);
    luaL_argcheck(L, h->cat, 1, "the comparer is closed");
    return h;
}

static struct handle *check_started(lua_State *L)
{
    struct handle *h = check_open(L);
    luaL_argcheck(L, h->compare, 1, "nothing was started");
    return h;
}

static int comparer_close(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, COMPARER);

    compare_close(h->compare);
    catalog_close(h->cat);
    *h = (struct handle){0};
    return 0;
}

static int open_(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    struct error err = {0};

    *h = (struct handle){0};
    luaL_setmetatable(L, COMPARER);
    if (catalog_open(path, &h->cat, &err) < 0)
        return bind_fail(L, &err);
    return 1;
}

static int64_t integer(lua_State *L, const char *key, int64_t fallback)
{
    int is_integer = 1;

    int kind = lua_getfield(L, 2, key);
    lua_Integer value = kind == LUA_TNIL ? (lua_Integer)fallback : lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || value < 0)
        luaL_error(L, "%s must be an integer, 0 or more", key);
    lua_pop(L, 1);
    return value;
}

static bool flag(lua_State *L, const char *key)
{
    lua_getfield(L, 2, key);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

static int comparer_start(lua_State *L)
{
    struct handle *h = check_open(L);
    struct error err = {0};

    luaL_checktype(L, 2, LUA_TTABLE);
    struct compare_request request = {
        .left = integer(L, "left", 0),
        .right = integer(L, "right", 0),
        .window = integer(L, "window", 0),
        .list = flag(L, "list"),
        .list_same = flag(L, "list_same"),
        .list_rot = flag(L, "list_rot"),
    };
    compare_close(h->compare);
    h->compare = NULL;
    return bind_done(L, compare_open(h->cat, &request, &h->compare, &err), &err);
}

static const char *judgement_name(enum pair_judgement judgement)
{
    static const char *const names[] = {
        [PAIR_PROVED] = "proved", [PAIR_SAME] = "same", [PAIR_TIME] = "time", [PAIR_AGE] = "age",     [PAIR_SIZE] = "size",
        [PAIR_CONTENT] = "content", [PAIR_TARGET] = "target", [PAIR_TYPE] = "type", [PAIR_LEFT] = "left",
        [PAIR_RIGHT] = "right",   [PAIR_UNREAD] = "unread",  [PAIR_DOUBT] = "doubt",
        [PAIR_NOTHING] = "same",
    };
    return names[judgement];
}

static void set_string(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

/* A directory's size and time mean nothing here. */
static void set_entry(lua_State *L, const char *key, const struct entry *e)
{
    if (!e)
        return;
    lua_createtable(L, 0, 4);
    set_string(L, "kind", type_name(e->mode));
    if (e->mode && !S_ISDIR(e->mode)) {
        bind_set_integer(L, "size", (int64_t)entry_bytes(e));
        bind_set_integer(L, "mtime", e->mtime);
    }
    if (e->err || e->mount)
        set_string(L, "error", e->err ? error_name(e->err) : "EXDEV");
    lua_setfield(L, -2, key);
}

static int comparer_next(lua_State *L)
{
    struct handle *h = check_started(L);
    struct compare_item item;
    struct error err = {0};

    int code = compare_next(h->compare, &item, &err);
    if (code < 0)
        return bind_fail(L, &err);
    if (code != COMPARE_ITEM) {
        lua_pushboolean(L, code == COMPARE_BUSY);
        return 1;
    }
    lua_createtable(L, 0, 7);
    set_string(L, "judgement", judgement_name(item.judgement));
    set_string(L, "path", item.path);
    if (item.newer)
        set_string(L, "newer", item.newer < 0 ? "left" : "right");
    if (item.rules)
        set_string(L, "rules", item.rules < 0 ? "left" : "right");
    if (item.undated) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "undated");
    }
    set_entry(L, "left", item.left);
    set_entry(L, "right", item.right);
    return 1;
}

static void set_sum(lua_State *L, const char *key, const struct compare_sum *sum)
{
    lua_createtable(L, 0, 3);
    bind_set_integer(L, "files", sum->files);
    bind_set_integer(L, "bytes", sum->bytes);
    bind_set_integer(L, "others", sum->others);
    lua_setfield(L, -2, key);
}

static int comparer_counts(lua_State *L)
{
    const struct compare_counts *n = compare_counts(check_started(L)->compare);

    lua_createtable(L, 0, 15);
    set_sum(L, "same", &n->same);
    set_sum(L, "only_left", &n->only_left);
    set_sum(L, "only_right", &n->only_right);
    set_sum(L, "different", &n->different);
    set_sum(L, "unread", &n->unread);
    set_sum(L, "doubt", &n->doubt);
    bind_set_integer(L, "content", n->content);
    bind_set_integer(L, "other_time", n->other_time);
    bind_set_integer(L, "regrouped", n->regrouped);
    bind_set_integer(L, "newer_left", n->newer_left);
    bind_set_integer(L, "newer_right", n->newer_right);
    bind_set_integer(L, "directories_left", n->directories_left);
    bind_set_integer(L, "directories_right", n->directories_right);
    bind_set_integer(L, "errors_left", n->errors_left);
    bind_set_integer(L, "errors_right", n->errors_right);
    lua_pushboolean(L, n->found_left);
    lua_setfield(L, -2, "found_left");
    lua_pushboolean(L, n->found_right);
    lua_setfield(L, -2, "found_right");
    return 1;
}

int luaopen_core_compare(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"start", comparer_start}, {"next", comparer_next}, {"counts", comparer_counts}, {"close", comparer_close},
        {NULL, NULL},
    };

    luaL_newmetatable(L, COMPARER);
    lua_pushcfunction(L, comparer_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, comparer_close);
    lua_setfield(L, -2, "__close");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
