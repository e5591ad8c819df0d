#include "copy/work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/io.h"
#include "base/path.h"
#include "copy/temp.h"
#include "index/catalog.h"

#define TRIED 4096       /* bytes that a disk is asked to take */
#define MOST_GRAVE 16    /* names in a row: a disk that fails at each is not one to go on with, whatever it says of itself */

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

/* A folder of ours, on the filesystem that the replica is on. */
static int folder_of_ours(const struct target *t)
{
    return t->elsewhere && t->top >= 0 ? path_open_dir(t->top, "") : path_open_dir(t->root, OUR_FOLDER);
}

/* Can a file be made there, written, synced and removed? Closes dir, which may be -errno.
 * left: as of temp_remove. 0, or -errno of what failed. */
static int try_disk(int dir, atomic_bool *left)
{
    char name[TEMP_NAME_SIZE], page[TRIED];
    int fd = dir < 0 ? dir : temp_create(dir, 0600, name);

    if (fd < 0) {
        if (dir >= 0)
            close(dir);
        return fd;
    }
    memset(page, 'a', sizeof page);
    int code = io_write(fd, page, sizeof page);
    if (!code && fsync(fd) < 0)
        code = -errno;
    if (close(fd) < 0 && !code)
        code = -errno;
    temp_remove(dir, name, left);
    close(dir);
    return code;
}

bool work_is_disk_gone(int root, int errnum)
{
    return fault_is_grave(errnum) && try_disk(path_open_dir(root, OUR_FOLDER), NULL) < 0;
}

bool work_ask(struct work *w, int errnum, const char *thing)
{
    if (!fault_is_grave(errnum))
        return false;
    int count = atomic_fetch_add(&w->grave, 1) + 1, code = try_disk(folder_of_ours(&w->target), &w->left);

    if (!code && (count < MOST_GRAVE || errnum == ENOSPC || errnum == EDQUOT))
        return false;
    work_fail_errno(w, errnum, thing);
    return true;
}

void work_goes_on(struct work *w)
{
    if (atomic_load_explicit(&w->grave, memory_order_relaxed))
        atomic_store(&w->grave, 0);
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
