#include "copy/space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "base/sum.h"
#include "copy/layers.h"

#define SIZE_TEXT 32
#define BLOCK 4096           /* what a file takes is a multiple of this, as a rule */
#define STEPS 16             /* of sizes between two powers of two */
#define SIZES (64 * STEPS)

/* The files of a plan: by size what they take, and what is chosen of them. */
struct measure {
    struct work *w;
    int64_t room;              /* below 0: not known */
    int64_t bytes;             /* of what is no larger than that */
    int64_t large_bytes;       /* of what is */
    int64_t sums[SIZES];       /* in whole blocks, by size_step */
    size_t step;               /* those below are chosen, those above are not, */
    int64_t left;              /* and of these as many as go into this */
    int64_t chosen;            /* bytes */
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

static bool takes_room(const struct plan_name *name)
{
    enum verdict_kind kind = name->verdict->kind;

    return (kind == VERDICT_NEW || kind == VERDICT_CHANGED || kind == VERDICT_RETYPED) && S_ISREG(name->pair->left->mode) &&
           !name->leader;
}

static size_t size_step(int64_t bytes)
{
    if (bytes < STEPS)
        return (size_t)bytes;
    unsigned power = 63 - (unsigned)__builtin_clzll((unsigned long long)bytes);
    return power * STEPS + ((size_t)(bytes >> (power - 4)) & (STEPS - 1));
}

static int64_t whole_blocks(int64_t bytes) { return bytes > INT64_MAX - BLOCK ? bytes : (bytes + BLOCK - 1) / BLOCK * BLOCK; }

static int add_blocks(void *arg, const struct plan_name *name)
{
    struct measure *m = arg;

    if (!takes_room(name))
        return 0;
    int64_t bytes = blocks_of(m->w, name), *by_size = &m->sums[size_step(bytes)];
    int64_t *sum = m->room >= 0 && bytes > m->room ? &m->large_bytes : &m->bytes;
    *sum = sum_add(*sum, bytes);
    *by_size = sum_add(*by_size, whole_blocks(bytes));
    return 0;
}

static uint64_t key_of(const struct plan_name *name)
{
    char *path = name->leader ? NULL : plan_join(name->dir->path, name->name);
    const char *text = path ? path : name->leader;
    uint64_t key = hash64_of(text, strlen(text));

    free(path);
    return key;
}

static int choose_file(void *arg, const struct plan_name *name)
{
    struct measure *m = arg;

    if (!takes_room(name))
        return 0;
    int64_t bytes = blocks_of(m->w, name), whole = whole_blocks(bytes);
    size_t step = size_step(bytes);
    bool fits = step < m->step || (step == m->step && whole <= m->left);

    if (!fits)
        map_set(&m->w->target.left_out, key_of(name), m->w);
    else if (step == m->step)
        m->left -= whole;
    m->chosen = fits ? sum_add(m->chosen, bytes) : m->chosen;
    return 0;
}

/* What else takes room: folders, inodes, the operation's own books. */
static int64_t room_for_files(const struct work *w, int64_t room)
{
    const struct plan_counts *n = &w->report.plan;
    int64_t other = room / 128 + n->directories_new * BLOCK + n->inodes * 512 + 16 * BLOCK;

    return room > other ? room - other : 0;
}

/* The smallest first, so that as many as can be are there, and those of one size in the plan's order. */
static int choose(struct measure *m, struct plan *plan, struct error *err)
{
    const struct plan_visitor visitor = {.name = choose_file, .arg = m};

    m->left = room_for_files(m->w, m->room);
    while (m->step < SIZES && m->sums[m->step] <= m->left)
        m->left -= m->sums[m->step++];
    map_free(&m->w->target.left_out, NULL);
    m->w->target.is_short = true;
    m->w->target.room = m->room;
    return plan_pass(plan, &visitor, err);
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
    int64_t room = space->bytes_free < 0 ? -1 : sum_add(space->bytes_free, w->target.partial_bytes), most = w->request->room;

    return most > 0 && (room < 0 || most < room) ? most : room;
}

static bool is_short(const struct measure *m) { return m->room >= 0 && sum_add(m->bytes, m->large_bytes) > m->room; }

int space_measure(struct work *w, struct plan *plan, const struct space *space, int64_t *ret_bytes, struct error *err)
{
    struct measure m = {.w = w, .room = room_of(w, space)};
    struct plan_visitor visitor = {.name = add_blocks, .arg = &m};
    int code = shares_blocks(w) ? 0 : plan_pass(plan, &visitor, err);

    if (!code && w->request->room > 0 && is_short(&m)) {
        code = choose(&m, plan, err);
        m.bytes = m.chosen;
    }
    *ret_bytes = m.bytes > w->target.partial_bytes ? m.bytes - w->target.partial_bytes : 0;
    return code;
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
    return code || !is_short(&m) ? code : choose(&m, plan, err);
}

bool space_fits(struct work *w, const struct plan_name *name)
{
    return !w->target.is_short || !S_ISREG(name->pair->left->mode) || !map_get(&w->target.left_out, key_of(name));
}

bool space_admits(struct work *w, const struct plan_name *name, struct subject subject)
{
    char needed[SIZE_TEXT], room[SIZE_TEXT], text[2 * SIZE_TEXT + NAME_MAX + 80];

    if (space_fits(w, name))
        return true;
    int64_t bytes = blocks_of(w, name);
    size_text(needed, bytes);
    size_text(room, w->target.room);
    if (bytes > w->target.room)
        snprintf(text, sizeof text, "too large for %s: %s needed, %s free: not copied", w->target.name, needed, room);
    else
        snprintf(text, sizeof text, "no room for it on %s beside the smaller files: %s needed, %s free for all: not copied",
                 w->target.name, needed, room);
    report_problem(&w->report, subject, "ENOSPC", text, false);
    return false;
}
