#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failed_with;
static bool said;

void output_failed(int errnum) { failed_with = errnum; }

void output_forget(void)
{
    failed_with = 0;
    __fpurge(stdout);
    clearerr(stdout);
}

static bool reader_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

int output_status(int status)
{
    bool lost = ferror(stdout) || failed_with;

    errno = failed_with;
    if (fflush(stdout) == 0 && !lost)
        return status;
    if (reader_gone())
        return status ? status : 128 + SIGPIPE;
    if (!said)
        fprintf(stderr, "autobackup: standard output: %s\n", errno ? strerror(errno) : "write error");
    said = true;
    return status ? status : EXIT_FAILURE;
}
