/*
 * What every binding shares. A binding checks all its arguments before it acquires anything, because a Lua
 * error jumps past every cleanup; expected failures come back as nil, message, code; only misuse raises.
 */
#ifndef AUTOBACKUP_BIND_BIND_H
#define AUTOBACKUP_BIND_BIND_H

#include <lua.h>
#include <lauxlib.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/job.h"

/* Push nil, err's message and its code, and clear err. Returns 3, so that a binding can return the call. */
int bind_fail(lua_State *L, struct error *err);

/* The same for a bare errno (positive) about a thing, such as a path. */
int bind_fail_errno(lua_State *L, int errnum, const char *thing);

/* Argument `arg` as a string without NUL bytes inside, as the system takes it. Raises otherwise. */
const char *bind_check_path(lua_State *L, int arg);

/* Argument `arg` as an integer from min to max; `fallback` when it is absent or nil. Raises otherwise. */
int64_t bind_opt_integer(lua_State *L, int arg, int64_t fallback, int64_t min, int64_t max);

/* Push the bytes of b as a string and free b, also when Lua runs out of memory. */
void bind_push_buf(lua_State *L, struct buf *b);

/* Give the table on top of the stack a field; a text that is NULL gives it none. */
void bind_set_integer(lua_State *L, const char *key, int64_t value);
void bind_set_text(lua_State *L, const char *key, const char *text);

/* For an engine's result, 0 or -errno with err: push true, or what bind_fail pushes. Returns their count. */
int bind_done(lua_State *L, int code, struct error *err);

/*
 * Argument `arg`, a list of strings, as an argv that is NULL at its end. It and its strings live as long as Lua's stack
 * holds them, so nothing has to be freed. Raises when it is no such list, or empty.
 */
char **bind_check_argv(lua_State *L, int arg);

/*
 * Push a job's handle, which owns job from here on: job:next(), job:cancel(), job:close(). Implemented in job.c.
 */
void bind_push_job(lua_State *L, struct job *job);

/*
 * Registry keys shared with the host: folders that `require` searches (last first), the function that may load their
 * files in our place (nil: none), names of embedded modules.
 */
#define BIND_FOLDERS "autobackup.folders"
#define BIND_LOADER "autobackup.loader"
#define BIND_MODULES "autobackup.modules"

/* The modules: each pushes its table. The list of them stands in host/modules.c. */
int luaopen_core_catalog(lua_State *L);
int luaopen_core_compare(lua_State *L);
int luaopen_core_content(lua_State *L);
int luaopen_core_copy(lua_State *L);
int luaopen_core_find(lua_State *L);
int luaopen_core_fs(lua_State *L);
int luaopen_core_disk(lua_State *L);
int luaopen_core_host(lua_State *L);
int luaopen_core_input(lua_State *L);
int luaopen_core_load(lua_State *L);
int luaopen_core_outlet(lua_State *L);
int luaopen_core_readline(lua_State *L);
int luaopen_core_screen(lua_State *L);
int luaopen_core_sys(lua_State *L);
int luaopen_core_text(lua_State *L);
int luaopen_core_undo(lua_State *L);
int luaopen_core_verify(lua_State *L);

#endif
