/*
 * core.content: what replicas' folders hold, from the catalog, for looking at one after the other.
 *   open(catalog path) -> reader, on a connection of its own
 *   reader:folder(replica, path) -> folder | false: the catalog has no listing of it
 *   reader:sums(replica, jobs = chosen) -> sums, which are being added up from now on
 *   sums:ready(seconds = 0) -> whether all is added up, waiting for it
 *   folder:add_sums(sums): ready ones of the same replica
 *   folder:arrange("size"|"name"|"time", filter?) -> count of what is shown from now on
 *   folder:rows(first, last) -> the shown ones from place first (1 on) to last: {name =, kind =, bytes =, files =,
 *     newest = NS?, errors =, error = CODE?}; of a folder bytes, files and newest are absent before add_sums
 *   folder:place(name) -> its place among the shown | nil
 *   folder:totals() -> {count =, bytes =, files =, largest =, summed =} of all that it holds
 *   each:close()
 * What they mean: index/content.h, index/sums.h.
 */
#include "bind/bind.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "index/content.h"
#include "index/pair.h"

#define READER "autobackup.content.reader"
#define SUMS "autobackup.content.sums"
#define FOLDER "autobackup.content.folder"
#define ROW_FIELDS 10    /* with those that Lua adds */

/* What the handles own; NULL once closed. */
struct reader_handle { struct catalog *cat; };
struct sums_handle { struct sums *sums; };
struct folder_handle { struct content *content; };    /* its path is the user value */

static struct catalog *check_reader(lua_State *L)
{
    struct reader_handle *h = luaL_checkudata(L, 1, READER);
    luaL_argcheck(L, h->cat, 1, "the reader is closed");
    return h->cat;
}

static struct sums *check_sums(lua_State *L, int arg)
{
    struct sums_handle *h = luaL_checkudata(L, arg, SUMS);
    luaL_argcheck(L, h->sums, arg, "the sums are closed");
    return h->sums;
}

static struct content *check_folder(lua_State *L)
{
    struct folder_handle *h = luaL_checkudata(L, 1, FOLDER);
    luaL_argcheck(L, h->content, 1, "the folder is closed");
    return h->content;
}

/* ---- reader ---- */

static int open_(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    struct reader_handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    struct error err = {0};

    h->cat = NULL;
    luaL_setmetatable(L, READER);
    return catalog_open(path, &h->cat, &err) < 0 ? bind_fail(L, &err) : 1;
}

static int reader_folder(lua_State *L)
{
    struct catalog *cat = check_reader(L);
    int64_t replica = luaL_checkinteger(L, 2);
    const char *path = bind_check_path(L, 3);
    struct folder_handle *h = lua_newuserdatauv(L, sizeof *h, 1);
    struct error err = {0};

    h->content = NULL;
    luaL_setmetatable(L, FOLDER);
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, -2, 1);
    int code = content_read(cat, replica, path, strlen(path), &h->content, &err);
    if (code < 0)
        return bind_fail(L, &err);
    if (!code)
        lua_pushboolean(L, 0);
    return 1;
}

static int reader_sums(lua_State *L)
{
    struct catalog *cat = check_reader(L);
    int64_t replica = luaL_checkinteger(L, 2);
    int jobs = (int)bind_opt_integer(L, 3, 0, 0, 64);
    struct sums_handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    struct error err = {0};

    h->sums = NULL;
    luaL_setmetatable(L, SUMS);
    return sums_start(catalog_path(cat), replica, jobs, &h->sums, &err) < 0 ? bind_fail(L, &err) : 1;
}

static int reader_close(lua_State *L)
{
    struct reader_handle *h = luaL_checkudata(L, 1, READER);

    catalog_close(h->cat);
    h->cat = NULL;
    return 0;
}

/* ---- sums ---- */

static int sums_ready(lua_State *L)
{
    struct sums *sums = check_sums(L, 1);
    lua_Number seconds = luaL_optnumber(L, 2, 0);
    struct error err = {0};

    luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 2, "out of range");
    int code = sums_wait(sums, (int64_t)(seconds * NSEC_PER_SEC), &err);
    if (code < 0 && code != -EAGAIN)
        return bind_fail(L, &err);
    lua_pushboolean(L, code == 1);
    return 1;
}

static int sums_close_(lua_State *L)
{
    struct sums_handle *h = luaL_checkudata(L, 1, SUMS);
    struct sums *sums = h->sums;

    h->sums = NULL;
    sums_close(sums);
    return 0;
}

/* ---- folder ---- */

static int folder_add_sums(lua_State *L)
{
    struct content *c = check_folder(L);
    struct sums *sums = check_sums(L, 2);
    size_t len;

    lua_getiuservalue(L, 1, 1);
    const char *path = lua_tolstring(L, -1, &len);
    content_add_sums(c, path, len, sums);
    return 0;
}

static int folder_arrange(lua_State *L)
{
    static const char *const names[] = {"size", "name", "time", NULL};
    static const enum content_order orders[] = {CONTENT_BY_SIZE, CONTENT_BY_NAME, CONTENT_BY_TIME};
    struct content *c = check_folder(L);
    enum content_order order = orders[luaL_checkoption(L, 2, NULL, names)];
    size_t len = 0;
    const char *filter = luaL_optlstring(L, 3, NULL, &len);

    content_arrange(c, order, filter, len);
    lua_pushinteger(L, (lua_Integer)c->shown_count);
    return 1;
}

static void push_row(lua_State *L, const struct content *c, const struct content_entry *e)
{
    bool is_counted = !S_ISDIR(e->mode) || c->summed;

    lua_createtable(L, 0, ROW_FIELDS);
    lua_pushlstring(L, e->name, e->name_len);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, type_name(e->mode));
    lua_setfield(L, -2, "kind");
    bind_set_integer(L, "errors", e->errors);
    if (is_counted) {
        bind_set_integer(L, "bytes", e->bytes);
        bind_set_integer(L, "files", e->files);
    }
    if (e->newest != INT64_MIN)
        bind_set_integer(L, "newest", e->newest);
    if (e->err || e->mount) {
        lua_pushstring(L, e->err ? error_name(e->err) : "EXDEV");
        lua_setfield(L, -2, "error");
    }
}

static int folder_rows(lua_State *L)
{
    struct content *c = check_folder(L);
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), count = 0;

    first = first < 1 ? 1 : first;
    last = last > (lua_Integer)c->shown_count ? (lua_Integer)c->shown_count : last;
    lua_createtable(L, last >= first && last - first < 1000 ? (int)(last - first + 1) : 0, 0);
    for (lua_Integer i = first; i <= last; i++) {
        push_row(L, c, &c->entries[c->shown[i - 1]]);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

static int folder_place(lua_State *L)
{
    struct content *c = check_folder(L);
    size_t len;
    const char *name = luaL_checklstring(L, 2, &len);
    size_t place = content_place(c, name, len);

    if (place == c->shown_count)
        lua_pushnil(L);
    else
        lua_pushinteger(L, (lua_Integer)place + 1);
    return 1;
}

static int folder_totals(lua_State *L)
{
    struct content *c = check_folder(L);

    lua_createtable(L, 0, 5);
    bind_set_integer(L, "count", (int64_t)c->count);
    bind_set_integer(L, "bytes", c->bytes);
    bind_set_integer(L, "files", c->files);
    bind_set_integer(L, "largest", c->largest);
    lua_pushboolean(L, c->summed);
    lua_setfield(L, -2, "summed");
    return 1;
}

static int folder_close(lua_State *L)
{
    struct folder_handle *h = luaL_checkudata(L, 1, FOLDER);

    content_free(h->content);
    h->content = NULL;
    return 0;
}

/* ---- module ---- */

static void add_class(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction close)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

int luaopen_core_content(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_}, {NULL, NULL}};
    static const luaL_Reg reader[] = {
        {"close", reader_close}, {"folder", reader_folder}, {"sums", reader_sums}, {NULL, NULL},
    };
    static const luaL_Reg sums[] = {{"close", sums_close_}, {"ready", sums_ready}, {NULL, NULL}};
    static const luaL_Reg folder[] = {
        {"add_sums", folder_add_sums}, {"arrange", folder_arrange}, {"close", folder_close},
        {"place", folder_place}, {"rows", folder_rows}, {"totals", folder_totals}, {NULL, NULL},
    };

    add_class(L, READER, reader, reader_close);
    add_class(L, SUMS, sums, sums_close_);
    add_class(L, FOLDER, folder, folder_close);
    luaL_newlib(L, functions);
    return 1;
}
