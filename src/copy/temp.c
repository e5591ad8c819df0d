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

/* Ours alone: a link would be changed with it, and two paths of one hash must not write to one file. */
static bool is_own_partial(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid() &&
           flock(fd, LOCK_EX | LOCK_NB) == 0;
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
    int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    temp_partial_name(path, ret_name);
    int fd = openat(dir, ret_name, flags);
    *ret_resume = fd >= 0;
    if (fd < 0 && errno == ENOENT)
        fd = openat(dir, ret_name, flags | O_CREAT | O_EXCL, 0600);
    if (fd < 0) {
        ret_name[0] = 0;
        return errno == ELOOP || errno == EISDIR || errno == ENXIO || errno == EACCES ? -EEXIST : -errno;
    }
    bool own = is_own_partial(fd);
    if (own && (!*ret_resume || is_on_disk(fd)))
        return fd;
    close(fd);
    if (own)
        (void)unlinkat(dir, ret_name, 0);    /* begun anew under another name; one that stays is a beginning as before */
    ret_name[0] = 0;
    return -EEXIST;
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
