#include "copy/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/apply.h"
#include "copy/directories.h"
#include "copy/fan.h"
#include "copy/folded.h"
#include "copy/frozen.h"
#include "copy/hardlink.h"
#include "copy/layers.h"
#include "copy/source.h"
#include "copy/space.h"

#define TOGETHER 64    /* items handed on at once */

struct feed {
    struct work *w;
    struct plan *plan;
    struct twin *twin;        /* of the directory the pass is in; NULL until something is to do there */
    struct twin *layer_twin;      /* the same directory with the source in a layer, the last one used; or NULL */
    size_t layer;                 /* which */
    bool made;                    /* directories were made in it */
    bool opened;                  /* names in it can change */
    bool mirror;
    struct items items;           /* for the workers */
    struct items ready;           /* for the committer */
};

/* A temp changes its directory, so what that was stands in the manifest before a worker makes one. */
static void write_announced(struct feed *f)
{
    int code = f->items.count ? manifest_write(&f->w->target.manifest) : 0;
    if (code)
        work_fail_errno(f->w, -code, "manifest");
}

static void flush_items(struct feed *f)
{
    write_announced(f);
    stream_add(f->w->stream, &f->items);
    stage_add(&f->w->stage, &f->ready);
}

/* Where syncfs is no promise, a new directory is only there for good when its parent is synced. */
static void sync_made(struct feed *f)
{
    if (!f->made || f->w->target.fs.syncfs_reliable)
        return;
    int dir = twin_target(f->twin);
    int code = dir < 0 ? dir : path_sync_dir(dir);
    if (dir >= 0)
        twin_target_done(f->twin);
    if (code)
        work_fail_errno(f->w, -code, "sync of directories");
}

static void leave(struct feed *f)
{
    flush_items(f);
    sync_made(f);
    twin_unref(f->twin);
    twin_unref(f->layer_twin);
    f->twin = f->layer_twin = NULL;
    f->made = f->opened = false;
}

static int enter(void *arg, const struct merge_dir *dir)
{
    struct feed *f = arg;

    leave(f);
    stream_enter(f->w->stream, dir->path);
    return 0;
}

struct subject feed_subject(const struct plan_name *name)
{
    const struct entry *left = name->pair->left;

    return (struct subject){.dir = name->dir->path, .name = name->name, .file = left && S_ISREG(left->mode),
                            .unchanged = name->verdict->kind == VERDICT_METADATA, .missing = left && !name->pair->right ? left->mode : 0,
                            .at_target = !left};
}

/* The pass's directory on both sides, opened when first needed. NULL: reported for this name. */
static struct twin *twin_of(struct feed *f, const struct plan_name *name)
{
    if (f->twin)
        return f->twin;
    int code = twin_open(&f->w->twins, name->dir->path, &f->twin);
    if (!code) {
        apply_announce_folder(f->w, f->twin);
        if (f->w->request->repair || (!plan_is_whole(f->plan) && name->dir->in_right))
            directories_remember(f->w, f->twin->path, &f->twin->before);
        return f->twin;
    }
    f->twin = NULL;
    report_errno(&f->w->report, feed_subject(name), -code, SIDE_TARGET);
    return NULL;
}

/* The twin whose source has this name. */
static struct twin *twin_with(struct feed *f, const struct plan_name *name)
{
    const struct entry *left = name->pair->left;
    struct twin *twin = twin_of(f, name);
    bool elsewhere = twin && left && !S_ISDIR(left->mode);
    size_t layer = elsewhere ? layers_find(f->w->request->layers, name->dir->path, name->name) : 0;

    if (!layer)
        return twin;
    if (f->layer_twin && f->layer == layer)
        return f->layer_twin;
    twin_unref(f->layer_twin);
    f->layer_twin = NULL;
    f->layer = layer;
    int code = twin_open(&f->w->layers[layer - 1], name->dir->path, &f->layer_twin);
    if (code) {
        f->layer_twin = NULL;
        report_errno(&f->w->report, feed_subject(name), -code, SIDE_TARGET);
    }
    return f->layer_twin;
}

/* The destination's folder of this name, when names in it change, may be read-only. False: reported for this name. */
static bool open_folder(struct feed *f, const struct plan_name *name)
{
    if (f->opened || name->verdict->kind == VERDICT_METADATA)
        return true;
    int dir = twin_target(f->twin), code = dir;
    if (dir >= 0) {
        code = opened_open(&f->w->target.opened, f->twin->path, dir);
        twin_target_done(f->twin);
    }
    f->opened = !code;
    if (code)
        report_errno(&f->w->report, feed_subject(name), -code, SIDE_TARGET);
    return !code;
}

/*
 * A mark that stands against it (frozen.h) is seen before anything is made for it: where names can only be added, a temp would
 * stay. False: reported for this name.
 */
static bool may_change(struct feed *f, struct twin *twin, const struct plan_name *name)
{
    bool frozen = twin->frozen;

    if (name->verdict->kind == VERDICT_METADATA)
        return true;
    if (!frozen && name->pair->right) {
        int dir = twin_target(twin);
        frozen = dir >= 0 && frozen_is(dir, name->name);
        if (dir >= 0)
            twin_target_done(twin);
    }
    if (frozen)
        report_errno(&f->w->report, feed_subject(name), EPERM, SIDE_TARGET);
    return !frozen;
}

static struct item *new_item(struct feed *f, const struct plan_name *name)
{
    struct twin *twin = twin_with(f, name);
    if (!twin || !may_change(f, twin, name) || !open_folder(f, name))
        return NULL;
    struct item *item = item_new(f->w, twin, name->verdict->kind, name->pair);
    item->retyped = name->retyped;
    return item;
}

static void add_to_task(struct feed *f, struct item *item)
{
    items_add(&f->items, item);
    if (f->items.count >= TOGETHER)
        flush_items(f);
}

static void add_ready(struct feed *f, struct item *item)
{
    items_add(&f->ready, item);
    if (f->ready.count >= TOGETHER)
        stage_add(&f->w->stage, &f->ready);
}

/*
 * other: gets the name that the destination takes for this one, where it does (NAME_MAX + 1 bytes). ret_made: set when it was
 * made here, and by nobody else meanwhile.
 */
static int make_dir(struct feed *f, struct twin *twin, const struct plan_name *plan, char *other, bool *ret_made)
{
    const struct entry *left = plan->pair->left;
    const char *name = plan->name;
    struct stat st = {.st_mode = left->mode, .st_uid = left->uid, .st_gid = left->gid};
    int dir = twin_target(twin), code = 0;

    if (dir < 0)
        return dir;
    source_give_new(&f->w->source, &st);
    if (mkdirat(dir, name, directories_first_mode(&twin->before, &st)) < 0)
        code = -errno;
    *ret_made = !code;
    if (code == -EEXIST && !folded_is_taken(dir, name, other) &&
        fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        code = 0;
    twin_target_done(twin);
    return code;
}

/* Announced, and not made: an undo leaves what has the name to whoever makes it, or made it. */
static void void_directory(struct feed *f, const struct item *item)
{
    if (item->retyped)    /* see apply_void */
        return;
    char *path = plan_join(item->twin->path, item->name);

    manifest_add_void(&f->w->target.manifest, MANIFEST_CREATE, item->left.mode, path);
    free(path);
}

static void report_unmade(struct feed *f, const struct plan_name *name, int code, const char *other)
{
    char why[FOLDED_WHY];

    if (!*other) {
        report_errno(&f->w->report, feed_subject(name), -code, SIDE_TARGET);
        return;
    }
    folded_why(name->name, other, why);
    report_problem(&f->w->report, feed_subject(name), "EEXIST", why, true);
}

static void fail_name(struct feed *f, const struct plan_name *name, int code)
{
    report_errno(&f->w->report, feed_subject(name), -code, SIDE_TARGET);
    work_ask(f->w, -code, name->name);
}

/* A directory that cannot be made blocks all that lies below it. */
static void add_directory(struct feed *f, const struct plan_name *name)
{
    char other[NAME_MAX + 1] = "";
    struct item *item = new_item(f, name);
    bool made = false;
    int code = -ENOENT;

    if (item) {
        apply_announce_directory(f->w, item);
        code = make_dir(f, item->twin, name, other, &made);
    }
    if (item && !made)
        void_directory(f, item);
    if (!code) {
        f->made = true;
        add_ready(f, item);
        return;
    }
    plan_block(f->plan, name->dir->path, name->name);
    if (item) {
        report_unmade(f, name, code, other);
        item_free(item);
    }
    work_ask(f->w, -code, name->name);
}

bool feed_removes(const struct plan_name *name, bool mirror)
{
    return mirror && plan_is_extra(name);
}

bool feed_tell_extra(struct work *w, const struct plan_name *name)
{
    const struct verdict *v = name->verdict;

    if (v->kind != VERDICT_EXTRA || !v->block)
        return false;
    if (name->pair->right->err)
        report_errno(&w->report, feed_subject(name), name->pair->right->err, SIDE_TARGET);
    else
        report_problem(&w->report, feed_subject(name), v->code, v->why, false);
    return true;
}

static void add_extra(struct feed *f, const struct plan_name *name)
{
    if (!feed_removes(name, f->mirror) || feed_tell_extra(f->w, name) || S_ISDIR(name->pair->right->mode))
        return;
    struct item *item = new_item(f, name);
    if (item)
        add_ready(f, item);
}

static void add_file(struct feed *f, const struct plan_name *name)
{
    struct item *item = name->leader || !space_admits(f->w, name, feed_subject(name)) ? NULL : new_item(f, name);
    if (item)
        add_to_task(f, item);
}

static void add_correction(struct feed *f, const struct plan_name *name)
{
    struct item *item = S_ISDIR(name->pair->left->mode) ? NULL : new_item(f, name);
    if (item)
        add_ready(f, item);
}

void feed_tell_problem(struct work *w, const struct plan_name *name)
{
    const struct verdict *v = name->verdict;

    struct subject subject = feed_subject(name);

    subject.at_target |= v->at_target;
    if (v->kind == VERDICT_PROBLEM || v->kind == VERDICT_CONFLICT)
        report_problem(&w->report, subject, v->code, v->why, v->kind == VERDICT_CONFLICT);
}

static int work_name(void *arg, const struct plan_name *name)
{
    struct feed *f = arg;

    switch (name->verdict->kind) {
    case VERDICT_NEW:
    case VERDICT_CHANGED:
        if (!S_ISDIR(name->pair->left->mode))
            add_file(f, name);
        else if (*name->name)
            add_directory(f, name);
        break;
    case VERDICT_METADATA: add_correction(f, name); break;
    case VERDICT_EXTRA: add_extra(f, name); break;
    case VERDICT_CONFLICT:
    case VERDICT_PROBLEM: feed_tell_problem(f->w, name); break;
    case VERDICT_SAME:
    case VERDICT_RETYPED: break;
    }
    return 0;
}

static int link_name(void *arg, const struct plan_name *name)
{
    struct feed *f = arg;
    enum verdict_kind kind = name->verdict->kind;

    kin_expect(&f->w->kin, name);
    if (!name->leader || (kind != VERDICT_NEW && kind != VERDICT_CHANGED))
        return 0;
    struct item *item = new_item(f, name);
    if (!item)
        return 0;
    int code = hardlink_stage(f->w, item, name->leader);
    if (!code) {
        add_ready(f, item);
    } else if (code == -ESTALE && !name->verdict->regroups && space_admits(f->w, name, feed_subject(name))) {
        add_to_task(f, item);
    } else {
        item_free(item);
        if (code != -ESTALE && code != -EALREADY)
            fail_name(f, name, code);
        else if (name->verdict->regroups && S_ISREG(name->pair->left->mode))
            atomic_fetch_sub(&f->w->report.tally.files_unfixed, 1);    /* it stays what it was: as good as unchanged */
    }
    return 0;
}

static int feed(struct work *w, struct plan *plan, int (*each)(void *, const struct plan_name *),
                struct error *err)
{
    struct feed f = {.w = w, .plan = plan};
    struct plan_visitor visitor = {.dir = enter, .name = each, .arg = &f};

    f.mirror = w->request->mirror;
    items_init(&f.items);
    items_init(&f.ready);
    int code = plan_pass(plan, &visitor, err);
    leave(&f);
    return code;
}

int feed_work(struct work *w, struct plan *plan, struct error *err) { return feed(w, plan, work_name, err); }
int feed_links(struct work *w, struct plan *plan, struct error *err) { return feed(w, plan, link_name, err); }

static int tell_problem(void *arg, const struct plan_name *name)
{
    feed_tell_problem(arg, name);
    return 0;
}

int feed_problems(struct work *w, struct plan *plan, struct error *err)
{
    struct plan_visitor visitor = {.name = tell_problem, .arg = w};
    return plan_pass(plan, &visitor, err);
}
