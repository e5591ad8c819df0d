#include "undo/prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "copy/beat.h"
#include "copy/journal.h"
#include "copy/lock.h"
#include "copy/manifest.h"
#include "copy/opened.h"
#include "copy/plan.h"
#include "copy/report.h"
#include "copy/sweep.h"
#include "copy/temp.h"
#include "copy/times.h"
#include "copy/tree.h"
#include "copy/versions.h"
#include "copy/work.h"
#include "index/identity.h"

#define LEAVING OUR_PREFIX "-expired-"    /* before an operation's id, while its versions are removed */

struct prune {
    struct prune_request request;
    struct job *job;
    const atomic_bool *cancel;
    struct report report;
    struct catalog *cat;
    struct journal journal;
    struct manifest manifest;
    bool begun, journaled;
    struct error failure;      /* what ended it, where that was said */
    struct beat *beat;         /* of the lock: a reference, or NULL */
    int root, lock;
    const char *top;           /* below which leftovers are looked for just now */
    int64_t started_at, operations;
    struct tree_sum versions, leftovers;
};

static void free_texts(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void prune_request_clear(struct prune_request *r)
{
    char *texts[] = {r->catalog, r->operation, r->run, r->root, r->identity, r->database, r->lock_text};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free_texts(r->expired, r->expired_count);
    free_texts(r->tops, r->top_count);
    *r = (struct prune_request){0};
}

static void free_prune(void *arg)
{
    struct prune *p = arg;

    prune_request_clear(&p->request);
    free(p);
}

static void tell_progress(struct prune *p)
{
    if (job_progress_early(p->job))
        return;
    struct event *ev = event_new("progress");
    event_int(ev, "files", p->versions.files + p->leftovers.files);
    event_int(ev, "bytes", p->versions.bytes + p->leftovers.bytes);
    job_progress(p->job, ev);
}

static void tell_operation(struct prune *p, const char *operation, const struct tree_sum *sum)
{
    struct event *ev = event_new("operation");

    event_str(ev, "operation", operation, strlen(operation));
    event_int(ev, "files", sum->files);
    event_int(ev, "bytes", sum->bytes);
    job_emit(p->job, ev);
    tell_progress(p);
}

/* What a prune is wanted for. */
static bool is_full(int code) { return code == -ENOSPC || code == -EDQUOT || code == -EROFS; }

/* An error about one path: told. What ends the prune stays: a cancel, a broken disk. */
static int settle(struct prune *p, const char *path, int code)
{
    if (!code || code == -ECANCELED)
        return code;
    report_errno(&p->report, (struct subject){.dir = path, .name = ""}, -code, SIDE_TARGET);
    return !is_full(code) && work_is_disk_gone(p->root, -code) ? code : 0;
}

static int remove_versions(struct prune *p, const char *path, const char *operation)
{
    struct tree_sum sum = {0};
    int code = p->request.dry_run ? tree_measure(p->root, path, p->cancel, &sum)
                                  : tree_remove(p->root, path, p->cancel, &sum);

    p->versions.files += sum.files;
    p->versions.bytes += sum.bytes;
    if (!code) {
        p->operations++;
        if (p->manifest.operation)
            manifest_add_expire(&p->manifest, operation, sum.files, sum.bytes);
        tell_operation(p, operation, &sum);
    }
    return settle(p, path, code);
}

static int start_manifest(struct prune *p)
{
    const struct prune_request *r = &p->request;
    struct who who;
    struct manifest_head head = {.operation = r->operation, .run = r->run, .kind = "prune", .replica = "",
                                 .target = r->identity, .source = "", .who = &who, .started_at = clock_now()};

    who_am_i(&who);
    int code = manifest_create(p->root, &head, &p->manifest);
    if (!code || is_full(code))
        return 0;
    return error_set(&p->failure, -code, "manifest of %s", r->operation);
}

/* Before the first thing is removed: one that finds nothing leaves no trace. */
static int begin(struct prune *p)
{
    const struct journal_entry entry = {.kind = "prune", .project = "", .category = "", .source = "",
                                        .target = p->request.database};

    if (p->begun || p->request.dry_run)
        return 0;
    p->begun = true;
    int code = journal_enter(&p->journal, &entry, &p->failure);
    p->journaled = !code;
    return code ? code : start_manifest(p);
}

static int leave_place(struct prune *p, const char *operation)
{
    int dir = path_open_dir(p->root, VERSIONS), code = 0;
    char *name = NULL;

    if (dir < 0)
        return dir;
    if (asprintf(&name, LEAVING "%s", operation) < 0)
        code = -ENOMEM;
    else if (renameat2(dir, operation, dir, name, RENAME_NOREPLACE) < 0 &&
             (errno != EINVAL || renameat(dir, operation, dir, name) < 0))
        code = -errno;
    free(name);
    close(dir);
    return code;
}

static int expire(struct prune *p, const char *operation)
{
    char *path = NULL;

    if (!manifest_is_operation(operation))
        return 0;
    int code = begin(p);
    if (!code)
        code = beat_check(p->beat, &p->failure);
    if (code)
        return code;
    code = p->request.dry_run ? 0 : leave_place(p, operation);
    if (code == -ENOENT)
        return 0;
    if (asprintf(&path, VERSIONS "/%s%s", p->request.dry_run || code ? "" : LEAVING, operation) < 0)
        return -ENOMEM;
    code = code ? settle(p, path, code) : remove_versions(p, path, operation);
    free(path);
    return code;
}

static int expire_all(struct prune *p)
{
    int code = 0;

    for (size_t i = 0; !code && i < p->request.expired_count; i++)
        code = expire(p, p->request.expired[i]);
    return code;
}

/* Names first: entries are removed from the directory that is read. */
static int list_leaving(int root, struct buf *ret_names)
{
    DIR *dir;
    int code = path_read_dir(root, VERSIONS, &dir);

    if (!dir)
        return code;
    for (struct dirent *d; (d = readdir(dir));)
        if (strncmp(d->d_name, LEAVING, strlen(LEAVING)) == 0)
            buf_add(ret_names, d->d_name, strlen(d->d_name) + 1);
    closedir(dir);
    return 0;
}

/* What a prune that was killed has begun. */
static int finish_others(struct prune *p)
{
    struct buf names = {0};
    int code = list_leaving(p->root, &names);

    for (const char *name = names.data, *end = name + names.len; !code && name < end; name += strlen(name) + 1) {
        char *path = plan_join(VERSIONS, name);
        code = begin(p);
        if (!code)
            code = remove_versions(p, path, name + strlen(LEAVING));
        free(path);
    }
    buf_free(&names);
    return code;
}

/* 0, 1 when it stays, which is told, or what ends the prune. */
static int remove_leftover(struct prune *p, int dir, const char *path, const char *name)
{
    char *folder = plan_join(p->top, path);
    int code = opened_unlink(p->root, folder, dir, name);
    int ends = settle(p, path, code);

    free(folder);
    return ends ? ends : code != 0;
}

static int see_leftover(void *arg, int dir, const char *path, const char *name)
{
    struct prune *p = arg;
    struct stat st;

    if (!temp_is_partial(name) && !temp_is(name))
        return 0;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || mtime_of(&st) >= p->request.leftovers_before)
        return 0;
    int code = begin(p);
    if (!code && !p->request.dry_run)
        code = remove_leftover(p, dir, path, name);
    if (code)
        return code < 0 ? code : 0;
    p->leftovers.files++;
    if (S_ISREG(st.st_mode))
        p->leftovers.bytes += (int64_t)st.st_size;
    tell_progress(p);
    return 0;
}

static int remove_leftovers(struct prune *p)
{
    struct tree_visitor visitor = {.name = see_leftover, .left = tree_restore_time, .arg = p, .cancel = p->cancel};
    int code = 0;

    for (size_t i = 0; !code && i < p->request.top_count; i++) {
        p->top = p->request.tops[i];
        code = settle(p, p->top, tree_walk(p->root, p->top, &visitor));
    }
    return code;
}

/* With the lock. */
static int lock_database(struct prune *p, struct error *err)
{
    const struct prune_request *r = &p->request;
    struct lock_ear ear = lock_report(&p->report);
    struct swept swept;

    p->lock = lock_take(p->root, r->database, r->lock_text, r->lock_wait, p->cancel, &ear, err);
    if (p->lock < 0)
        return p->lock;
    p->beat = beat_find(p->root);
    beat_watch(p->beat, p->job);
    journal_bury(&p->journal, r->database);
    int code = sweep_dead(p->root, NULL, p->cancel, &swept);
    swept_tell(&swept, &p->report);
    swept_free(&swept);
    return code ? error_set(err, -code, "%s/" OPERATIONS, r->root) : 0;
}

static int open_books(struct prune *p, struct error *err)
{
    int code = catalog_open(p->request.catalog, &p->cat, err);

    p->journal = (struct journal){.cat = p->cat, .operation = p->request.operation, .run = p->request.run};
    return code ? code : lock_database(p, err);
}

static int work(struct prune *p, struct error *err)
{
    const struct prune_request *r = &p->request;

    p->root = identity_open(r->root, r->identity, err);
    if (p->root < 0)
        return p->root;
    int code = r->dry_run ? 0 : open_books(p, err);
    if (code)
        return code;
    code = finish_others(p);
    if (!code)
        code = expire_all(p);
    if (!code)
        code = remove_leftovers(p);
    if (p->failure.message)
        error_move(err, &p->failure);
    else if (code && code != -ECANCELED)
        error_set(err, -code, "prune of %s", r->database);
    return code;
}

static void close_books(struct prune *p, const struct error *err)
{
    int64_t files = p->versions.files + p->leftovers.files, bytes = p->versions.bytes + p->leftovers.bytes;
    const char *state = err->message ? "failed" : job_cancelled(p->job) ? "cancelled"
                      : atomic_load(&p->report.tally.failed)           ? "partial"
                                                                       : "done";
    struct error own = {0};

    if (p->manifest.operation && !beat_check(p->beat, NULL) && manifest_end(&p->manifest, state, files, bytes) < 0)
        report_note(&p->report, "EMANIFEST", "the prune's manifest could not be finished");
    if (p->journaled && journal_end(&p->journal, state, files, bytes, &p->manifest, err->message, &own) < 0)
        report_note(&p->report, own.code, own.message ? own.message : "the catalog could not be written");
    error_clear(&own);
}

static void emit_end(struct prune *p, const struct error *err)
{
    struct event *ev = event_new(err->message ? "failed" : "done");

    if (err->message)
        event_error(ev, err);
    event_int(ev, "operations", p->operations);
    event_int(ev, "files", p->versions.files);
    event_int(ev, "bytes", p->versions.bytes);
    event_int(ev, "leftovers", p->leftovers.files);
    event_int(ev, "leftover_bytes", p->leftovers.bytes);
    event_bool(ev, "cancelled", job_cancelled(p->job));
    event_num(ev, "seconds", (double)(clock_monotonic() - p->started_at) / (double)NSEC_PER_SEC);
    job_emit(p->job, ev);
}

static void main_of_job(struct job *job, void *arg)
{
    struct prune *p = arg;
    struct error err = {0};

    p->job = job;
    p->cancel = job_cancel_flag(job);
    p->root = p->lock = -1;
    p->manifest.fd = p->manifest.dir = -1;
    p->started_at = clock_monotonic();
    p->report = (struct report){.job = job, .replica = "", .source_root = p->request.root,
                                .target_root = p->request.root, .target_name = p->request.database,
                                .target_top = &p->root};
    int code = work(p, &err);
    if (!beat_check(p->beat, &err) && code == -ECANCELED)
        error_clear(&err);
    close_books(p, &err);
    emit_end(p, &err);
    manifest_close(&p->manifest);
    beat_watch(p->beat, NULL);
    beat_unref(p->beat);
    lock_give_back(p->lock);
    if (p->root >= 0)
        close(p->root);
    catalog_close(p->cat);
    error_clear(&err);
}

int prune_start(struct prune_request *request, struct job **ret_job, struct error *err)
{
    struct prune *p = mem_zalloc(sizeof *p);

    p->request = *request;
    *request = (struct prune_request){0};
    return job_start(main_of_job, p, free_prune, ret_job, err);
}
