#include "copy/twin.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "copy/frozen.h"
#include "copy/xattr.h"

#define RESERVED 128     /* descriptors for everything else in the process */
#define MOST 2048

static atomic_long in_use;    /* descriptors, of all copies */
static long most;             /* above that the idle ones are closed */

static void choose_most(void)
{
    struct rlimit limit = {.rlim_cur = 256};

    getrlimit(RLIMIT_NOFILE, &limit);
    most = MOST;
    if (limit.rlim_cur < 2 * MOST)
        most = limit.rlim_cur > 2 * RESERVED ? (long)(limit.rlim_cur - RESERVED) / 2 : RESERVED / 4;
}

static bool is_crowded(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, choose_most);
    return atomic_load(&in_use) > most;
}

static void drop(int *fd)
{
    if (*fd < 0)
        return;
    close(*fd);
    *fd = -1;
    atomic_fetch_sub(&in_use, 1);
}

static int open_side(struct twin *f, int top, int *fd)
{
    *fd = path_open_dir(top, f->path);
    if (*fd >= 0)
        atomic_fetch_add(&in_use, 1);
    return *fd < 0 ? *fd : 0;
}

int twin_open(struct twins *all, const char *path, struct twin **ret_folder)
{
    struct twin *f = mem_zalloc(sizeof *f);

    f->all = all;
    f->path = mem_strdup(path);
    f->source = f->target = -1;
    atomic_init(&f->refs, 1);
    pthread_mutex_init(&f->lock, NULL);
    int code = open_side(f, all->target_top, &f->target);
    if (!code && fstat(f->target, &f->before) < 0)
        code = -errno;
    if (code) {
        twin_unref(f);
        return code;
    }
    f->strip_acl = xattr_has_default_acl(f->target);
    f->frozen = frozen_is(f->target, ".");
    if (is_crowded())
        drop(&f->target);    /* thousands may wait for their turn */
    *ret_folder = f;
    return 0;
}

struct twin *twin_ref(struct twin *f)
{
    atomic_fetch_add(&f->refs, 1);
    return f;
}

void twin_unref(struct twin *f)
{
    if (!f || atomic_fetch_sub(&f->refs, 1) > 1)
        return;
    drop(&f->source);
    drop(&f->target);
    pthread_mutex_destroy(&f->lock);
    free(f->path);
    free(f);
}

static int borrow_source(struct twin *f)
{
    struct stat st;

    if (f->source >= 0)
        return f->source;
    int code = open_side(f, f->all->source_top, &f->source);
    if (!code && fstat(f->source, &st) < 0)
        code = -errno;
    if (code) {
        drop(&f->source);
        return code;
    }
    f->source_dev = st.st_dev;
    return f->source;
}

static int borrow_target(struct twin *f)
{
    struct stat st;

    if (f->target >= 0)
        return f->target;
    int code = open_side(f, f->all->target_top, &f->target);
    if (!code && fstat(f->target, &st) < 0)
        code = -errno;
    if (!code && (st.st_dev != f->before.st_dev || st.st_ino != f->before.st_ino))
        code = -ESTALE;
    if (code) {
        drop(&f->target);
        return code;
    }
    return f->target;
}

int twin_source(struct twin *f)
{
    pthread_mutex_lock(&f->lock);
    int fd = borrow_source(f);
    f->source_users += fd >= 0;
    pthread_mutex_unlock(&f->lock);
    return fd;
}

int twin_target(struct twin *f)
{
    pthread_mutex_lock(&f->lock);
    int fd = borrow_target(f);
    f->target_users += fd >= 0;
    pthread_mutex_unlock(&f->lock);
    return fd;
}

static void give_back(struct twin *f, int *users, int *fd)
{
    pthread_mutex_lock(&f->lock);
    if (--*users == 0 && is_crowded())
        drop(fd);
    pthread_mutex_unlock(&f->lock);
}

void twin_source_done(struct twin *f) { give_back(f, &f->source_users, &f->source); }
void twin_target_done(struct twin *f) { give_back(f, &f->target_users, &f->target); }
