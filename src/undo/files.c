#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/only.h"
#include "copy/plan.h"
#include "copy/versions.h"
#include "index/identity.h"
#include "undo/folders.h"
#include "undo/operations.h"
#include "undo/past.h"

struct listing_job {
    struct operation_request request;
    struct job *job;
    struct only *only;       /* NULL: all */
    int root;
    char *dir_path;          /* of the versions looked at last, and its descriptor */
    int dir;
};

static void free_job(void *arg)
{
    struct listing_job *l = arg;

    free(l->request.root);
    free(l->request.identity);
    free(l->request.operation);
    for (size_t i = 0; i < l->request.only_count; i++)
        free(l->request.only[i]);
    free(l->request.only);
    only_free(l->only);
    free(l);
}

static void add_text(struct event *ev, const char *key, const char *text) { event_str(ev, key, text, strlen(text)); }

/* Is the version at this path below the root there? Neighbours share their directory. */
static bool is_kept(struct listing_job *l, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    size_t len = (size_t)(name - path) - 1;
    struct stat st;

    if (!l->dir_path || strlen(l->dir_path) != len || memcmp(l->dir_path, path, len) != 0) {
        free(l->dir_path);
        if (l->dir >= 0)
            close(l->dir);
        l->dir_path = mem_strndup(path, len);
        l->dir = path_open_dir(l->root, l->dir_path);
    }
    return l->dir >= 0 && fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void add_version(struct listing_job *l, struct event *ev, const char *path)
{
    struct buf version = {0};

    buf_printf(&version, VERSIONS "/%s/%s", l->request.operation, path);
    add_text(ev, "version", buf_str(&version));
    event_bool(ev, "kept", is_kept(l, version.data));
    buf_free(&version);
}

static void emit(struct listing_job *l, const char *verb, char *path, const struct manifest_file *file,
                 const struct manifest_file *old)
{
    struct event *ev = event_new("file");
    bool directory = S_ISDIR(file->mode);

    add_text(ev, "verb", verb);
    add_text(ev, "path", path);
    add_text(ev, "file_type", type_name(file->mode));
    event_int(ev, "size", (int64_t)file->size);
    event_int(ev, "mtime", file->mtime);
    if (old) {
        event_int(ev, "old_size", (int64_t)old->size);
        event_int(ev, "old_mtime", old->mtime);
    }
    if (!directory && (old || strcmp(verb, "remove") == 0))
        add_version(l, ev, path);
    free(path);
    job_emit(l->job, ev);
}

static void emit_deed(struct listing_job *l, const struct past *p, const struct deed *d)
{
    static const char *const verbs[] = {[MANIFEST_CREATE] = "create", [MANIFEST_REPLACE] = "replace",
                                        [MANIFEST_REMOVE] = "remove", [MANIFEST_TOUCH] = "touch"};
    bool removes = d->verb == MANIFEST_REMOVE;

    emit(l, verbs[d->verb], plan_join(p->replica, d->path), removes ? &d->old : &d->fresh,
         d->verb == MANIFEST_REPLACE ? &d->old : NULL);
}

static void emit_folders(struct listing_job *l, const struct past *p)
{
    static const struct manifest_file directory = {.mode = S_IFDIR};

    for (size_t i = 0; i < p->folders.count; i++) {
        const struct folder *f = p->folders.list[i];
        const char *verb = f->created ? "create" : f->removed ? "remove" : f->touched ? "touch" : NULL;
        if (!verb || (f->voided && !f->touched))
            continue;
        emit(l, verb, f->place == FOLDER_ABOVE ? mem_strdup(f->path) : plan_join(p->replica, f->path), &directory,
             NULL);
    }
}

static int list_files(struct listing_job *l, struct past *p)
{
    struct deed d;
    int code = 0;

    folders_sort(&p->folders);
    if (!l->only)
        emit_folders(l, p);
    while (!job_cancelled(l->job) && (code = past_next(p, &d)) == 1) {
        if (only_path(l->only, d.path) == ONLY_COVERED)
            emit_deed(l, p, &d);
        deed_free(&d);
    }
    return code < 0 ? code : 0;
}

static int run(struct listing_job *l, bool *ret_torn, struct error *err)
{
    struct past past;

    l->root = identity_open(l->request.root, l->request.identity, err);
    if (l->root < 0)
        return l->root;
    int code = past_open(l->root, l->request.operation, l->request.identity, &past);
    if (!code)
        code = list_files(l, &past);
    *ret_torn = past.torn;
    past_close(&past);
    close(l->root);
    return code ? error_set(err, -code, "manifest of %s", l->request.operation) : 0;
}

static void main_of_job(struct job *job, void *arg)
{
    struct listing_job *l = arg;
    struct error err = {0};
    bool torn = false;

    l->job = job;
    l->dir = -1;
    int code = run(l, &torn, &err);
    struct event *ev = event_new(code ? "failed" : "done");
    if (code)
        event_error(ev, &err);
    else
        event_bool(ev, "torn", torn);
    job_emit(job, ev);
    if (l->dir >= 0)
        close(l->dir);
    free(l->dir_path);
    error_clear(&err);
}

int operation_files_start(struct operation_request *request, struct job **ret_job, struct error *err)
{
    struct listing_job *l = mem_zalloc(sizeof *l);

    l->request = *request;
    *request = (struct operation_request){0};
    int code = l->request.only_count ? only_new(l->request.only, l->request.only_count, &l->only, err) : 0;
    if (code) {
        free_job(l);
        return code;
    }
    return job_start(main_of_job, l, free_job, ret_job, err);
}
