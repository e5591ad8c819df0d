#include "copy/space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/path.h"
#include "base/sum.h"
#include "copy/layers.h"

#define SIZE_TEXT 32

struct measure {
    struct work *w;
    int64_t bytes;
};

int space_free(const struct work *w, struct space *ret_space)
{
    struct statvfs st;

    if (fstatvfs(w->target.top >= 0 ? w->target.top : w->target.root, &st) < 0)
        return -errno;
    ret_space->bytes_free = st.f_blocks ? (int64_t)st.f_bavail * (int64_t)st.f_frsize : -1;
    ret_space->inodes_free = st.f_files ? (int64_t)st.f_favail : -1;
    return 0;
}

/* Bytes that this file takes: less than its size where it has holes. */
static int64_t blocks_of(struct work *w, const struct plan_name *name)
{
    int64_t size = (int64_t)name->pair->left->size;
    struct stat st;
    bool kept = layers_find(w->request->layers, name->dir->path, name->name) != 0;    /* its size will do */
    int dir = kept || w->source.top < 0 ? -ENOENT : path_open_dir(w->source.top, name->dir->path);

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

    if ((kind == VERDICT_NEW || kind == VERDICT_CHANGED || kind == VERDICT_RETYPED) && S_ISREG(name->pair->left->mode) &&
        !name->leader)
        m->bytes = sum_add(m->bytes, blocks_of(m->w, name));
    return 0;
}

/* A clone shares the blocks. */
static bool shares_blocks(const struct work *w)
{
    const char *type = w->target.fs.type;
    return w->same_filesystem && (strcmp(type, "btrfs") == 0 || strcmp(type, "xfs") == 0);
}

/* As Lua's view.size writes them: three digits at most, SI units. */
static void size_text(char ret_text[SIZE_TEXT], int64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;

    for (; value >= (unit ? 999.5 : 1000) && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1000;
    snprintf(ret_text, SIZE_TEXT, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

int space_measure(struct work *w, struct plan *plan, int64_t *ret_bytes, struct error *err)
{
    struct measure m = {.w = w};
    struct plan_visitor visitor = {.name = add_blocks, .arg = &m};
    int code = shares_blocks(w) ? 0 : plan_pass(plan, &visitor, err);

    *ret_bytes = m.bytes > w->target.partial_bytes ? m.bytes - w->target.partial_bytes : 0;
    return code;
}

int space_check(struct work *w, struct plan *plan, const struct space *space, struct error *err)
{
    const struct plan_counts *n = &w->report.plan;
    struct measure m = {.w = w, .bytes = n->bytes};
    struct plan_visitor visitor = {.name = add_blocks, .arg = &m};
    char needed[SIZE_TEXT], free_[SIZE_TEXT];

    if (space->inodes_free >= 0 && n->inodes > space->inodes_free)
        return error_say(err, "ENOSPC", ENOSPC,
                         "%s has no room for so many files: %" PRId64 " to make, %" PRId64 " free", w->target.name,
                         n->inodes, space->inodes_free);
    int64_t room = space->bytes_free + w->target.partial_bytes;    /* what these hold is not written again */
    if (space->bytes_free < 0 || n->bytes <= room || shares_blocks(w))
        return 0;
    m.bytes = 0;
    int code = plan_pass(plan, &visitor, err);
    if (code || m.bytes <= room)
        return code;
    size_text(needed, m.bytes);
    size_text(free_, space->bytes_free);
    return error_say(err, "ENOSPC", ENOSPC, "%s has no room: %s needed, %s free", w->target.name, needed, free_);
}
