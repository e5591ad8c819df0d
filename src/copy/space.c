#include "copy/space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/path.h"

struct measure {
    struct work *w;
    int64_t bytes;
};

int space_free(const struct work *w, struct space *ret_space)
{
    struct statvfs st;

    if (fstatvfs(w->target.top >= 0 ? w->target.top : w->target.root, &st) < 0)
        return -errno;
    ret_space->bytes_free = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
    ret_space->inodes_free = st.f_files ? (int64_t)st.f_favail : -1;
    return 0;
}

/* Bytes that this file takes: less than its size where it has holes. */
static int64_t blocks_of(struct work *w, const struct plan_name *name)
{
    int64_t size = (int64_t)name->pair->left->size;
    struct stat st;
    int dir = path_open_dir(w->source.top, name->dir->path);

    if (dir < 0)
        return size;
    int64_t blocks = fstatat(dir, name->name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (int64_t)st.st_blocks * 512 : size;
    close(dir);
    return blocks < size ? blocks : size;
}

static int add_blocks(void *arg, const struct plan_name *name)
{
    struct measure *m = arg;
    enum verdict_kind kind = name->verdict->kind;

    if ((kind == VERDICT_NEW || kind == VERDICT_CHANGED) && S_ISREG(name->pair->left->mode) && !name->leader)
        m->bytes += blocks_of(m->w, name);
    return 0;
}

/* A clone shares the blocks. */
static bool shares_blocks(const struct work *w)
{
    const char *type = w->target.fs.type;
    return w->same_filesystem && (strcmp(type, "btrfs") == 0 || strcmp(type, "xfs") == 0);
}

int space_check(struct work *w, struct plan *plan, const struct space *space, struct error *err)
{
    const struct plan_counts *n = &w->report.plan;
    struct measure m = {.w = w, .bytes = n->bytes};
    struct plan_visitor visitor = {.name = add_blocks, .arg = &m};

    if (space->inodes_free >= 0 && n->inodes > space->inodes_free)
        return error_say(err, "ENOSPC", ENOSPC,
                         "ENOSPC: %s has no room for %" PRId64 " more files: it takes %" PRId64, w->target.name,
                         n->inodes, space->inodes_free);
    if (n->bytes <= space->bytes_free || shares_blocks(w))
        return 0;
    m.bytes = 0;
    int code = plan_pass(plan, &visitor, err);
    if (code || m.bytes <= space->bytes_free)
        return code;
    return error_say(err, "ENOSPC", ENOSPC, "ENOSPC: %s has no room: %" PRId64 " bytes to copy, %" PRId64 " free",
                     w->target.name, m.bytes, space->bytes_free);
}
