#include "index/still.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"

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

static const struct traits exact = {.granularity = 1};

static bool mtime_is(const struct was *a, const struct was *b, enum still strength, const struct traits *traits)
{
    if (strength == STILL_ALIKE)
        return traits_hold(traits, a->mtime, b->mtime);
    return times_agree(a->mtime, b->mtime, strength == STILL_LISTED ? traits_step(traits, b->mtime) : 1);
}

static bool ctime_is(const struct was *a, const struct was *b, enum still strength, const struct traits *traits)
{
    if (strength == STILL_LISTED)
        return a->nlink > 1 || b->nlink > 1 || times_agree(a->ctime, b->ctime, traits_step(traits, b->ctime));
    return strength != STILL_UNTOUCHED || a->ctime == b->ctime;
}

bool still_is(const struct was *was, const struct stat *now, enum still strength, const struct traits *traits)
{
    const struct was is = was_stat(now);

    traits = traits ? traits : &exact;
    if (((was->mode ^ is.mode) & S_IFMT) || (S_ISREG(is.mode) && was->size != is.size))
        return false;
    if (strength >= STILL_SAME && (was->dev != is.dev || was->ino != is.ino))
        return false;
    return mtime_is(was, &is, strength, traits) && ctime_is(was, &is, strength, traits);
}

int still_at(int dir, const char *name, const struct was *was, enum still strength, const struct traits *traits)
{
    struct stat now;

    if (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    return still_is(was, &now, strength, traits) ? 0 : -ESTALE;
}

int still_seen(int dir, const char *name, const struct stat *st, enum still strength)
{
    const struct was was = was_stat(st);
    return still_at(dir, name, &was, strength, NULL);
}
