/*
 * The host: one Lua state from the start of the program to its end.
 */
#ifndef AUTOBACKUP_HOST_HOST_H
#define AUTOBACKUP_HOST_HOST_H

/*
 * Open a state, call require("autobackup.main").run(list of arguments, argv[0] at index 0) and close it again.
 * Returns the program's exit status: the integer that run returned, 1 for an error nobody caught (said on standard
 * error with a traceback), 128+n for signal n.
 */
int host_run(int argc, char *argv[]);

#endif
