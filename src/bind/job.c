/*
 * A job's handle: job:next(seconds) -> event | nil (none yet) | false (ended), job:cancel(), job:close();
 * job:wait(others, seconds) -> whether this job, or one of the list `others` of jobs, has an event or has ended by then.
 */
#include "bind/bind.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "base/clock.h"

#define JOB "autobackup.job"
#define SLICE (50 * NSEC_PER_MSEC)    /* how long a wait may keep a signal's hook from running */

struct handle {
    struct job *job;    /* NULL once closed */
};

static struct handle *check(lua_State *L) { return luaL_checkudata(L, 1, JOB); }

static struct job *check_open(lua_State *L)
{
    struct handle *h = check(L);
    luaL_argcheck(L, h->job, 1, "the job is closed");
    return h->job;
}

static void push_field(lua_State *L, const struct event_field *f)
{
    switch (f->kind) {
    case FIELD_INT: lua_pushinteger(L, f->integer); break;
    case FIELD_NUM: lua_pushnumber(L, f->number); break;
    case FIELD_BOOL: lua_pushboolean(L, f->integer != 0); break;
    case FIELD_STR: lua_pushlstring(L, f->text, f->len); break;
    }
}

static int build_table(lua_State *L)
{
    const struct event *ev = lua_touserdata(L, 1);

    lua_createtable(L, 0, (int)ev->count + 1);
    lua_pushstring(L, ev->type);
    lua_setfield(L, -2, "type");
    for (size_t i = 0; i < ev->count; i++) {
        push_field(L, &ev->fields[i]);
        lua_setfield(L, -2, ev->fields[i].key);
    }
    return 1;
}

/* In a protected call, so that the event is freed even when Lua runs out of memory. */
static int push_event(lua_State *L, struct event *ev)
{
    lua_pushcfunction(L, build_table);
    lua_pushlightuserdata(L, ev);
    int code = lua_pcall(L, 1, 1, 0);
    event_free(ev);
    return code == LUA_OK ? 1 : lua_error(L);
}

static int64_t check_seconds(lua_State *L, int arg)
{
    lua_Number seconds = luaL_optnumber(L, arg, HUGE_VAL);

    luaL_argcheck(L, seconds >= 0, arg, "seconds must not be negative");
    return seconds > 1e9 ? INT64_MAX : (int64_t)(seconds * NSEC_PER_SEC);
}

/*
 * Wait in slices: between two of them control does not return to Lua, but a signal ends the wait early, so that
 * the hook its handler has set runs at once.
 */
static int job_next_(lua_State *L)
{
    struct job *job = check_open(L);
    int64_t left = check_seconds(L, 2);
    struct event *ev = NULL;

    for (;;) {
        int64_t slice = left < SLICE ? left : SLICE;
        int code = job_next(job, slice, &ev);
        if (code == 1)
            return push_event(L, ev);
        if (code == -EPIPE) {
            lua_pushboolean(L, 0);
            return 1;
        }
        left -= slice;
        if (left <= 0 || lua_gethook(L))
            return 0;
    }
}

static int job_wait_(lua_State *L)
{
    struct job *job = check_open(L);
    int64_t left = check_seconds(L, 3);
    size_t count = 1;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer others = luaL_len(L, 2);
    luaL_argcheck(L, others >= 0 && others < INT_MAX, 2, "too many jobs");
    struct job **jobs = lua_newuserdatauv(L, ((size_t)others + 1) * sizeof *jobs, 0);
    jobs[0] = job;
    for (lua_Integer i = 1; i <= others; i++) {
        lua_geti(L, 2, i);
        struct handle *h = luaL_checkudata(L, -1, JOB);
        luaL_argcheck(L, h->job, 2, "a job is closed");
        jobs[count++] = h->job;
        lua_pop(L, 1);
    }
    bool ready = job_wait_any(jobs, count, 0);
    for (; !ready && left > 0 && !lua_gethook(L); left -= SLICE)
        ready = job_wait_any(jobs, count, left < SLICE ? left : SLICE);
    lua_pushboolean(L, ready);
    return 1;
}

static int job_cancel_(lua_State *L)
{
    struct handle *h = check(L);
    if (h->job)
        job_cancel(h->job);
    return 0;
}

static int job_close_(lua_State *L)
{
    struct handle *h = check(L);
    struct job *job = h->job;

    h->job = NULL;
    job_close(job);
    return 0;
}

static const luaL_Reg methods[] = {
    {"next", job_next_},
    {"wait", job_wait_},
    {"cancel", job_cancel_},
    {"close", job_close_},
    {NULL, NULL},
};

void bind_push_job(lua_State *L, struct job *job)
{
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);

    h->job = job;
    if (luaL_newmetatable(L, JOB)) {
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, job_close_);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, job_close_);
        lua_setfield(L, -2, "__close");
        lua_pushliteral(L, "job");
        lua_setfield(L, -2, "__name");
    }
    lua_setmetatable(L, -2);
}
