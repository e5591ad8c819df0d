/*
 * os.exit: output that was lost counts however a script ends the program.
 */
#ifndef AUTOBACKUP_HOST_EXIT_H
#define AUTOBACKUP_HOST_EXIT_H

#include <lua.h>

/* Replace os.exit by one that ends with base/output.h's status. */
void exit_open(lua_State *L);

#endif
