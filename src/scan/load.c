#include "scan/load.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/path.h"
#include "index/apart.h"
#include "index/identity.h"
#include "index/measured.h"
#include "index/known.h"
#include "index/roster.h"
#include "index/store.h"
#include "scan/beside.h"
#include "scan/category_mount.h"
#include "scan/gather.h"
#include "scan/levels.h"
#include "scan/missing.h"
#include "scan/walk.h"

#define COMMIT_EVERY NSEC_PER_SEC
#define COMMIT_BYTES (4u << 20)
#define LOOK_EVERY (100 * NSEC_PER_MSEC)
#define MAX_TRIES 3          /* of a load of single replicas that another load got in the way of */

struct load {
    struct load_request request;
    struct job *job;
    struct catalog *cat;
    struct store *store;
    struct roster roster;
    struct known *known;
    struct category_mount *categories;    /* those of the roster */
    struct levels levels;
    struct filesystem fs;                 /* of the root, */
    struct filesystem by_type;            /* and without what was measured of it */
    struct gather *gather;
    struct gathered *work;             /* one per replica found */
    struct walk_tree *trees;
    struct listing_change change;
    int root;
    int lock;                          /* of the database's load, or -1 */
    int walked;                        /* what the walk returned */
    bool overtaken;                    /* another program stored a replica first */
    int64_t began;
};

void load_request_clear(struct load_request *request)
{
    for (size_t i = 0; i < request->only_count; i++) {
        free(request->only[i].client);
        free(request->only[i].project);
    }
    free(request->only);
    free(request->catalog);
    free(request->lock_text);
    *request = (struct load_request){0};
}

static void load_free(void *arg)
{
    struct load *l = arg;

    load_request_clear(&l->request);
    free(l);
}

/* ---- before the walk ---- */

static void report_unread(struct load *l)
{
    for (size_t i = 0; i < l->levels.unread_count; i++) {
        const struct level_unread *u = &l->levels.unread[i];
        struct error err = {0};
        if (u->message)
            error_say(&err, u->code, u->err, "%s", u->message);
        else if (u->err == EXDEV)
            error_say(&err, "EMOUNT", EXDEV, "%s is a mount point and was not entered: " APART_MOUNT_HINT, u->path);
        else
            error_set(&err, u->err, "%s", u->path);
        struct event *ev = event_new("problem");
        event_str(ev, "path", u->path, strlen(u->path));
        event_error(ev, &err);
        job_emit(l->job, ev);
        error_clear(&err);
    }
}

/*
 * Two loads of one database would do the same work twice: the second waits, and then finds little to do. The lock
 * lies beside the catalog, since a load writes to no database. Single replicas are read without it: a copy must not
 * wait for the scan of a whole disk.
 */
static int take_turn(struct load *l, struct error *err)
{
    const char *catalog = l->request.catalog, *slash = strrchr(catalog, '/');
    const char *text = l->request.lock_text ? l->request.lock_text : "load";
    struct buf folder = {0}, name = {0};

    buf_add(&folder, catalog, slash ? (size_t)(slash - catalog) + 1 : 0);
    buf_printf(&name, "%s-load-%lld", slash ? slash + 1 : catalog, (long long)l->request.database);
    int dir = path_open_root(folder.len ? buf_str(&folder) : ".");
    l->lock = dir < 0 ? dir : lock_file(dir, buf_str(&name), l->roster.name, text, 0, NULL, err);
    if (l->lock == -EBUSY) {
        struct event *ev = event_new("waiting");
        event_str(ev, "message", err->message, strlen(err->message));
        job_emit(l->job, ev);
        error_clear(err);
        l->lock = lock_file(dir, buf_str(&name), l->roster.name, text, INT64_MAX / 2, job_cancel_flag(l->job), err);
    } else if (dir < 0) {
        error_set(err, -dir, "%s", catalog);
    }
    if (dir >= 0)
        close(dir);
    buf_free(&folder);
    buf_free(&name);
    return l->lock < 0 ? l->lock : 0;
}

static int read_roster(struct load *l, struct error *err)
{
    const struct load_request *r = &l->request;
    return roster_read(l->cat, r->database, r->only, r->only_count, &l->roster, err);
}

/* What is read of this disk in these folders belongs under no other database or category. */
static int check_roster(struct catalog *cat, void *arg, struct error *err)
{
    const struct load *l = arg;
    return roster_check(cat, l->request.database, &l->roster, err);
}

static int prepare(struct load *l, struct error *err)
{
    const struct load_request *r = &l->request;

    int code = catalog_open(r->catalog, &l->cat, err);
    if (!code && catalog_is_readonly(l->cat))
        code = catalog_fail(l->cat, SQLITE_READONLY, err);
    if (!code)
        code = read_roster(l, err);
    if (code)
        return code;
    if (!l->roster.identity)
        return error_say(err, "EOFFLINE", ENXIO, "%s was never seen at %s: plug its disk in and load it", l->roster.name,
                         l->roster.path);
    if (!r->only_count) {
        code = take_turn(l, err);
        roster_free(&l->roster);    /* another load may have changed it while this one waited */
        code = code ? code : read_roster(l, err);
        if (code)
            return code;
    }
    l->root = identity_open(l->roster.path, l->roster.identity, err);
    if (l->root < 0)
        return l->root;
    catalog_rest_on(l->cat, check_roster, l);
    filesystem_of(l->root, &l->fs);
    l->by_type = l->fs;
    if ((code = measured_recall(l->cat, l->roster.identity, l->root, &l->fs, err)) < 0)
        return code;
    code = known_read(l->cat, &l->roster, &l->known, err);
    return code ? code : store_open(l->cat, &l->store, err);
}

/* ---- the walk, on its own threads ---- */

static void queue_replicas(struct load *l)
{
    l->work = mem_zalloc(l->levels.replica_count * sizeof *l->work);
    l->trees = mem_zalloc(l->levels.replica_count * sizeof *l->trees);
    for (size_t i = 0; i < l->levels.replica_count; i++) {
        const struct level_replica *v = &l->levels.replicas[i];
        const struct roster_replica *r = roster_find(&l->roster, v->category->id, v->client, v->project);
        struct replica_update *u = &l->work[i].update;
        gathered_init(&l->work[i], l->gather, v->path);
        u->database = l->request.database;
        u->category = v->category->id;
        u->client = v->client;
        u->project = v->project;
        u->signs = category_mount_of(v->category)->fs.signs;
        u->loaded_at = l->began;
        u->replica = r ? r->id : 0;
        u->was_loaded_at = r ? r->loaded_at : 0;
        u->was_directories = r ? r->directories : 0;
        l->trees[i] = (struct walk_tree){.path = v->path, .user = &l->work[i]};
    }
}

static void *walk_thread(void *arg)
{
    struct load *l = arg;
    const struct walk_options options = {
        .jobs = l->request.jobs,
        .cancel = job_cancel_flag(l->job),
        .visit = gather_visit,
        .finish = gather_finish,
        .arg = l->gather,
    };

    l->walked = walk_run(l->root, l->trees, l->levels.replica_count, &options);
    gather_close(l->gather);
    return NULL;
}

/* ---- writing ---- */

static int store_list(struct load *l, struct gathered *list, struct error *err)
{
    int code = catalog_begin(l->cat, err);

    for (struct gathered *w = list; w && !code; w = w->next) {
        code = store_replica(l->store, &w->update, &l->change, err);
        if (code == 0)
            l->overtaken = true;
        if (code == 1)
            code = 0;
        directory_update_free(w->changed);
        w->changed = NULL;
        w->update.changed = NULL;
    }
    if (!code)
        code = catalog_commit(l->cat, err);
    if (code)
        catalog_rollback(l->cat);
    return code;
}

static void show_progress(struct load *l)
{
    if (job_progress_early(l->job))
        return;
    struct gather_counts counts = gather_counts(l->gather);
    struct event *ev = event_new("progress");
    event_int(ev, "directories", counts.directories);
    event_int(ev, "files", counts.files);
    event_int(ev, "bytes", counts.bytes);
    job_progress(l->job, ev);
}

/* What has come together since the last commit. */
struct waiting {
    struct gathered *first, **last;
    size_t held;
    int64_t committed;        /* monotonic */
};

/* One thing from the walk: a part is put aside at once, a finished replica waits for the next commit. */
static int take_item(struct load *l, struct gather_item *item, struct waiting *w, struct error *err)
{
    int code = 0;

    if (item->part) {
        item->of->update.staged = item->of - l->work + 1;
        code = store_stage(l->store, item->of->update.staged, item->part, err);
        directory_update_free(item->part);
    } else {
        *w->last = item->of;
        w->last = &item->of->next;
        w->held += item->held;
    }
    free(item);
    return code;
}

static int take_items(struct load *l, struct gather_item *list, struct waiting *w, int code, struct error *err)
{
    while (list) {
        struct gather_item *next = list->next;
        int failed = take_item(l, list, w, code ? NULL : err);
        code = code ? code : failed;
        list = next;
    }
    return code;
}

static int commit_waiting(struct load *l, struct waiting *w, struct error *err)
{
    int code = w->first ? store_list(l, w->first, err) : 0;

    *w = (struct waiting){.last = &w->first, .committed = clock_monotonic()};
    return code;
}

/* Take what the walk finishes until it is over; commit about once a second, or when much has come together. */
static int write_finished(struct load *l, struct error *err)
{
    struct waiting w = {.last = &w.first, .committed = clock_monotonic()};
    bool closed = false;
    int code = 0;

    while (!closed) {
        code = take_items(l, gather_wait(l->gather, LOOK_EVERY, &closed), &w, code, err);
        show_progress(l);
        bool due = closed || w.held > COMMIT_BYTES || clock_monotonic() - w.committed > COMMIT_EVERY;
        if (!code && due)
            code = commit_waiting(l, &w, err);
        if (code)
            job_cancel(l->job);    /* the walk is for nothing: end it */
    }
    return code;
}

static int walk_and_write(struct load *l, struct error *err)
{
    pthread_t thread;

    l->gather = gather_new(l->job, l->known, &l->levels.litter);
    queue_replicas(l);
    int started = pthread_create(&thread, NULL, walk_thread, l);
    if (started)
        return error_set(err, started, "cannot start a thread");
    int code = write_finished(l, err);
    pthread_join(thread, NULL);
    if (!code && l->walked < 0 && l->walked != -ECANCELED)
        code = error_set(err, -l->walked, "%s", l->roster.path);
    return code;
}

/* ---- after the walk ---- */

static int forget_gone(struct load *l, const char *marks, struct error *err)
{
    const struct missing missing = {.roster = &l->roster, .levels = &l->levels, .request = &l->request};
    int code = 0;

    for (size_t i = 0; i < l->roster.replica_count && !code; i++)
        if (missing_is_gone(&missing, marks, i))
            code = store_forget(l->store, l->roster.replicas[i].id, &l->change, err);
    return code;
}

static int write_levels(struct load *l, const char *marks, struct error *err)
{
    const struct beside beside = {
        .cat = l->cat, .database = l->request.database, .root = l->root, .at = l->began,
        .roster = &l->roster, .levels = &l->levels, .cancel = job_cancel_flag(l->job),
    };
    char name[FILESYSTEM_NAME];
    bool is_whole = !l->request.only_count;

    if (is_whole)
        litter_settle(&l->levels.litter, l->root, &l->roster);
    int code = is_whole ? beside_write(&beside, err) : 0;
    if (!code)
        code = catalog_begin(l->cat, err);
    if (code)
        return code;
    code = forget_gone(l, marks, err);
    if (!code && is_whole)
        code = beside_note_reading(&beside, err);
    if (!code && is_whole)
        code = roster_loaded(l->cat, l->request.database, l->began, err);
    if (!code)
        code = roster_lies_on(l->cat, l->request.database, &l->by_type, err);
    if (!code && filesystem_name(l->root, name) == 0)
        code = measured_drop(l->cat, l->request.database, 0, name, err);
    for (size_t i = 0; i < l->roster.category_count && !code; i++)
        code = category_mount_note(l->cat, &l->categories[i], err);
    if (!code)
        code = catalog_commit(l->cat, err);
    if (code)
        catalog_rollback(l->cat);
    return code;
}

static int emit_done(struct load *l, struct error *err)
{
    struct roster_sums sums = {0};

    int code = l->request.only_count ? 0 : roster_sums(l->cat, l->request.database, &sums, err);
    if (code)
        return code;
    struct event *ev = event_new("done");
    event_int(ev, "clients", sums.clients);
    event_int(ev, "projects", sums.projects);
    event_int(ev, "replicas", sums.replicas);
    event_int(ev, "files", sums.files);
    event_int(ev, "bytes", sums.bytes);
    event_int(ev, "errors", sums.errors);
    event_int(ev, "loose", sums.loose);
    event_int(ev, "added", l->change.added);
    event_int(ev, "changed", l->change.changed);
    event_int(ev, "removed", l->change.removed);
    event_bool(ev, "cancelled", job_cancelled(l->job));
    event_num(ev, "seconds", (double)(clock_now() - l->began) / NSEC_PER_SEC);
    job_emit(l->job, ev);
    return 0;
}

/* ---- the job ---- */

static void release(struct load *l)
{
    for (size_t i = 0; l->work && i < l->levels.replica_count; i++)
        gathered_clear(&l->work[i]);
    free(l->work);
    free(l->trees);
    gather_free(l->gather);
    levels_free(&l->levels);
    known_free(l->known);
    store_close(l->store);
    category_mounts_free(l->categories, l->roster.category_count);
    roster_free(&l->roster);
    catalog_close(l->cat);
    if (l->root >= 0)
        close(l->root);
    lock_release(l->lock);
}

static int load_once(struct load *l, struct error *err)
{
    int code = prepare(l, err);
    if (code)
        return code;
    const struct category_view view = {.cat = l->cat, .roster = &l->roster, .root = l->root, .fs = &l->fs,
                                       .only = l->request.only, .only_count = l->request.only_count,
                                       .cancel = job_cancel_flag(l->job)};
    code = category_mounts_read(&view, &l->levels, &l->categories, err);
    if (code)
        return code;
    report_unread(l);
    const struct missing missing = {.roster = &l->roster, .levels = &l->levels, .request = &l->request};
    char *marks = missing_mark(&missing);
    code = l->request.confirmed ? 0 : missing_check(&missing, marks, err);
    if (!code)
        code = walk_and_write(l, err);
    if (!code && !job_cancelled(l->job))
        code = write_levels(l, marks, err);
    if (!code && (!l->overtaken || !l->request.only_count))
        code = emit_done(l, err);
    free(marks);
    return code;
}

static void load_main(struct job *job, void *arg)
{
    struct load *l = arg;
    struct error err = {0};
    int code = 0;

    for (int tries = 1; tries <= MAX_TRIES; tries++) {
        *l = (struct load){.request = l->request, .job = job, .root = -1, .lock = -1, .began = clock_now()};
        /* The last try reports what there is: the other load's knowledge is as new as ours. */
        code = load_once(l, &err);
        bool again = !code && l->overtaken && l->request.only_count;
        if (again && tries == MAX_TRIES)
            code = emit_done(l, &err);
        release(l);
        if (!again)
            break;
    }
    if (code) {
        struct event *ev = event_new("failed");
        event_error(ev, &err);
        job_emit(job, ev);
    }
    error_clear(&err);
}

int load_start(struct load_request *request, struct job **ret_job, struct error *err)
{
    struct load *l = mem_zalloc(sizeof *l);

    l->request = *request;
    *request = (struct load_request){0};
    return job_start(load_main, l, load_free, ret_job, err);
}
