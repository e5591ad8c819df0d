#include "host/host.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/output.h"
#include "host/exit.h"
#include "host/heap.h"
#include "host/interrupts.h"
#include "host/modules.h"

#define MAIN_MODULE "autobackup.main"

/* A text gets a traceback; a table is somebody's error value and stays what it is. */
static int add_traceback(lua_State *L)
{
    const char *message = lua_tostring(L, 1);

    if (message)
        luaL_traceback(L, L, message, 1);
    return 1;
}

static void open_libraries(lua_State *L)
{
    const char *override = getenv("AUTOBACKUP_LUA");

    lua_pushboolean(L, true);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");    /* LUA_PATH and LUA_CPATH are another program's business */
    luaL_openlibs(L);
    modules_open(L, override && *override ? override : NULL);
    interrupts_open(L);
    exit_open(L);
}

static void push_arguments(lua_State *L, int argc, char *argv[])
{
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
}

struct program {
    int argc;
    char **argv;
    int status;
};

static int run_main(lua_State *L)
{
    struct program *program = lua_touserdata(L, 1);

    open_libraries(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, MAIN_MODULE);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "run");
    push_arguments(L, program->argc, program->argv);
    lua_call(L, 1, 1);
    program->status = (int)luaL_optinteger(L, -1, 0);
    return 0;
}

/* The signal of an interruption's error value, else 0. */
static int signal_of(lua_State *L, int value)
{
    lua_Integer signum = 0;

    if (lua_istable(L, value)) {
        lua_getfield(L, value, "signal");
        signum = lua_tointeger(L, -1);
        lua_pop(L, 1);
    }
    return signum > 0 && signum < 128 ? (int)signum : 0;
}

/* The last resort: the message may hold names, and what makes them visible may be what failed. */
static int show_value(lua_State *L)
{
    const char *text = luaL_tolstring(L, 1, NULL);

    fputs("autobackup: ", stderr);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte >= ' ' && byte < 0x7F) || byte == '\n' || byte == '\t')
            fputc(byte, stderr);
        else
            fprintf(stderr, "\\x%02X", byte);
    }
    fputc('\n', stderr);
    return 0;
}

/* Takes the error value off the stack. Returns the exit status for it. */
static int report(lua_State *L)
{
    int signum = signal_of(L, lua_gettop(L));

    if (signum) {
        lua_pop(L, 1);
        return 128 + signum;
    }
    lua_pushcfunction(L, show_value);
    lua_insert(L, -2);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        lua_pop(L, 1);
    return EXIT_FAILURE;
}

int host_run(int argc, char *argv[])
{
    struct program program = {.argc = argc, .argv = argv};
    lua_State *L = heap_open_state();

    if (!L) {
        fputs("autobackup: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run_main);
    lua_pushlightuserdata(L, &program);
    if (lua_pcall(L, 1, 0, 1) != LUA_OK)
        program.status = report(L);
    interrupts_close();
    heap_close_state(L);
    return output_status(program.status);
}
