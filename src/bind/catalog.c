/*
 * core.catalog: open(path) -> catalog; catalog:rows(sql, params), catalog:exec(sql, params), catalog:check(),
 * catalog:path(), catalog:close(); core.catalog.null.
 *
 * Parameters are an array (n optional): strings bind as TEXT, {blob = string} as BLOB, integers, floats, booleans
 * as 0 and 1, core.catalog.null as NULL. Rows are tables keyed by column name; a NULL is absent.
 */
#include "bind/bind.h"

#include "index/catalog.h"
#include "index/replica.h"

#define CATALOG "autobackup.catalog"

/* Its user value: the statements that are kept. */
struct handle {
    struct catalog *cat;    /* NULL once closed */
    int kept;
};

static struct handle *check(lua_State *L) { return luaL_checkudata(L, 1, CATALOG); }

static struct catalog *check_open(lua_State *L)
{
    struct handle *h = check(L);
    luaL_argcheck(L, h->cat, 1, "the catalog is closed");
    return h->cat;
}

/* ---- statements ---- */

/*
 * A catalog is asked the same few things again and again, and what it is asked costs more to prepare than to answer. So
 * statements that are done with lie in a table beside their catalog, by their text; one that is in use is not in there.
 */
#define MOST_KEPT 100

/* A prepared statement as a userdata, so that a Lua error on the way frees it. */
static sqlite3_stmt **new_statement(lua_State *L)
{
    sqlite3_stmt **stmt = lua_newuserdatauv(L, sizeof *stmt, 0);

    *stmt = NULL;
    luaL_setmetatable(L, "autobackup.statement");
    return stmt;
}

static int statement_gc(lua_State *L)
{
    sqlite3_stmt **stmt = luaL_checkudata(L, 1, "autobackup.statement");
    sqlite3_finalize(*stmt);
    *stmt = NULL;
    return 0;
}

static void bind_blob(lua_State *L, sqlite3_stmt *stmt, int at)
{
    size_t len;

    if (lua_getfield(L, -1, "blob") != LUA_TSTRING)
        luaL_error(L, "parameter %d: a table must be {blob = string}", at);
    const char *bytes = lua_tolstring(L, -1, &len);
    sqlite3_bind_blob64(stmt, at, bytes, len, SQLITE_TRANSIENT);
    lua_pop(L, 1);
}

/* The value on top of the stack. */
static void bind_value(lua_State *L, sqlite3_stmt *stmt, int at)
{
    size_t len;

    switch (lua_type(L, -1)) {
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, -1, &len);
        sqlite3_bind_text64(stmt, at, text, len, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    }
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            sqlite3_bind_int64(stmt, at, lua_tointeger(L, -1));
        else
            sqlite3_bind_double(stmt, at, lua_tonumber(L, -1));
        break;
    case LUA_TBOOLEAN: sqlite3_bind_int(stmt, at, lua_toboolean(L, -1)); break;
    case LUA_TTABLE: bind_blob(L, stmt, at); break;
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA: sqlite3_bind_null(stmt, at); break;
    default: luaL_error(L, "parameter %d: a %s cannot be stored", at, luaL_typename(L, -1));
    }
}

static void bind_params(lua_State *L, sqlite3_stmt *stmt, int table)
{
    int count = sqlite3_bind_parameter_count(stmt);

    for (int at = 1; at <= count && !lua_isnoneornil(L, table); at++) {
        lua_rawgeti(L, table, at);
        bind_value(L, stmt, at);
        lua_pop(L, 1);
    }
}

/* The statement that was kept for the text at stack index 2, taken out and on top of the stack now; else NULL and nothing there. */
static sqlite3_stmt *take_kept(lua_State *L)
{
    lua_getiuservalue(L, 1, 1);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) != LUA_TUSERDATA) {
        lua_pop(L, 2);
        return NULL;
    }
    lua_pushvalue(L, 2);
    lua_pushnil(L);
    lua_rawset(L, -4);
    lua_remove(L, -2);
    return *(sqlite3_stmt **)lua_touserdata(L, -1);
}

/* The statement at stack index 4 is done with: keep it. */
static void keep(lua_State *L, sqlite3_stmt *stmt)
{
    struct handle *h = check(L);

    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    if (h->kept++ == MOST_KEPT) {
        lua_newtable(L);
        lua_setiuservalue(L, 1, 1);
        h->kept = 1;
    }
    lua_getiuservalue(L, 1, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 4);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* Prepare arguments 2 and 3 of rows and exec; the statement lies at stack index 4, its top. NULL: *err says why. */
static sqlite3_stmt *prepare(lua_State *L, struct catalog *cat, struct error *err)
{
    const char *sql = luaL_checkstring(L, 2);

    if (!lua_isnoneornil(L, 3))
        luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    sqlite3_stmt *stmt = take_kept(L);
    if (stmt) {
        check(L)->kept--;
    } else {
        sqlite3_stmt **made = new_statement(L);
        if (catalog_prepare(cat, sql, made, err) < 0)
            return NULL;
        luaL_argcheck(L, *made, 2, "no statement");
        stmt = *made;
    }
    bind_params(L, stmt, 3);
    return stmt;
}

static void push_column(lua_State *L, sqlite3_stmt *stmt, int at)
{
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER: lua_pushinteger(L, sqlite3_column_int64(stmt, at)); break;
    case SQLITE_FLOAT: lua_pushnumber(L, sqlite3_column_double(stmt, at)); break;
    case SQLITE_NULL: lua_pushnil(L); break;
    default: {
        const char *bytes = sqlite3_column_blob(stmt, at);
        lua_pushlstring(L, bytes ? bytes : "", (size_t)sqlite3_column_bytes(stmt, at));
    }
    }
}

/* The names of the columns, once for all rows. */
static int push_names(lua_State *L, sqlite3_stmt *stmt)
{
    int count = sqlite3_column_count(stmt);

    luaL_checkstack(L, count + 5, "too many columns");
    for (int at = 0; at < count; at++)
        lua_pushstring(L, sqlite3_column_name(stmt, at));
    return count;
}

/* names: the stack index of the first one. */
static void push_row(lua_State *L, sqlite3_stmt *stmt, int names, int count)
{
    lua_createtable(L, 0, count);
    for (int at = 0; at < count; at++) {
        lua_pushvalue(L, names + at);
        push_column(L, stmt, at);
        lua_rawset(L, -3);
    }
}

/* It holds no lock until it is collected. */
static int failed(lua_State *L, struct catalog *cat, sqlite3_stmt *stmt, int step)
{
    struct error err = {0};

    catalog_fail(cat, step, &err);
    sqlite3_reset(stmt);
    return bind_fail(L, &err);
}

static int catalog_rows_(lua_State *L)
{
    struct catalog *cat = check_open(L);
    struct error err = {0};
    lua_Integer count = 0;
    int step;

    sqlite3_stmt *stmt = prepare(L, cat, &err);
    if (!stmt)
        return bind_fail(L, &err);
    int names = lua_gettop(L) + 2, columns = 0;
    lua_newtable(L);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        columns = count ? columns : push_names(L, stmt);
        push_row(L, stmt, names, columns);
        lua_rawseti(L, names - 1, ++count);
    }
    lua_settop(L, names - 1);
    return step == SQLITE_DONE ? (keep(L, stmt), 1) : failed(L, cat, stmt, step);
}

static int catalog_exec_(lua_State *L)
{
    struct catalog *cat = check_open(L);
    struct error err = {0};

    sqlite3_stmt *stmt = prepare(L, cat, &err);
    if (!stmt)
        return bind_fail(L, &err);
    int step = sqlite3_step(stmt);
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        return failed(L, cat, stmt, step);
    keep(L, stmt);
    lua_pushinteger(L, sqlite3_changes(catalog_handle(cat)));
    return 1;
}

static int catalog_check_(lua_State *L)
{
    struct error err = {0};

    struct catalog *cat = check_open(L);
    int64_t damaged = 0;
    int code = catalog_check(cat, &err);
    if (!code)
        code = replica_check_all(cat, &damaged, &err);
    if (code)
        return bind_fail(L, &err);
    lua_pushinteger(L, damaged);
    return 1;
}

static int catalog_path_(lua_State *L)
{
    lua_pushstring(L, catalog_path(check_open(L)));
    return 1;
}

/* A catalog with a statement left stays open: its -wal and -shm with it. */
static void finalize_kept(lua_State *L)
{
    lua_getiuservalue(L, 1, 1);
    if (lua_istable(L, -1))
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            sqlite3_stmt **stmt = lua_touserdata(L, -1);
            sqlite3_finalize(*stmt);
            *stmt = NULL;
        }
    lua_pop(L, 1);
}

static int catalog_close_(lua_State *L)
{
    struct handle *h = check(L);

    finalize_kept(L);
    catalog_close(h->cat);
    h->cat = NULL;
    return 0;
}

/* ---- the module ---- */

static int open_(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 1);
    struct error err = {0};

    *h = (struct handle){0};
    luaL_setmetatable(L, CATALOG);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    if (catalog_open(path, &h->cat, &err) < 0)
        return bind_fail(L, &err);
    return 1;
}

static void make_type(lua_State *L, const char *name, lua_CFunction gc, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__close");
    if (methods) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

int luaopen_core_catalog(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", open_}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"rows", catalog_rows_}, {"exec", catalog_exec_}, {"check", catalog_check_}, {"path", catalog_path_},
        {"close", catalog_close_}, {NULL, NULL},
    };

    make_type(L, CATALOG, catalog_close_, methods);
    make_type(L, "autobackup.statement", statement_gc, NULL);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
