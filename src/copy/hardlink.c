#include "copy/hardlink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/path.h"
#include "copy/layers.h"
#include "copy/place.h"
#include "copy/plan.h"
#include "index/still.h"

struct link {
    int dir;
    const char *name, *path;
};

static int make_link(int dir, const char *name, const void *arg)
{
    const struct link *leader = arg;
    return linkat(leader->dir, leader->name, dir, name, 0) < 0 ? -errno : 0;
}

static bool is_missing(int code) { return code == -ENOENT || code == -ENOTDIR || code == -ELOOP || code == -ESTALE; }

/* The leader must be what the follower is at the source: the same size and time, just copied or found the same. */
static int check_leader(const struct work *w, const struct item *item, const struct link *leader, struct stat *ret_st)
{
    const struct was source = was_entry(&item->left);

    if (fstatat(leader->dir, leader->name, ret_st, AT_SYMLINK_NOFOLLOW) < 0)
        return is_missing(-errno) ? -ESTALE : -errno;
    return still_is(&source, ret_st, STILL_ALIKE, &w->target.fs.traits) ? 0 : -ESTALE;
}

/* A repair links what is one file at the target; what comes from versions is one as its manifest says. */
static bool is_one_at_source(const struct work *w, struct item *item, const char *leader)
{
    struct stat first, second;
    const char *name;
    bool is = false;

    bool kept = layers_find(w->request->layers, item->twin->path, item->name) > 0;
    bool leader_kept = layers_find(w->request->layers, "", leader) > 0;
    if (w->request->repair || (kept && leader_kept))
        return true;
    if (kept || leader_kept || w->source.top < 0)
        return false;
    int dir = path_open_parent(w->source.top, leader, &name), own = dir < 0 ? dir : twin_source(item->twin);
    if (own >= 0) {
        is = fstatat(dir, name, &first, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(own, item->name, &second, AT_SYMLINK_NOFOLLOW) == 0 &&
             first.st_dev == second.st_dev && first.st_ino == second.st_ino;
        twin_source_done(item->twin);
    }
    if (dir >= 0)
        close(dir);
    return is;
}

static bool is_linked(int dir, const char *name, const struct stat *leader)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == leader->st_dev && st.st_ino == leader->st_ino;
}

static int link_to(struct work *w, struct item *item, const struct link *leader, struct stat *ret_st)
{
    int to = twin_target(item->twin);
    if (to < 0)
        return to;
    int code = check_leader(w, item, leader, ret_st);
    if (!code && is_linked(to, item->name, ret_st))
        code = -EALREADY;
    if (!code) {
        kin_before(&w->kin, leader->path, leader->dir, leader->name);
        code = temp_make(to, make_link, leader, item->temp);
        kin_after(&w->kin, leader->dir, leader->name);
    }
    twin_target_done(item->twin);
    return code;
}

int hardlink_stage(struct work *w, struct item *item, const char *leader)
{
    struct link link = {.path = leader};
    struct stat st;

    if (!w->target.holds.link)
        link.dir = -EPERM;
    else
        link.dir = is_one_at_source(w, item, leader) ? path_open_parent(w->target.top, leader, &link.name) : -ESTALE;
    int code = link.dir < 0 ? link.dir : link_to(w, item, &link, &st);
    if (link.dir >= 0)
        close(link.dir);
    if (fault_refuses_link(-code))
        report_lost(&w->report, LOST_LINK);
    if (code)
        return fault_refuses_link(-code) || is_missing(code) ? -ESTALE : code;
    item->is_link = true;
    item->fresh = (struct manifest_file){.mode = st.st_mode, .size = item->left.size, .mtime = item->left.mtime,
                                         .uid = st.st_uid, .gid = st.st_gid};
    return 0;
}

bool hardlink_is_one(void *arg, bool left, const char *path, const char *dir, const char *name)
{
    const struct work *w = arg;
    int top = left ? w->source.top : w->target.top;
    char *other = plan_join(dir, name);
    struct stat a, b;
    bool seen = top >= 0 && path_lstat(top, path, &a) == 0 && path_lstat(top, other, &b) == 0;

    free(other);
    return !seen || (a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* A replica lies on one mount; of these filesystems each has one device. */
static bool has_one_device(const struct filesystem *fs)
{
    static const char *const types[] = {"ext4", "xfs", "tmpfs", "vfat", "exfat"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(fs->type, types[i]) == 0)
            return true;
    return false;
}

uint64_t hardlink_device(void *arg, bool left, const char *dir)
{
    const struct work *w = arg;
    int top = left ? w->source.top : w->target.top;
    struct stat st;

    if ((left && w->request->layers) || has_one_device(left ? &w->source.fs : &w->target.fs))
        return 1;
    int fd = top < 0 ? top : path_open(top, dir, O_PATH | O_DIRECTORY, 0);
    bool seen = fd >= 0 && fstat(fd, &st) == 0;
    if (fd >= 0)
        close(fd);
    return seen && st.st_dev ? st.st_dev : 1;
}
