#include "copy/transfer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/disk.h"
#include "copy/above.h"
#include "copy/beat.h"
#include "copy/committer.h"
#include "copy/directories.h"
#include "copy/fan.h"
#include "copy/feed.h"
#include "copy/gaps.h"
#include "copy/hardlink.h"
#include "copy/layers.h"
#include "copy/moved.h"
#include "copy/nested.h"
#include "copy/only.h"
#include "copy/open.h"
#include "copy/original.h"
#include "copy/partials.h"
#include "copy/rehearse.h"
#include "copy/refusals.h"
#include "copy/remark.h"
#include "copy/retype.h"
#include "copy/rot.h"
#include "copy/respell.h"
#include "copy/extras.h"
#include "copy/settle.h"
#include "copy/space.h"
#include "copy/spare.h"
#include "copy/sweep.h"
#include "copy/unheld.h"
#include "index/replica.h"

/* One transfer, while it runs. */
struct transfer {
    struct transfer_request request;
    struct work work;
    struct fan *fan;               /* a reference */
    struct only *only;             /* NULL: all */
    struct catalog *cat;           /* of the plan; the journal has its own connection */
    struct catalog *journal_cat;
    struct journal journal;
    struct plan plan;
    struct settle settle;          /* of a request with layers */
    struct extras extras;          /* of one without */
    struct gaps gaps;              /* of a mirror */
    struct refusals refusals;      /* of one without layers */
    struct originals originals;    /* likewise */
    struct nested nested;
    struct space space;
    bool journaled;
    int64_t started_at;            /* monotonic */
};

static void free_transfer(void *arg)
{
    struct transfer *t = arg;
    struct transfer_request *r = &t->request;
    char *texts[] = {r->catalog, r->operation, r->run, r->path, r->source_root, r->source_identity,
                     r->target_root, r->target_identity, r->lock_text, r->project, r->category};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < r->only_count; i++)
        free(r->only[i]);
    free(r->only);
    layers_free(r->layers);
    only_free(t->only);
    fan_unref(t->fan);
    free(t);
}

static int open_catalogs(struct transfer *t, struct error *err)
{
    int code = catalog_open(t->request.catalog, &t->cat, err);

    if (!code && !t->request.dry_run)
        code = catalog_open(t->request.catalog, &t->journal_cat, err);
    t->journal = (struct journal){.cat = t->journal_cat, .operation = t->request.operation, .run = t->request.run};
    return code;
}

static void init_plan(struct transfer *t)
{
    struct work *w = &t->work;
    bool links = w->target.holds.link && !t->request.restore && !t->request.repair && !t->request.layers;

    t->plan = (struct plan){
        .cat = t->cat,
        .source = t->request.source,
        .target = t->request.target,
        .only = t->only,
        .snapshot = t->request.layers ? &t->request.layers->snapshot : NULL,
        .cancel = w->cancel, .stop = &w->stop,
        .is_one = hardlink_is_one, .device = hardlink_device, .is_one_arg = w,
        .options = {
            .traits = work_traits(w),
            .overwrite_newer = t->request.overwrite_newer,
            .mirror = t->request.mirror,
            .may_mirror = !t->request.restore,
            .repair = t->request.repair,
            .keeps_mode = w->source.holds.mode && w->target.holds.mode,
            .keeps_owner = w->source.holds.owner && w->target.holds.owner,
            .joins_links = links,
            .parts_links = links && w->source.holds.link,
            .only_own = !w->target.holds.any_owner,
            .uid = geteuid(),
            .shows_change = w->source.fs.signs & SIGN_CTIME,
            .attributes = t->request.attributes || t->request.layers,
        },
    };
    if (!t->request.layers && !t->request.repair) {
        extras_init(&t->extras, w, t->cat);
        t->plan.same_extras = extras_agree;
        t->plan.extras_arg = &t->extras;
        t->plan.refused = refusals_judge;
        t->plan.refused_arg = &t->refusals;
        t->plan.original = original_entry;
        t->plan.original_arg = &t->originals;
        unheld_open(w);
        t->plan.unheld = unheld_judge;
        t->plan.unheld_arg = w;
    }
    if (t->request.layers)
        settle_init(&t->settle, w, &t->plan);
}

/* What the destination spells otherwise than the source. Where it was not given the source's spelling before, it stays. */
static int find_respelled(struct transfer *t, struct error *err)
{
    const struct transfer_request *r = &t->request;
    const struct respell_search search = {
        .cat = t->cat, .source = r->source, .target = r->target, .only = t->only, .top = t->work.target.top,
        .identity = r->target_identity,
    };
    struct respellings found = {0};

    if (search.top < 0 || !r->source || !r->target || r->layers || r->repair)
        return 0;
    int code = respell_find(&search, &found, err);
    respell_map(&found, &t->plan.respelled);
    t->plan.respell_first = r->dry_run;
    if (!code && r->dry_run)
        remark_respelled(&t->work, &found);
    respellings_free(&found);
    return code;
}

/* A mirror of a source that could not be read completely takes nothing away for what was not read. */
static int see_gaps(struct transfer *t, bool *ret_complete, struct error *err)
{
    int code = t->request.source ? replica_is_complete(t->cat, t->request.source, ret_complete, err) : 0;

    if (!code && !*ret_complete && t->request.mirror) {
        gaps_init(&t->gaps, &t->work, t->cat);
        t->plan.gap = gaps_at;
        t->plan.gap_arg = &t->gaps;
    }
    return code;
}

static int make_plan(struct transfer *t, struct error *err)
{
    struct work *w = &t->work;

    init_plan(t);
    int code = t->plan.refused ? refusals_open(&t->refusals, w, t->cat, err) : 0;
    if (!code && t->plan.original)
        code = originals_open(&t->originals, w, t->cat, err);
    if (!code)
        code = nested_check(w, &t->nested, err);
    if (!code)
        code = find_respelled(t, err);
    if (code)
        return code;
    t->plan.look = nested_look;
    t->plan.look_arg = &t->nested;
    bool complete = true;
    code = see_gaps(t, &complete, err);
    if (!code && t->only)
        code = plan_scout(&t->plan, t->request.mirror, err);
    if (!code)
        code = plan_count(&t->plan, &w->report.plan, err);
    if (code)
        return code;
    extras_remember(&t->extras);
    w->report.plan.source_incomplete |= !complete;
    code = space_free(w, &t->space);
    if (code)
        return error_set(err, -code, "%s", t->request.target_root);
    remark_counts(w, &t->space);
    remark_plan(w);
    return 0;
}

static const char *kind_of(const struct transfer *t)
{
    return t->request.repair ? "repair" : t->request.restore ? "restore" : "copy";
}

static bool has_work(const struct transfer *t)
{
    const struct plan_counts *n = &t->work.report.plan;
    bool extra = t->request.mirror && (n->files_extra || n->directories_extra);

    if (t->request.repair)
        return n->files_changed;
    return n->files_new || n->files_changed || n->others_new || n->others_changed || n->metadata_only || n->again ||
           n->directories_new || n->directories_stale || extra;
}

static int start_manifest(struct transfer *t, struct error *err)
{
    struct who who;
    struct manifest_head head = {
        .operation = t->request.operation, .run = t->request.run, .kind = kind_of(t), .replica = t->request.path,
        .target = t->request.target_identity, .source = t->request.source_identity, .who = &who,
        .started_at = clock_now(),
    };

    who_am_i(&who);
    int code = manifest_create(t->work.target.root, &head, &t->work.target.manifest);
    return code ? error_set(err, -code, "manifest of %s", t->request.operation) : 0;
}

static void drain(struct work *w)
{
    stream_drain(w->stream);
    stage_flush(&w->stage);
}

/* Files first, then further names of those that are hard links, when their first name is in place. */
static int run_passes(struct transfer *t, struct error *err)
{
    struct work *w = &t->work;
    int code = w->report.plan.retyped ? retype_clear(w, &t->plan, err) : 0;

    if (!code && !work_ending(w))
        code = feed_work(w, &t->plan, err);
    drain(w);
    if (!code && w->report.plan.has_links && !work_ending(w)) {
        code = feed_links(w, &t->plan, err);
        drain(w);
        if (!code && !work_ending(w))
            code = kin_record(w, &t->plan, err);
    }
    return code;
}

static int run_workers(struct transfer *t, struct error *err)
{
    struct work *w = &t->work;
    struct committer *committer = NULL;
    int code = committer_start(w, &t->journal, &committer, err);

    if (!code && (code = stream_open(w->stream, w, w->source.dev)))
        error_set(err, -code, "cannot start a thread");
    if (!code)
        code = run_passes(t, err);
    stream_leave(w->stream);
    committer_stop(committer);
    return code;
}

static int finish_directories(struct transfer *t, struct error *err)
{
    struct work *w = &t->work;
    int code = t->request.repair ? 0 : directories_finish(w, &t->plan, err);

    directories_put_back(w);
    if (!code)
        code = manifest_write(&w->target.manifest);
    if (!code && w->target.fs.syncfs_reliable && syncfs(w->target.sync) < 0)
        code = error_set(err, errno, "sync of %s", w->target.name);
    return code;
}

static int do_work(struct transfer *t, struct error *err)
{
    struct work *w = &t->work;
    int code = partials_settle(w, &t->plan, err);

    if (!code && (code = space_free(w, &t->space)))
        error_set(err, -code, "%s", t->request.target_root);
    if (!code)
        code = space_check(w, &t->plan, &t->space, err);
    if (!code)
        code = start_manifest(t, err);
    if (!code && w->target.top < 0)
        code = above_make(w, err);
    if (!code && (code = work_ready(w)))
        error_set(err, -code, "%s/%s", t->request.target_root, t->request.path);
    if (!code)
        code = run_workers(t, err);
    if (!code && !work_ending(w) && !(code = finish_directories(t, err)))
        moved_check(w);
    directories_put_back(w);    /* where it did not come to finishing */
    return code;
}

static int start_journal(struct transfer *t, struct error *err)
{
    const struct transfer_request *r = &t->request;

    if (r->source)
        return journal_start(&t->journal, kind_of(t), r->source, t->work.target.name, err);
    char *source = journal_database_name(t->cat, r->source_identity, r->source_root);
    const struct journal_entry entry = {.kind = kind_of(t), .project = r->project, .category = r->category,
                                        .source = source, .target = t->work.target.name};
    int code = journal_enter(&t->journal, &entry, err);
    free(source);
    return code;
}

static int run(struct transfer *t, struct error *err)
{
    struct work *w = &t->work;
    int code = make_plan(t, err);

    if (code)
        return code;
    if (t->request.dry_run)
        return t->request.measure ? rehearse_measure(&t->work, &t->plan, &t->space, err) : rehearse(&t->work, &t->plan, &t->space, err);
    code = start_journal(t, err);
    if (code)
        return code;
    t->journaled = true;
    return has_work(t) ? do_work(t, err) : feed_problems(w, &t->plan, err);
}

static const char *state_of(struct transfer *t, const struct error *err)
{
    struct tally *tally = &t->work.report.tally;

    if (err->message)
        return "failed";
    if (job_cancelled(t->work.report.job))
        return "cancelled";
    return atomic_load(&tally->failed) || atomic_load(&tally->conflicts) ? "partial" : "done";
}

/* The row, and with it what was given whole: it is the commit that costs. */
static int end_journal(struct transfer *t, const char *state, const char *message, struct error *err)
{
    const struct tally *tally = &t->work.report.tally;
    const int64_t files = atomic_load(&tally->files_copied), bytes = atomic_load(&tally->bytes_copied);
    const struct manifest *m = &t->work.target.manifest;

    if (t->work.extras && extras_has_notes(&t->extras) && catalog_begin(t->journal_cat, NULL) == 0) {
        extras_save(&t->extras, t->journal_cat);
        if (journal_end(&t->journal, state, files, bytes, m, message, NULL) == 0 && catalog_commit(t->journal_cat, NULL) == 0)
            return 0;
        catalog_rollback(t->journal_cat);
    }
    return journal_end(&t->journal, state, files, bytes, m, message, err);
}

/* The manifest and the journal get their end; what that costs is a note, since the files are safe. */
static void close_books(struct transfer *t, const struct error *err)
{
    struct tally *tally = &t->work.report.tally;
    const char *state = state_of(t, err);
    struct error own = {0};
    bool ours = t->work.target.manifest.operation && !beat_check(t->work.target.beat, NULL);

    if (ours && strcmp(state, "done") != 0)
        (void)spare_drop(t->work.target.root, t->request.operation, t->request.path, NULL);
    if (ours && !atomic_load(&t->work.left) && !atomic_load(&t->work.partial) &&
        manifest_end(&t->work.target.manifest, state, atomic_load(&tally->files_copied), atomic_load(&tally->bytes_copied)) < 0)
        report_note(&t->work.report, "EMANIFEST", "the operation's manifest could not be finished");
    if (t->journaled && end_journal(t, state, err->message, &own) < 0)
        report_note(&t->work.report, own.code, own.message ? own.message : "the catalog could not be written");
    error_clear(&own);
    if (t->journaled && rot_write(&t->work, t->journal_cat, &own) < 0)
        report_note(&t->work.report, own.code, own.message ? own.message : "the catalog could not be written");
    error_clear(&own);
    bool all = !t->only && strcmp(state, "done") == 0;
    if (t->journaled && t->work.refusals && refusals_write(&t->refusals, t->journal_cat, all, &own) < 0)
        report_note(&t->work.report, own.code, own.message ? own.message : "the catalog could not be written");
    error_clear(&own);
}

/* The replica is through: nothing will be gone on with in it any more. A part of it tells nothing of the rest. */
static void drop_partials(struct transfer *t, const struct error *err)
{
    struct work *w = &t->work;
    struct swept swept = {0};

    if (!w->target.partials || t->only || err->message || t->request.dry_run || work_ending(w))
        return;
    int code = sweep_partials(w->target.root, t->request.path, w->cancel);
    if (code)
        sweep_tell_partials(code, &w->report);
    else
        (void)sweep_dead(w->target.root, NULL, w->cancel, &swept);
    swept_free(&swept);
}

static void emit_end(struct transfer *t, const struct error *err)
{
    struct job *job = t->work.report.job;
    struct event *ev = event_new(err->message ? "failed" : "done");

    if (err->message)
        event_error(ev, err);
    report_counts(&t->work.report, ev);
    event_bool(ev, "cancelled", job_cancelled(job));
    event_num(ev, "seconds", (double)(clock_monotonic() - t->started_at) / (double)NSEC_PER_SEC);
    job_emit(job, ev);
}

/* A cancellation is no failure, and what ended the work comes before what followed from it. */
static void settle_error(struct transfer *t, int code, struct error *err)
{
    if (beat_check(t->work.target.beat, err))
        return;
    if (t->work.failure.message)
        error_move(err, &t->work.failure);
    else if (code == -ECANCELED)
        error_clear(err);
    else if (code && !err->message)
        error_set(err, -code, "%s", t->request.target_root);
}

static void transfer_main(struct job *job, void *arg)
{
    struct transfer *t = arg;
    struct work *w = &t->work;
    struct error err = {0};
    bool opened = false;

    t->started_at = clock_monotonic();
    w->report.job = job;
    if (fan_is_idle(t->fan))
        (void)disk_be_idle();
    int code = open_catalogs(t, &err);
    if (!code) {
        opened = true;
        code = work_open(w, &t->request, job, t->cat, &t->journal, &err);
    }
    if (!code)
        code = run(t, &err);
    settle_error(t, code, &err);
    stream_leave(w->stream);
    close_books(t, &err);
    drop_partials(t, &err);
    plan_free(&t->plan);
    settle_free(&t->settle);
    extras_free(&t->extras);
    gaps_free(&t->gaps);
    refusals_free(&t->refusals);
    originals_free(&t->originals);
    nested_free(&t->nested);
    if (opened)
        work_close(w);
    catalog_close(t->cat);
    catalog_close(t->journal_cat);
    emit_end(t, &err);
    error_clear(&err);
}

/* A stream of the fan that was given, or a fan of its own. */
static int take_stream(struct transfer *t, struct error *err)
{
    const struct fan_options alone = {.streams = 1, .jobs = t->request.jobs};

    t->fan = t->request.fan ? fan_ref(t->request.fan) : fan_new(&alone);
    t->work.stream = fan_take(t->fan);
    return t->work.stream ? 0 : error_set(err, E2BIG, "more destinations than the fan was made for");
}

int transfer_start(struct transfer_request *request, struct job **ret_job, struct error *err)
{
    struct transfer *t = mem_zalloc(sizeof *t);

    t->request = *request;
    *request = (struct transfer_request){0};
    int code = t->request.only_count ? only_new(t->request.only, t->request.only_count, &t->only, err) : 0;
    if (!code)
        code = take_stream(t, err);
    if (code) {
        free_transfer(t);
        return code;
    }
    struct stream *stream = t->work.stream;
    struct fan *fan = fan_ref(t->fan);
    code = job_start(transfer_main, t, free_transfer, ret_job, err);    /* frees t when it fails */
    if (code)
        stream_leave(stream);
    fan_unref(fan);
    return code;
}
