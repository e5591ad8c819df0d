#include "bind/bind.h"

#include <string.h>

int bind_fail(lua_State *L, struct error *err)
{
    struct error mine = *err;

    lua_pushnil(L);
    lua_pushstring(L, mine.message ? mine.message : mine.code);
    lua_pushstring(L, mine.code);
    error_clear(err);
    return 3;
}

int bind_fail_errno(lua_State *L, int errnum, const char *thing)
{
    struct error err = {0};

    error_set(&err, errnum, "%s", thing);
    return bind_fail(L, &err);
}

const char *bind_check_path(lua_State *L, int arg)
{
    size_t len;
    const char *path = luaL_checklstring(L, arg, &len);

    luaL_argcheck(L, strlen(path) == len, arg, "has a NUL byte inside");
    return path;
}

int64_t bind_opt_integer(lua_State *L, int arg, int64_t fallback, int64_t min, int64_t max)
{
    lua_Integer value = luaL_optinteger(L, arg, fallback);

    luaL_argcheck(L, value >= min && value <= max, arg, "out of range");
    return value;
}

static int push_buf(lua_State *L)
{
    const struct buf *b = lua_touserdata(L, 1);

    lua_pushlstring(L, b->data ? b->data : "", b->len);
    return 1;
}

void bind_push_buf(lua_State *L, struct buf *b)
{
    lua_pushcfunction(L, push_buf);
    lua_pushlightuserdata(L, b);
    int code = lua_pcall(L, 1, 1, 0);
    buf_free(b);
    if (code != LUA_OK)
        lua_error(L);
}

int bind_done(lua_State *L, int code, struct error *err)
{
    if (code < 0)
        return bind_fail(L, err);
    lua_pushboolean(L, 1);
    return 1;
}

void bind_set_integer(lua_State *L, const char *key, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

void bind_set_text(lua_State *L, const char *key, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}
