#include "copy/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/sum.h"
#include "copy/apply.h"
#include "copy/directories.h"
#include "copy/fan.h"
#include "copy/folded.h"
#include "copy/foresee.h"
#include "copy/hardlink.h"
#include "copy/layers.h"
#include "copy/source.h"

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
    struct foresight foresight;   /* of a dry run */
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

static struct subject subject_of(const struct plan_name *name)
{
    const struct entry *left = name->pair->left;

    return (struct subject){.dir = name->dir->path, .name = name->name, .file = left && S_ISREG(left->mode),
                            .unchanged = name->verdict->kind == VERDICT_METADATA};
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
    report_errno(&f->w->report, subject_of(name), -code, SIDE_TARGET);
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
        report_errno(&f->w->report, subject_of(name), -code, SIDE_TARGET);
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
        report_errno(&f->w->report, subject_of(name), -code, SIDE_TARGET);
    return !code;
}

static struct item *new_item(struct feed *f, const struct plan_name *name)
{
    struct twin *twin = twin_with(f, name);
    if (!twin || !open_folder(f, name))
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
        report_errno(&f->w->report, subject_of(name), -code, SIDE_TARGET);
        return;
    }
    folded_why(name->name, other, why);
    report_problem(&f->w->report, subject_of(name), "EEXIST", why, true);
}

static void fail_name(struct feed *f, const struct plan_name *name, int code)
{
    report_errno(&f->w->report, subject_of(name), -code, SIDE_TARGET);
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

/* A socket makes no difference to a replica, and a program may be listening. */
static bool removes(const struct feed *f, const struct plan_name *name)
{
    return f->mirror && name->verdict->kind == VERDICT_EXTRA && !entry_is_nothing(name->pair->right);
}

/* An extra that should go and cannot be read. */
static bool report_extra(struct feed *f, const struct plan_name *name)
{
    const struct verdict *v = name->verdict;

    if (v->kind != VERDICT_EXTRA || !v->block)
        return false;
    if (name->pair->right->err)
        report_errno(&f->w->report, subject_of(name), name->pair->right->err, SIDE_TARGET);
    else
        report_problem(&f->w->report, subject_of(name), v->code, v->why, false);
    return true;
}

static void add_extra(struct feed *f, const struct plan_name *name)
{
    if (!removes(f, name) || report_extra(f, name) || S_ISDIR(name->pair->right->mode))
        return;
    struct item *item = new_item(f, name);
    if (item)
        add_ready(f, item);
}

static void add_file(struct feed *f, const struct plan_name *name)
{
    struct item *item = name->leader ? NULL : new_item(f, name);
    if (item)
        add_to_task(f, item);
}

static void add_correction(struct feed *f, const struct plan_name *name)
{
    struct item *item = S_ISDIR(name->pair->left->mode) ? NULL : new_item(f, name);
    if (item)
        add_ready(f, item);
}

static int problem_name(void *arg, const struct plan_name *name)
{
    struct feed *f = arg;
    const struct verdict *v = name->verdict;

    if (v->kind == VERDICT_PROBLEM || v->kind == VERDICT_CONFLICT)
        report_problem(&f->w->report, subject_of(name), v->code, v->why, v->kind == VERDICT_CONFLICT);
    return 0;
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
    case VERDICT_PROBLEM: return problem_name(arg, name);
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
    } else if (code == -ESTALE && !name->verdict->regroups) {
        add_to_task(f, item);
    } else {
        item_free(item);
        if (code != -ESTALE && code != -EALREADY)
            fail_name(f, name, code);
    }
    return 0;
}

static bool removes_extras(const struct work *w) { return w->request->mirror && !w->report.plan.source_incomplete; }

static int feed(struct work *w, struct plan *plan, int (*each)(void *, const struct plan_name *),
                struct error *err)
{
    struct feed f = {.w = w, .plan = plan};
    struct plan_visitor visitor = {.dir = enter, .name = each, .arg = &f};

    f.mirror = removes_extras(w);
    items_init(&f.items);
    items_init(&f.ready);
    int code = plan_pass(plan, &visitor, err);
    leave(&f);
    return code;
}

int feed_work(struct work *w, struct plan *plan, struct error *err) { return feed(w, plan, work_name, err); }
int feed_links(struct work *w, struct plan *plan, struct error *err) { return feed(w, plan, link_name, err); }

static const char *action_kind(const struct plan_name *name)
{
    switch (name->verdict->kind) {
    case VERDICT_NEW: return "new";
    case VERDICT_CHANGED: return "changed";
    case VERDICT_METADATA: return "metadata";
    case VERDICT_EXTRA: return entry_is_nothing(name->pair->right) ? NULL : "extra";
    case VERDICT_RETYPED: return "type";
    case VERDICT_CONFLICT: return strcmp(name->verdict->code, "ETYPE") == 0 ? "type" : "conflict";
    default: return NULL;
    }
}

static bool is_of_content(const struct verdict *v)
{
    return v->kind == VERDICT_CONFLICT && strcmp(v->code, "ENEWER") != 0 && strcmp(v->code, "ETYPE") != 0;
}

static void emit_action(struct work *w, const struct plan_name *name, const char *kind, bool removes)
{
    const struct entry *e = name->pair->left ? name->pair->left : name->pair->right;
    struct event *ev = event_new("action");
    struct buf path = {0};

    buf_printf(&path, "%s%s%s%s%s", w->report.replica, *name->dir->path ? "/" : "", name->dir->path,
               *name->name ? "/" : "", name->name);
    event_str(ev, "kind", kind, strlen(kind));
    event_str(ev, "path", path.data, path.len);
    event_bool(ev, "content", is_of_content(name->verdict));
    event_str(ev, "file_type", type_name(e->mode), strlen(type_name(e->mode)));
    event_int(ev, "size", (int64_t)entry_bytes(e));
    if (removes)
        event_bool(ev, "removes", true);
    job_emit(w->report.job, ev);
    buf_free(&path);
}

/* Something comes, whatever goes for it. */
static bool makes(enum verdict_kind kind)
{
    return kind == VERDICT_NEW || kind == VERDICT_CHANGED || kind == VERDICT_RETYPED;
}

static void count_extra(struct feed *f, const struct plan_name *name)
{
    struct tally *t = &f->w->report.tally;

    if (removes(f, name) || name->verdict->kind == VERDICT_RETYPED)
        atomic_fetch_add(S_ISDIR(name->pair->right->mode) ? &t->directories_removed : &t->files_removed, 1);
}

/* What would be done. */
static void count_action(struct feed *f, const struct plan_name *name)
{
    struct tally *t = &f->w->report.tally;
    const struct entry *left = name->pair->left;
    enum verdict_kind kind = name->verdict->kind;

    if (kind == VERDICT_EXTRA || kind == VERDICT_RETYPED)
        count_extra(f, name);
    atomic_fetch_add(&t->metadata_only, kind == VERDICT_METADATA);
    if (!makes(kind))
        return;
    if (S_ISDIR(left->mode))
        atomic_fetch_add(&t->directories_made, 1);
    else if (!S_ISREG(left->mode))
        atomic_fetch_add(&t->others_copied, 1);
    else {
        atomic_fetch_add(&t->files_copied, 1);
        atomic_fetch_add(&t->files_replaced, kind == VERDICT_CHANGED);
        atomic_store(&t->bytes_copied, sum_add(atomic_load(&t->bytes_copied), name->leader ? 0 : (int64_t)left->size));
    }
}

/* False: reported, it will not be done. */
static bool is_possible(struct feed *f, const struct plan_name *name)
{
    enum verdict_kind kind = name->verdict->kind;
    bool goes = removes(f, name) && !S_ISDIR(name->pair->right->mode);

    if (f->mirror && report_extra(f, name))
        return false;
    if (!makes(kind) && !goes)
        return true;
    if (!*name->name || foresee_name(&f->foresight, name, subject_of(name)))
        return true;
    if (name->pair->left && S_ISDIR(name->pair->left->mode))
        plan_block(f->plan, name->dir->path, name->name);
    return false;
}

static int action_name(void *arg, const struct plan_name *name)
{
    struct feed *f = arg;
    const char *kind = action_kind(name);

    if (!is_possible(f, name))
        return 0;
    count_action(f, name);
    if (kind && f->w->report.job)
        emit_action(f->w, name, kind, removes(f, name) || name->verdict->kind == VERDICT_RETYPED);
    return problem_name(arg, name);
}

static int enter_foresight(void *arg, const struct merge_dir *dir)
{
    struct feed *f = arg;

    foresee_enter(&f->foresight, dir);
    return 0;
}

int feed_actions(struct work *w, struct plan *plan, struct error *err)
{
    struct feed f = {.w = w, .plan = plan, .mirror = removes_extras(w), .foresight.w = w};
    struct plan_visitor visitor = {.dir = enter_foresight, .name = action_name, .arg = &f};
    int code = plan_pass(plan, &visitor, err);

    foresee_enter(&f.foresight, NULL);
    return code;
}

int feed_problems(struct work *w, struct plan *plan, struct error *err)
{
    struct feed f = {.w = w, .plan = plan};
    struct plan_visitor visitor = {.name = problem_name, .arg = &f};

    return plan_pass(plan, &visitor, err);
}
