#include "copy/classify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "copy/times.h"

const char *type_name(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFBLK:
    case S_IFCHR: return "device";
    default: return "unknown";
    }
}

static void refuse(struct verdict *v, enum verdict_kind kind, const char *code, const char *why)
{
    v->kind = kind;
    v->code = code;
    snprintf(v->why, sizeof v->why, "%s", why);
}

static void refuse_errno(struct verdict *v, int errnum, const char *where)
{
    const char *text = strerrordesc_np(errnum);

    refuse(v, VERDICT_PROBLEM, error_name(errnum), "");
    snprintf(v->why, sizeof v->why, "cannot be read at the %s: %s", where, text ? text : "error");
}

static bool may_be_directory(const struct entry *e)
{
    return (e->mode & S_IFMT) == 0 || S_ISDIR(e->mode);
}

static bool times_differ(const struct entry *l, const struct entry *r, int64_t granularity)
{
    return !times_agree(l->mtime, r->mtime, granularity);
}

static bool rights_differ(const struct entry *l, const struct entry *r, const struct classify_options *o)
{
    if (o->keeps_mode && !S_ISLNK(l->mode) && ((l->mode ^ r->mode) & 07777))
        return true;
    return o->keeps_owner && (l->uid != r->uid || l->gid != r->gid);
}

static bool targets_differ(const struct entry *l, const struct entry *r)
{
    return l->target_len != r->target_len || (l->target_len && memcmp(l->target, r->target, l->target_len) != 0);
}

/* Both contents are known by confirmed digests: 0 equal, 1 different; -1 not known. */
static int digests_differ(const struct merge_pair *pair)
{
    if (pair->left_state != DIGEST_CONFIRMED || pair->right_state != DIGEST_CONFIRMED)
        return -1;
    return memcmp(&pair->left_digest, &pair->right_digest, sizeof pair->left_digest) != 0;
}

static bool contents_differ(const struct merge_pair *pair, const struct classify_options *o)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (S_ISLNK(l->mode))
        return targets_differ(l, r);
    if (!S_ISREG(l->mode))
        return false;
    if (l->size != r->size)
        return true;
    return times_differ(l, r, o->granularity) && digests_differ(pair) != 0;
}

static void judge_difference(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    bool newer = pair->right->mtime > pair->left->mtime && times_differ(pair->left, pair->right, o->granularity);

    v->kind = VERDICT_CHANGED;
    if (newer && !o->overwrite_newer)
        refuse(v, VERDICT_CONFLICT, "ENEWER",
               "newer at the destination: left alone (--newer=overwrite replaces it)");
}

/* Both sides have it, of the same type. */
static void judge_both(const struct merge_pair *pair, const struct classify_options *o, struct verdict *v)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (contents_differ(pair, o)) {
        judge_difference(pair, o, v);
    } else if (S_ISREG(l->mode) && digests_differ(pair) == 1) {
        refuse(v, VERDICT_CONFLICT, "EDIGEST",
               "size and time agree but the contents differ: one of the two is damaged, left alone");
    } else if (rights_differ(l, r, o) || (times_differ(l, r, o->granularity) && !S_ISDIR(l->mode))) {
        v->kind = VERDICT_METADATA;
    } else {
        v->times_only = times_differ(l, r, o->granularity);
    }
}

/* What is no thing to copy, whatever the destination has. True when judged. */
static bool judge_source(const struct entry *l, struct verdict *v)
{
    if (l->err)
        refuse_errno(v, l->err, "source");
    else if (l->mount)
        refuse(v, VERDICT_PROBLEM, "EXDEV", "a mount point inside the project is not entered");
    else if (S_ISSOCK(l->mode))
        refuse(v, VERDICT_PROBLEM, "ESOCKET", "a socket cannot be copied");
    else if (strcmp(type_name(l->mode), "unknown") == 0)
        refuse(v, VERDICT_PROBLEM, "EINVAL", "of an unknown type");
    else
        return false;
    v->block = may_be_directory(l);
    return true;
}

static bool judge_target(const struct entry *l, const struct entry *r, struct verdict *v)
{
    if (r->err)
        refuse_errno(v, r->err, "destination");
    else if (r->mount)
        refuse(v, VERDICT_PROBLEM, "EXDEV", "a mount point at the destination is not entered");
    else if ((l->mode & S_IFMT) != (r->mode & S_IFMT)) {
        refuse(v, VERDICT_CONFLICT, "ETYPE", "");
        snprintf(v->why, sizeof v->why, "a %s at the source, a %s at the destination: left alone",
                 type_name(l->mode), type_name(r->mode));
    } else {
        return false;
    }
    v->block = may_be_directory(l) || may_be_directory(r);
    return true;
}

void classify(const struct merge_pair *pair, const struct classify_options *options, struct verdict *ret_verdict)
{
    struct verdict *v = ret_verdict;

    *v = (struct verdict){.kind = VERDICT_SAME};
    if (!pair->left) {
        v->kind = VERDICT_EXTRA;
        v->block = pair->right->err || pair->right->mount;
    } else if (judge_source(pair->left, v)) {
        return;
    } else if (!pair->right) {
        v->kind = VERDICT_NEW;
    } else if (!judge_target(pair->left, pair->right, v)) {
        judge_both(pair, options, v);
    }
}
