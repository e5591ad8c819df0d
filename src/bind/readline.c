/*
 * core.readline: line editing for the REPL.
 */
#include "bind/bind.h"

#include <errno.h>
#include <string.h>

#include "base/line.h"

#define COMPLETER "autobackup.completer"

/* fn(line, start, stop) -> list, append: the bytes are line:sub(start, stop), counted as Lua does. */
static int call_completer(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, COMPLETER);
    lua_insert(L, 1);
    lua_call(L, 3, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, 1); i++) {
        if (lua_rawgeti(L, 1, i) != LUA_TSTRING)
            return luaL_error(L, "a completer returns a list of strings");
        lua_pop(L, 1);
    }
    return 2;
}

static char **copy_list(lua_State *L, int list)
{
    size_t count = lua_rawlen(L, list);
    char **copy = count ? mem_alloc((count + 1) * sizeof *copy) : NULL;

    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        copy[i] = mem_strdup(lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    if (copy)
        copy[count] = NULL;
    return copy;
}

/* An error of a completer is silent: there is no good place to say it in the middle of a line. */
static char **complete(const char *line, int start, int stop, int *ret_append, void *arg)
{
    lua_State *L = arg;
    int top = lua_gettop(L);
    char **candidates = NULL;

    if (!lua_checkstack(L, 8))
        return NULL;
    lua_pushcfunction(L, call_completer);
    lua_pushstring(L, line);
    lua_pushinteger(L, start + 1);
    lua_pushinteger(L, stop);
    if (lua_pcall(L, 3, 2, 0) == LUA_OK) {
        if (lua_type(L, -1) == LUA_TSTRING)
            *ret_append = lua_tostring(L, -1)[0];
        candidates = copy_list(L, lua_gettop(L) - 1);
    }
    lua_settop(L, top);
    return candidates;
}

static void push_line(lua_State *L, char *text)
{
    struct buf line = {.data = text, .len = strlen(text)};
    bind_push_buf(L, &line);
}

/* readline(prompt) -> line | nil at the end of input | false after Ctrl-C */
static int readline_readline(lua_State *L)
{
    const char *prompt = bind_check_path(L, 1);
    char *text = NULL;

    bool completes = lua_getfield(L, LUA_REGISTRYINDEX, COMPLETER) != LUA_TNIL;
    lua_pop(L, 1);
    line_set_completer(completes ? complete : NULL, L);
    int code = line_read(prompt, &text);
    if (code == -EINTR)
        lua_pushboolean(L, 0);
    else if (code == 0)
        lua_pushnil(L);
    else
        push_line(L, text);
    return 1;
}

/* add_history(line) */
static int readline_add_history(lua_State *L)
{
    line_add_history(bind_check_path(L, 1));
    return 0;
}

/* read_history(path) -> true */
static int readline_read_history(lua_State *L)
{
    struct error err = {0};
    return bind_done(L, line_read_history(bind_check_path(L, 1), &err), &err);
}

/* write_history(path, max = 1000) -> true */
static int readline_write_history(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    int max = (int)bind_opt_integer(L, 2, 1000, 0, 1000000);
    struct error err = {0};
    return bind_done(L, line_write_history(path, max, &err), &err);
}

/*
 * set_completer(fn | nil): fn(line, start, stop) -> list of what may stand in place of line:sub(start, stop)
 * [, the character to put behind a single one; "" for none, a space by default]
 */
static int readline_set_completer(lua_State *L)
{
    if (!lua_isnoneornil(L, 1))
        luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, COMPLETER);
    return 0;
}

int luaopen_core_readline(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"add_history", readline_add_history}, {"read_history", readline_read_history},
        {"readline", readline_readline}, {"set_completer", readline_set_completer},
        {"write_history", readline_write_history}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
