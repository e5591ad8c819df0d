#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

#define POLL (50 * NSEC_PER_MSEC)
#define MAX_TEXT 200

/* Another user's lock file may only be readable: flock needs no more, only the holder's text is lost. */
static int open_lock(int dir, const char *name)
{
    int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dir, name, O_RDWR | O_CREAT | flags, 0666);

    if (fd < 0 && errno == EACCES)
        fd = openat(dir, name, O_RDONLY | flags);
    return fd < 0 ? -errno : fd;
}

/* Is the file still the one of that name? 1, 0, or -errno. */
static int is_current(int dir, const char *name, int fd)
{
    struct stat a, b;

    if (fstat(fd, &a) < 0)
        return -errno;
    if (fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* 1 with the lock, 0 to try again, -EWOULDBLOCK when somebody else has it, or -errno. */
static int lock_open_file(int dir, const char *name, int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EINTR ? 0 : -errno;
    return is_current(dir, name, fd);
}

/* A descriptor that holds the lock, -EWOULDBLOCK with *ret_busy open to read the holder's text, or -errno. */
static int try_lock(int dir, const char *name, int *ret_busy)
{
    for (;;) {
        int fd = open_lock(dir, name);
        int code = fd < 0 ? fd : lock_open_file(dir, name, fd);
        if (code > 0)
            return fd;
        if (code == -EWOULDBLOCK && fd >= 0)
            *ret_busy = fd;
        else if (fd >= 0)
            close(fd);
        if (code < 0)
            return code;
    }
}

static void write_text(int fd, const char *text)
{
    size_t len = strnlen(text, MAX_TEXT);

    if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0)
        (void)io_write(fd, text, len);
}

static int busy(int fd, const char *what, struct error *err)
{
    char text[MAX_TEXT + 1];

    ssize_t len = pread(fd, text, MAX_TEXT, 0);
    text[len > 0 ? len : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    return error_say(err, "EBUSY", EBUSY, "%s is busy: %s", what,
                     *text ? text : "another program writes to it");
}

int lock_file(int dir, const char *name, const char *what, const char *text, int64_t wait,
              const atomic_bool *cancel, struct error *err)
{
    int64_t until = clock_monotonic() + wait;
    const struct timespec pause = clock_split(POLL);
    int fd, other = -1;

    while ((fd = try_lock(dir, name, &other)) == -EWOULDBLOCK) {
        bool late = clock_monotonic() >= until;
        int code = late ? busy(other, what, err) : 0;
        close(other);
        if (late)
            return code;
        if (cancel && atomic_load(cancel))
            return error_say(err, "ECANCELED", ECANCELED, "cancelled while waiting for %s", what);
        nanosleep(&pause, NULL);
    }
    if (fd < 0)
        return error_set(err, -fd, "%s cannot be locked", what);
    write_text(fd, text);
    return fd;
}

/* The text goes first: what is read while nobody holds the lock must not name anybody. */
void lock_release(int lock)
{
    if (lock < 0)
        return;
    (void)!ftruncate(lock, 0);
    close(lock);
}
