#include "copy/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "copy/absent.h"
#include "copy/attributes.h"
#include "copy/extras.h"
#include "copy/fix.h"
#include "copy/folded.h"
#include "copy/place.h"
#include "copy/plan.h"
#include "copy/refusals.h"
#include "copy/source.h"
#include "copy/times.h"

static bool conflict(struct commit *c, const struct item *item, const char *code, const char *why)
{
    struct subject subject = item_subject(item);

    subject.at_target = true;
    report_problem(&c->w->report, subject, code, why, true);
    return false;
}

static bool exists(struct commit *c, const struct item *item)
{
    char other[NAME_MAX + 1], why[FOLDED_WHY];
    int dir = twin_target(item->twin);
    bool taken = dir >= 0 && folded_is_taken(dir, item->name, other);

    if (dir >= 0)
        twin_target_done(item->twin);
    if (!taken)
        return conflict(c, item, "EEXIST", "appeared at the destination since it was loaded: left alone");
    folded_why(item->name, other, why);
    return conflict(c, item, "EEXIST", why);
}

static bool failed(struct commit *c, const struct item *item, int code)
{
    if (code == -ECANCELED)    /* while the old one was copied */
        return false;
    if (code == -ESTALE)
        return conflict(c, item, "ECHANGED", "changed at the destination since it was loaded: left alone");
    if (code == -EEXIST)
        return exists(c, item);
    char *blocked = versions_blocked(&c->w->target.versions, code);
    if (blocked) {
        struct subject subject = item_subject(item);
        subject.at_target = true;
        report_problem(&c->w->report, subject, error_name(-code), blocked, false);
        free(blocked);
        return false;
    }
    report_errno(&c->w->report, item_subject(item), -code, SIDE_TARGET);
    if (work_ask(c->w, -code, item->name) && code != -ENOSPC && code != -EDQUOT)    /* a full disk may still take the other names */
        atomic_store(&c->broken, true);
    return false;
}

/* Has it other names, through which it can be changed? */
static bool is_shared(const struct item *item) { return S_ISREG(item->old.st_mode) && item->old.st_nlink > 1; }

/* Can nothing be linked or moved from there to the versions? A folder of the replica may be a subvolume of its own. */
static bool is_apart(const struct target *t, const struct item *item)
{
    return t->elsewhere || item->twin->before.st_dev != t->dev;
}

/*
 * One filesystem cannot link, the next not even exchange: then the old file is copied. So it is when it goes on
 * living under another name: a version must not change with it. What a repair replaces is not linked first: that moves its ctime,
 * and a repair that is killed then would leave what looks like a file that somebody wrote.
 */
static int keep_old(struct commit *c, struct item *item, int dir)
{
    struct target *t = &c->w->target;
    const char *path = item->twin->path;
    bool copy = is_apart(t, item) || is_shared(item);
    int folder = versions_folder(&t->versions, path);
    if (folder < 0)
        return folder;
    bool links = t->holds.link && !(c->w->request->repair && t->holds.exchange);
    int code = copy || !links ? -EXDEV : versions_link(&t->versions, path, dir, item->name);

    item->kept = KEPT_IN_VERSIONS;
    if (!fault_refuses_link(-code))
        return code;
    if (t->holds.exchange && !copy) {
        item->kept = KEPT_BY_EXCHANGE;
        return 0;
    }
    return versions_copy(&t->versions, path, dir, item->name, &item->old, &c->data, &t->holds);
}

static int check_old(struct commit *c, struct item *item, int dir)
{
    const struct was listed = was_entry(&item->right);

    if (fstatat(dir, item->name, &item->old, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    if (item->kind == VERDICT_CHANGED && S_ISDIR(item->old.st_mode))    /* with all that is in it: that is nobody's plan */
        return -ESTALE;
    return still_is(&listed, &item->old, STILL_LISTED, &c->w->target.fs.traits) ? 0 : -ESTALE;
}

static struct manifest_file old_file(const struct item *item)
{
    return (struct manifest_file){
        .mode = item->right.mode, .size = item->right.size, .mtime = item->right.mtime, .uid = item->right.uid,
        .gid = item->right.gid, .has_digest = item->right_state != DIGEST_NONE, .digest = item->right_digest,
    };
}

/* path: in the replica. */
static struct manifest_file listed_file(const struct work *w, const struct item *item, const char *path)
{
    const struct entry *l = &item->left, *r = &item->right;
    const struct stat old = {.st_mode = r->mode, .st_uid = r->uid, .st_gid = r->gid};
    struct stat st = {.st_mode = l->mode, .st_uid = l->uid, .st_gid = l->gid};

    if (item->kind == VERDICT_METADATA)
        source_give_replaced(w, path, &old, &st);
    else
        source_give_new(&w->source, &st);
    return (struct manifest_file){
        .mode = st.st_mode, .size = l->size, .mtime = l->mtime, .uid = st.st_uid,
        .gid = st.st_gid, .has_digest = item->left_state != DIGEST_NONE, .digest = item->left_digest,
    };
}

void apply_announce_folder(struct work *w, struct twin *twin)
{
    const struct stat *st = &twin->before;
    struct manifest_file was = {.mode = st->st_mode, .mtime = mtime_of(st), .uid = st->st_uid, .gid = st->st_gid};

    if (!atomic_exchange(&twin->announced, true))
        manifest_add_folder(&w->target.manifest, twin->path, &was);
}

void apply_announce_directory(struct work *w, const struct item *item)
{
    char *path = plan_join(item->twin->path, item->name);
    struct manifest_file fresh = listed_file(w, item, path);

    apply_announce_folder(w, item->twin);
    manifest_add_create(&w->target.manifest, path, &fresh);
    free(path);
    int code = manifest_write(&w->target.manifest);
    if (code)
        work_fail_errno(w, -code, "manifest");
}

/* dir: the target's. A correction takes attributes away, of which nothing else is kept. */
static void announce(struct commit *c, struct item *item, int dir)
{
    struct manifest *m = &c->w->target.manifest;
    char *path = plan_join(item->twin->path, item->name);
    struct manifest_file old = old_file(item), listed = listed_file(c->w, item, path);

    apply_announce_folder(c->w, item->twin);
    if (item->kind == VERDICT_EXTRA)
        manifest_add_remove(m, path, &old);
    else if (item->kind == VERDICT_CHANGED)
        manifest_add_replace(m, path, &item->fresh, &old);
    else if (item->kind == VERDICT_METADATA)
        manifest_add_touch(m, path, &listed, &old);
    else if (!S_ISDIR(item->left.mode))
        manifest_add_create(m, path, &item->fresh);
    if (item->kind == VERDICT_METADATA)
        attributes_announce(m, path, dir, item->name, c->w->target.holds.root);
    if ((item->kind == VERDICT_EXTRA || item->kind == VERDICT_CHANGED) && is_shared(item))
        manifest_add_links(m, path, &item->old);
    free(path);
}

void apply_void(struct commit *c, const struct item *item, const char *path)
{
    static const enum manifest_verb verbs[] = {
        [VERDICT_NEW] = MANIFEST_CREATE, [VERDICT_CHANGED] = MANIFEST_REPLACE,
        [VERDICT_METADATA] = MANIFEST_TOUCH, [VERDICT_EXTRA] = MANIFEST_REMOVE,
    };
    uint32_t mode = item->kind == VERDICT_EXTRA ? item->right.mode : item->left.mode;

    if (item->retyped)    /* the void would take back what the path had before as well; what is not there, no undo misses */
        return;
    if (!S_ISDIR(mode) || item->kind != VERDICT_NEW)    /* a directory is made before it comes here */
        manifest_add_void(&c->w->target.manifest, verbs[item->kind], mode, path);
}

static int prepare_in(struct commit *c, struct item *item, int dir)
{
    if (item->kind == VERDICT_NEW)
        return 0;
    if (work_is_catalog(c->w, item->twin->before.st_dev, dir, item->name))
        return -EBUSY;
    int code = check_old(c, item, dir);
    if (!code && item->kind == VERDICT_CHANGED)
        code = keep_old(c, item, dir);
    if (!code && item->kind == VERDICT_EXTRA && (is_apart(&c->w->target, item) || is_shared(item)))
        code = keep_old(c, item, dir);
    return code;
}

bool apply_prepare(struct commit *c, struct item *item)
{
    if (item->kind == VERDICT_EXTRA && !absent_item(c->w, item))
        return false;
    int dir = twin_target(item->twin);
    if (dir < 0)
        return failed(c, item, dir);
    int code = prepare_in(c, item, dir);
    if (!code)
        announce(c, item, dir);
    twin_target_done(item->twin);
    return code ? failed(c, item, code) : true;
}

/* Ours for the old one, which is the temp then. What came out instead and cannot go back is kept. */
static int exchange(struct commit *c, struct item *item, int dir)
{
    bool foreign;
    int code = place_exchange(dir, item->temp, item->name, &item->old, &foreign);

    if (foreign)
        temp_leave(dir, item->temp, &c->w->left);
    return code;
}

/* The old file is a version already: take its place, and see that it was that one. */
static int replace_kept(struct commit *c, struct item *item, int dir)
{
    if (c->w->target.holds.exchange) {
        int code = exchange(c, item, dir);
        if (!code)
            temp_remove(dir, item->temp, &c->w->left);
        return code;
    }
    int code = still_seen(dir, item->name, &item->old, STILL_SAME);
    if (!code && renameat(dir, item->temp, dir, item->name) < 0)
        code = -errno;
    if (!code)
        item->temp[0] = 0;
    return code;
}

/*
 * The old file comes out under a temp's name, so that name must be one that no clean-up takes for a temp, should
 * the machine stop before it is moved to the versions.
 */
static int replace_by_exchange(struct commit *c, struct item *item, int dir)
{
    char name[TEMP_NAME_SIZE];

    temp_exchange_name(name);
    if (renameat2(dir, item->temp, dir, name, RENAME_NOREPLACE) < 0 && renameat(dir, item->temp, dir, name) < 0)
        return -errno;
    snprintf(item->temp, sizeof item->temp, "%s", name);
    int code = exchange(c, item, dir);
    if (code)
        return code;
    c->moved = true;
    code = versions_move(&c->w->target.versions, item->twin->path, dir, item->temp, item->name);
    if (code && renameat2(dir, item->temp, dir, item->name, RENAME_EXCHANGE) < 0)
        temp_leave(dir, item->temp, &c->w->left);    /* it holds the only old one */
    if (!code)
        item->temp[0] = 0;
    return code;
}

static int move_away(struct commit *c, struct item *item, int dir)
{
    if (item->kept == KEPT_IN_VERSIONS)
        return place_remove(dir, item->name, &item->old, &c->w->left);
    int code = still_seen(dir, item->name, &item->old, STILL_SAME);
    if (code)
        return code;
    c->moved = true;
    return versions_move(&c->w->target.versions, item->twin->path, dir, item->name, item->name);
}

static int create(struct item *item, int dir)
{
    int code = S_ISDIR(item->left.mode) ? 0 : place_new(dir, item->temp, dir, item->name);
    if (!code)
        item->temp[0] = 0;
    return code;
}

/* from: the source's directory, for corrections. */
static int apply_in(struct commit *c, struct item *item, int from, int dir, enum side *ret_side)
{
    switch (item->kind) {
    case VERDICT_NEW: return create(item, dir);
    case VERDICT_CHANGED:
        return item->kept == KEPT_BY_EXCHANGE ? replace_by_exchange(c, item, dir) : replace_kept(c, item, dir);
    case VERDICT_EXTRA: return move_away(c, item, dir);
    default: return fix_metadata(c->w, item, from, dir, ret_side);
    }
}

static int apply_link(struct commit *c, struct item *item, int dir)
{
    enum side side;

    kin_before(&c->w->kin, NULL, dir, item->temp);
    int code = apply_in(c, item, -1, dir, &side);    /* a new name or another for an old one: only the destination can fail */
    kin_after(&c->w->kin, dir, item->name);
    return code;
}

/*
 * What the name leads to, now that it was given: the file that was made, unchanged, or its digest is none of what lies
 * there. From here on each change of it moves its times.
 */
static void see_placed(struct item *item, int dir)
{
    struct stat st;

    if (!item->fresh.has_digest)
        return;
    bool same = fstatat(dir, item->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && still_is(&item->made, &st, STILL_SAME, NULL);
    item->trust = same ? TRUST_DIGEST : TRUST_NOTHING;
    if (same)
        item->made = was_stat(&st);
}

bool apply_item(struct commit *c, struct item *item)
{
    if (item->kind == VERDICT_EXTRA && !absent_item(c->w, item))    /* much may have happened in the sync */
        return false;
    int from = item->kind == VERDICT_METADATA ? twin_source(item->twin) : 0;
    if (from < 0) {
        report_errno(&c->w->report, item_subject(item), -from, SIDE_SOURCE);
        return false;
    }
    enum side side = SIDE_TARGET;
    int dir = twin_target(item->twin), code = dir;
    if (dir >= 0) {
        code = item->is_link ? apply_link(c, item, dir) : apply_in(c, item, from, dir, &side);
        if (!code && item->kind != VERDICT_METADATA)
            see_placed(item, dir);
        twin_target_done(item->twin);
    }
    if (item->kind == VERDICT_METADATA)
        twin_source_done(item->twin);
    if (code < 0 && side == SIDE_SOURCE) {
        report_errno(&c->w->report, item_subject(item), -code, side);
        return false;
    }
    return code < 0 ? failed(c, item, code) : true;
}

static void count(struct tally *t, const struct item *item)
{
    bool regular = S_ISREG(item->left.mode);

    if (item->kind == VERDICT_EXTRA)
        atomic_fetch_add(&t->files_removed, 1);
    else if (item->kind == VERDICT_METADATA)
        atomic_fetch_add(&t->metadata_only, !item->in_vain);
    else if (S_ISDIR(item->left.mode))
        atomic_fetch_add(&t->directories_made, 1);
    else if (!regular)
        atomic_fetch_add(&t->others_copied, 1);
    if (!regular || (item->kind != VERDICT_NEW && item->kind != VERDICT_CHANGED))
        return;
    atomic_fetch_add(&t->files_copied, 1);
    atomic_fetch_add(&t->files_replaced, item->kind == VERDICT_CHANGED);
    atomic_fetch_add(&t->bytes_copied, item->fresh.has_digest ? (long long)item->fresh.size : 0);
}

/* Size and time say as little of the copy's content as of the source's. */
static bool is_renewed(const struct item *item)
{
    bool is_known = item->left_state != DIGEST_NONE && item->left.size == item->fresh.size &&
                    item->left.mtime == item->source_mtime;

    return item->left_renewed ||
           (is_known && memcmp(&item->left_digest, &item->fresh.digest, sizeof item->left_digest) != 0);
}

/* The digest goes with the ctime after the rename. sure: nothing was done to the file since then. */
static void note_digest(struct commit *c, struct item *item, const struct stat *st, bool sure)
{
    const struct filesystem *fs = &c->w->target.fs;
    int64_t now = clock_now();
    char *path = plan_join(item->twin->path, item->name);
    struct taken target = {.path = path, .digest = item->fresh.digest, .size = item->fresh.size};
    struct taken source = {.mtime = item->source_mtime, .ctime = item->source_ctime, .young = item->source_young};

    target.renewed = is_renewed(item);
    target.mtime = mtime_of(st);
    target.ctime = ctime_of(st);
    target.young = !sure || filesystem_is_young(fs, now, target.ctime) || filesystem_is_young(fs, now, target.mtime);
    manifest_add_taken(&c->w->target.manifest, &target, &source);
    bool whole = item->kind != VERDICT_METADATA && !(item->lost & (LOST_XATTR | LOST_ACL));
    if (whole)
        extras_note(c->w->extras, path, &source, &target);
    if (item->left.nlink > 1)
        kin_note(&c->w->kin, &target, &source, st, (struct kin_source){item->left.ino, whole});
    atomic_fetch_add(&c->w->report.tally.recorded, 1);
    free(path);
}

static void note_kept(struct commit *c, const struct item *item)
{
    int dir = twin_target(item->twin);
    bool same = dir >= 0 && still_at(dir, item->name, &item->made, STILL_UNTOUCHED, NULL) == 0;

    if (dir >= 0)
        twin_target_done(item->twin);
    if (!same)
        return;
    char *path = plan_join(item->twin->path, item->name);
    manifest_add_kept(&c->w->target.manifest, path, &item->made);
    atomic_fetch_add(&c->w->report.tally.recorded, 1);
    free(path);
}

/* Of both: what one cannot tell apart, the other has not lost. */
static int64_t coarser(const struct work *w)
{
    int64_t from = w->source.fs.traits.granularity, to = w->target.fs.traits.granularity;

    return from > to ? from : to;
}

/* What was passed over in silence when it was made. */
static unsigned missed_of(const struct commit *c, const struct item *item, const struct stat *st)
{
    const struct manifest_file *f = &item->fresh;
    const struct stat wanted = {.st_mode = f->mode, .st_uid = f->uid, .st_gid = f->gid};
    const struct traits_pair traits = work_traits(c->w);
    bool other_time = traits_compare(&traits, f->mtime, mtime_of(st)) == TIMES_DIFFER;

    return metadata_missed(&wanted, st, &c->w->target.holds, item->lost) | (other_time ? LOST_TIMES : 0);
}

/*
 * Between its name and this moment another program may have written it: of that content nothing is known. Where only the
 * ctime tells of something, the digest is what the file should have, and nothing more.
 */
static void settle_content(struct commit *c, struct item *item)
{
    struct stat st;
    int dir = -1;

    if (!item->fresh.has_digest || item->trust == TRUST_NOTHING || (dir = twin_target(item->twin)) < 0)
        return;
    bool alike = fstatat(dir, item->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && still_is(&item->made, &st, STILL_ALIKE, NULL);
    twin_target_done(item->twin);
    if (!alike)
        return;
    if (item->kind != VERDICT_METADATA) {
        item->lost |= missed_of(c, item, &st);
        bool nearest = !times_agree(mtime_of(&st), item->fresh.mtime, coarser(c->w));
        report_lost(&c->w->report, item->lost | (nearest ? LOST_TIMES : 0));
    }
    note_digest(c, item, &st, item->trust == TRUST_DIGEST && still_is(&item->made, &st, STILL_UNTOUCHED, NULL));
}

static void note_refused(struct commit *c, struct item *item)
{
    bool corrected = item->kind == VERDICT_METADATA;
    struct refused_pair pair = {-1, -1, item->name};

    if (!c->w->refusals || item->kind == VERDICT_EXTRA || S_ISDIR(item->left.mode))
        return;
    char *path = plan_join(item->twin->path, item->name);
    if (item->lost) {
        pair.from = twin_source(item->twin);
        pair.to = twin_target(item->twin);
    }
    if (!item->lost || (pair.from >= 0 && pair.to >= 0))
        refusals_note(c->w->refusals, path, pair, corrected ? item->left.ctime : item->source_ctime, item->lost);
    if (pair.from >= 0)
        twin_source_done(item->twin);
    if (pair.to >= 0)
        twin_target_done(item->twin);
    free(path);
}

void apply_settle(struct commit *c, struct item *item)
{
    count(&c->w->report.tally, item);
    if (item->is_kept)
        note_kept(c, item);
    settle_content(c, item);
    note_refused(c, item);
}
