#include "undo/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/spelling.h"
#include "copy/journal.h"
#include "copy/lock.h"
#include "copy/spare.h"
#include "copy/sweep.h"
#include "index/apart.h"
#include "index/identity.h"
#include "index/measured.h"
#include "undo/contents.h"
#include "undo/state.h"

struct run {
    struct undo u;
    struct catalog *cat;
    struct journal journal;
    bool journaled;
    int64_t started_at;        /* monotonic */
    struct step *steps;        /* room for UNDO_BATCH */
    size_t count;              /* of them at work */
    enum past_turn turn;       /* whose deeds are gathered */
    bool has_last;             /* there are some of PAST_AFTER_FOLDERS */
    struct buf back;           /* see contents_note */
};

static void free_run(void *arg)
{
    struct run *run = arg;
    struct undo_request *r = &run->u.request;
    char *texts[] = {r->catalog, r->operation, r->run,     r->undone,   r->path,     r->root,
                     r->identity, r->database, r->project, r->category, r->lock_text};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(run);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void init(struct undo *u, struct job *job)
{
    u->job = job;
    u->cancel = job_cancel_flag(job);
    u->root = u->top = u->lock = u->sync = -1;
    u->manifest.fd = u->manifest.dir = -1;
    u->versions.dir = -1;
    u->opened = (struct opened){.root = &u->root, .top = &u->top, .manifest = &u->manifest};
    u->past.reader.fd = -1;
    u->spot = (struct spot){.live = -1, .kept = {-1, -1}};
    u->report.job = job;
    u->report.target_top = &u->top;
    u->report.replica = u->request.path;
    u->report.source_root = u->report.target_root = u->request.root;
    u->report.target_name = u->request.database;
    data_init(&u->data, u->cancel, NULL, NULL);
}

static void close_undo(struct undo *u)
{
    (void)spot_leave(u);
    manifest_close(&u->manifest);
    versions_close(&u->versions);
    past_close(&u->past);
    map_free(&u->conflicts, NULL);
    map_free(&u->announced, NULL);
    map_free(&u->taken, NULL);
    map_free(&u->going, NULL);
    links_forget(u);
    data_free(&u->data);
    close_fd(&u->sync);
    close_fd(&u->top);
    beat_watch(u->beat, NULL);
    beat_unref(u->beat);
    lock_give_back(u->lock);
    close_fd(&u->root);
}

/* With the lock: what the dead left, and the operation itself, should it be one of them. */
static int lock_database(struct run *run, struct error *err)
{
    struct undo *u = &run->u;
    const struct undo_request *r = &u->request;
    struct lock_ear ear = lock_report(&u->report);
    struct swept swept;

    u->lock = lock_take(u->root, r->database, r->lock_text, r->lock_wait, u->cancel, &ear, err);
    if (u->lock < 0)
        return u->lock;
    u->beat = beat_find(u->root);
    beat_watch(u->beat, u->job);
    journal_bury(&run->journal, r->database);
    int code = sweep_dead(u->root, NULL, u->cancel, &swept);
    swept_tell(&swept, &u->report);
    swept_free(&swept);
    return code ? error_set(err, -code, "%s/" OPERATIONS, r->root) : 0;
}

/* The replica's directory, and what its filesystem is; both may come to be only when folders were made. */
static int open_top(struct undo *u)
{
    struct stat top, root;

    close_fd(&u->top);
    close_fd(&u->sync);
    u->top = path_open_dir(u->root, u->past.replica);
    if (u->top < 0 && u->top != -ENOENT)
        return u->top;
    u->sync = apart_open_nearest(u->root, u->past.replica, O_RDONLY, NULL);
    if (u->sync < 0)
        return u->sync;
    if (fstat(u->sync, &top) < 0 || fstat(u->root, &root) < 0)
        return -errno;
    u->elsewhere = top.st_dev != root.st_dev;
    return filesystem_of(u->sync, &u->fs);
}

static int prepare_target(struct undo *u, struct error *err)
{
    int code = open_top(u);

    if (!code && spelling_check(u->root, u->request.root, u->past.replica, SPELLING_OF_REPLICA, err))
        return -EEXIST;
    if (code)
        return error_set(err, -code, "%s/%s", u->request.root, u->request.path);
    struct filesystem fs = u->fs;
    if ((code = measured_look_up(u->request.catalog, u->request.identity, u->sync, &fs, err)))
        return code;
    u->holds.traits = fs.traits;
    catalog_find_files(u->request.catalog, &u->catalog);
    holds_guess(u->fs.type, &u->holds);
    if (!u->request.dry_run && !u->elsewhere)
        code = holds_probe_below(u->root, OPERATIONS, &u->holds);
    if (!u->past.trusted)
        u->holds.root = u->holds.owner = false;
    return code ? error_set(err, -code, "%s/" OUR_FOLDER, u->request.root) : 0;
}

static int open_undo(struct run *run, struct error *err)
{
    struct undo *u = &run->u;
    const struct undo_request *r = &u->request;

    u->root = identity_open(r->root, r->identity, err);
    if (u->root < 0)
        return u->root;
    int code = r->dry_run ? 0 : catalog_open(r->catalog, &run->cat, err);
    run->journal = (struct journal){.cat = run->cat, .operation = r->operation, .run = r->run};
    if (!code && !r->dry_run)
        code = lock_database(run, err);
    if (code)
        return code;
    code = past_open(u->root, r->undone, r->identity, &u->past);
    if (code)
        return tell_no_past(u, code, err);
    code = tell_past(u, err);
    if (!code)
        code = apart_check_at(r->catalog, r->identity, u->root, r->root, r->path, err);
    return code ? code : prepare_target(u, err);
}

static int start_manifest(struct undo *u, struct error *err)
{
    const struct undo_request *r = &u->request;
    struct who who;
    struct manifest_head head = {
        .operation = r->operation, .run = r->run, .kind = "undo", .replica = u->past.replica, .target = r->identity,
        .source = r->undone, .who = &who, .started_at = clock_now(),
    };

    who_am_i(&who);
    int code = manifest_create(u->root, &head, &u->manifest);
    return code ? error_set(err, -code, "manifest of %s", r->operation) : 0;
}

static void split(struct step *s)
{
    const char *slash = strrchr(s->deed.path, '/');

    s->name = slash ? slash + 1 : s->deed.path;
    s->dir_len = slash ? (size_t)(slash - s->deed.path) : 0;
}

/* One more step into the batch, if it has something to do. 1, 0 at the end of the past, -errno. */
static int gather_one(struct run *run)
{
    struct undo *u = &run->u;
    struct step *s = &run->steps[run->count];

    *s = (struct step){0};
    int more = atomic_load(u->cancel) ? -ECANCELED : past_next(&u->past, &s->deed);
    if (more != 1)
        return more;
    enum past_turn turn = past_turn_of(&u->past, &s->deed);
    run->has_last |= turn == PAST_AFTER_FOLDERS;
    if (turn != run->turn) {
        deed_free(&s->deed);
        return 1;
    }
    split(s);
    tell_progress(u, s->deed.path);
    u->counts.looked_at++;
    int code = judge(u, s);
    if (s->act == ACT_NONE)
        deed_free(&s->deed);
    else
        run->count++;
    return code ? code : 1;
}

/* Fill the batch. 0 or -errno. */
static int gather(struct run *run)
{
    int more = 1;

    while (more == 1 && run->count < UNDO_BATCH)
        more = gather_one(run);
    return more < 0 ? more : 0;
}

static int each(struct run *run, int (*what)(struct undo *, struct step *))
{
    int code = 0;

    for (size_t i = 0; !code && i < run->count; i++)
        if (run->steps[i].act != ACT_NONE)
            code = what(&run->u, &run->steps[i]);
    return code;
}

/* A lock that is another's by now has its names left alone. */
static int apply(struct undo *u, struct step *s)
{
    int code = beat_check(u->beat, NULL);
    return code ? code : move_apply(u, s);
}

/* What was announced when the batch broke off is undone as little as all that follows: its files stay. */
static int run_batch(struct run *run, struct error *err)
{
    struct undo *u = &run->u;

    move_expect(u, run->steps, run->count);
    int code = each(run, move_prepare);

    if (!code)
        code = versions_sync(&u->versions);
    if (!code)
        code = manifest_write(&u->manifest);
    if (!code)
        code = manifest_sync(&u->manifest);
    if (!code)
        code = contents_expect(run->cat, u->request.replica, &u->past, run->steps, run->count, err);
    contents_note(&run->back, &u->past, run->steps, run->count);
    if (!code)
        code = each(run, apply);
    int synced = move_sync(u);
    return code ? code : synced;
}

static void free_batch(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        move_drop(&run->u, &run->steps[i]);
        deed_free(&run->steps[i].deed);
    }
    run->count = 0;
}

static int undo_files(struct run *run, struct error *err)
{
    const struct undo_counts *n = &run->u.counts;
    int code;

    while (!(code = gather(run)) && run->count) {
        code = run_batch(run, err);
        free_batch(run);
        if (code)
            return code;
        journal_progress(&run->journal, n->restored + n->returned + n->removed, n->bytes);
    }
    free_batch(run);
    return code;
}

/* The deeds of one turn. */
static int undo_turn(struct run *run, enum past_turn turn, struct error *err)
{
    run->turn = turn;
    int code = past_rewind(&run->u.past);
    return code ? code : undo_files(run, err);
}

static void start_versions(struct undo *u)
{
    if (u->versions.base)
        return;
    versions_init(&u->versions, u->root, u->request.operation, u->past.replica, u->elsewhere || !u->fs.syncfs_reliable);
    u->versions.left = &u->left;
}

/* What stands where a folder was. */
static int undo_before_folders(struct run *run, struct error *err)
{
    if (!run->u.past.retyped)
        return 0;
    start_versions(&run->u);
    return undo_turn(run, PAST_BEFORE_FOLDERS, err);
}

/* One that stays is no part of what is undone. 0 or -ECANCELED. */
static int drop_partials(struct undo *u)
{
    int code = sweep_partials(u->root, u->past.replica, u->cancel);

    sweep_tell_partials(code, &u->report);
    return code == -ECANCELED ? code : 0;
}

static void tell_shut(void *arg, const char *path, int code) { (void)tell_errno(arg, path, code); }

static int work(struct run *run, struct error *err)
{
    struct undo *u = &run->u;
    int code = renames_undo(u);

    if (!code)
        code = undo_before_folders(run, err);
    if (!code)
        code = folders_make(u);
    if (!code)
        code = open_top(u);
    start_versions(u);
    if (!code)
        code = undo_turn(run, PAST_AMONG, err);
    if (!code && !u->past.ended)    /* nothing is left to go on with */
        code = drop_partials(u);
    if (!code)
        code = folders_unmake(u);
    if (!code && run->has_last)
        code = undo_turn(run, PAST_AFTER_FOLDERS, err);
    if (!code)
        code = links_restore(u);
    if (!code)
        code = folders_finish(u);
    opened_shut_all(&u->opened, tell_shut, u);
    int marked = contents_mark(run->cat, u->request.replica, u->top, &run->back, code ? NULL : err);
    code = code ? code : marked;
    if (!code)
        code = manifest_write(&u->manifest);
    int synced = move_sync(u);
    code = code ? code : synced;
    if (!code && !u->elsewhere)    /* what is left of the undone operation's versions is none, or nothing */
        (void)spare_drop(u->root, u->request.undone, u->past.replica, u->cancel);
    return code && code != -ECANCELED && !err->message ? error_set(err, -code, "undo on %s", u->request.database) : code;
}

static int tell_turn(struct run *run, enum past_turn turn)
{
    int code = past_rewind(&run->u.past);

    run->turn = turn;
    while (!code && !(code = gather(run)) && run->count) {
        for (size_t i = 0; i < run->count; i++)
            tell_step(&run->u, &run->steps[i]);
        free_batch(run);
    }
    free_batch(run);
    return code;
}

static int run_dry(struct run *run, struct error *err)
{
    int code = renames_undo(&run->u);

    if (!code && run->u.past.retyped)
        code = tell_turn(run, PAST_BEFORE_FOLDERS);
    if (!code)
        code = tell_turn(run, PAST_AMONG);
    if (!code && run->has_last)
        code = tell_turn(run, PAST_AFTER_FOLDERS);
    if (!code) {
        folders_sort(&run->u.past.folders);
        code = folders_tell(&run->u);
    }
    return code && code != -ECANCELED ? error_set(err, -code, "undo on %s", run->u.request.database) : code;
}

static int start(struct run *run, struct error *err)
{
    struct undo *u = &run->u;
    const struct undo_request *r = &u->request;
    const struct journal_entry entry = {.kind = "undo", .project = r->project, .category = r->category,
                                        .source = r->undone, .target = r->database};
    int code = open_undo(run, err);

    if (code)
        return code;
    struct event *ev = event_new("plan");
    event_int(ev, "files_total", u->past.total);
    job_emit(u->job, ev);
    if (r->dry_run)
        return run_dry(run, err);
    code = journal_enter(&run->journal, &entry, err);
    if (code)
        return code;
    run->journaled = true;
    code = start_manifest(u, err);
    return code ? code : work(run, err);
}

static const char *state_of(const struct undo *u, const struct error *err)
{
    const struct tally *tally = &u->report.tally;

    if (err->message)
        return "failed";
    if (job_cancelled(u->job))
        return "cancelled";
    return atomic_load(&tally->failed) || atomic_load(&tally->conflicts) ? "partial" : "done";
}

static void close_books(struct run *run, const struct error *err)
{
    struct undo *u = &run->u;
    const struct undo_counts *n = &u->counts;
    const char *state = state_of(u, err);
    int64_t files = n->restored + n->returned + n->removed;
    struct error own = {0};

    if (u->manifest.operation && !beat_check(u->beat, NULL) && !atomic_load(&u->left) &&
        manifest_end(&u->manifest, state, files, n->bytes) < 0)
        report_note(&u->report, "EMANIFEST", "the undo's manifest could not be finished");
    if (run->journaled && journal_end(&run->journal, state, files, n->bytes, &u->manifest, err->message, &own) < 0)
        report_note(&u->report, own.code, own.message ? own.message : "the catalog could not be written");
    error_clear(&own);
}

static void emit_end(struct run *run, const struct error *err)
{
    struct event *ev = event_new(err->message ? "failed" : "done");

    if (err->message)
        event_error(ev, err);
    tell_counts(&run->u, ev);
    event_bool(ev, "cancelled", job_cancelled(run->u.job));
    event_num(ev, "seconds", (double)(clock_monotonic() - run->started_at) / (double)NSEC_PER_SEC);
    job_emit(run->u.job, ev);
}

static void main_of_job(struct job *job, void *arg)
{
    struct run *run = arg;
    struct error err = {0};

    run->started_at = clock_monotonic();
    run->steps = mem_zalloc(UNDO_BATCH * sizeof *run->steps);
    init(&run->u, job);
    int code = start(run, &err);
    if (beat_check(run->u.beat, &err))
        code = -ESTALE;
    else if (code == -ECANCELED)
        error_clear(&err);
    else if (code && !err.message)
        error_set(&err, -code, "undo on %s", run->u.request.database);
    close_books(run, &err);
    emit_end(run, &err);
    close_undo(&run->u);
    catalog_close(run->cat);
    free(run->steps);
    error_clear(&err);
}

int undo_start(struct undo_request *request, struct job **ret_job, struct error *err)
{
    struct run *run = mem_zalloc(sizeof *run);

    run->u.request = *request;
    *request = (struct undo_request){0};
    return job_start(main_of_job, run, free_run, ret_job, err);
}
