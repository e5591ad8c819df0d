#include "undo/asof.h"

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/spelling.h"
#include "copy/data.h"
#include "copy/plan.h"
#include "copy/times.h"
#include "copy/versions.h"
#include "index/apart.h"
#include "index/identity.h"
#include "index/measured.h"
#include "undo/past.h"
#include "undo/then.h"

static uint64_t key_of(const char *path, size_t len) { return hash64_of(path, len); }

size_t then_dir_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

const char *then_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- what operations did ---- */

static struct story *story_of(struct reading *g, const char *path)
{
    uint64_t key = key_of(path, strlen(path));
    struct story *s = map_get(&g->index, key);

    if (s)
        return s;
    s = mem_zalloc(sizeof *s);
    s->path = mem_strdup(path);
    map_set(&g->index, key, s);
    if (g->count == g->room) {
        g->room = 2 * g->room + 16;
        g->stories = mem_realloc(g->stories, g->room * sizeof *g->stories);
    }
    g->stories[g->count++] = s;
    return s;
}

static void take_deed(struct reading *g, const struct deed *d, size_t operation, bool trusted)
{
    if (only_path(g->only, d->path) != ONLY_COVERED)
        return;
    if (d->verb == MANIFEST_TOUCH) {
        then_note_touch(g, d, operation, trusted);
        return;
    }
    struct story *s = story_of(g, d->path);
    struct deed_then *then = mem_alloc(sizeof *then);
    *then = (struct deed_then){.operation = operation, .verb = d->verb, .fresh = d->fresh, .old = d->old,
                                .trusted = trusted};
    if (s->last)
        s->last->next = then;
    else
        s->first = then;
    s->last = then;
}

static void take_folder(struct reading *g, const struct folder *f)
{
    uint64_t key = key_of(f->path, strlen(f->path));

    if (f->place != FOLDER_IN_REPLICA || !(f->created || f->removed) || f->voided || map_get(&g->folder_index, key))
        return;
    struct folder_then *then = mem_alloc(sizeof *then);
    *then = (struct folder_then){.path = mem_strdup(f->path), .there = f->removed, .was = f->was};
    map_set(&g->folder_index, key, then);
    g->folders = mem_realloc(g->folders, (g->folder_count + 1) * sizeof *g->folders);
    g->folders[g->folder_count++] = then;
}

static int read_operation(struct reading *g, size_t operation, struct error *err)
{
    struct past past;
    struct deed d;
    int code = past_open(g->root, g->r->operations[operation], g->r->identity, &past);

    for (size_t i = 0; !code && i < past.folders.count; i++) {
        then_note_folder(g, past.folders.list[i], operation, past.trusted);
        take_folder(g, past.folders.list[i]);
    }
    while (!code && (code = past_next(&past, &d)) == 1) {
        take_deed(g, &d, operation, past.trusted);
        deed_free(&d);
        code = 0;
    }
    past_close(&past);
    return code < 0 ? error_set(err, -code, "manifest of %s", g->r->operations[operation]) : 0;
}

/* ---- where what was there lies now ---- */

static bool looks_like(const struct reading *g, const struct stat *st, const struct manifest_file *f)
{
    const struct was was = manifest_was(f);
    return still_is(&was, st, STILL_ALIKE, &g->traits);
}

static int read_target(int dir, const char *name, char **ret_target)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target);

    if (n < 0)
        return -errno;
    *ret_target = mem_strndup(target, (size_t)n);
    return 0;
}

/* 1, or -errno. */
static int describe(struct story *s, const struct manifest_file *old, int dir, const struct stat *st)
{
    const char *name = then_name(s->path);
    char *target = NULL;
    int code = S_ISLNK(st->st_mode) ? read_target(dir, name, &target) : 0;

    if (code)
        return code;
    s->was = (struct snapshot_entry){
        .entry = {.name = name, .name_len = (uint32_t)strlen(name), .mode = st->st_mode,
                  .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0, .mtime = mtime_of(st),
                  .ctime = ctime_of(st), .ino = st->st_ino, .uid = st->st_uid, .gid = st->st_gid,
                  .nlink = (uint32_t)st->st_nlink, .target = target,
                  .target_len = target ? (uint32_t)strlen(target) : 0},
        .has_digest = old->has_digest && S_ISREG(st->st_mode), .digest = old->digest,
    };
    return 1;
}

/* What cannot be looked at may be there: nothing is said then but that. 0, or -errno with err. */
static int absent(const struct reading *g, int code, const char *path, struct error *err)
{
    return path_is_absent(code) ? 0 : error_set(err, -code, "%s/%s", g->r->root, path);
}

/* Is this the file that lies at base/path below the root? 1: the story has it; 0; or -errno with err. */
static int find_in(struct reading *g, const char *base, struct story *s, const struct manifest_file *old, struct error *err)
{
    char *path = plan_join(base, s->path);
    const char *name;
    struct stat st;
    int dir = path_open_parent(g->root, path, &name);
    int code = dir < 0 ? dir : fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : looks_like(g, &st, old);

    if (code == 1)
        code = describe(s, old, dir, &st);
    if (code < 0)
        code = absent(g, code, path, err);
    if (dir >= 0)
        close(dir);
    free(path);
    return code;
}

static int find_version(struct reading *g, struct story *s, size_t operation, const struct manifest_file *old,
                        struct error *err)
{
    struct buf base = {0};

    buf_printf(&base, VERSIONS "/%s/%s", g->r->operations[operation], g->r->path);
    int found = find_in(g, buf_str(&base), s, old, err);
    buf_free(&base);
    if (found == 1)
        layers_put(g->out->layers, s->path, layers_get(g->out->layers, g->r->operations[operation], g->r->path));
    return found;
}

static bool same_file(const struct reading *g, const struct manifest_file *a, const struct manifest_file *b)
{
    return (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->size == b->size &&
           (traits_hold(&g->traits, a->mtime, b->mtime) || traits_hold(&g->traits, b->mtime, a->mtime));
}

void then_lack(struct reading *g, enum asof_why why, const char *path, const char *operation, int64_t changed_at)
{
    struct asof *out = g->out;

    if (out->lacking++ >= ASOF_LACKS)
        return;
    out->lacks = mem_realloc(out->lacks, (out->lack_count + 1) * sizeof *out->lacks);
    out->lacks[out->lack_count++] = (struct asof_lack){.why = why, .path = mem_strdup(path), .changed_at = changed_at,
                                                       .operation = operation ? mem_strdup(operation) : NULL};
}

static int is_content(int fd, const struct manifest_file *old)
{
    struct digest digest;
    struct data data;

    data_init(&data, NULL, NULL, NULL);
    int code = data_digest(&data, fd, old->size, &digest);
    data_free(&data);
    return code ? code : memcmp(&digest, &old->digest, sizeof digest) == 0;
}

/* Does it still lie in its place: what looks like it, and is it as far as the content is known? 1, 0, or -errno with err. */
static int find_live(struct reading *g, struct story *s, const struct manifest_file *old, struct error *err)
{
    int code = find_in(g, g->r->path, s, old, err);

    if (code != 1 || !old->has_digest || !S_ISREG(old->mode))
        return code;
    char *path = plan_join(g->r->path, s->path);
    int fd = path_open(g->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    code = fd < 0 ? fd : is_content(fd, old);
    if (code < 0)
        code = absent(g, code, path, err);
    if (fd >= 0)
        close(fd);
    free(path);
    return code;
}

/*
 * What the first operation found is what was there; it went to that one's versions, and from there back to its place
 * where that was undone, and perhaps on to another's. 0, or -errno with err.
 */
static int resolve(struct reading *g, struct story *s, struct error *err)
{
    const struct deed_then *first = s->first;
    const struct manifest_file *old = &first->old;
    size_t found_in = SIZE_MAX;
    int found = 0;

    if (first->verb == MANIFEST_CREATE)
        return 0;
    int64_t mtime = then_time(g, s);
    bool known = (g->r->at_operation && first->operation == 0) || then_is_known(g, layers_rights(g->out->layers, s->path));
    if (!known && mtime > g->r->moment) {    /* it came after the moment by no operation */
        then_lack(g, LACK_UNKNOWN, s->path, NULL, mtime);
        return 0;
    }
    for (const struct deed_then *d = first; d && !found; d = d->next) {
        if (d->verb != MANIFEST_CREATE && same_file(g, &d->old, old))
            found = find_version(g, s, d->operation, old, err);
        if (found)
            found_in = d->operation;
    }
    if (!found)
        found = find_live(g, s, old, err);
    s->there = found == 1;
    if (s->there)
        then_give(g, s, found_in);
    if (!found)
        then_lack(g, LACK_VERSION, s->path, g->r->operations[first->operation], old->mtime);
    return found < 0 ? found : 0;
}

static int by_path(const void *a, const void *b)
{
    const struct story *x = *(struct story *const *)a, *y = *(struct story *const *)b;
    size_t x_dir = then_dir_len(x->path), y_dir = then_dir_len(y->path);
    int order = entry_compare_names(x->path, x_dir, y->path, y_dir);

    return order ? order : entry_compare_names(then_name(x->path), strlen(then_name(x->path)), then_name(y->path),
                                               strlen(then_name(y->path)));
}

/* ---- directories ---- */

static struct manifest_file *folder_file(const struct reading *g, const char *path, size_t len)
{
    struct folder_then *f = map_get(&g->folder_index, key_of(path, len));
    struct manifest_file *file = mem_alloc(sizeof *file);

    *file = f && f->there ? f->was : (struct manifest_file){.mode = S_IFDIR | 0755, .mtime = clock_now()};
    const struct layer_rights *r = map_get(&g->out->layers->rights, key_of(path, len));
    if (r && S_ISDIR(r->was.mode))    /* corrected before it was removed */
        *file = r->was;
    return file;
}

/* Is it a directory now? 1, 0, or -errno with err. */
static int is_folder_now(const struct reading *g, const char *path, struct error *err)
{
    int dir = g->top >= 0 ? path_open(g->top, path, O_PATH | O_DIRECTORY, 0) : -ENOENT;

    if (dir < 0 && !path_is_absent(dir))
        return error_set(err, -dir, "%s/%s/%s", g->r->root, g->r->path, path);
    if (dir >= 0)
        close(dir);
    return dir >= 0;
}

/* A directory that was there, with its parents; where it is not now it gets a story of its own. 0, or -errno with err. */
static int give_folder(struct reading *g, const char *path, size_t len, struct error *err)
{
    if (!len || map_get(&g->given, key_of(path, len)))
        return 0;
    map_set(&g->given, key_of(path, len), g);
    char *own = mem_strndup(path, len);
    int code = give_folder(g, own, then_dir_len(own), err);
    int here = code ? code : is_folder_now(g, own, err);
    const struct story *other = map_get(&g->index, key_of(own, len));    /* since then it was no folder for a while */
    if (here == 0 || (here == 1 && other && !other->there)) {
        struct manifest_file *was = folder_file(g, own, len);
        map_set(&g->out->layers->folders, key_of(own, len), was);
        struct story *s = story_of(g, own);
        const char *name = then_name(s->path);
        s->there = true;
        s->was = (struct snapshot_entry){.entry = {.name = name, .name_len = (uint32_t)strlen(name),
                                                   .mode = S_IFDIR | (was->mode & 07777), .mtime = was->mtime,
                                                   .ctime = was->mtime, .uid = was->uid, .gid = was->gid, .nlink = 2}};
    }
    free(own);
    return here < 0 ? here : 0;
}

static int give_folders(struct reading *g, struct error *err)
{
    int code = 0;

    for (size_t i = 0, count = g->count; i < count && !code; i++)
        if (g->stories[i]->there)
            code = give_folder(g, g->stories[i]->path, then_dir_len(g->stories[i]->path), err);
    for (size_t i = 0; i < g->folder_count && !code; i++)
        if (g->folders[i]->there && only_path(g->only, g->folders[i]->path) == ONLY_COVERED)
            code = give_folder(g, g->folders[i]->path, strlen(g->folders[i]->path), err);
    return code;
}

bool then_came_later(const struct reading *g, const char *path, size_t len)
{
    for (size_t at = 1; at <= len; at++) {
        if (at < len && path[at] != '/')
            continue;
        const struct folder_then *f = map_get(&g->folder_index, key_of(path, at));
        if (f && !f->there && !map_get(&g->given, key_of(path, at)))
            return true;
    }
    return false;
}

static int put_together(struct reading *g, struct error *err)
{
    int code = 0;

    for (size_t i = 0; !code && i < g->r->operation_count; i++)
        code = read_operation(g, i, err);
    for (size_t i = 0; !code && i < g->count; i++)
        code = resolve(g, g->stories[i], err);
    if (!code)
        code = then_missed(g, err);
    if (!code)
        code = give_folders(g, err);
    if (code)
        return code;
    if (g->count)
        qsort(g->stories, g->count, sizeof *g->stories, by_path);
    code = then_put(g, err);
    g->out->hits = mem_zalloc((g->r->only_count + 1) * sizeof *g->out->hits);
    for (size_t i = 0; g->only && i < g->r->only_count; i++)
        g->out->hits[i] = only_hits(g->only, i);
    return code;
}

static void free_story(void *value)
{
    struct story *s = value;

    for (struct deed_then *d = s->first, *next; d; d = next) {
        next = d->next;
        free(d);
    }
    free((char *)s->was.entry.target);
    free(s->path);
    free(s);
}

static void free_folder(void *value)
{
    struct folder_then *f = value;

    free(f->path);
    free(f);
}

static void close_reading(struct reading *g)
{
    map_free(&g->index, free_story);
    map_free(&g->folder_index, free_folder);
    map_free(&g->given, NULL);
    free(g->stories);
    free(g->folders);
    only_free(g->only);
    catalog_close(g->cat);
    if (g->top >= 0)
        close(g->top);
    if (g->root >= 0)
        close(g->root);
}

static int recall(struct reading *g, struct error *err)
{
    struct filesystem fs;
    int end = apart_open_nearest(g->root, g->r->path, O_PATH, NULL), code = end < 0 ? end : filesystem_of(end, &fs);

    if (code)
        error_set(err, -code, "%s/%s", g->r->root, g->r->path);
    else
        code = measured_recall(g->cat, g->r->identity, end, &fs, err);
    if (end >= 0)
        close(end);
    g->traits = fs.traits;
    return code;
}

int asof_read(const struct asof_request *request, struct asof *ret_asof, struct error *err)
{
    struct reading g = {.r = request, .out = ret_asof, .root = -1, .top = -1};

    *ret_asof = (struct asof){.layers = mem_zalloc(sizeof *ret_asof->layers)};
    int code = request->only_count ? only_new(request->only, request->only_count, &g.only, err) : 0;
    if (!code)
        code = catalog_open(request->catalog, &g.cat, err);
    if (!code) {
        g.root = identity_open(request->root, request->identity, err);
        code = g.root < 0 ? g.root : apart_check(g.cat, request->identity, g.root, request->root, request->path, err);
    }
    if (!code)
        code = recall(&g, err);
    if (!code) {
        g.top = path_open(g.root, request->path, O_PATH | O_DIRECTORY, 0);
        code = g.top < 0 ? absent(&g, g.top, request->path, err) : 0;
        if (!code && spelling_check(g.root, request->root, request->path, SPELLING_OF_REPLICA, err))
            code = -EEXIST;
    }
    if (!code)
        code = put_together(&g, err);
    close_reading(&g);
    return code;
}

void asof_free(struct asof *a)
{
    for (size_t i = 0; i < a->lack_count; i++) {
        free(a->lacks[i].path);
        free(a->lacks[i].operation);
    }
    free(a->lacks);
    free(a->hits);
    layers_free(a->layers);
    *a = (struct asof){0};
}
