/*
 * core.input: standard input as lines, out of the reach of the programs that those lines start.
 */
#include "bind/bind.h"

#include "base/input.h"

#define INPUT "core.input"

static struct input **check_input(lua_State *L) { return luaL_checkudata(L, 1, INPUT); }

/* line() -> text, whether it may be cut off | nil at the end | nil, message, code */
static int input_next(lua_State *L)
{
    struct input **in = check_input(L);
    struct error err = {0};
    struct buf line = {0};
    bool torn;

    luaL_argcheck(L, *in, 1, "it is closed");
    int code = input_line(*in, &line, &torn, &err);
    if (code <= 0)
        buf_free(&line);
    if (code < 0)
        return bind_fail(L, &err);
    if (code == 0) {
        lua_pushnil(L);
        return 1;
    }
    bind_push_buf(L, &line);
    lua_pushboolean(L, torn);
    return 2;
}

static int input_gc(lua_State *L)
{
    struct input **in = check_input(L);

    input_close(*in);
    *in = NULL;
    return 0;
}

/*
 * take() -> the lines of standard input | nil, message, code
 * From now on standard input itself is empty, for everybody. Closing frees the handle.
 */
static int input_open(lua_State *L)
{
    struct error err = {0};
    struct input **in = lua_newuserdatauv(L, sizeof *in, 0);

    *in = NULL;
    luaL_setmetatable(L, INPUT);
    return input_take(in, &err) < 0 ? bind_fail(L, &err) : 1;
}

int luaopen_core_input(lua_State *L)
{
    static const luaL_Reg functions[] = {{"take", input_open}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"close", input_gc}, {"line", input_next}, {NULL, NULL}};

    luaL_newmetatable(L, INPUT);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, input_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, input_gc);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
