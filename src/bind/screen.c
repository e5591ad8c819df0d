/*
 * core.screen: a full screen in the terminal (base/screen.h).
 *   open() -> screen | nil, message, code (ETERMINAL: there is none, or not a capable one)
 *   screen:size() -> columns, lines
 *   screen:line(n, {text, style, text, style, ...}): set line n (1 on); the rest of it gets the last style
 *   screen:show(line?, column?): send what changed; the cursor is there (1 on), hidden when left out
 *   screen:redraw(): the next show sends everything
 *   screen:key(seconds = for ever) -> name of a key | nil: none came in time, or a signal wants to be seen |
 *     false: the terminal is gone
 *   screen:leave(), screen:enter(): lend the terminal to another program, take it again
 *   screen:close()
 * A style is the sum of core.screen.BOLD, DIM, REVERSE, UNDERLINE and one of RED, GREEN, YELLOW, BLUE, CYAN.
 */
#include "bind/bind.h"

#include <errno.h>

#include "base/clock.h"
#include "base/screen.h"

#define HANDLE "autobackup.screen"

struct handle {
    bool is_open;
};

static void check(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, HANDLE);
    luaL_argcheck(L, h->is_open, 1, "the screen is closed");
}

static int screen_open_(lua_State *L)
{
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);
    struct error err = {0};

    h->is_open = false;
    luaL_setmetatable(L, HANDLE);
    if (screen_open(&err) < 0)
        return bind_fail(L, &err);
    h->is_open = true;
    return 1;
}

static int screen_size_(lua_State *L)
{
    int columns, lines;

    check(L);
    screen_size(&columns, &lines);
    lua_pushinteger(L, columns);
    lua_pushinteger(L, lines);
    return 2;
}

static int screen_line(lua_State *L)
{
    size_t len;

    check(L);
    int line = (int)luaL_checkinteger(L, 2);
    luaL_argcheck(L, line > 0, 2, "lines are counted from 1");
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 3);
    screen_begin(line - 1);
    for (lua_Integer i = 1; i + 1 <= count; i += 2) {
        lua_rawgeti(L, 3, i);
        lua_rawgeti(L, 3, i + 1);
        const char *text = luaL_checklstring(L, -2, &len);
        screen_text(text, len, (unsigned)luaL_checkinteger(L, -1));
        lua_pop(L, 2);
    }
    screen_end();
    return 0;
}

static int screen_show_(lua_State *L)
{
    check(L);
    int line = (int)luaL_optinteger(L, 2, 0), column = (int)luaL_optinteger(L, 3, 1);
    screen_show(line - 1, column - 1);
    return 0;
}

static int screen_redraw_(lua_State *L)
{
    check(L);
    screen_redraw();
    return 0;
}

static int screen_key_(lua_State *L)
{
    char key[SCREEN_KEY];

    check(L);
    lua_Number seconds = luaL_optnumber(L, 2, -1);
    int code = screen_key(seconds < 0 || seconds > 1e9 ? -1 : (int64_t)(seconds * NSEC_PER_SEC), key);
    if (code == 1)
        lua_pushstring(L, key);
    else if (code == -EPIPE)
        lua_pushboolean(L, 0);
    else
        lua_pushnil(L);
    return 1;
}

static int screen_leave_(lua_State *L)
{
    check(L);
    screen_leave();
    return 0;
}

static int screen_enter_(lua_State *L)
{
    check(L);
    screen_enter();
    return 0;
}

static int screen_close_(lua_State *L)
{
    struct handle *h = luaL_checkudata(L, 1, HANDLE);

    if (h->is_open)
        screen_close();
    h->is_open = false;
    return 0;
}

static void add_styles(lua_State *L)
{
    static const struct {
        const char *name;
        lua_Integer value;
    } styles[] = {
        {"BOLD", SCREEN_BOLD}, {"DIM", SCREEN_DIM}, {"REVERSE", SCREEN_REVERSE}, {"UNDERLINE", SCREEN_UNDERLINE},
        {"RED", SCREEN_COLOR(1)}, {"GREEN", SCREEN_COLOR(2)}, {"YELLOW", SCREEN_COLOR(3)},
        {"BLUE", SCREEN_COLOR(4)}, {"CYAN", SCREEN_COLOR(6)},
    };

    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        lua_pushinteger(L, styles[i].value);
        lua_setfield(L, -2, styles[i].name);
    }
}

int luaopen_core_screen(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", screen_open_}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"close", screen_close_}, {"enter", screen_enter_}, {"key", screen_key_}, {"leave", screen_leave_},
        {"line", screen_line}, {"redraw", screen_redraw_}, {"show", screen_show_}, {"size", screen_size_},
        {NULL, NULL},
    };
    static const luaL_Reg ends[] = {{"__gc", screen_close_}, {"__close", screen_close_}, {NULL, NULL}};

    luaL_newmetatable(L, HANDLE);
    luaL_setfuncs(L, ends, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    add_styles(L);
    return 1;
}
