#include "copy/hardlink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/times.h"

struct link {
    int dir;
    const char *name;
};

static int make_link(int dir, const char *name, const void *arg)
{
    const struct link *leader = arg;
    return linkat(leader->dir, leader->name, dir, name, 0) < 0 ? -errno : 0;
}

/* The leader must be what the follower is at the source: the same size and time, just copied or found the same. */
static bool is_leader(const struct work *w, const struct item *item, const struct link *leader,
                      struct stat *ret_st)
{
    if (fstatat(leader->dir, leader->name, ret_st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(ret_st->st_mode))
        return false;
    return (uint64_t)ret_st->st_size == item->left.size &&
           times_agree(mtime_of(ret_st), item->left.mtime, w->request->granularity);
}

int hardlink_stage(struct work *w, struct item *item, const char *leader)
{
    struct link link;
    struct stat st;

    if (!w->target.holds.link) {
        report_lost(&w->report, LOST_LINK);
        return -ESTALE;
    }
    link.dir = path_open_parent(w->target.top, leader, &link.name);
    if (link.dir < 0)
        return -ESTALE;
    int to = twin_target(item->twin), code = -ESTALE;
    if (to >= 0) {
        if (is_leader(w, item, &link, &st))
            code = temp_make(to, make_link, &link, item->temp);
        twin_target_done(item->twin);
    }
    close(link.dir);
    if (code && code != -ESTALE)
        report_lost(&w->report, LOST_LINK);
    if (code)
        return -ESTALE;
    item->fresh = (struct manifest_file){.mode = st.st_mode, .size = item->left.size, .mtime = item->left.mtime,
                                         .uid = st.st_uid, .gid = st.st_gid};
    return 0;
}
