#include "copy/classify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "copy/metadata.h"
#include "index/filesystem.h"

static void refuse(struct verdict *v, enum verdict_kind kind, const char *code, const char *why)
{
    v->kind = kind;
    v->at_target = kind == VERDICT_CONFLICT;
    v->code = code;
    snprintf(v->why, sizeof v->why, "%s", why);
}

static void refuse_errno(struct verdict *v, int errnum, bool at_target, const char *where)
{
    const char *text = strerrordesc_np(errnum);

    refuse(v, VERDICT_PROBLEM, error_name(errnum), "");
    v->at_target = at_target;
    snprintf(v->why, sizeof v->why, "cannot be read at the %s: %s", where, text ? text : "error");
}

static bool may_be_directory(const struct entry *e)
{
    return (e->mode & S_IFMT) == 0 || S_ISDIR(e->mode);
}

static struct rights rights_of(const struct entry *e) { return (struct rights){e->mode, e->uid, e->gid}; }

static bool is_anothers(const struct merge_pair *pair, const struct classify_options *o)
{
    return o->only_own && pair->right->uid != o->uid;
}

/* The content is the same. moved: the times are not. */
static void judge_metadata(const struct merge_pair *pair, const struct classify_options *o, bool moved,
                           struct verdict *v)
{
    struct rights from = rights_of(pair->left), to = rights_of(pair->right);
    bool rights = metadata_lacks(&from, &to, o->keeps_owner, o->keeps_mode);

    if (is_anothers(pair, o))
        v->owned = rights || moved;
    else if (rights || (moved && !S_ISDIR(pair->left->mode)))
        v->kind = VERDICT_METADATA;
    else
        v->times_only = moved;
}

static void judge_difference(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    v->kind = VERDICT_CHANGED;
    if (pair_later(pair, &o->traits) > 0 && !o->overwrite_newer)
        refuse(v, VERDICT_CONFLICT, "ENEWER",
               pair_newer(pair, &o->traits) ? "newer at the destination: left alone (--newer=overwrite replaces it)"
                                            : "perhaps newer at the destination: left alone (--newer=overwrite replaces it)");
}

/* Size and time agree, and the destination's content is the right one, or the later one. */
static void judge_right(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    v->kind = VERDICT_CHANGED;
    if (pair->right_accepted)
        refuse(v, VERDICT_CONFLICT, "EDIGEST",
               "the content differs, and the destination's was accepted as the right one: left alone");
    else if (!o->overwrite_newer)
        refuse(v, VERDICT_CONFLICT, "ENEWER",
               pair_is_undated(pair, &o->traits)
                   ? "the destination's content changed since: left alone (--newer=overwrite replaces it)"
                   : "size and time agree, but the destination's content changed since: left alone (--newer=overwrite replaces it)");
}

/* Neither content is known to be the later one. */
static void judge_contents(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    refuse(v, VERDICT_CONFLICT, "EDIGEST",
           pair_is_undated(pair, &o->traits)
               ? "the contents differ, and no time tells which is newer: left alone (accept says which of the two is right)"
               : "size and time agree but the contents differ: left alone (accept says which of the two is right)");
}

/* Both sides have it, of the same type. */
static void judge_both(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    enum pair_judgement judgement = pair_judge(pair, &o->traits);
    bool moved = pair_is_moved(pair, &o->traits);

    if (pair_left_rules(pair, &o->traits))
        v->kind = VERDICT_CHANGED;
    else if (pair->right_damaged && !moved)
        refuse(v, VERDICT_CONFLICT, "EDAMAGED",
               "damaged at the destination, as verify found: left alone (verify --repair mends it)");
    else if (pair_right_rules(pair, &o->traits))
        judge_right(pair, o, v);
    else if (judgement == PAIR_CONTENT && pair_newer(pair, &o->traits) == 0)
        judge_contents(pair, o, v);
    else if (judgement == PAIR_DOUBT && pair_newer(pair, &o->traits) < 0)    /* written since it arrived there, where no */
        v->kind = VERDICT_CHANGED;                                           /* times are kept: it need not be read */
    else if (judgement == PAIR_DOUBT)
        refuse(v, VERDICT_CONFLICT, "EDOUBT",
               "size and time do not tell whether the contents are the same, and they were not read: "
               "left alone (compare --read reads them)");
    else if (judgement != PAIR_PROVED && judgement != PAIR_SAME && judgement != PAIR_TIME)
        judge_difference(pair, o, v);
    else
        judge_metadata(pair, o, moved, v);
}

/* What is no thing to copy, whatever the destination has. True when judged. */
static bool judge_source(const struct merge_pair *pair, struct verdict *v)
{
    const struct entry *l = pair->left;

    if (pair->left_damaged && !l->err)
        refuse(v, VERDICT_PROBLEM, "EDAMAGED",
               "damaged at the source, as verify found: not copied (verify --repair mends it)");
    else if (l->err)
        refuse_errno(v, l->err, false, "source");
    else if (l->mount)
        refuse(v, VERDICT_PROBLEM, "EXDEV", "a mount point inside the project is not entered");
    else if (strcmp(type_name(l->mode), "unknown") == 0)
        refuse(v, VERDICT_PROBLEM, "EINVAL", "of an unknown type");
    else
        return false;
    v->block = may_be_directory(l);
    return true;
}

/* mends: a mirror would replace it. */
static void refuse_type(const struct entry *l, const struct entry *r, bool mends, struct verdict *v)
{
    refuse(v, VERDICT_CONFLICT, "ETYPE", "");
    snprintf(v->why, sizeof v->why, "a %s at the source, a %s at the destination: left alone; %smove one of them away by hand",
             type_name(l->mode), type_name(r->mode), mends ? "--mirror replaces it and keeps the old one, or " : "");
}

/* Of different types. A mirror makes the destination's that of the source. */
static void judge_types(const struct entry *l, const struct entry *r, const struct classify_options *o, struct verdict *v)
{
    if (!o->mirror)
        refuse_type(l, r, o->may_mirror, v);
    else
        v->kind = S_ISDIR(l->mode) || S_ISDIR(r->mode) ? VERDICT_RETYPED : VERDICT_CHANGED;
}

static void refuse_mount(struct verdict *v)
{
    refuse(v, VERDICT_PROBLEM, "EXDEV", "a mount point at the destination is not entered");
    v->at_target = true;
}

static bool judge_target(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (r->err)
        refuse_errno(v, r->err, true, "destination");
    else if (r->mount)
        refuse_mount(v);
    else if ((l->mode & S_IFMT) != (r->mode & S_IFMT))
        judge_types(l, r, o, v);
    else
        return false;
    if (v->kind == VERDICT_CONFLICT || v->kind == VERDICT_PROBLEM)
        v->block = may_be_directory(l) || may_be_directory(r);
    return true;
}

/* What cannot be read stays an extra, and says why it cannot be removed. */
static void judge_extra(const struct entry *r, struct verdict *v)
{
    if (r->err)
        refuse_errno(v, r->err, true, "destination");
    else if (r->mount)
        refuse_mount(v);
    v->kind = VERDICT_EXTRA;
    v->block = r->err || r->mount;
}

static bool is_mendable(const struct merge_pair *pair)
{
    const struct entry *l = pair->left, *r = pair->right;

    return r && S_ISREG(l->mode) && S_ISREG(r->mode) && !l->err && !r->err && l->size == r->size &&
           pair->right_damaged && !pair->left_damaged && pair->left_state != DIGEST_NONE &&
           memcmp(pair->left_digest.bytes, pair->right_digest.bytes, DIGEST_SIZE) == 0;
}

void classify(const struct merge_pair *pair, const struct classify_options *options, struct verdict *ret_verdict)
{
    struct verdict *v = ret_verdict;

    *v = (struct verdict){.kind = VERDICT_SAME};
    if (options->repair) {
        v->kind = !pair->left ? VERDICT_EXTRA : is_mendable(pair) ? VERDICT_CHANGED : VERDICT_SAME;
    } else if (!pair->left) {
        judge_extra(pair->right, v);
    } else if (judge_source(pair, v)) {
        return;
    } else if (entry_is_nothing(pair->left)) {
        if (pair->right && !entry_is_nothing(pair->right))
            judge_extra(pair->right, v);
    } else if (!pair->right) {
        v->kind = VERDICT_NEW;
    } else if (!judge_target(pair, options, v)) {
        judge_both(pair, options, v);
    }
}

void classify_gap(const struct merge_pair *pair, int errnum, struct verdict *verdict)
{
    *verdict = (struct verdict){.kind = VERDICT_SAME};
    if (pair->left)
        refuse_errno(verdict, errnum, false, "source");
    verdict->block = pair->left || may_be_directory(pair->right);
}

void classify_keep_type(const struct merge_pair *pair, struct verdict *verdict)
{
    refuse_type(pair->left, pair->right, false, verdict);
    verdict->block = true;
}

bool classify_is_alike(const struct merge_pair *pair, const struct classify_options *options,
                       const struct verdict *verdict)
{
    const struct entry *l = pair->left, *r = pair->right;

    return l && r && verdict->kind != VERDICT_PROBLEM && S_ISREG(l->mode) && S_ISREG(r->mode) && !r->err &&
           l->size == r->size && !pair_is_moved(pair, &options->traits);
}

void classify_read(const struct merge_pair *pair, const struct classify_options *options, bool same,
                   struct verdict *verdict)
{
    *verdict = (struct verdict){.kind = same ? VERDICT_SAME : VERDICT_CHANGED};
    if (same)
        judge_metadata(pair, options, false, verdict);
    else if (!options->overwrite_newer)
        refuse(verdict, VERDICT_CONFLICT, "EDIGEST",
               "size and time agree but the contents differ: left alone (--newer=overwrite replaces it)");
}

bool classify_may_differ(const struct merge_pair *pair, const struct classify_options *options, const struct verdict *verdict)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (verdict->kind != VERDICT_SAME || verdict->block || !l || !r || (l->mode & S_IFMT) != (r->mode & S_IFMT) || entry_is_nothing(l))
        return false;
    return options->attributes || !options->shows_change || !S_ISDIR(l->mode) || l->ctime > r->ctime - CLOCKS_APART;
}

void classify_unsaid(int errnum, bool source, struct verdict *verdict)
{
    const char *text = strerrordesc_np(errnum);

    *verdict = (struct verdict){0};
    refuse(verdict, VERDICT_PROBLEM, error_name(errnum), "");
    verdict->at_target = !source;
    snprintf(verdict->why, sizeof verdict->why, "its attributes cannot be read at the %s, so whether they are the same is not known: %s",
             source ? "source" : "destination", text ? text : "error");
}

void classify_differs(const struct merge_pair *pair, const struct classify_options *options, struct verdict *verdict)
{
    if (is_anothers(pair, options))
        verdict->owned = true;
    else
        verdict->kind = VERDICT_METADATA;
}

void classify_refused(const struct merge_pair *pair, const struct classify_options *options, unsigned lost,
                      struct verdict *verdict)
{
    bool moved = S_ISDIR(pair->left->mode) && pair_is_moved(pair, &options->traits);

    bool compared = verdict->kind == VERDICT_METADATA;    /* rights and times were, and differ */

    if (!(lost & (unsigned)(compared ? LOST_OWNER | LOST_MODE | LOST_TIMES : LOST_XATTR | LOST_ACL)))    /* it is as it is for another reason */
        return;
    *verdict = (struct verdict){.kind = lost & LOST_AGAIN ? VERDICT_METADATA : VERDICT_SAME, .times_only = moved,
                                .owned = verdict->owned, .refused = lost};
}

void classify_unread(int errnum, struct verdict *verdict)
{
    *verdict = (struct verdict){0};
    refuse_errno(verdict, errnum, true, "destination, or its version");
}
