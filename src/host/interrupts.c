#include "host/interrupts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/interrupt.h"

/* A hook belongs to one coroutine, so the handler has to know which one runs. */
static _Atomic(lua_State *) running;

static int message_of(lua_State *L)
{
    lua_getfield(L, 1, "message");
    return 1;
}

static void stop(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    if (!interrupt_signal())
        return;
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, "EINTR");
    lua_setfield(L, -2, "code");
    lua_pushliteral(L, "interrupted");
    lua_setfield(L, -2, "message");
    lua_pushinteger(L, interrupt_signal());
    lua_setfield(L, -2, "signal");
    if (luaL_newmetatable(L, "autobackup.interrupt")) {
        lua_pushcfunction(L, message_of);
        lua_setfield(L, -2, "__tostring");
    }
    lua_setmetatable(L, -2);
    lua_error(L);
}

/* In the signal handler: setting a hook is the one thing Lua allows there. */
static void wake(void)
{
    lua_State *L = atomic_load(&running);

    if (L)
        lua_sethook(L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* Call the function in upvalue 1, which resumes `thread`, and know meanwhile that this is what runs. */
static int resume(lua_State *L, lua_State *thread)
{
    int count = lua_gettop(L);

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_State *before = atomic_exchange(&running, thread);
    int code = lua_pcall(L, count, LUA_MULTRET, 0);
    atomic_store(&running, before);
    return code == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* The host's, or one that Lua raised because a job was interrupted (lua/errors.lua). */
static bool is_interruption(lua_State *L, int value)
{
    if (!lua_istable(L, value))
        return false;
    lua_pushliteral(L, "code");
    lua_rawget(L, value);
    lua_pushliteral(L, "signal");
    bool found = lua_rawget(L, value) == LUA_TNUMBER && lua_isstring(L, -2) &&
                 strcmp(lua_tostring(L, -2), "EINTR") == 0;
    lua_pop(L, 2);
    return found;
}

/* coroutine.resume; an interruption is not among the errors that it returns: it ends what resumed, too */
static int tracked_resume(lua_State *L)
{
    lua_State *thread = lua_tothread(L, 1);

    luaL_argexpected(L, thread, 1, "coroutine");
    int count = resume(L, thread);
    if (count == 2 && !lua_toboolean(L, 1) && is_interruption(L, 2))
        return lua_error(L);
    return count;
}

static int wrapped(lua_State *L) { return resume(L, lua_tothread(L, lua_upvalueindex(2))); }

/* coroutine.wrap: the original hides its coroutine in the first upvalue of what it returns */
static int tracked_wrap(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    lua_getupvalue(L, -1, 1);
    lua_pushcclosure(L, wrapped, 2);
    return 1;
}

static void replace(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void interrupts_open(lua_State *L)
{
    lua_getglobal(L, LUA_COLIBNAME);
    replace(L, "resume", tracked_resume);
    replace(L, "wrap", tracked_wrap);
    lua_pop(L, 1);
    atomic_store(&running, L);
    interrupt_catch(wake);
}

void interrupts_close(void) { atomic_store(&running, NULL); }
