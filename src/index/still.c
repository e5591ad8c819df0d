#include "index/still.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "index/pair.h"

struct was was_stat(const struct stat *st)
{
    return (struct was){
        .mode = st->st_mode, .nlink = (uint32_t)st->st_nlink, .size = (uint64_t)st->st_size,
        .mtime = clock_join(st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec),
        .ctime = clock_join(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec), .dev = st->st_dev, .ino = st->st_ino,
    };
}

struct was was_entry(const struct entry *e)
{
    return (struct was){.mode = e->mode, .nlink = e->nlink, .size = e->size, .mtime = e->mtime, .ctime = e->ctime,
                        .ino = e->ino};
}

static bool ctime_is(const struct was *a, const struct was *b, enum still strength, int64_t granularity)
{
    if (strength == STILL_LISTED)
        return a->nlink > 1 || b->nlink > 1 || times_agree(a->ctime, b->ctime, granularity);
    return strength != STILL_UNTOUCHED || a->ctime == b->ctime;
}

bool still_is(const struct was *was, const struct stat *now, enum still strength, int64_t granularity)
{
    const struct was is = was_stat(now);
    bool exact = strength >= STILL_SAME;

    if (((was->mode ^ is.mode) & S_IFMT) || (S_ISREG(is.mode) && was->size != is.size))
        return false;
    if (exact && (was->dev != is.dev || was->ino != is.ino))
        return false;
    return times_agree(was->mtime, is.mtime, exact ? 1 : granularity) && ctime_is(was, &is, strength, granularity);
}

int still_at(int dir, const char *name, const struct was *was, enum still strength, int64_t granularity)
{
    struct stat now;

    if (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    return still_is(was, &now, strength, granularity) ? 0 : -ESTALE;
}

int still_seen(int dir, const char *name, const struct stat *st, enum still strength)
{
    const struct was was = was_stat(st);
    return still_at(dir, name, &was, strength, 1);
}
