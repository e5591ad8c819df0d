#include "scan/load.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "index/identity.h"
#include "index/known.h"
#include "index/roster.h"
#include "index/store.h"
#include "scan/gather.h"
#include "scan/levels.h"
#include "scan/walk.h"

#define COMMIT_EVERY NSEC_PER_SEC
#define COMMIT_BYTES (8u << 20)
#define LOOK_EVERY (100 * NSEC_PER_MSEC)
#define MAX_TRIES 3          /* of a load of single replicas that another load got in the way of */
#define LOST_AT_LEAST 5

struct load {
    struct load_request request;
    struct job *job;
    struct catalog *cat;
    struct store *store;
    struct roster roster;
    struct known *known;
    struct levels levels;
    struct filesystem fs;
    struct gather *gather;
    struct gathered *work;             /* one per replica found */
    struct walk_tree *trees;
    struct listing_change change;
    int root;
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
    *request = (struct load_request){0};
}

static void load_free(void *arg)
{
    struct load *l = arg;

    load_request_clear(&l->request);
    free(l);
}

/* ---- before the walk ---- */

static const struct level_category *category_of(const struct level_category *list, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

static void read_levels(struct load *l, const struct level_category *categories)
{
    const struct load_request *r = &l->request;

    for (size_t i = 0; i < r->only_count; i++) {
        const struct level_category *c = category_of(categories, l->roster.category_count, r->only[i].category);
        if (c)
            levels_look(&l->levels, l->root, c, r->only[i].client, r->only[i].project);
    }
    for (size_t i = 0; !r->only_count && i < l->roster.category_count && !job_cancelled(l->job); i++)
        levels_read(&l->levels, l->root, &categories[i]);
}

static void report_unread(struct load *l)
{
    for (size_t i = 0; i < l->levels.unread_count; i++) {
        const struct level_unread *u = &l->levels.unread[i];
        struct error err = {0};
        if (u->err == EXDEV)
            error_say(&err, "EMOUNT", EXDEV, "%s is a mount point and was not entered", u->path);
        else
            error_set(&err, u->err, "%s", u->path);
        struct event *ev = event_new("problem");
        event_str(ev, "path", u->path, strlen(u->path));
        event_error(ev, &err);
        job_emit(l->job, ev);
        error_clear(&err);
    }
}

static bool in_scope(const struct load *l, const struct roster_replica *r)
{
    const struct load_request *q = &l->request;

    if (!q->only_count)
        return true;
    for (size_t i = 0; i < q->only_count; i++)
        if (q->only[i].category == r->category && strcmp(q->only[i].client, r->client) == 0 &&
            strcmp(q->only[i].project, r->project) == 0)
            return true;
    return false;
}

static bool below_unread(const struct load *l, const struct roster_replica *r)
{
    for (size_t i = 0; i < l->levels.unread_count; i++) {
        const struct level_unread *u = &l->levels.unread[i];
        if (u->category == r->category && (!u->client || strcmp(u->client, r->client) == 0) &&
            (!u->project || strcmp(u->project, r->project) == 0))
            return true;
    }
    return false;
}

/* Which of the roster's replicas were found: one flag each. */
static char *mark_found(const struct load *l)
{
    char *found = mem_zalloc(l->roster.replica_count + 1);

    for (size_t i = 0; i < l->levels.replica_count; i++) {
        const struct level_replica *v = &l->levels.replicas[i];
        const struct roster_replica *r = roster_find(&l->roster, v->category->id, v->client, v->project);
        if (r)
            found[r - l->roster.replicas] = 1;
    }
    return found;
}

static bool is_gone(const struct load *l, const char *found, size_t at)
{
    const struct roster_replica *r = &l->roster.replicas[at];
    return !found[at] && in_scope(l, r) && !below_unread(l, r);
}

/* A disk that lost most of what it had was more likely emptied or replaced than worked on. */
static int check_lost(struct load *l, const char *found, struct error *err)
{
    size_t gone = 0;

    for (size_t i = 0; i < l->roster.replica_count; i++)
        gone += is_gone(l, found, i);
    if (l->request.confirmed || l->request.only_count || gone < LOST_AT_LEAST || gone * 2 <= l->roster.replica_count)
        return 0;
    return error_say(err, "ECONFIRM", ECANCELED,
                     "%zu of the %zu project folders known in %s are gone; if that is right, load it again with --yes",
                     gone, l->roster.replica_count, l->roster.name);
}

static int prepare(struct load *l, struct error *err)
{
    const struct load_request *r = &l->request;

    int code = catalog_open(r->catalog, &l->cat, err);
    if (!code)
        code = roster_read(l->cat, r->database, &l->roster, err);
    if (code)
        return code;
    if (!l->roster.identity)
        return error_say(err, "EOFFLINE", ENXIO, "%s was never seen at %s: plug its disk in and load it", l->roster.name,
                         l->roster.path);
    l->root = identity_open(l->roster.path, l->roster.identity, err);
    if (l->root < 0)
        return l->root;
    filesystem_of(l->root, &l->fs);
    code = known_read(l->cat, r->database, &l->known, err);
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

/* Take finished replicas until the walk is over; commit about once a second, or when much has come together. */
static int write_finished(struct load *l, struct error *err)
{
    struct gathered *waiting = NULL, **last = &waiting;
    int64_t committed = clock_monotonic();
    size_t held = 0;
    bool closed = false;
    int code = 0;

    while (!closed) {
        *last = gather_wait(l->gather, LOOK_EVERY, &closed);
        for (; *last; last = &(*last)->next)
            held += (*last)->held;
        show_progress(l);
        bool due = closed || held > COMMIT_BYTES || clock_monotonic() - committed > COMMIT_EVERY;
        if (code || !waiting || !due)
            continue;
        code = store_list(l, waiting, err);
        if (code)
            job_cancel(l->job);    /* the walk is for nothing: end it */
        waiting = NULL;
        last = &waiting;
        held = 0;
        committed = clock_monotonic();
    }
    return code;
}

static int walk_and_write(struct load *l, struct error *err)
{
    pthread_t thread;

    l->gather = gather_new(l->job, l->known);
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

static int forget_gone(struct load *l, const char *found, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < l->roster.replica_count && !code; i++)
        if (is_gone(l, found, i))
            code = store_forget(l->store, l->roster.replicas[i].id, &l->change, err);
    return code;
}

static int write_folders(struct load *l, struct error *err)
{
    const struct levels *v = &l->levels;
    int64_t db = l->request.database;
    int code = 0;

    for (size_t i = 0; i < l->roster.category_count && !code; i++)
        code = roster_clear_folders(l->cat, db, l->roster.categories[i].id, err);
    for (size_t i = 0; i < v->client_count && !code; i++)
        code = roster_add_client(l->cat, db, v->clients[i].category, v->clients[i].name, err);
    for (size_t i = 0; i < v->loose_count && !code; i++)
        code = roster_add_loose(l->cat, db, v->loose[i].category, v->loose[i].path, v->loose[i].kind, v->loose[i].size,
                                err);
    return code ? code : roster_loaded(l->cat, db, l->began, &l->fs, err);
}

static int write_levels(struct load *l, const char *found, struct error *err)
{
    int code = catalog_begin(l->cat, err);

    if (!code)
        code = forget_gone(l, found, err);
    if (!code && !l->request.only_count)
        code = write_folders(l, err);
    if (!code)
        code = catalog_commit(l->cat, err);
    if (code)
        catalog_rollback(l->cat);
    return code;
}

static int emit_done(struct load *l, struct error *err)
{
    struct roster_sums sums;

    int code = roster_sums(l->cat, l->request.database, &sums, err);
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
    roster_free(&l->roster);
    catalog_close(l->cat);
    if (l->root >= 0)
        close(l->root);
}

static int load_once(struct load *l, struct error *err)
{
    int code = prepare(l, err);
    if (code)
        return code;
    struct level_category *categories = mem_zalloc(l->roster.category_count * sizeof *categories);
    for (size_t i = 0; i < l->roster.category_count; i++)
        categories[i] = (struct level_category){l->roster.categories[i].id, l->roster.categories[i].path};
    read_levels(l, categories);
    report_unread(l);
    char *found = mark_found(l);
    code = check_lost(l, found, err);
    if (!code)
        code = walk_and_write(l, err);
    if (!code && !job_cancelled(l->job))
        code = write_levels(l, found, err);
    if (!code && (!l->overtaken || !l->request.only_count))
        code = emit_done(l, err);
    free(found);
    free(categories);
    return code;
}

static void load_main(struct job *job, void *arg)
{
    struct load *l = arg;
    struct error err = {0};
    int code = 0;

    for (int tries = 1; tries <= MAX_TRIES; tries++) {
        *l = (struct load){.request = l->request, .job = job, .root = -1, .began = clock_now()};
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
