#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"

#define CHUNK 65536

struct input {
    int fd;
    bool is_file;    /* regular: read at `at` */
    bool is_pipe;    /* or a socket: whoever writes may die within a line */
    bool ended;
    off_t at;
    struct buf bytes;
    size_t used;     /* of bytes */
};

static int silence_standard_input(void)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (nothing < 0)
        return -errno;
    int code = dup2(nothing, STDIN_FILENO) < 0 ? -errno : 0;
    close(nothing);
    return code;
}

int input_take(struct input **ret_input, struct error *err)
{
    struct stat st;
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, errno, "standard input");
    (void)fflush(stdin);    /* what was read ahead of a file is given back */
    int code = isatty(fd) ? 0 : silence_standard_input();
    if (code) {
        close(fd);
        return error_set(err, -code, "standard input");
    }
    struct input *in = mem_zalloc(sizeof *in);
    in->fd = fd;
    in->is_file = S_ISREG(st.st_mode);
    in->is_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
    in->at = in->is_file ? lseek(fd, 0, SEEK_CUR) : 0;
    *ret_input = in;
    return 0;
}

static int read_more(struct input *in)
{
    buf_reserve(&in->bytes, CHUNK);
    char *to = in->bytes.data + in->bytes.len;
    ssize_t got = in->is_file ? pread(in->fd, to, CHUNK, in->at) : read(in->fd, to, CHUNK);

    if (got < 0)
        return errno == EINTR && !interrupt_signal() ? 0 : -errno;
    in->ended = got == 0;
    in->at += got;
    in->bytes.len += (size_t)got;
    return 0;
}

/* Append `len` bytes to the line, and forget them with `more` behind them. */
static void hand_over(struct input *in, size_t len, size_t more, struct buf *ret_line)
{
    buf_add(ret_line, in->bytes.data + in->used, len);
    in->used += len + more;
    if (in->used == in->bytes.len) {
        buf_clear(&in->bytes);
        in->used = 0;
    }
}

int input_line(struct input *in, struct buf *ret_line, bool *ret_torn, struct error *err)
{
    size_t seen = in->used;

    *ret_torn = false;
    for (;;) {
        char *from = in->bytes.data + seen;
        char *end = seen < in->bytes.len ? memchr(from, '\n', in->bytes.len - seen) : NULL;
        if (end) {
            hand_over(in, (size_t)(end - in->bytes.data) - in->used, 1, ret_line);
            return 1;
        }
        seen = in->bytes.len;
        if (in->ended)
            break;
        int code = read_more(in);
        if (code)
            return error_set(err, -code, "standard input");
    }
    if (in->used == in->bytes.len)
        return 0;
    *ret_torn = in->is_pipe;
    hand_over(in, in->bytes.len - in->used, 0, ret_line);
    return 1;
}

void input_close(struct input *in)
{
    if (!in)
        return;
    close(in->fd);
    buf_free(&in->bytes);
    free(in);
}
