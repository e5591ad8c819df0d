#include "copy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "copy/source.h"
#include "copy/special.h"
#include "copy/times.h"

#define ATTEMPTS 2
#define HOT (2 * NSEC_PER_SEC)    /* a source changed this short ago may be at work still */

/* One attempt at one file. */
struct attempt {
    struct work *w;
    struct data *data;
    struct item *item;
    int from_dir, to_dir;
    int from, to;              /* descriptors, or -1 */
    struct stat before;
    enum side side;            /* whose error it is */
    bool content;              /* it is one of the content: read, written, synced */
    bool unmade;               /* the destination refused to make this kind of file */
    unsigned lost;
};

static int fail(struct attempt *a, enum side side, int code)
{
    a->side = side;
    return code;
}

/* From here on `before` is what the destination's file gets. */
static void give(struct attempt *a)
{
    const struct item *item = a->item;
    const struct stat old = {.st_mode = item->right.mode, .st_uid = item->right.uid, .st_gid = item->right.gid};

    if (item->kind == VERDICT_CHANGED)
        source_give_replaced(&a->w->source, &old, &a->before);
    else
        source_give_new(&a->w->source, &a->before);
}

static int open_source(struct attempt *a)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    a->from = openat(a->from_dir, a->item->name, flags);
    if (a->from < 0)
        return fail(a, SIDE_SOURCE, errno == ELOOP ? -ESTALE : -errno);
    if (fstat(a->from, &a->before) < 0)
        return fail(a, SIDE_SOURCE, -errno);
    if (!S_ISREG(a->before.st_mode))
        return fail(a, SIDE_SOURCE, -ESTALE);
    give(a);
    return 0;
}

/* What the temp is now, and what the source was: for the manifest and the digests. */
static void note_result(struct attempt *a, const struct digest *digest, int64_t opened_at)
{
    struct item *item = a->item;
    int64_t tick = work_tick(&a->w->source.fs);

    item->source_mtime = mtime_of(&a->before);
    item->source_ctime = ctime_of(&a->before);
    item->source_young = opened_at - item->source_ctime < tick || opened_at - item->source_mtime < tick;
    item->fresh = (struct manifest_file){
        .mode = a->before.st_mode,
        .size = S_ISREG(a->before.st_mode) ? (uint64_t)a->before.st_size : 0,
        .mtime = item->source_mtime,
        .uid = a->before.st_uid,
        .gid = a->before.st_gid,
        .has_digest = digest != NULL,
    };
    if (digest)
        item->fresh.digest = *digest;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && mtime_of(a) == mtime_of(b) && ctime_of(a) == ctime_of(b);
}

static int check_unchanged(struct attempt *a, uint64_t size)
{
    struct stat after;

    if (fstat(a->from, &after) < 0)
        return fail(a, SIDE_SOURCE, -errno);
    if (size != (uint64_t)a->before.st_size || !same_state(&a->before, &after))
        return fail(a, SIDE_SOURCE, -ESTALE);
    return 0;
}

/*
 * A write sets the times when it begins, and the kernel's clock ticks slowly: a source that was written just now
 * can go on changing without showing it. Such a one is read again when its times are past.
 */
static int check_settled(struct attempt *a, const struct digest *digest, int64_t opened_at)
{
    int64_t changed_at = ctime_of(&a->before);
    struct digest again;

    if (opened_at - changed_at >= HOT)
        return 0;
    int64_t left = changed_at + work_tick(&a->w->source.fs) - clock_now();
    if (left > 0 && left < HOT) {
        struct timespec pause = clock_split(left);
        nanosleep(&pause, NULL);
    }
    int code = data_digest(a->data, a->from, (uint64_t)a->before.st_size, &again);
    if (code)
        return fail(a, SIDE_SOURCE, code);
    return memcmp(digest, &again, sizeof again) ? fail(a, SIDE_SOURCE, -ESTALE) : 0;
}

/* A clone takes all of the source at once, so it may have become longer or shorter than what was asked for. */
static int check_length(struct attempt *a)
{
    struct stat st;

    if (fstat(a->to, &st) < 0)
        return fail(a, SIDE_TARGET, -errno);
    return st.st_size == a->before.st_size ? 0 : fail(a, SIDE_SOURCE, -ESTALE);
}

/*
 * The content of a source that nobody has touched since its digest was confirmed must have that digest: a source
 * that rots must not replace a good copy.
 */
static int check_rot(struct attempt *a, const struct digest *digest)
{
    const struct item *item = a->item;
    const struct stat *st = &a->before;
    bool as_listed = item->left.size == (uint64_t)st->st_size && item->left.mtime == mtime_of(st) &&
                     item->left.ctime == ctime_of(st);

    if (item->left_state != DIGEST_CONFIRMED || !as_listed)
        return 0;
    return memcmp(&item->left_digest, digest, sizeof *digest) ? fail(a, SIDE_SOURCE, -EBADMSG) : 0;
}

/* fsync comes before close, and once only: a second one may call good what the first has lost. */
static int finish_temp(struct attempt *a)
{
    int code = 0;

    if (!a->w->target.fs.syncfs_reliable && fsync(a->to) < 0)
        code = -errno;
    if (close(a->to) < 0 && !code)
        code = -errno;
    a->to = -1;
    return code ? fail(a, SIDE_TARGET, code) : 0;
}

static int copy_regular(struct attempt *a)
{
    struct digest digest;
    uint64_t size;
    int64_t opened_at = clock_now();
    int code = open_source(a);

    if (code)
        return code;
    a->content = true;
    a->to = temp_create(a->to_dir, a->item->temp);
    if (a->to < 0)
        return fail(a, SIDE_TARGET, a->to);
    bool sparse = (uint64_t)a->before.st_blocks * 512 < (uint64_t)a->before.st_size;
    code = data_copy(a->data, a->from, a->to, (uint64_t)a->before.st_size, sparse, &a->w->clone, &digest, &size,
                     &a->side);
    if (!code)
        code = check_rot(a, &digest);
    if (!code && (code = metadata_copy(a->from, a->to, &a->before, &a->w->target.holds, a->item->twin->strip_acl,
                                       &a->lost))) {
        a->side = SIDE_TARGET;
        a->content = false;
    }
    if (!code)
        code = check_settled(a, &digest, opened_at);
    if (!code)
        code = check_unchanged(a, size);
    if (!code)
        code = check_length(a);
    if (!code)
        code = finish_temp(a);
    if (!code)
        note_result(a, &digest, opened_at);
    return code;
}

static int copy_special(struct attempt *a)
{
    int64_t opened_at = clock_now();

    if (fstatat(a->from_dir, a->item->name, &a->before, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(a, SIDE_SOURCE, -errno);
    if ((a->before.st_mode & S_IFMT) != (a->item->left.mode & S_IFMT))
        return fail(a, SIDE_SOURCE, -ESTALE);
    give(a);
    int code = special_make(a->from_dir, a->item->name, &a->before, a->to_dir, a->item->temp, &a->side);
    a->unmade = code && a->side == SIDE_TARGET;
    if (code)
        return code;
    code = metadata_copy_at(a->from_dir, a->item->name, a->to_dir, a->item->temp, &a->before, &a->w->target.holds,
                            &a->lost);
    if (code)
        return fail(a, SIDE_TARGET, code);
    note_result(a, NULL, opened_at);
    return 0;
}

static void give_up(struct attempt *a)
{
    if (a->from >= 0)
        close(a->from);
    if (a->to >= 0)
        close(a->to);
    a->from = a->to = -1;
}

static int attempt(struct attempt *a)
{
    a->from = a->to = -1;
    a->side = SIDE_NONE;
    a->content = a->unmade = false;
    int code = S_ISREG(a->item->left.mode) ? copy_regular(a) : copy_special(a);
    give_up(a);
    if (code)
        temp_remove(a->to_dir, a->item->temp);
    return code;
}

/* A refusal to make a kind of file, as filesystems have them. */
static bool is_refusal(int code)
{
    switch (-code) {
    case EPERM:
    case EIO:
    case ENOSYS:
    case EOPNOTSUPP:
    case EINVAL:
    case ENODEV:
    case ENXIO:
        return true;
    default:
        return false;
    }
}

static void report_refusal(struct attempt *a, int code)
{
    mode_t mode = a->before.st_mode;
    const char *kind = S_ISLNK(mode) ? "symlinks" : S_ISFIFO(mode) ? "FIFOs" : "devices";
    struct buf text = {0};

    if (code == -EPERM && (S_ISBLK(mode) || S_ISCHR(mode)) && geteuid() != 0)
        buf_printf(&text, "devices are made only by root: not copied");
    else
        buf_printf(&text, "the filesystem of %s cannot hold %s: not copied", a->w->target.name, kind);
    report_problem(&a->w->report, item_subject(a->item), error_name(-code), buf_str(&text), false);
    buf_free(&text);
}

static void report_failure(struct attempt *a, int code)
{
    struct report *r = &a->w->report;
    struct subject subject = item_subject(a->item);

    if (code == -ECANCELED)
        return;
    if (a->side == SIDE_TARGET && (work_is_full(-code) || (a->content && work_is_fatal(-code))))
        work_fail_errno(a->w, -code, a->item->name);
    if (a->unmade && is_refusal(code))
        report_refusal(a, code);
    else if (code == -ESTALE && a->side == SIDE_SOURCE)
        report_problem(r, subject, "ECHANGED", "changed while it was being copied: not copied", false);
    else if (code == -EBADMSG && a->side == SIDE_SOURCE)
        report_problem(r, subject, "EDAMAGED",
                       "damaged at the source: its content changed, its size and times did not: not copied",
                       false);
    else
        report_errno(r, subject, -code, a->side);
}

static int stage_in(struct attempt *a)
{
    struct item *item = a->item;
    int code = -ESTALE;

    if (work_is_catalog(a->w, item->twin->source_dev, a->from_dir, item->name)) {
        report_problem(&a->w->report, item_subject(item), "EINUSE", "belongs to the catalog in use: not copied",
                       false);
        return -EBUSY;
    }
    for (int i = 0; code == -ESTALE && i < ATTEMPTS; i++)
        code = attempt(a);
    if (code)
        report_failure(a, code);
    report_lost(&a->w->report, code ? 0 : a->lost);
    return code;
}

bool file_stage(struct work *w, struct data *data, struct item *item)
{
    struct attempt a = {.w = w, .data = data, .item = item};
    int code = -1;

    a.from_dir = twin_source(item->twin);
    if (a.from_dir < 0) {
        report_errno(&w->report, item_subject(item), -a.from_dir, SIDE_SOURCE);
        return false;
    }
    a.to_dir = twin_target(item->twin);
    if (a.to_dir < 0) {
        report_errno(&w->report, item_subject(item), -a.to_dir, SIDE_TARGET);
    } else {
        code = stage_in(&a);
        twin_target_done(item->twin);
    }
    twin_source_done(item->twin);
    return code == 0;
}

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

int file_stage_link(struct work *w, struct item *item, const char *leader)
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
    if (code)
        return -ESTALE;
    item->fresh = (struct manifest_file){.mode = st.st_mode, .size = item->left.size, .mtime = item->left.mtime,
                                         .uid = st.st_uid, .gid = st.st_gid};
    return 0;
}
