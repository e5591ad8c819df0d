#include "copy/rehearse.h"

#include <errno.h>
#include <string.h>

#include "base/job.h"
#include "base/sum.h"
#include "copy/feed.h"
#include "copy/foresee.h"
#include "copy/partials.h"

/* A pass that only tells. */
struct rehearsal {
    struct work *w;
    struct plan *plan;
    bool mirror;
    struct foresight foresight;
};

static const char *action_kind(const struct plan_name *name)
{
    switch (name->verdict->kind) {
    case VERDICT_NEW: return "new";
    case VERDICT_CHANGED: return "changed";
    case VERDICT_METADATA: return name->verdict->refused ? NULL : "metadata";
    case VERDICT_EXTRA: return plan_is_extra(name) ? "extra" : NULL;
    case VERDICT_RETYPED: return "type";
    case VERDICT_CONFLICT: return strcmp(name->verdict->code, "ETYPE") == 0 ? "type" : "conflict";
    default: return NULL;
    }
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
    if (name->verdict->kind == VERDICT_CONFLICT)
        event_str(ev, "code", name->verdict->code, strlen(name->verdict->code));
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

static void count_extra(struct rehearsal *r, const struct plan_name *name)
{
    struct tally *t = &r->w->report.tally;

    if (feed_removes(name, r->mirror) || name->verdict->kind == VERDICT_RETYPED)
        atomic_fetch_add(S_ISDIR(name->pair->right->mode) ? &t->directories_removed : &t->files_removed, 1);
}

/* What would be done. */
static void count_action(struct rehearsal *r, const struct plan_name *name)
{
    struct tally *t = &r->w->report.tally;
    const struct entry *left = name->pair->left;
    enum verdict_kind kind = name->verdict->kind;

    if (kind == VERDICT_EXTRA || kind == VERDICT_RETYPED)
        count_extra(r, name);
    atomic_fetch_add(&t->metadata_only, kind == VERDICT_METADATA && !name->verdict->refused);
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

/* It will not be done: neither what would come below it, nor that what lies below it goes. */
static void leave_below(struct rehearsal *r, const struct plan_name *name)
{
    const struct entry *left = name->pair->left, *right = name->pair->right;

    if ((left && S_ISDIR(left->mode)) || (name->verdict->kind == VERDICT_RETYPED && S_ISDIR(right->mode)))
        plan_block(r->plan, name->dir->path, name->name);
}

/* False: reported, it will not be done. */
static bool is_possible(struct rehearsal *r, const struct plan_name *name)
{
    enum verdict_kind kind = name->verdict->kind;
    bool goes = feed_removes(name, r->mirror) && !S_ISDIR(name->pair->right->mode);

    if (r->mirror && feed_tell_extra(r->w, name))
        return false;
    if (kind == VERDICT_METADATA && !name->verdict->refused && !foresee_change(&r->foresight, name, feed_subject(name)))
        return false;
    if (!makes(kind) && !goes)
        return true;
    if (makes(kind) && !space_admits(r->w, name, feed_subject(name))) {
        leave_below(r, name);
        return false;
    }
    if (!*name->name || foresee_name(&r->foresight, name, feed_subject(name)))
        return true;
    leave_below(r, name);
    return false;
}

static int action_name(void *arg, const struct plan_name *name)
{
    struct rehearsal *r = arg;
    const char *kind = action_kind(name);

    if (!is_possible(r, name))
        return 0;
    count_action(r, name);
    if (kind && r->w->report.job)
        emit_action(r->w, name, kind, feed_removes(name, r->mirror) || name->verdict->kind == VERDICT_RETYPED);
    feed_tell_problem(r->w, name);
    return 0;
}

static int enter_foresight(void *arg, const struct merge_dir *dir)
{
    struct rehearsal *r = arg;

    foresee_enter(&r->foresight, dir);
    return 0;
}

static int tell_actions(struct work *w, struct plan *plan, struct error *err)
{
    struct rehearsal r = {.w = w, .plan = plan, .mirror = w->request->mirror, .foresight.w = w};
    struct plan_visitor visitor = {.dir = enter_foresight, .name = action_name, .arg = &r};
    int code = plan_pass(plan, &visitor, err);

    foresee_enter(&r.foresight, NULL);
    return code;
}

int rehearse_measure(struct work *w, struct plan *plan, const struct space *space, struct error *err)
{
    int64_t bytes = 0;
    int code = partials_foresee(w, plan, err);

    if (!code)
        code = space_measure(w, plan, space, &bytes, err);
    if (code)
        return code;
    struct event *ev = event_new("room");
    event_int(ev, "bytes", bytes);
    event_int(ev, "inodes", w->report.plan.inodes);
    job_emit(w->report.job, ev);
    return 0;
}

int rehearse(struct work *w, struct plan *plan, const struct space *space, struct error *err)
{
    struct error full = {0};
    int code = partials_foresee(w, plan, err);

    if (code)
        return code;
    code = space_check(w, plan, space, &full);
    if (code == -ENOSPC) {
        report_note(&w->report, full.code, full.message);
        error_clear(&full);
        code = 0;
    }
    error_move(err, &full);
    return code ? code : tell_actions(w, plan, err);
}
