/*
 * core.text: names that are written differently and mean or look the same (base/fold.h).
 * key(text, letters) -> what is equal for texts that differ in their form of Unicode alone; with letters (a boolean) also
 * for those that differ in case; composed(text) -> the text in its composed form, the same one for what is no UTF-8;
 * bytes(a, b) -> how two names differ that look alike ("c3 a9 / 65 cc 81"), nil where it can be seen.
 */
#include "bind/bind.h"

#include <stdlib.h>

#include "base/fold.h"
#include "base/spelling.h"

static int push_owned(lua_State *L, char *text, size_t len)
{
    lua_pushlstring(L, text, len);
    free(text);
    return 1;
}

static int text_key(lua_State *L)
{
    size_t len, size;
    const char *text = luaL_checklstring(L, 1, &len);

    char *key = fold_key(text, len, lua_toboolean(L, 2), &size);
    return push_owned(L, key, size);
}

static int text_composed(lua_State *L)
{
    size_t len, size;
    const char *text = luaL_checklstring(L, 1, &len);
    char *composed = fold_composed(text, len, &size);

    if (composed)
        return push_owned(L, composed, size);
    lua_settop(L, 1);
    return 1;
}

static int text_bytes(lua_State *L)
{
    char bytes[200];

    spelling_bytes(luaL_checkstring(L, 1), luaL_checkstring(L, 2), bytes, sizeof bytes);
    if (*bytes)
        lua_pushstring(L, bytes);
    else
        lua_pushnil(L);
    return 1;
}

int luaopen_core_text(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"key", text_key}, {"composed", text_composed}, {"bytes", text_bytes}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
