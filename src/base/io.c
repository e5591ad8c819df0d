#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/path.h"

ssize_t io_read(int fd, void *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, (char *)data + done, len - done);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            done += (size_t)n;
    }
    return (ssize_t)done;
}

int io_write(int fd, const void *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(fd, (const char *)data + done, len - done);
        if (n == 0)
            return -EIO;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            done += (size_t)n;
    }
    return 0;
}

ssize_t io_read_at(int fd, void *data, size_t len, off_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, (char *)data + done, len - done, at + (off_t)done);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            done += (size_t)n;
    }
    return (ssize_t)done;
}

int io_write_at(int fd, const void *data, size_t len, off_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pwrite(fd, (const char *)data + done, len - done, at + (off_t)done);
        if (n == 0)
            return -EIO;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            done += (size_t)n;
    }
    return 0;
}

int io_read_all(int fd, size_t max, struct buf *buf)
{
    const size_t piece = 1 << 16;
    size_t start = buf->len;

    for (;;) {
        buf_reserve(buf, piece);
        ssize_t n = io_read(fd, buf->data + buf->len, piece);
        if (n < 0)
            return (int)n;
        buf->len += (size_t)n;
        if (buf->len - start > max)
            return -EFBIG;
        if ((size_t)n < piece)
            return 0;
    }
}

static int write_temp(int dirfd, const char *temp, mode_t mode, const void *data, size_t len)
{
    int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    int code = io_write(fd, data, len);
    if (!code && fsync(fd) < 0)
        code = -errno;
    if (close(fd) < 0 && !code)
        code = -errno;
    return code;
}

int io_replace_file(int dirfd, const char *name, mode_t mode, const void *data, size_t len)
{
    char temp[64];
    unsigned noise[2];

    if (getrandom(noise, sizeof noise, 0) != sizeof noise)
        return -errno;
    snprintf(temp, sizeof temp, OUR_PREFIX "-%08x%08x", noise[0], noise[1]);
    int code = write_temp(dirfd, temp, mode, data, len);
    if (!code && renameat(dirfd, temp, dirfd, name) < 0)
        code = -errno;
    if (code)
        unlinkat(dirfd, temp, 0);
    else
        code = path_sync_dir(dirfd);
    return code;
}
