#include "bind/layers.h"

#define LAYERS "autobackup.layers"

static int layers_gc(lua_State *L)
{
    struct layers **handle = luaL_checkudata(L, 1, LAYERS);

    layers_free(*handle);
    *handle = NULL;
    return 0;
}

void bind_push_layers(lua_State *L, struct layers *layers)
{
    struct layers **handle = lua_newuserdatauv(L, sizeof *handle, 0);

    *handle = layers;
    if (luaL_newmetatable(L, LAYERS)) {
        lua_pushcfunction(L, layers_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
}

struct layers **bind_check_layers(lua_State *L, int index)
{
    struct layers **handle = luaL_checkudata(L, index, LAYERS);

    if (!*handle)
        luaL_error(L, "the layers were used already");
    return handle;
}
