#include "copy/work.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "index/catalog.h"

void work_fail(struct work *w, struct error *err)
{
    pthread_mutex_lock(&w->lock);
    if (atomic_load(&w->stop))
        error_clear(err);
    else
        error_move(&w->failure, err);
    atomic_store(&w->stop, true);
    pthread_mutex_unlock(&w->lock);
}

int work_fail_errno(struct work *w, int errnum, const char *thing)
{
    struct error err = {0};

    error_set(&err, errnum, "%s of %s", thing, w->target.name ? w->target.name : w->request->target_root);
    work_fail(w, &err);
    return -errnum;
}

struct traits_pair work_traits(const struct work *w)
{
    return (struct traits_pair){.left = w->source.fs.traits, .right = w->target.fs.traits, .window = w->request->window};
}

bool work_is_full(int errnum) { return errnum == ENOSPC || errnum == EDQUOT || errnum == EROFS; }

bool work_is_fatal(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EIO:
    case ENODEV:
    case ENXIO:
    case ENOTCONN:
    case ESHUTDOWN:
        return true;
    default:
        return false;
    }
}

bool work_ending(const struct work *w)
{
    return atomic_load(&w->stop) || (w->cancel && atomic_load(w->cancel));
}

bool work_is_catalog(const struct work *w, dev_t dev, int dir, const char *name)
{
    struct stat st;

    if (dev != w->catalog.dev || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    return catalog_owns(&w->catalog, st.st_dev, st.st_ino);
}

static int open_in(const struct work *w, int dir, const char *name)
{
    struct stat st;

    if (fstat(dir, &st) < 0)
        return -errno;
    if (work_is_catalog(w, st.st_dev, dir, name))
        return -EBUSY;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int work_open_file(const struct work *w, int top, const char *path)
{
    const char *name;
    int dir = path_open_parent(top, path, &name);
    int fd = dir < 0 ? dir : open_in(w, dir, name);

    if (dir >= 0)
        close(dir);
    return fd;
}
