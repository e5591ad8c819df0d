#include "bind/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MAX_WAIT (10.0 * 365 * 24 * 3600)    /* seconds */

const char *field_text(lua_State *L, const char *key)
{
    size_t len;

    lua_getfield(L, 1, key);
    const char *value = lua_tolstring(L, -1, &len);
    if (!value || strlen(value) != len)
        luaL_error(L, "%s must be a string without NUL bytes", key);
    return value;
}

const char *field_text_or_none(lua_State *L, const char *key)
{
    if (lua_getfield(L, 1, key) == LUA_TNIL)
        return "";
    lua_pop(L, 1);
    return field_text(L, key);
}

int64_t field_integer(lua_State *L, const char *key, int64_t fallback, int64_t min, int64_t max)
{
    int is_integer = 1;

    int kind = lua_getfield(L, 1, key);
    lua_Integer value = kind == LUA_TNIL ? (lua_Integer)fallback : lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || value < min || value > max)
        luaL_error(L, "%s must be an integer in range", key);
    return value;
}

bool field_flag(lua_State *L, const char *key)
{
    lua_getfield(L, 1, key);
    return lua_toboolean(L, -1);
}

int64_t field_duration(lua_State *L, const char *key)
{
    int is_number = 1;
    int kind = lua_getfield(L, 1, key);
    double seconds = kind == LUA_TNIL ? 0 : lua_tonumberx(L, -1, &is_number);

    if (!is_number || !(seconds >= 0))
        luaL_error(L, "%s must be a number of seconds", key);
    return (int64_t)((seconds < MAX_WAIT ? seconds : MAX_WAIT) * (double)NSEC_PER_SEC);
}

/* Pushed: the list. Raises unless each element is a string without NUL bytes. */
static lua_Integer check_list(lua_State *L, const char *key)
{
    if (lua_getfield(L, 1, key) == LUA_TNIL)
        return 0;
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_Integer count = luaL_len(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t len = 0;
        const char *value = lua_geti(L, -1, i) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
        if (!value || strlen(value) != len)
            luaL_error(L, "%s must be a list of strings without NUL bytes", key);
        lua_pop(L, 1);
    }
    return count;
}

void field_check_texts(lua_State *L, const char *key)
{
    (void)check_list(L, key);
    lua_pop(L, 1);
}

char **field_copy_texts(lua_State *L, const char *key, size_t *ret_count)
{
    *ret_count = (size_t)check_list(L, key);
    char **list = mem_zalloc((*ret_count + 1) * sizeof *list);

    for (size_t i = 0; i < *ret_count; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        list[i] = mem_strdup(lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return list;
}

void field_free_texts(char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free((char **)list);
}
