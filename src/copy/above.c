#include "copy/above.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/directories.h"
#include "copy/layers.h"
#include "copy/source.h"

/* One that is to be made: its path (relative to the database), and the folder around it. */
struct missing {
    const char *path, *name;    /* name: the last part of it */
    char *around;               /* the path of that folder, for copy/opened.h */
    int parent;                 /* and its descriptor */
};

/* What it is at first. */
static const struct manifest_file fresh_directory = {.mode = S_IFDIR | 0700};

/* 0 or -errno; missing_close is needed in both cases. */
static int missing_open(struct work *w, const char *path, struct missing *ret)
{
    const char *slash = strrchr(path, '/');

    *ret = (struct missing){.path = path, .around = opened_above(path, slash ? (size_t)(slash - path) : 0)};
    ret->parent = path_open_parent(w->target.root, path, &ret->name);
    return ret->parent < 0 ? ret->parent : 0;
}

static void missing_close(struct missing *m)
{
    if (m->parent >= 0)
        close(m->parent);
    free(m->around);
}

static void tell(struct work *w, const char *path, int code, enum side side)
{
    char *above = opened_above(path, strlen(path));

    report_errno(&w->report, (struct subject){.dir = above, .name = ""}, -code, side);
    free(above);
}

/* The mode to make it with; from: its counterpart at the source, below `root`. */
static mode_t first_mode(struct work *w, int parent, int root, const char *from)
{
    struct stat above, st;
    int fd = root < 0 ? -ENOENT : path_open_dir(root, from);
    bool known = fd >= 0 && fstat(parent, &above) == 0 && fstat(fd, &st) == 0;

    if (fd >= 0)
        close(fd);
    if (!known)
        return 0700;
    if (root == w->source.top)    /* else the path is not of the replica */
        layers_give(w->request->layers, from, &st);
    source_give_new(&w->source, &st);
    return directories_first_mode(&above, &st);
}

/* What leads to a group's projects on a share is the group's, whoever copies the first one there, as all of ours is. */
static void share_with_group(int parent, struct stat *st)
{
    const mode_t group = S_ISGID | S_IRWXG;
    struct stat above;

    if (fstat(parent, &above) < 0 || (above.st_mode & group) != group)
        return;
    st->st_mode |= group;
    st->st_gid = above.st_gid;
}

/* What it did not take. Of owners the replica's own folders and files tell. */
static void tell_lost(struct work *w, const struct stat *wanted, int to, unsigned lost)
{
    struct stat now;

    if (fstat(to, &now) < 0)
        return;
    unsigned missed = metadata_missed(wanted, &now, &w->target.holds, lost) & ~(unsigned)LOST_OWNER;
    report_lost(&w->report, (lost & (lost & LOST_QUOTA ? ~0u : ~(unsigned)LOST_OWNER)) | missed);
    atomic_fetch_add(&w->report.tally.refused, missed != 0);
}

/* An attribute that cannot be had leaves the rights and times to be given. */
static int give(struct work *w, int from, int to, const struct stat *st, enum side *ret_side)
{
    static const struct xattr_rules clean = {.clean = true};    /* of what a new one inherits */
    struct given given = {.side = SIDE_SOURCE}, bare = {0};
    int code = from < 0 ? from : metadata_copy(from, to, st, &w->target.holds, &clean, &given);

    *ret_side = given.side == SIDE_SOURCE ? SIDE_SOURCE : SIDE_TARGET;
    if (code)
        (void)metadata_put(to, ".", st, NULL, &w->target.holds, &bare);
    tell_lost(w, st, to, given.lost | bare.lost);
    return code;
}

/* It looks like the source's, and is nobody else's to finish. */
static void finish(struct work *w, const struct missing *m, int to)
{
    int from = path_open_dir(w->source.root, m->path);
    enum side side = SIDE_SOURCE;
    struct stat st;
    int code;

    if (from == -ENOENT && w->request->layers) {    /* gone, and made again with what was in it */
        code = fchmod(to, 0755) < 0 ? -errno : 0;
        side = SIDE_TARGET;
    } else if (!(code = from < 0 ? path_lstat(w->source.root, m->path, &st) : fstat(from, &st) < 0 ? -errno : 0)) {
        source_give_new(&w->source, &st);
        share_with_group(m->parent, &st);
        code = give(w, from, to, &st, &side);
    }
    if (code)
        tell(w, m->path, code, side);
    if (from >= 0)
        close(from);
}

/* Names in the folder around it have changed. */
static int leave(struct work *w, const struct missing *m, int code)
{
    if (!code)
        code = path_sync_dir(m->parent);
    int shut = opened_shut(&w->target.opened, m->around);
    if (shut)
        report_errno(&w->report, (struct subject){.dir = m->around, .name = ""}, -shut, SIDE_TARGET);
    return code;
}

/* One above the replica. */
static int make_folder(struct work *w, const struct missing *m)
{
    if (faccessat(m->parent, m->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int code = opened_open(&w->target.opened, m->around, m->parent);
    if (!code) {
        manifest_add_above(&w->target.manifest, m->path, &fresh_directory);
        code = manifest_write(&w->target.manifest);
    }
    if (!code && mkdirat(m->parent, m->name, first_mode(w, m->parent, w->source.root, m->path)) < 0)
        code = -errno;
    int to = code ? code : path_open_dir(w->target.root, m->path);
    if (to >= 0) {
        finish(w, m, to);
        close(to);
    }
    return leave(w, m, to == -EEXIST ? 0 : to < 0 ? to : 0);
}

/* The replica's own. */
static int make_own(struct work *w, const struct missing *m)
{
    int code = opened_open(&w->target.opened, m->around, m->parent);

    if (!code) {
        manifest_add_create(&w->target.manifest, "", &fresh_directory);
        code = manifest_write(&w->target.manifest);
    }
    if (!code && mkdirat(m->parent, m->name, first_mode(w, m->parent, w->source.top, "")) == 0)
        atomic_fetch_add(&w->report.tally.directories_made, 1);    /* as a dry run counts it */
    else if (!code && errno != EEXIST)
        code = -errno;
    if (!code)
        w->target.top = path_open_dir(m->parent, m->name);
    if (!code && w->target.top < 0)
        code = w->target.top;
    return leave(w, m, code);
}

static int make(struct work *w, const char *path, int (*how)(struct work *, const struct missing *), struct error *err)
{
    struct missing m;
    int code = missing_open(w, path, &m);

    if (!code)
        code = how(w, &m);
    missing_close(&m);
    return code ? error_set(err, -code, "%s/%s", w->request->target_root, path) : 0;
}

int above_make(struct work *w, struct error *err)
{
    char *path = mem_strdup(w->request->path);
    int code = 0;

    for (char *slash = strchr(path, '/'); !code && slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        code = make(w, path, make_folder, err);
        *slash = '/';
    }
    free(path);
    return code ? code : make(w, w->request->path, make_own, err);
}
