#include "copy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "copy/fan.h"
#include "copy/layers.h"
#include "copy/original.h"
#include "copy/partials.h"
#include "copy/plan.h"
#include "copy/reading.h"
#include "copy/rot.h"
#include "copy/source.h"
#include "copy/special.h"
#include "copy/times.h"

#define ATTEMPTS 2
#define PROC_PATH 320    /* "/proc/self/fd/N/NAME" */

/* One destination of an attempt. */
struct end {
    struct work *w;
    struct item *item;
    int dir;                   /* the target directory, or -errno */
    int fd;                    /* the temp, or -1 */
    struct stat now, give;     /* what the temp is; what it shall be: the source's, as far as this one takes it */
    int code;                  /* 0, or -errno: it is out */
    enum side side;            /* whose error that is */
    bool unmade;               /* the destination refused to make this kind of file */
    bool resume;               /* the temp may hold a beginning */
    struct given given;
};

/* One name at its destinations. */
struct attempt {
    struct data *data;
    const struct item *item;   /* of any of them: they agree about the source */
    struct end ends[FAN_STREAMS];
    int count;
    int dir;                   /* the source's directory */
    struct reading from;       /* the source */
};

static void fail(struct end *e, enum side side, int code)
{
    if (e->code || !code)
        return;
    e->code = code;
    e->side = side;
}

/* The source's trouble is everybody's. */
static int fail_all(struct attempt *a, int code)
{
    for (int i = 0; i < a->count; i++)
        fail(&a->ends[i], SIDE_SOURCE, code);
    return code;
}

static bool any_left(const struct attempt *a)
{
    for (int i = 0; i < a->count; i++)
        if (!a->ends[i].code)
            return true;
    return false;
}

/* For who reads on behalf of all: are they all asked to stop, or out? */
static bool nobody_waits(const void *arg)
{
    const struct attempt *a = arg;

    for (int i = 0; i < a->count; i++)
        if (!a->ends[i].code && !work_ending(a->ends[i].w))
            return false;
    return true;
}

static void each_left(struct attempt *a, void (*step)(struct attempt *, struct end *))
{
    for (int i = 0; i < a->count; i++)
        if (!a->ends[i].code)
            step(a, &a->ends[i]);
}

/* ---- the source ---- */

/* What the destination's file gets: a repaired one keeps all but its content. */
static void give(const struct attempt *a, struct end *e)
{
    const struct item *item = e->item;

    if (e->w->request->repair) {
        if (fstatat(e->dir, item->name, &e->give, AT_SYMLINK_NOFOLLOW) < 0)
            fail(e, SIDE_TARGET, -errno);
        return;
    }
    const struct stat old = {.st_mode = item->right.mode, .st_uid = item->right.uid, .st_gid = item->right.gid};

    char *path = plan_join(item->twin->path, item->name);
    e->give = a->from.before;
    layers_give(e->w->request->layers, path, &e->give);
    if (item->kind == VERDICT_CHANGED)
        source_give_replaced(e->w, path, &old, &e->give);
    else
        source_give_new(&e->w->source, &e->give);
    free(path);
}

/* ---- the temps ---- */

static bool is_sparse(const struct stat *st) { return (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size; }

/* A name that a later copy of the same file finds again. */
static int open_partial(struct end *e)
{
    char *in_replica = plan_join(e->item->twin->path, e->item->name);
    char *path = plan_join(e->w->request->path, in_replica);
    int fd = temp_open_partial(e->dir, path, e->item->temp, &e->resume);

    free(path);
    free(in_replica);
    return fd;
}

static void make_temp(struct attempt *a, struct end *e)
{
    bool resumable = (uint64_t)a->from.before.st_size >= RESUMABLE && !is_sparse(&a->from.before);

    e->resume = false;
    give(a, e);
    if (e->code)
        return;
    e->fd = resumable ? open_partial(e) : -EEXIST;
    if (e->fd == -EEXIST)
        e->fd = temp_create(e->dir, e->item->twin->strip_acl ? 0600 : metadata_first_mode(&e->give), e->item->temp);
    if (e->fd < 0)
        fail(e, SIDE_TARGET, e->fd);
}

/* The file that is replaced leaves the new one what the source could not hold. */
static int give_source(const struct attempt *a, struct end *e, bool clean)
{
    const struct item *item = e->item;
    const bool replaces = item->kind == VERDICT_CHANGED && S_ISREG(item->right.mode) && e->w->originals;
    char old_path[PROC_PATH];
    const struct xattr_file old = {.path = old_path};
    struct original original;
    char *path = plan_join(item->twin->path, item->name);

    original_of(e->w, path, true, &original);
    original.rules.clean = clean;
    original.rules.fresh = true;
    original.rules.old = replaces ? &old : NULL;
    snprintf(old_path, sizeof old_path, "/proc/self/fd/%d/%s", e->dir, item->name);
    int code = metadata_give(a->from.fd, e->fd, &e->now, &e->give, &e->w->target.holds, &original.rules, &e->given);
    free(path);
    return code;
}

/* Attributes are the source's, or those of the file that is repaired. */
static void give_metadata(const struct attempt *a, struct end *e)
{
    static const struct xattr_rules repaired = {.clean = true};
    bool repair = e->w->request->repair, clean = repair || e->item->twin->strip_acl || e->resume;
    int from = repair ? openat(e->dir, e->item->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : a->from.fd;

    if (from < 0) {
        fail(e, SIDE_TARGET, -errno);
        return;
    }
    int code = repair ? metadata_give(from, e->fd, &e->now, &e->give, &e->w->target.holds, &repaired, &e->given)
                      : give_source(a, e, clean);
    fail(e, repair ? SIDE_TARGET : e->given.side, code);
    if (repair)
        close(from);
}

/* Complete but for its name. A clone takes all of the source at once, which may have become longer or shorter. */
static void dress_temp(struct attempt *a, struct end *e)
{
    if (fstat(e->fd, &e->now) < 0)
        fail(e, SIDE_TARGET, -errno);
    else if (e->now.st_size != a->from.before.st_size)
        fail(e, SIDE_SOURCE, -ESTALE);
    else
        give_metadata(a, e);
}

/* fsync comes before close, and once only: a second one may call good what the first has lost. */
static void finish_temp(struct attempt *a, struct end *e)
{
    int code = 0;

    (void)a;
    if (!e->w->target.fs.syncfs_reliable && fsync(e->fd) < 0)
        code = -errno;
    if (!code && fstat(e->fd, &e->now) < 0)
        code = -errno;
    if (close(e->fd) < 0 && !code)
        code = -errno;
    e->fd = -1;
    fail(e, SIDE_TARGET, code);
}

/* What the temp is now, and what the source was: for the manifest and the digests. */
static void note_result(const struct attempt *a, struct end *e, const struct digest *digest)
{
    struct item *item = e->item;
    const struct filesystem *fs = &e->w->source.fs;

    item->source_mtime = mtime_of(&a->from.before);
    item->source_ctime = ctime_of(&a->from.before);
    item->source_young = filesystem_is_young(fs, a->from.opened_at, item->source_ctime) ||
                         filesystem_is_young(fs, a->from.opened_at, item->source_mtime);
    item->fresh = (struct manifest_file){
        .mode = e->give.st_mode,
        .size = S_ISREG(a->from.before.st_mode) ? (uint64_t)a->from.before.st_size : 0,
        .mtime = mtime_of(&e->give),
        .uid = e->give.st_uid,
        .gid = e->give.st_gid,
        .has_digest = digest != NULL,
    };
    if (!digest)
        return;
    item->fresh.digest = *digest;
    item->made = was_stat(&e->now);
}

/* ---- content ---- */

static bool writes_direct(const struct work *w)
{
    const char *type = w->target.fs.type;
    return strcmp(type, "ext4") == 0 || strcmp(type, "xfs") == 0;
}

static int copy_to_sinks(struct attempt *a, struct digest *ret_digest, uint64_t *ret_size)
{
    struct sink sinks[FAN_STREAMS];
    struct end *of[FAN_STREAMS];
    uint64_t size = (uint64_t)a->from.before.st_size;
    int count = 0;

    for (int i = 0; i < a->count; i++) {
        struct end *e = &a->ends[i];
        if (e->code)
            continue;
        of[count] = e;
        sinks[count++] = (struct sink){.fd = e->fd, .cancel = e->w->cancel, .stop = &e->w->stop, .resume = e->resume,
                                       .direct = size >= DATA_LARGE && writes_direct(e->w)};
    }
    int code = data_copy(a->data, a->from.fd, sinks, count, size, is_sparse(&a->from.before), ret_digest, ret_size);
    for (int i = 0; i < count; i++) {
        fail(of[i], SIDE_TARGET, sinks[i].code);
        atomic_fetch_add(&of[i]->w->report.tally.bytes_kept, (long long)sinks[i].kept);
    }
    return code;
}

/* Blocks are shared with one destination only: file_stage sees to that. */
static int copy_content(struct attempt *a, struct digest *ret_digest, uint64_t *ret_size)
{
    struct end *e = &a->ends[0];
    uint64_t size = (uint64_t)a->from.before.st_size;

    if (a->count == 1 && !e->code && atomic_load(&e->w->clone)) {
        int code = data_clone(a->data, a->from.fd, e->fd, size, &e->w->clone, ret_digest, ret_size);
        if (code != -EOPNOTSUPP && code != -EINVAL) {
            fail(e, SIDE_TARGET, code);
            return 0;
        }
    }
    return copy_to_sinks(a, ret_digest, ret_size);
}

static int copy_regular(struct attempt *a)
{
    struct digest digest;
    uint64_t size = 0;
    int code = reading_open(a->dir, a->item->name, &a->from);

    if (code)
        return code;
    each_left(a, make_temp);
    code = copy_content(a, &digest, &size);
    if (!any_left(a))
        return 0;
    if (!code)
        code = rot_check(a->item, &a->from, a->data, &digest, size);
    if (code)
        return code;
    each_left(a, dress_temp);
    if (any_left(a))
        code = reading_check(&a->from, &a->item->work->source.fs, a->data, &digest, size);
    if (code)
        return code;
    each_left(a, finish_temp);
    for (int i = 0; i < a->count; i++)
        if (!a->ends[i].code)
            note_result(a, &a->ends[i], &digest);
    return 0;
}

static void make_special(struct attempt *a, struct end *e)
{
    static const struct xattr_rules clean = {.clean = true};
    enum side side = SIDE_SOURCE;

    give(a, e);
    int code = special_make(a->dir, e->item->name, &e->give, e->dir, e->item->temp, &side);
    e->unmade = code && side == SIDE_TARGET;
    fail(e, side, code);
    if (!code) {
        code = metadata_copy_at(a->dir, e->item->name, e->dir, e->item->temp, &e->give, &e->w->target.holds, &clean, &e->given);
        fail(e, e->given.side, code);
    }
    if (!e->code)
        note_result(a, e, NULL);
}

static int copy_special(struct attempt *a)
{
    a->from.opened_at = clock_now();
    if (fstatat(a->dir, a->item->name, &a->from.before, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if ((a->from.before.st_mode & S_IFMT) != (a->item->left.mode & S_IFMT))
        return -ESTALE;
    each_left(a, make_special);
    return 0;
}

/* ---- trying ---- */

/* What was cut short on purpose is worth keeping when it is large. */
static void drop_temp(struct end *e)
{
    if (e->fd >= 0)
        close(e->fd);
    e->fd = -1;
    if (e->code == -ECANCELED && temp_is_partial(e->item->temp)) {
        atomic_store(&e->w->partial, true);
        e->item->temp[0] = 0;
    } else {
        temp_remove(e->dir, e->item->temp, &e->w->left);
    }
}

/* True: the source moved under it, and another attempt may do. */
static bool try_once(struct attempt *a)
{
    int code = S_ISREG(a->item->left.mode) ? copy_regular(a) : copy_special(a);
    bool again = code == -ESTALE;

    fail_all(a, code);
    reading_close(&a->from);
    for (int i = 0; i < a->count; i++) {
        struct end *e = &a->ends[i];
        if (e->code)
            drop_temp(e);
        again |= e->code == -ESTALE && e->side == SIDE_SOURCE;
    }
    return again;
}

/* Those for whom the source moved try again, the others are through with it. */
static void forget_stale(struct attempt *a)
{
    for (int i = 0; i < a->count; i++)
        if (a->ends[i].code == -ESTALE && a->ends[i].side == SIDE_SOURCE)
            a->ends[i].code = 0;
}

static void report_failure(const struct attempt *a, const struct end *e)
{
    struct report *r = &e->w->report;
    struct subject subject = item_subject(e->item);
    int code = e->code;

    if (code == -ECANCELED)
        return;
    if (e->side == SIDE_TARGET)
        work_ask(e->w, -code, e->item->name);
    if (e->unmade && report_refusal(r, subject, -code, a->from.before.st_mode))
        return;
    if (code == -ESTALE && e->side == SIDE_SOURCE)
        report_problem(r, subject, "ECHANGED", "changed while it was being copied: not copied", false);
    else if (code == -FILE_HIDES && e->side == SIDE_SOURCE)
        report_problem(r, subject, "EHIDDEN", "says that it is empty, and is not (a file of the kernel's?): not copied", false);
    else if (code == -EBADMSG && e->side == SIDE_SOURCE)
        report_problem(r, subject, "EDAMAGED",
                       e->w->request->repair
                           ? "not the content that it should have on this disk either: not taken for the repair"
                           : "damaged at the source: its content changed, its size and times did not: not copied",
                       false);
    else
        report_errno(r, subject, -code, e->side);
}

static void try_all(struct attempt *a)
{
    if (work_is_catalog(a->item->work, a->item->twin->source_dev, a->dir, a->item->name)) {
        for (int i = 0; i < a->count; i++) {
            a->ends[i].code = -ECANCELED;    /* said here */
            report_problem(&a->ends[i].w->report, item_subject(a->ends[i].item), "EINUSE",
                           "belongs to the catalog in use: not copied", false);
        }
        return;
    }
    for (int i = 1; any_left(a) && try_once(a) && i < ATTEMPTS; i++)
        forget_stale(a);
}

/* ---- a group ---- */

static void add_end(struct attempt *a, struct item *item)
{
    struct end *e = &a->ends[a->count++];

    *e = (struct end){.w = item->work, .item = item, .fd = -1, .dir = twin_target(item->twin)};
    if (e->dir < 0)
        fail(e, SIDE_TARGET, e->dir);
}

static void end_item(const struct attempt *a, struct end *e)
{
    e->item->staged = !e->code;
    if (e->code) {
        report_failure(a, e);
    } else {
        report_lost(&e->w->report, e->given.lost);
        e->item->lost = e->given.lost;
        work_goes_on(e->w);
    }
    if (e->dir >= 0)
        twin_target_done(e->item->twin);
}

static void stage(struct data *data, struct item **items, int count)
{
    struct attempt a = {.data = data, .item = items[0], .from.fd = -1};

    for (int i = 0; i < count; i++)
        add_end(&a, items[i]);
    data->is_over = nobody_waits;
    data->over_arg = &a;
    a.dir = twin_source(items[0]->twin);
    if (a.dir < 0)
        fail_all(&a, a.dir);
    else
        try_all(&a);
    data->is_over = NULL;
    for (int i = 0; i < count; i++)
        end_item(&a, &a.ends[i]);
    if (a.dir >= 0)
        twin_source_done(items[0]->twin);
}

/* A destination that can share the source's blocks needs no reading with the others. */
void file_stage(struct data *data, struct group *group)
{
    struct item *together[FAN_STREAMS];
    int count = 0;

    for (int i = 0; i < group->count; i++) {
        struct item *item = group->items[i];
        if (group->count > 1 && atomic_load(&item->work->clone))
            stage(data, &item, 1);
        else
            together[count++] = item;
    }
    if (count)
        stage(data, together, count);
}
