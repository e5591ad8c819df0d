/* respell_run: the operation. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/spelling.h"
#include "base/who.h"
#include "copy/journal.h"
#include "copy/manifest.h"
#include "copy/plan.h"
#include "copy/respell.h"
#include "copy/times.h"
#include "index/apart.h"
#include "index/identity.h"

struct respell {
    const struct respell_request *r;
    struct respellings *done;
    struct catalog *cat;
    struct journal journal;
    struct manifest manifest;
    int root, top;
    int64_t renamed;
};

static char *path_of(const struct respelling *one, const char *name) { return plan_join(one->dir, name); }

/* A folder's time is part of what an undo brings back. */
static void announce_folder(struct respell *s, const char *dir)
{
    struct stat st;
    int fd = path_open_dir(s->top, dir);

    if (fd >= 0 && fstat(fd, &st) == 0) {
        const struct manifest_file was = {.mode = st.st_mode, .mtime = mtime_of(&st), .uid = st.st_uid, .gid = st.st_gid};
        manifest_add_folder(&s->manifest, dir, &was);
    }
    if (fd >= 0)
        close(fd);
}

static int announce(struct respell *s)
{
    for (size_t i = 0; i < s->done->count; i++) {
        const struct respelling *one = &s->done->list[i];
        if (i == 0 || strcmp(one->dir, one[-1].dir) != 0)
            announce_folder(s, one->dir);
        char *path = path_of(one, one->from);
        manifest_add_rename(&s->manifest, path, one->to);
        free(path);
    }
    int code = manifest_write(&s->manifest);
    return code ? code : manifest_sync(&s->manifest);
}

static void set_aside(struct respell *s, struct respelling *one)
{
    char *path = path_of(one, one->from);

    one->kept = true;
    manifest_add_void(&s->manifest, MANIFEST_RENAME, one->mode, path);
    free(path);
}

static int list_names(int dir, struct map *names)
{
    static char listed;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (!stream) {
        int code = -errno;
        if (fd >= 0)
            close(fd);
        return code;
    }
    errno = 0;
    for (struct dirent *d; (d = readdir(stream)); errno = 0)
        map_set(names, hash64_of(d->d_name, strlen(d->d_name)), &listed);
    int code = -errno;
    closedir(stream);
    return code;
}

/* There are filesystems on which such a rename goes well and does nothing: what is listed tells. */
static int check(struct respell *s, int dir, struct respelling *first, struct respelling *end)
{
    struct map names = {0};
    int code = list_names(dir, &names);

    for (struct respelling *one = first; !code && one < end; one++) {
        bool taken = map_get(&names, hash64_of(one->to, strlen(one->to))) != NULL;
        if (!taken && !one->kept)
            set_aside(s, one);
        s->renamed += taken;
    }
    map_free(&names, NULL);
    return code;
}

/* The names of one folder. */
static int rename_in(struct respell *s, struct respelling *first, struct respelling *end)
{
    int dir = path_open_dir(s->top, first->dir);

    if (dir < 0)
        return dir;
    for (struct respelling *one = first; one < end; one++)
        if (renameat(dir, one->from, dir, one->to) < 0)
            set_aside(s, one);
    int code = path_sync_dir(dir);
    if (!code)
        code = check(s, dir, first, end);
    close(dir);
    return code;
}

static int rename_all(struct respell *s)
{
    struct respelling *at = s->done->list, *last = at + s->done->count, *end;
    int code = 0;

    for (; !code && at < last; at = end) {
        for (end = at + 1; end < last && strcmp(end->dir, at->dir) == 0;)
            end++;
        code = rename_in(s, at, end);
    }
    return code;
}

static int begin(struct respell *s, struct error *err)
{
    const struct respell_request *r = s->r;
    struct who who;
    const struct manifest_head head = {
        .operation = r->operation, .run = r->run, .kind = "copy", .replica = r->path, .target = r->target_identity,
        .source = r->source_identity, .who = &who, .started_at = clock_now(),
    };

    who_am_i(&who);
    int code = journal_start(&s->journal, "copy", r->source, r->target_name, err);
    if (code)
        return code;
    code = manifest_create(s->root, &head, &s->manifest);
    return code ? error_set(err, -code, "manifest of %s", r->operation) : 0;
}

static int operate(struct respell *s, struct error *err)
{
    int code = begin(s, err);

    if (code)
        return code;
    code = announce(s);
    if (!code)
        code = rename_all(s);
    const char *state = code ? "failed" : s->renamed == (int64_t)s->done->count ? "done" : "partial";
    int ended = manifest_end(&s->manifest, state, s->renamed, 0);
    code = code ? code : ended;
    if (code)
        error_set(err, -code, "%s/%s", s->r->target_root, s->r->path);
    struct error own = {0};
    int noted = journal_end(&s->journal, state, s->renamed, 0, &s->manifest, err->message, code ? &own : err);
    error_clear(&own);
    return code ? code : noted;
}

static int open_target(struct respell *s, struct error *err)
{
    const struct respell_request *r = s->r;

    s->root = identity_open(r->target_root, r->target_identity, err);
    if (s->root < 0)
        return s->root;
    int code = apart_check(s->cat, r->target_identity, s->root, r->target_root, r->path, err);
    if (code)
        return code;
    s->top = path_open_dir(s->root, r->path);
    if (s->top < 0)
        return s->top == -ENOENT ? 0 : error_set(err, -s->top, "%s/%s", r->target_root, r->path);
    return spelling_check(s->root, r->target_root, r->path, SPELLING_OF_REPLICA, err) ? -EEXIST : 0;
}

static int find_and_operate(struct respell *s, struct only *only, struct error *err)
{
    const struct respell_request *r = s->r;

    int code = catalog_open(r->catalog, &s->cat, err);
    s->journal = (struct journal){.cat = s->cat, .operation = r->operation, .run = r->run};
    if (!code)
        code = open_target(s, err);
    if (code || s->top < 0)
        return code;
    const struct respell_search search = {
        .cat = s->cat, .source = r->source, .target = r->target, .only = only, .top = s->top, .identity = r->target_identity,
    };
    code = respell_find(&search, s->done, err);
    return code || !s->done->count ? code : operate(s, err);
}

int respell_run(const struct respell_request *request, struct respellings *ret_done, struct error *err)
{
    struct respell s = {.r = request, .done = ret_done, .root = -1, .top = -1, .manifest = {.fd = -1, .dir = -1}};
    struct only *only = NULL;

    *ret_done = (struct respellings){0};
    int code = request->only_count ? only_new(request->only, request->only_count, &only, err) : 0;
    if (!code)
        code = find_and_operate(&s, only, err);
    manifest_close(&s.manifest);
    only_free(only);
    catalog_close(s.cat);
    if (s.top >= 0)
        close(s.top);
    if (s.root >= 0)
        close(s.root);
    return code;
}
