/*
 * core.readline: line editing for the REPL.
 */
#include "bind/bind.h"

#include <errno.h>
#include <string.h>

#include "base/history.h"
#include "base/line.h"
#include "base/typing.h"

#define HELP 2    /* where readline's argument stands on Lua's stack while its functions are called */

/* fn(line, start, stop) -> list, append: the bytes are line:sub(start, stop), counted as Lua does. */
static int call_completer(lua_State *L)
{
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
    lua_getfield(L, HELP, "complete");
    lua_pushstring(L, line);
    lua_pushinteger(L, start + 1);
    lua_pushinteger(L, stop);
    if (lua_pcall(L, 4, 2, 0) == LUA_OK) {
        if (lua_type(L, -1) == LUA_TSTRING)
            *ret_append = lua_tostring(L, -1)[0];
        candidates = copy_list(L, lua_gettop(L) - 1);
    }
    lua_settop(L, top);
    return candidates;
}

/* An error says that the text is whole: running it will show what is wrong. */
static bool is_whole(const char *text, void *arg)
{
    lua_State *L = arg;

    if (!lua_checkstack(L, 4))
        return true;
    lua_getfield(L, HELP, "is_whole");
    lua_pushstring(L, text);
    bool answer = lua_pcall(L, 1, 1, 0) != LUA_OK || lua_toboolean(L, -1);
    lua_pop(L, 1);
    return answer;
}

static bool has_function(lua_State *L, const char *name)
{
    int type = lua_getfield(L, HELP, name);

    luaL_argcheck(L, type == LUA_TNIL || type == LUA_TFUNCTION, HELP, "complete and is_whole are functions");
    lua_pop(L, 1);
    return type == LUA_TFUNCTION;
}

static struct line_help check_help(lua_State *L)
{
    struct line_help help = {.arg = L};

    lua_settop(L, HELP);
    if (lua_isnil(L, HELP))
        return help;
    luaL_checktype(L, HELP, LUA_TTABLE);
    help.complete = has_function(L, "complete") ? complete : NULL;
    help.is_whole = has_function(L, "is_whole") ? is_whole : NULL;
    if (lua_getfield(L, HELP, "continuation") != LUA_TNIL)    /* the string stays on the stack */
        help.continuation = bind_check_path(L, HELP + 1);
    return help;
}

static void push_line(lua_State *L, char *text)
{
    struct buf line = {.data = text, .len = strlen(text)};
    bind_push_buf(L, &line);
}

/*
 * readline(prompt, help = {}) -> line | nil at the end of input | false after Ctrl-C
 *   help.complete      fn(line, start, stop) -> list of what may stand in place of line:sub(start, stop)
 *                      [, the character to put behind a single one; "" for none, a space by default]
 *   help.is_whole      fn(text) -> whether Enter takes the text, else it begins a further line
 *   help.continuation  what stands before further lines
 */
static int readline_readline(lua_State *L)
{
    const char *prompt = bind_check_path(L, 1);
    const struct line_help help = check_help(L);
    char *text = NULL;

    int code = line_read(prompt, &help, &text);
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

/* append_history(path, line) -> true: to the file, which other sessions may add to as well */
static int readline_append_history(lua_State *L)
{
    const char *path = bind_check_path(L, 1), *line = bind_check_path(L, 2);
    struct error err = {0};
    return bind_done(L, history_append(path, line, &err), &err);
}

/* set_history(list of lines): instead of what is there */
static int readline_set_history(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    line_clear_history();
    for (lua_Integer i = 1; lua_rawgeti(L, 1, i) != LUA_TNIL; i++) {
        line_push_history(bind_check_path(L, 2));
        lua_settop(L, 1);
    }
    return 0;
}

static void add_line(const char *line, void *arg)
{
    struct buf *lines = arg;
    buf_add(lines, line, strlen(line) + 1);
}

/* read_history(path, max) -> list: the last `max` lines of the file; a much longer file is cut to them */
static int readline_read_history(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    int64_t max = bind_opt_integer(L, 2, 1000, 0, 1000000);
    struct buf lines = {0};
    struct error err = {0};

    if (history_read(path, (size_t)max, add_line, &lines, &err) < 0) {
        buf_free(&lines);
        return bind_fail(L, &err);
    }
    bind_push_buf(L, &lines);
    size_t len, index = 0;
    const char *at = lua_tolstring(L, -1, &len), *end = at + len;
    lua_newtable(L);
    for (; at < end; at += strlen(at) + 1) {
        lua_pushstring(L, at);
        lua_rawseti(L, -2, (lua_Integer)++index);
    }
    return 1;
}

/* hide_typing(): what is typed from now on is kept for the next readline() and not shown (base/typing.h) */
static int readline_hide_typing(lua_State *L)
{
    (void)L;
    typing_hide();
    return 0;
}

/* show_typing() -> whether it was hidden: the terminal is as it was */
static int readline_show_typing(lua_State *L)
{
    lua_pushboolean(L, typing_show());
    return 1;
}

int luaopen_core_readline(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"add_history", readline_add_history}, {"append_history", readline_append_history},
        {"hide_typing", readline_hide_typing}, {"show_typing", readline_show_typing},
        {"read_history", readline_read_history}, {"readline", readline_readline},
        {"set_history", readline_set_history}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
