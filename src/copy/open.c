#include "copy/open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/spelling.h"
#include "copy/beat.h"
#include "copy/layers.h"
#include "copy/lock.h"
#include "copy/source.h"
#include "copy/rot.h"
#include "copy/sweep.h"
#include "copy/trial.h"
#include "index/apart.h"
#include "index/identity.h"
#include "index/measured.h"

static void init(struct work *w, const struct transfer_request *request, struct job *job)
{
    *w = (struct work){.request = request, .cancel = job ? job_cancel_flag(job) : NULL, .stream = w->stream};
    w->source.root = w->source.top = -1;
    w->target.root = w->target.top = w->target.lock = w->target.sync = -1;
    w->target.manifest.fd = w->target.manifest.dir = -1;
    w->target.versions.dir = -1;
    w->target.opened = (struct opened){.root = &w->target.root, .top = &w->target.top, .manifest = &w->target.manifest};
    w->report.job = job;
    w->report.replica = request->path;
    w->report.target_top = &w->target.top;
    w->report.source_root = request->source_root;
    w->report.target_root = request->target_root;
    atomic_init(&w->clone, true);
    pthread_mutex_init(&w->lock, NULL);
    stage_init(&w->stage);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void work_close(struct work *w)
{
    manifest_close(&w->target.manifest);
    versions_close(&w->target.versions);
    for (size_t i = 0; i < w->layer_count; i++)
        close_fd(&w->layers[i].source_top);
    free(w->layers);
    close_fd(&w->source.top);
    close_fd(&w->source.root);
    close_fd(&w->target.sync);
    close_fd(&w->target.top);
    beat_watch(w->target.beat, NULL);
    beat_unref(w->target.beat);
    lock_give_back(w->target.lock);
    close_fd(&w->target.root);
    free(w->target.name);
    map_free(&w->target.left_out, NULL);
    free(w->report.plan.stays);
    w->report.plan.stays = NULL;
    error_clear(&w->failure);
    stage_free(&w->stage);
    kin_free(&w->kin);
    rot_free(w);
    pthread_mutex_destroy(&w->lock);
}

static int open_source(struct work *w, struct catalog *cat, struct error *err)
{
    const struct transfer_request *r = w->request;
    struct stat st;

    w->source.root = identity_open(r->source_root, r->source_identity, err);
    if (w->source.root < 0)
        return w->source.root;
    int code = apart_check(cat, r->source_identity, w->source.root, r->source_root, r->path, err);
    if (code)
        return code;
    w->source.top = path_open_dir(w->source.root, r->path);
    if (w->source.top == -EACCES)
        return error_say(err, "EUNREAD", EACCES, "%s: %s/%s", strerror(EACCES), r->source_root, r->path);
    if (w->source.top < 0 && (r->source || w->source.top != -ENOENT))
        return error_set(err, -w->source.top, "%s/%s", r->source_root, r->path);
    code = r->layers ? 0 : spelling_check(w->source.root, r->source_root, r->path, SPELLING_OF_REPLICA, err);
    if (code)
        return -EEXIST;
    code = filesystem_of(source_end(&w->source), &w->source.fs);
    if (!code && fstat(source_end(&w->source), &st) < 0)
        code = -errno;
    w->source.dev = st.st_dev;
    if (code)
        return error_set(err, -code, "%s/%s", r->source_root, r->path);
    return measured_recall(cat, r->source_identity, source_end(&w->source), &w->source.fs, err);
}

/* What lies at this path below the destination's root, if it is there and no directory. */
static const char *type_at(const struct work *w, const char *path)
{
    const char *name;
    struct stat st;
    int parent = path_open_parent(w->target.root, path, &name);

    if (parent < 0)
        return NULL;
    bool is_other = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode);
    close(parent);
    return is_other ? type_name(st.st_mode) : NULL;
}

/* The replica's directory cannot be opened: where something else lies on the way to it, say what. */
static int explain_target(const struct work *w, int code, struct error *err)
{
    const struct transfer_request *r = w->request;
    char *path = mem_strdup(r->path);
    const char *type = NULL;

    for (char *slash = path; !type && slash;) {
        slash = strchr(slash, '/');
        if (slash)
            *slash = 0;
        type = type_at(w, path);
        if (slash && !type)
            *slash++ = '/';
    }
    if (type)
        error_say(err, error_name(-code), -code,
                  "%s/%s is a %s, not a directory, and copy follows none: move it away by hand or choose another "
                  "destination", r->target_root, path, type);
    else
        error_set(err, -code, "%s/%s", r->target_root, r->path);
    free(path);
    return code;
}

/* Where it is, or is going to be made: a mount may lie between that and the root. A descriptor of the caller's, or -errno. */
static int target_end(const struct work *w)
{
    return apart_open_nearest(w->target.root, w->request->path, O_PATH, NULL);
}

static int open_target(struct work *w, struct catalog *cat, struct error *err)
{
    const struct transfer_request *r = w->request;

    w->target.root = identity_open(r->target_root, r->target_identity, err);
    if (w->target.root < 0)
        return w->target.root;
    int code = apart_check(cat, r->target_identity, w->target.root, r->target_root, r->path, err);
    if (code)
        return code;
    w->target.name = journal_database_name(cat, r->target_identity, r->target_root);
    if (!w->target.name)
        w->target.name = strdup(r->target_root);
    w->report.target_name = w->target.name;
    w->target.top = path_open_dir(w->target.root, r->path);
    if (w->target.top < 0 && w->target.top != -ENOENT)
        return explain_target(w, w->target.top, err);
    if (spelling_check(w->target.root, r->target_root, r->path, SPELLING_OF_REPLICA, err))
        return -EEXIST;
    int end = target_end(w);
    code = end < 0 ? end : filesystem_of(end, &w->target.fs);
    if (code)
        error_set(err, -code, "%s/%s", r->target_root, r->path);
    else
        code = measured_recall(cat, r->target_identity, end, &w->target.fs, err);
    if (end >= 0)
        close(end);
    w->target.holds.traits = w->target.fs.traits;
    return code;
}

static int compare_ends(struct work *w, struct error *err)
{
    struct stat a, b, root;
    int target = target_end(w);
    int code = target < 0 ? target
             : fstat(source_end(&w->source), &a) < 0 || fstat(target, &b) < 0 || fstat(w->target.root, &root) < 0 ? -errno : 0;

    if (target >= 0)
        close(target);
    if (code)
        return error_set(err, -code, "%s", w->request->path);
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino && w->target.top >= 0 && !w->request->layers)
        return error_say(err, "ESAME", EINVAL, "%s/%s: source and destination are the same folder",
                         w->request->target_root, w->request->path);
    w->target.elsewhere = b.st_dev != root.st_dev;
    w->target.end_dev = b.st_dev;
    w->same_filesystem = a.st_dev == b.st_dev || (w->source.fs.id && w->source.fs.id == w->target.fs.id);
    atomic_store(&w->clone, w->same_filesystem);
    return 0;
}

/* A trial of a category that lies apart is made in its folder: that around the client's. */
static void sweep_category(const struct work *w)
{
    char *path = mem_strdup(w->request->path), *slash;

    for (int i = 0; i < 2; i++)
        if ((slash = strrchr(path, '/')))
            *slash = '\0';
    trial_sweep(w->target.root, path);
    free(path);
}

/* With the lock: what is left of the dead, and what this filesystem can hold. */
static int lock_target(struct work *w, struct journal *journal, struct error *err)
{
    const struct transfer_request *r = w->request;
    struct lock_ear ear = lock_report(&w->report);
    struct swept swept;

    if (!r->locked)
        w->target.lock = lock_take(w->target.root, w->target.name, r->lock_text, r->lock_wait, w->cancel, &ear, err);
    if (!r->locked && w->target.lock < 0)
        return w->target.lock;
    w->target.beat = beat_find(w->target.root);
    if (beat_check(w->target.beat, err))
        return -ESTALE;
    beat_watch(w->target.beat, w->report.job);
    if (journal)
        journal_bury(journal, w->target.name);
    if (w->target.elsewhere)
        sweep_category(w);
    int code = sweep_dead(w->target.root, r->path, w->cancel, &swept);
    w->target.partials = swept.partials;
    w->target.partial_bytes = swept.partial_bytes;
    swept_tell(&swept, &w->report);
    swept_free(&swept);
    if (!code) {
        holds_guess(w->target.fs.type, &w->target.holds);
        code = w->target.elsewhere ? 0 : holds_probe_below(w->target.root, OPERATIONS, &w->target.holds);
    }
    return code ? error_set(err, -code, "%s/" OPERATIONS, r->target_root) : 0;
}

int work_open(struct work *w, const struct transfer_request *request, struct job *job, struct catalog *cat,
              struct journal *journal, struct error *err)
{
    init(w, request, job);
    int code = open_source(w, cat, err);
    if (!code)
        code = open_target(w, cat, err);
    if (!code)
        code = compare_ends(w, err);
    if (!code)
        code = source_describe(w, cat, err);
    if (code)
        return code;
    catalog_find_files(request->catalog, &w->catalog);
    if (!request->dry_run)
        return lock_target(w, journal, err);
    holds_guess(w->target.fs.type, &w->target.holds);
    return 0;
}

/* What lies in versions is opened when there is a destination to open with it. */
static int open_layers(struct work *w)
{
    const struct layers *l = w->request->layers;

    if (!l || w->layers)
        return 0;
    w->layers = mem_zalloc((l->count + 1) * sizeof *w->layers);
    for (; w->layer_count < l->count; w->layer_count++) {
        struct twins *twins = &w->layers[w->layer_count];
        *twins = (struct twins){.source_top = path_open_dir(w->source.root, l->bases[w->layer_count]),
                                .target_top = w->target.top};
        if (twins->source_top < 0)
            return twins->source_top;
    }
    return 0;
}

int work_ready(struct work *w)
{
    const struct filesystem recalled = w->target.fs;
    struct stat top, root;

    w->target.sync = openat(w->target.top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->target.sync < 0)
        return -errno;
    if (fstat(w->target.top, &top) < 0 || fstat(w->target.root, &root) < 0)
        return -errno;
    w->target.elsewhere = top.st_dev != root.st_dev;
    w->target.dev = root.st_dev;
    versions_init(&w->target.versions, w->target.root, w->request->operation, w->request->path,
                  w->target.elsewhere || !w->target.fs.syncfs_reliable);
    w->target.versions.left = &w->left;
    w->twins = (struct twins){.source_top = w->source.top, .target_top = w->target.top};
    int code = open_layers(w);
    if (!code)
        code = filesystem_of(w->target.top, &w->target.fs);
    if (top.st_dev == w->target.end_dev)
        w->target.fs = recalled;
    w->target.holds.traits = w->target.fs.traits;
    return code;
}
