/*
 * core.sys: the process, its terminal, its clock, and other programs.
 */
#include "bind/bind.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/output.h"
#include "base/process.h"
#include "base/text.h"
#include "base/who.h"

/* isatty(fd) -> boolean */
static int sys_isatty(lua_State *L)
{
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

/* winsize() -> columns, lines | nil when no standard stream is a terminal */
static int sys_winsize(lua_State *L)
{
    static const int streams[] = {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO};
    struct winsize size;

    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        if (ioctl(streams[i], TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            lua_pushinteger(L, size.ws_col);
            lua_pushinteger(L, size.ws_row);
            return 2;
        }
    }
    lua_pushnil(L);
    return 1;
}

/* takes_more(fd) -> whether it takes bytes at once: not a terminal that is stopped, or behind a link that is stuck */
static int sys_takes_more(lua_State *L)
{
    struct pollfd out = {.fd = (int)luaL_checkinteger(L, 1), .events = POLLOUT};

    lua_pushboolean(L, poll(&out, 1, 0) != 0);    /* an error is the writer's to see */
    return 1;
}

/* getenv(name) -> value | nil */
static int sys_getenv(lua_State *L)
{
    lua_pushstring(L, getenv(bind_check_path(L, 1)));
    return 1;
}

/* getpid() -> integer */
static int sys_getpid(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

/* hostname() -> name */
static int sys_hostname(lua_State *L)
{
    char name[256] = "localhost";

    gethostname(name, sizeof name - 1);
    lua_pushstring(L, name);
    return 1;
}

/* user() -> the name of the effective user, or its number as text */
static int sys_user(lua_State *L)
{
    struct who who;

    who_am_i(&who);
    lua_pushstring(L, who.user);
    return 1;
}

/* is_running(boot, pid, began) -> whether that process runs on this machine | nil where it cannot be told: base/who.h */
static int sys_is_running(lua_State *L)
{
    const char *boot = luaL_checkstring(L, 1);
    lua_Integer pid = luaL_checkinteger(L, 2), began = luaL_checkinteger(L, 3);
    int runs = who_runs(boot, pid, began);

    if (runs < 0)
        lua_pushnil(L);
    else
        lua_pushboolean(L, runs);
    return 1;
}

/* user_home() -> $HOME, else from the user database, | nil */
static int sys_user_home(lua_State *L)
{
    const char *home = getenv("HOME");

    if (!home || *home != '/') {
        const struct passwd *user = getpwuid(getuid());
        home = user ? user->pw_dir : NULL;
    }
    lua_pushstring(L, home);
    return 1;
}

/* locale_utf8() -> boolean */
static int sys_locale_utf8(lua_State *L)
{
    lua_pushboolean(L, text_is_utf8());
    return 1;
}

/* now() -> nanoseconds since 1970 */
static int sys_now(lua_State *L)
{
    lua_pushinteger(L, clock_now());
    return 1;
}

/* monotonic() -> seconds, for measuring */
static int sys_monotonic(lua_State *L)
{
    lua_pushnumber(L, (double)clock_monotonic() / (double)NSEC_PER_SEC);
    return 1;
}

/* random_hex(n) -> 2n hex digits; n from 1 to 128 */
static int sys_random_hex(lua_State *L)
{
    size_t count = (size_t)bind_opt_integer(L, 1, 16, 1, 128);
    unsigned char bytes[128];
    char text[2 * sizeof bytes + 1];

    if (getrandom(bytes, count, 0) != (ssize_t)count)
        return bind_fail_errno(L, errno, "random numbers");
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    lua_pushlstring(L, text, 2 * count);
    return 1;
}

/* format_time(ns, "utc"|"local", strftime_format) -> text of at most 255 bytes */
static int sys_format_time(lua_State *L)
{
    static const char *const zones[] = {"utc", "local", NULL};
    struct timespec when = clock_split(luaL_checkinteger(L, 1));
    int local = luaL_checkoption(L, 2, "utc", zones);
    const char *format = bind_check_path(L, 3);
    struct tm parts;
    char text[256];

    if (!(local ? localtime_r(&when.tv_sec, &parts) : gmtime_r(&when.tv_sec, &parts)))
        return bind_fail_errno(L, EOVERFLOW, "time");
    lua_pushlstring(L, text, strftime(text, sizeof text, format, &parts));
    return 1;
}

/* write(fd, bytes) -> true: all of them, behind what print has buffered */
static int sys_write(lua_State *L)
{
    size_t len;
    int fd = (int)luaL_checkinteger(L, 1);
    const char *bytes = luaL_checklstring(L, 2, &len);

    fflush(fd == STDERR_FILENO ? stderr : stdout);
    int code = fd == STDOUT_FILENO ? output_write(bytes, len) : io_write(fd, bytes, len);
    if (code < 0)
        return bind_fail_errno(L, -code, fd == STDERR_FILENO ? "standard error" : "standard output");
    lua_pushboolean(L, 1);
    return 1;
}

char **bind_check_argv(lua_State *L, int arg)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    size_t count = lua_rawlen(L, arg);
    luaL_argcheck(L, count > 0 && count < 100000, arg, "needs a program");
    char **argv = lua_newuserdatauv(L, (count + 1) * sizeof *argv, 0);
    luaL_checkstack(L, (int)count + 1, "too many arguments");
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_argerror(L, arg, "may hold strings only");
        argv[i] = (char *)bind_check_path(L, lua_gettop(L));
    }
    argv[count] = NULL;
    return argv;
}

static int push_status(lua_State *L, int code, int status, struct error *err)
{
    if (code < 0)
        return bind_fail(L, err);
    lua_pushinteger(L, status);
    return 1;
}

/*
 * run(argv, input?) -> exit status (128+n: killed by signal n) | nil, message, code: not started
 * input: bytes for the program's standard input; true: ours; absent: the terminal where ours is one, else nothing, so
 * that it cannot take the lines that are meant for us
 */
static int sys_run(lua_State *L)
{
    struct process_input input = {.ours = lua_isnoneornil(L, 2) ? isatty(STDIN_FILENO) : lua_toboolean(L, 2)};
    struct error err = {0};
    int status = 0;

    if (lua_type(L, 2) == LUA_TSTRING)
        input.bytes = lua_tolstring(L, 2, &input.len);
    char **argv = bind_check_argv(L, 1);
    fflush(stdout);
    int code = process_run(argv, &input, &status, &err);
    return push_status(L, code, status, &err);
}

/* spawn(argv, {detach = true}?) -> true | nil, message, code: starts it and goes on */
static int sys_spawn(lua_State *L)
{
    bool detach = true;
    struct error err = {0};

    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        detach = lua_getfield(L, 2, "detach") == LUA_TNIL || lua_toboolean(L, -1);
    }
    luaL_argcheck(L, detach, 2, "only detached programs are spawned; use run for others");
    return bind_done(L, process_detach(bind_check_argv(L, 1), &err), &err);
}

/* which(program) -> path | nil */
static int sys_which(lua_State *L)
{
    struct buf path = {0};

    if (process_which(bind_check_path(L, 1), &path) < 0) {
        buf_free(&path);
        lua_pushnil(L);
    } else {
        bind_push_buf(L, &path);
    }
    return 1;
}

/* signal() -> number of the last caught SIGINT, SIGTERM or SIGHUP | nil */
static int sys_signal(lua_State *L)
{
    int signum = interrupt_signal();

    if (signum)
        lua_pushinteger(L, signum);
    else
        lua_pushnil(L);
    return 1;
}

/* clear_signal(): forget it */
static int sys_clear_signal(lua_State *L)
{
    (void)L;
    interrupt_clear();
    return 0;
}

/* string_width(s) -> columns in the terminal */
static int sys_string_width(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    lua_pushinteger(L, (lua_Integer)text_width(text, len));
    return 1;
}

/* exit_now(status): write out what is buffered and end, without closing anything */
static int sys_exit_now(lua_State *L)
{
    int status = (int)bind_opt_integer(L, 1, 0, 0, 255);

    fflush(NULL);
    _exit(status);
}

int luaopen_core_sys(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"clear_signal", sys_clear_signal}, {"exit_now", sys_exit_now}, {"format_time", sys_format_time},
        {"getenv", sys_getenv}, {"getpid", sys_getpid}, {"hostname", sys_hostname},
        {"is_running", sys_is_running},
        {"isatty", sys_isatty}, {"locale_utf8", sys_locale_utf8}, {"monotonic", sys_monotonic},
        {"now", sys_now}, {"random_hex", sys_random_hex}, {"run", sys_run},
        {"signal", sys_signal}, {"spawn", sys_spawn},
        {"string_width", sys_string_width}, {"takes_more", sys_takes_more}, {"user", sys_user},
        {"user_home", sys_user_home}, {"which", sys_which},
        {"winsize", sys_winsize}, {"write", sys_write}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
