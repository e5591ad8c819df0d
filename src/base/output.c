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

#include "base/interrupt.h"
#include "base/io.h"

#define PIECE 4096    /* a pipe that takes something takes as much at once (PIPE_BUF) */
#define SLICE 100     /* milliseconds between two looks for a signal: one may come right before the wait begins */

static int failed_with;
static bool said, lent;

void output_lend(bool is_lent) { lent = is_lent; }

static int write_lent(const char *bytes, size_t len)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    while (len) {
        if (interrupt_signal())
            return -EINTR;
        if (poll(&out, 1, SLICE) <= 0)
            continue;
        size_t piece = len < PIECE ? len : PIECE;
        int code = io_write(STDOUT_FILENO, bytes, piece);
        if (code)
            return code;
        bytes += piece;
        len -= piece;
    }
    return 0;
}

int output_write(const void *bytes, size_t len)
{
    int code = lent ? write_lent(bytes, len) : io_write(STDOUT_FILENO, bytes, len);

    if (code && code != -EINTR)
        output_failed(-code);
    return code;
}

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
