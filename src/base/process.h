/*
 * Other programs: by argument list, never through a shell.
 */
#ifndef AUTOBACKUP_BASE_PROCESS_H
#define AUTOBACKUP_BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * Start argv[0] (searched in PATH unless it has a slash) in a session of its own, standard streams on
 * /dev/null, and go on at once. argv ends in NULL. 0, or -errno with err when it cannot be started.
 */
int process_detach(char *const argv[], struct error *err);

/* What a program finds on its standard input: these bytes, else ours, else nothing (/dev/null). */
struct process_input {
    const void *bytes;    /* or NULL */
    size_t len;
    bool ours;
};

/*
 * Run a program with our standard output and error and wait for it. *ret_status is its exit status, 128+n when signal
 * n killed it. A Ctrl-C that it lived through is taken for handled by it and forgotten here; SIGTERM and SIGHUP are
 * passed on to it. 0, or -errno with err when it cannot be started.
 */
int process_run(char *const argv[], const struct process_input *input, int *ret_status, struct error *err);

/*
 * Start a program that reads `in` and writes `out` (descriptors that stay the caller's) and goes on in our process group.
 * The caller waits for *ret_pid. 0, or -errno with err when it cannot be started.
 */
int process_start(char *const argv[], int in, int out, pid_t *ret_pid, struct error *err);

/* Find a program as a shell would. Its path is appended to ret_path. 0, or -ENOENT. */
int process_which(const char *program, struct buf *ret_path);

#endif
