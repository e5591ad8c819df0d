#include "copy/fix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "copy/attributes.h"
#include "copy/frozen.h"
#include "copy/layers.h"
#include "copy/original.h"
#include "copy/source.h"
#include "copy/times.h"

struct fix {
    struct work *w;
    struct item *item;
    int from_dir, to_dir;
    char *path;
    struct original original;
    struct given result;
    struct stat before, after;    /* of the file that is corrected */
    struct stat wanted;           /* what it was to get */
    uint64_t attributes_before, attributes_after;
};

static int open_regular(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static bool both_listed(const struct fix *f, const struct stat *from, const struct stat *to)
{
    const struct was listed = was_entry(&f->item->right);

    return (from->st_mode & S_IFMT) == (f->item->left.mode & S_IFMT) &&
           still_is(&listed, to, STILL_LISTED, &f->w->target.fs.traits);
}

static void give(const struct fix *f, const struct stat *old, struct stat *st)
{
    layers_give(f->w->request->layers, f->path, st);
    source_give_corrected(f->w, f->path, old, st);
}

/* Through names: for what cannot be opened. */
static int fix_at(struct fix *f)
{
    struct stat from, to;

    if (fstatat(f->from_dir, f->item->name, &from, AT_SYMLINK_NOFOLLOW) < 0 ||
        fstatat(f->to_dir, f->item->name, &to, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    if (!both_listed(f, &from, &to))
        return -ESTALE;
    give(f, &to, &from);
    int code = metadata_copy_at(f->from_dir, f->item->name, f->to_dir, f->item->name, &from, &f->w->target.holds,
                                &f->original.rules, &f->result);
    if (!code && fstatat(f->to_dir, f->item->name, &f->after, AT_SYMLINK_NOFOLLOW) < 0)
        code = -errno;
    f->before = to;
    f->wanted = from;
    return code;
}

static int fix_open(struct fix *f, int from, int to)
{
    struct stat from_st, to_st;

    if (fstat(from, &from_st) < 0 || fstat(to, &to_st) < 0)
        return -errno;
    if (!both_listed(f, &from_st, &to_st))
        return -ESTALE;
    give(f, &to_st, &from_st);
    int code = metadata_copy(from, to, &from_st, &f->w->target.holds, &f->original.rules, &f->result);
    if (!code && fstat(to, &f->after) < 0)
        code = -errno;
    f->before = to_st;
    f->wanted = from_st;
    return code;
}

static int fix_regular(struct fix *f)
{
    int from = open_regular(f->from_dir, f->item->name), to = open_regular(f->to_dir, f->item->name);
    int code = from >= 0 && to >= 0 ? fix_open(f, from, to) : fix_at(f);

    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return code;
}

/* Is the correction all that happened, from the listing to the file that is there now? listed: whose ctime it still had. */
static bool is_expected(const struct fix *f, bool *ret_listed)
{
    const struct traits *traits = &f->w->target.fs.traits;
    struct was was = was_stat(&f->before);
    int64_t mtime = mtime_of(&f->after);
    bool expected = mtime == was.mtime || traits_hold(traits, mtime_of(&f->wanted), mtime);

    *ret_listed = times_agree(f->item->right.ctime, was.ctime, traits_step(traits, was.ctime));
    was.mtime = mtime;
    return expected && still_is(&was, &f->after, STILL_SAME, NULL);
}

/*
 * A confirmed digest stays one; where another name of the file may have been corrected before, or something else was
 * done to it, it is what the content should be. Without one, what was listed is known to be there still.
 */
static void keep_content(const struct fix *f)
{
    struct item *item = f->item;
    bool listed, expected = is_expected(f, &listed);

    item->made = was_stat(&f->after);
    item->source_mtime = INT64_MIN;    /* which was not read */
    if (item->right_state != DIGEST_CONFIRMED) {
        item->is_kept = expected && listed && !item->right_moved;
        return;
    }
    item->fresh = (struct manifest_file){.mode = item->right.mode, .size = item->right.size,
                                         .has_digest = true, .digest = item->right_digest};
    if (expected)
        item->trust = listed ? TRUST_DIGEST : TRUST_DOUBTFUL;
}

/* Is all as it was, because the destination cannot hold what was asked for? */
static bool is_in_vain(const struct fix *f)
{
    const struct stat *a = &f->before, *b = &f->after;

    return f->item->lost && f->attributes_before == f->attributes_after && a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid && mtime_of(a) == mtime_of(b);
}

/* Refused, or passed over in silence. */
static unsigned missed_of(const struct fix *f)
{
    struct traits_pair traits = work_traits(f->w);
    int64_t wanted = mtime_of(&f->wanted), has = mtime_of(&f->after);
    enum times times = S_ISLNK(f->after.st_mode) ? traits_compare_links(&traits, wanted, has) : traits_compare(&traits, wanted, has);

    return metadata_missed(&f->wanted, &f->after, &f->w->target.holds, f->result.lost) | (times == TIMES_DIFFER ? LOST_TIMES : 0);
}

static uint64_t attributes_of(const struct fix *f)
{
    struct buf text = {0};

    if (f->w->target.holds.xattr)
        (void)attributes_pack(f->to_dir, f->item->name, f->w->target.holds.root, &text);
    uint64_t hash = hash64_of(buf_str(&text), text.len);
    buf_free(&text);
    return hash;
}

int fix_metadata(struct work *w, struct item *item, int source_dir, int target_dir, enum side *ret_side)
{
    struct fix f = {.w = w, .item = item, .from_dir = source_dir, .to_dir = target_dir};
    f.path = plan_join(item->twin->path, item->name);
    original_of(w, f.path, true, &f.original);
    f.attributes_before = attributes_of(&f);
    int code = S_ISREG(item->left.mode) ? fix_regular(&f) : fix_at(&f);
    free(f.path);

    *ret_side = code && f.result.side == SIDE_SOURCE ? SIDE_SOURCE : SIDE_TARGET;
    if (code)
        return code;
    if ((f.result.lost || missed_of(&f)) && frozen_is(target_dir, item->name))    /* this one's trouble, not what the disk can hold */
        return -EPERM;
    const unsigned missed = missed_of(&f);
    item->lost = missed | (f.result.lost & ~(unsigned)(LOST_OWNER | LOST_MODE | LOST_TIMES));    /* a call may be refused for what is right */
    report_lost(&w->report, item->lost);
    if (item->lost)
        f.attributes_after = attributes_of(&f);
    item->in_vain = is_in_vain(&f);
    if (S_ISREG(item->left.mode))
        keep_content(&f);
    return 0;
}
