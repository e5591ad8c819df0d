/*
 * A caught signal stops whatever Lua is doing, coroutines included.
 */
#ifndef AUTOBACKUP_HOST_INTERRUPTS_H
#define AUTOBACKUP_HOST_INTERRUPTS_H

#include <lua.h>

/*
 * Catch signals for this state: the running Lua code gets the error {code = "EINTR", message = "interrupted",
 * signal = N} at its next instruction. Its coroutine library must be open. One state in a program. May raise.
 */
void interrupts_open(lua_State *L);

/* The state is about to be closed: signals are only remembered from here on. */
void interrupts_close(void);

#endif
