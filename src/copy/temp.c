#include "copy/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"

#define PLAIN OUR_PREFIX "-"
#define EXCHANGE OUR_PREFIX "-x-"
#define PARTIAL OUR_PREFIX "-p-"
#define DIGITS 16
#define MAX_TRIES 100

/* splitmix64, seeded once a thread: names must not collide, and O_EXCL finds out when they do. */
static uint64_t noise(void)
{
    static _Thread_local uint64_t state;

    if (!state && getrandom(&state, sizeof state, 0) != sizeof state)
        state = (uint64_t)clock_now() ^ (uint64_t)(uintptr_t)&state;
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void make_name(const char *prefix, uint64_t bits, char ret_name[TEMP_NAME_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    size_t len = strlen(prefix);

    memcpy(ret_name, prefix, len);
    for (int i = 0; i < DIGITS; i++, bits >>= 4)
        ret_name[len++] = hex[bits & 15];
    ret_name[len] = 0;
}

void temp_name(char ret_name[TEMP_NAME_SIZE]) { make_name(PLAIN, noise(), ret_name); }
void temp_exchange_name(char ret_name[TEMP_NAME_SIZE]) { make_name(EXCHANGE, noise(), ret_name); }

void temp_partial_name(const char *path, char ret_name[TEMP_NAME_SIZE])
{
    make_name(PARTIAL, hash64_of(path, strlen(path)), ret_name);
}

static bool has_form(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(name, prefix, len) == 0 && strlen(name + len) == DIGITS &&
           strspn(name + len, "0123456789abcdef") == DIGITS;
}

bool temp_is(const char *name) { return has_form(name, PLAIN); }
bool temp_is_partial(const char *name) { return has_form(name, PARTIAL); }
bool temp_is_exchange(const char *name) { return has_form(name, EXCHANGE); }

int temp_make(int dir, int (*make)(int dir, const char *name, const void *arg), const void *arg,
              char ret_name[TEMP_NAME_SIZE])
{
    int code = -EEXIST;

    for (int i = 0; code == -EEXIST && i < MAX_TRIES; i++) {
        temp_name(ret_name);
        code = make(dir, ret_name, arg);
    }
    if (code < 0 && code != -EEXIST)
        (void)unlinkat(dir, ret_name, 0);    /* there are filesystems that make it and then say they have not */
    if (code < 0)
        ret_name[0] = 0;
    return code;
}

static int create(int dir, const char *name, const void *arg)
{
    const mode_t *mode = arg;
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, *mode);
    return fd < 0 ? -errno : fd;
}

int temp_create(int dir, mode_t mode, char ret_name[TEMP_NAME_SIZE])
{
    return temp_make(dir, create, &mode, ret_name);
}

enum partial { PARTIAL_OURS, PARTIAL_USELESS, PARTIAL_TAKEN };

/* Whose are the files that we make here? On a mount that maps owners they are all one user's, and that need not be us. */
static uid_t our_uid(int dir)
{
    char name[TEMP_NAME_SIZE];
    struct stat st;
    int fd = temp_create(dir, 0600, name);
    bool known = fd >= 0 && fstat(fd, &st) == 0;

    if (fd >= 0)
        close(fd);
    temp_remove(dir, name, NULL);
    return known ? st.st_uid : geteuid();
}

static bool is_ours(int dir, const struct stat *st) { return st->st_uid == geteuid() || st->st_uid == our_uid(dir); }

/*
 * A link would be changed with it, and two paths of one hash must not write to one file: such a name stays. What another
 * user made would be that user's file in the end: there is no use in it.
 */
static enum partial judge_partial(int dir, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return PARTIAL_TAKEN;
    return is_ours(dir, &st) ? PARTIAL_OURS : PARTIAL_USELESS;
}

/* It has its final mode already, perhaps 0444. False when it is no file of ours. */
static bool make_writable(int dir, const char *name)
{
    char path[64];
    struct stat st;
    int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool done = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && is_ours(dir, &st) && chmod(path, 0600) == 0;
    close(fd);
    return done;
}

/* Is a name in the way a file that we may not open, and have no use for? */
static bool is_file(int dir, const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

/* A descriptor, -ENOENT when there is none (any more), -EEXIST, or -errno. */
static int reopen_partial(int dir, const char *name)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dir, name, flags);

    if (fd < 0 && errno == EACCES && make_writable(dir, name))
        fd = openat(dir, name, flags);
    if (fd < 0 && errno != EACCES)
        return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EEXIST : -errno;
    enum partial what = fd >= 0 ? judge_partial(dir, fd) : is_file(dir, name) ? PARTIAL_USELESS : PARTIAL_TAKEN;
    if (what == PARTIAL_OURS)
        return fd;
    if (fd >= 0)
        close(fd);
    return what == PARTIAL_USELESS && unlinkat(dir, name, 0) == 0 ? -ENOENT : -EEXIST;
}

/*
 * What memory holds of it may be what a sync that failed has lost: only what is on the disk is gone on with. False: that is
 * not known.
 */
static bool is_on_disk(int fd)
{
    if (fsync(fd) < 0)
        return false;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return true;
}

int temp_open_partial(int dir, const char *path, char ret_name[TEMP_NAME_SIZE], bool *ret_resume)
{
    temp_partial_name(path, ret_name);
    int fd = reopen_partial(dir, ret_name);
    *ret_resume = fd >= 0;
    if (fd == -ENOENT) {
        fd = openat(dir, ret_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
        fd = fd < 0 ? -errno : fd;
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
            close(fd);
            fd = -EEXIST;
        }
    }
    if (*ret_resume && !is_on_disk(fd)) {
        (void)unlinkat(dir, ret_name, 0);    /* begun anew under another name; one that stays is a beginning as before */
        close(fd);
        fd = -EEXIST;
    }
    if (fd < 0)
        ret_name[0] = 0;
    return fd;
}

static void note(atomic_bool *left)
{
    if (left)
        atomic_store(left, true);
}

void temp_remove(int dir, char name[TEMP_NAME_SIZE], atomic_bool *left)
{
    if (name[0] && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        note(left);
    name[0] = 0;
}

/* One that cannot be renamed stays where it is, and the operation does not call for the next one to sweep it away. */
void temp_leave(int dir, char name[TEMP_NAME_SIZE], atomic_bool *left)
{
    char kept[TEMP_NAME_SIZE];

    temp_exchange_name(kept);
    if (renameat(dir, name, dir, kept) == 0)
        note(left);
    name[0] = 0;
}
