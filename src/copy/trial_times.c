#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "copy/trial.h"

#define FILE_TIME 1000000000     /* seconds since 1970: one that every filesystem has */
#define JOINED INT64_C(9223372036)    /* what 64 bits of nanoseconds hold */
#define LAST INT64_C(26403876000)     /* nearly what clock_join tells apart: an end beyond is none */

/* A file whose times are set and read back. */
struct clockwork {
    int dir;
    const char *name;
    int64_t granularity;    /* what was found */
    int code;               /* 0, or -errno of a disk that fails: nothing that was found counts */
};

static bool is_failure(int errnum)
{
    return errnum == EIO || errnum == ENOSPC || errnum == EDQUOT || errnum == EROFS || errnum == ENOENT ||
           errnum == ESTALE || errnum == ENOTCONN;
}

/* 0, 1 when it is refused, or -errno of a failure. */
static int set(const struct clockwork *c, struct timespec time)
{
    const struct timespec times[2] = {{.tv_sec = FILE_TIME}, time};

    if (utimensat(c->dir, c->name, times, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    return is_failure(errno) ? -errno : 1;
}

/* As it is at the server, not as the kernel remembers it: a file that is opened anew is asked for. */
static int get(const struct clockwork *c, struct timespec *ret_time)
{
    struct statx st;
    int fd = openat(c->dir, c->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    if (statx(c->dir, c->name, AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC, STATX_MTIME, &st) < 0)
        return -errno;
    *ret_time = (struct timespec){.tv_sec = st.stx_mtime.tv_sec, .tv_nsec = st.stx_mtime.tv_nsec};
    return 0;
}

/* Set one and read it. True with *ret_found; false when it was refused, or failed (c->code). */
static bool try(struct clockwork *c, struct timespec time, struct timespec *ret_found)
{
    int code = set(c, time);

    if (!code)
        code = get(c, ret_found);
    if (code < 0 && !c->code)
        c->code = code;
    return code == 0;
}

/* How far off, in ns; more than the coarsest when it is farther than a number holds. */
static int64_t error_of(struct timespec wanted, struct timespec found)
{
    int64_t seconds = found.tv_sec - wanted.tv_sec;

    if (seconds > 3 || seconds < -3)
        return INT64_MAX;
    return llabs(seconds * NSEC_PER_SEC + found.tv_nsec - wanted.tv_nsec);
}

/* ---- granularity ---- */

/* Chosen so that cutting off shows, and rounding to the nearest too. */
static const struct timespec fine[] = {{1, 123456789}, {2, 987654321}, {3, 999999999}, {5, 505500550}};

/* Of the seconds from `since` on: ns. 0 when times do not stay there at all. */
static int64_t granularity_since(struct clockwork *c, int64_t since)
{
    static const int64_t steps[] = {1, 100, 1000, 10000, NSEC_PER_MSEC, 10 * NSEC_PER_MSEC, NSEC_PER_SEC, TRAITS_COARSEST};
    int64_t most = 0;

    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct timespec found, wanted = {since + fine[i].tv_sec, fine[i].tv_nsec};
        int64_t off = try(c, wanted, &found) ? error_of(wanted, found) : INT64_MAX;
        most = off > most ? off : most;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (most < steps[i])
            return steps[i];
    return 0;
}

/* ---- range ---- */

static bool holds(struct clockwork *c, int64_t second)
{
    struct timespec found, wanted = {.tv_sec = second};
    return try(c, wanted, &found) && error_of(wanted, found) < c->granularity;
}

static bool lies_between(int64_t a, int64_t b, int64_t x) { return a < b ? x >= a && x < b : x <= a && x > b; }

/*
 * Is the end where the time `bad` came to lie? There a filesystem that stores the nearest puts all that is beyond.
 * *ret_end, if so.
 */
static bool is_stored_as(struct clockwork *c, int64_t good, int64_t bad, int64_t *ret_end)
{
    struct timespec found, beyond;
    int64_t step = (c->granularity + NSEC_PER_SEC - 1) / NSEC_PER_SEC;

    if (!try(c, (struct timespec){.tv_sec = bad}, &found) || !lies_between(good, bad, found.tv_sec) ||
        !holds(c, found.tv_sec))
        return false;
    *ret_end = found.tv_sec;
    int64_t next = found.tv_sec + (good < bad ? step : -step);
    return try(c, (struct timespec){.tv_sec = next}, &beyond) && beyond.tv_sec == found.tv_sec;
}

/* The last second on the way from good, which is kept, to bad, which is not. */
static int64_t find_end(struct clockwork *c, int64_t good, int64_t bad)
{
    int64_t end;

    if (is_stored_as(c, good, bad, &end))
        return end;
    while (!c->code && llabs(bad - good) > 1) {
        int64_t middle = good + (bad - good) / 2;
        if (holds(c, middle))
            good = middle;
        else
            bad = middle;
    }
    return good;
}

/* Where the disk formats end: FAT and exFAT, a signed and an unsigned number of 32 bits, ns in 64 bits, ext4, xfs. */
static const int64_t later[] = {INT64_C(1) << 31, INT64_C(1) << 32, INT64_C(4354819200), JOINED, INT64_C(10413792000),
                                INT64_C(15032385535), INT64_C(16299260424), LAST};
static const int64_t earlier[] = {315619200, 315446400, 0, -1, -INT64_C(2147483648), -INT64_C(2208988800), -JOINED};

/* The last of the samples that is kept with all before it; *ret_end: the last second at all, when one is not. */
static bool find_limit(struct clockwork *c, const int64_t *samples, size_t count, int64_t *ret_end)
{
    int64_t good = FILE_TIME;

    for (size_t i = 0; i < count; i++) {
        if (!holds(c, samples[i])) {
            *ret_end = find_end(c, good, samples[i]);
            return true;
        }
        good = samples[i];
    }
    return false;
}

int trial_times(int dir, const char *name, struct traits *ret_traits)
{
    struct clockwork c = {.dir = dir, .name = name};
    int64_t end;

    *ret_traits = (struct traits){.granularity = 1};
    c.granularity = granularity_since(&c, FILE_TIME);
    if (!c.granularity) {
        ret_traits->drops_times = true;
        return c.code;
    }
    ret_traits->granularity = c.granularity;
    int64_t early = granularity_since(&c, -FILE_TIME);
    ret_traits->early = early > c.granularity ? early : 0;
    ret_traits->has_oldest = find_limit(&c, earlier, sizeof earlier / sizeof *earlier, &end);
    if (ret_traits->has_oldest)
        ret_traits->oldest = clock_join(end, 0);
    ret_traits->has_newest = find_limit(&c, later, sizeof later / sizeof *later, &end);
    if (ret_traits->has_newest)
        ret_traits->newest = clock_join(end, 0);
    return c.code;
}

int trial_link_times(int dir, const char *name, const char *target, bool *ret_kept)
{
    struct clockwork link = {.dir = dir, .name = name}, file = {.dir = dir, .name = target};
    const struct timespec time = {.tv_sec = FILE_TIME + 100000}, other = {.tv_sec = FILE_TIME};
    struct timespec found, shown = other;
    bool told = try(&file, other, &shown);
    bool kept = try(&link, time, &found) && error_of(time, found) < 3 * NSEC_PER_SEC;

    if (told && !get(&file, &found) && found.tv_sec != shown.tv_sec)
        kept = false;
    *ret_kept = kept;
    return link.code ? link.code : file.code;
}
