#include "copy/space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
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
    int64_t room;              /* below 0: not known */
    int64_t bytes;             /* of what is no larger than that */
    int64_t large;             /* files that are, */
    int64_t large_bytes;       /* and what they take */
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

/* Bytes that this file takes: less than its size where it has holes, and the destination has them too. */
static int64_t blocks_of(struct work *w, const struct plan_name *name)
{
    int64_t size = (int64_t)name->pair->left->size;
    struct stat st;
    bool kept = layers_find(w->request->layers, name->dir->path, name->name) != 0;    /* its size will do */
    int dir = kept || !w->target.fs.holes || w->source.top < 0 ? -ENOENT : path_open_dir(w->source.top, name->dir->path);

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

    if ((kind != VERDICT_NEW && kind != VERDICT_CHANGED && kind != VERDICT_RETYPED) || !S_ISREG(name->pair->left->mode) ||
        name->leader)
        return 0;
    int64_t bytes = blocks_of(m->w, name);
    bool large = m->room >= 0 && bytes > m->room;
    int64_t *sum = large ? &m->large_bytes : &m->bytes;
    *sum = sum_add(*sum, bytes);
    m->large += large;
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

/* What the partial files hold is not written again. */
static int64_t room_of(const struct work *w, const struct space *space)
{
    return space->bytes_free < 0 ? -1 : sum_add(space->bytes_free, w->target.partial_bytes);
}

int space_measure(struct work *w, struct plan *plan, const struct space *space, int64_t *ret_bytes, struct error *err)
{
    struct measure m = {.w = w, .room = room_of(w, space)};
    struct plan_visitor visitor = {.name = add_blocks, .arg = &m};
    int code = shares_blocks(w) ? 0 : plan_pass(plan, &visitor, err);

    *ret_bytes = m.bytes > w->target.partial_bytes ? m.bytes - w->target.partial_bytes : 0;
    return code;
}

static int refuse(const struct work *w, const struct space *space, int64_t bytes, struct error *err)
{
    char needed[SIZE_TEXT], free_[SIZE_TEXT];

    size_text(needed, bytes);
    size_text(free_, space->bytes_free);
    return error_say(err, "ENOSPC", ENOSPC, "%s has no room: %s needed, %s free", w->target.name, needed, free_);
}

int space_check(struct work *w, struct plan *plan, const struct space *space, struct error *err)
{
    const struct plan_counts *n = &w->report.plan;
    struct measure m = {.w = w, .room = room_of(w, space)};
    struct plan_visitor visitor = {.name = add_blocks, .arg = &m};

    if (space->inodes_free >= 0 && n->inodes > space->inodes_free)
        return error_say(err, "ENOSPC", ENOSPC,
                         "%s has no room for so many files: %" PRId64 " to make, %" PRId64 " free", w->target.name,
                         n->inodes, space->inodes_free);
    if (m.room < 0 || n->bytes <= m.room || shares_blocks(w))
        return 0;
    int code = plan_pass(plan, &visitor, err);
    if (!code && m.bytes > m.room)
        code = refuse(w, space, sum_add(m.bytes, m.large_bytes), err);
    if (!code && m.large) {
        w->target.is_short = true;
        w->target.largest = m.room;
    }
    return code;
}

bool space_fits(struct work *w, const struct plan_name *name)
{
    return !w->target.is_short || !S_ISREG(name->pair->left->mode) || blocks_of(w, name) <= w->target.largest;
}

bool space_admits(struct work *w, const struct plan_name *name, struct subject subject)
{
    char needed[SIZE_TEXT], room[SIZE_TEXT], text[2 * SIZE_TEXT + NAME_MAX];

    if (space_fits(w, name))
        return true;
    size_text(needed, blocks_of(w, name));
    size_text(room, w->target.largest);
    snprintf(text, sizeof text, "too large for %s: %s needed, %s free: not copied", w->target.name, needed, room);
    report_problem(&w->report, subject, "ENOSPC", text, false);
    return false;
}
