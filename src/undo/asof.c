#include "undo/asof.h"

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "copy/only.h"
#include "copy/plan.h"
#include "copy/times.h"
#include "copy/versions.h"
#include "index/identity.h"
#include "undo/past.h"

/* What one operation did to a path. */
struct deed_then {
    struct deed_then *next;       /* a later one */
    size_t operation;             /* place in the request's list */
    enum manifest_verb verb;
    struct manifest_file fresh, old;
};

/* A path that operations changed since, and what it was at the moment. */
struct story {
    char *path;
    struct deed_then *first, *last;
    bool there;                   /* at the moment; else it did not exist */
    struct snapshot_entry was;    /* with its name and target owned, when it was there and is to be had */
};

/* A directory that an operation made or removed since; the first one counts. */
struct folder_then {
    char *path;
    bool there;
    struct manifest_file was;
};

struct reading {
    const struct asof_request *r;
    struct asof *out;
    struct only *only;            /* NULL: all */
    struct catalog *cat;
    int root, top;
    struct map index, folder_index;    /* hash of the path -> struct story *, struct folder_then * */
    struct story **stories;       /* sorted by their paths, once all are known */
    size_t count, room;
    struct folder_then **folders;
    size_t folder_count;
    struct map given;             /* hashes of directories that the snapshot has to have */
};

static uint64_t key_of(const char *path, size_t len) { return hash64_of(path, len); }

static size_t dir_len_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum only_extent extent_of(struct reading *g, const char *path)
{
    if (!g->only)
        return ONLY_COVERED;
    only_enter(g->only, path, dir_len_of(path));
    return only_name(g->only, name_of(path), strlen(name_of(path)));
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

static void take_deed(struct reading *g, const struct deed *d, size_t operation)
{
    if (d->verb == MANIFEST_TOUCH || extent_of(g, d->path) != ONLY_COVERED)
        return;
    struct story *s = story_of(g, d->path);
    struct deed_then *then = mem_alloc(sizeof *then);
    *then = (struct deed_then){.operation = operation, .verb = d->verb, .fresh = d->fresh, .old = d->old};
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

    for (size_t i = 0; !code && i < past.folders.count; i++)
        take_folder(g, past.folders.list[i]);
    while (!code && (code = past_next(&past, &d)) == 1) {
        take_deed(g, &d, operation);
        deed_free(&d);
        code = 0;
    }
    past_close(&past);
    return code < 0 ? error_set(err, -code, "manifest of %s", g->r->operations[operation]) : 0;
}

/* ---- where what was there lies now ---- */

static bool looks_like(const struct reading *g, const struct stat *st, const struct manifest_file *f)
{
    if ((st->st_mode & S_IFMT) != (f->mode & S_IFMT) || !times_agree(mtime_of(st), f->mtime, g->r->granularity))
        return false;
    return !S_ISREG(st->st_mode) || (uint64_t)st->st_size == f->size;
}

static char *read_target(int dir, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target);
    return n < 0 ? mem_strdup("") : mem_strndup(target, (size_t)n);
}

static void describe(struct story *s, const struct manifest_file *old, int dir, const struct stat *st)
{
    const char *name = name_of(s->path);
    char *target = S_ISLNK(st->st_mode) ? read_target(dir, name) : NULL;

    s->was = (struct snapshot_entry){
        .entry = {.name = name, .name_len = (uint32_t)strlen(name), .mode = st->st_mode,
                  .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0, .mtime = mtime_of(st),
                  .ctime = ctime_of(st), .ino = st->st_ino, .uid = st->st_uid, .gid = st->st_gid,
                  .nlink = (uint32_t)st->st_nlink, .target = target,
                  .target_len = target ? (uint32_t)strlen(target) : 0},
        .has_digest = old->has_digest && S_ISREG(st->st_mode), .digest = old->digest,
    };
}

/* Is this the file that lies at base/path? Then the story has it. */
static bool find_in(struct reading *g, int top, const char *base, struct story *s, const struct manifest_file *old)
{
    char *path = plan_join(base, s->path);
    const char *name;
    struct stat st;
    int dir = path_open_parent(top, path, &name);
    bool found = dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && looks_like(g, &st, old);

    if (found)
        describe(s, old, dir, &st);
    if (dir >= 0)
        close(dir);
    free(path);
    return found;
}

static bool find_version(struct reading *g, struct story *s, size_t operation, const struct manifest_file *old)
{
    struct buf base = {0};

    buf_printf(&base, VERSIONS "/%s/%s", g->r->operations[operation], g->r->path);
    bool found = find_in(g, g->root, buf_str(&base), s, old);
    buf_free(&base);
    if (found)
        layers_put(g->out->layers, s->path, layers_get(g->out->layers, g->r->operations[operation], g->r->path));
    return found;
}

static bool same_file(const struct reading *g, const struct manifest_file *a, const struct manifest_file *b)
{
    return (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->size == b->size &&
           times_agree(a->mtime, b->mtime, g->r->granularity);
}

static void lack(struct reading *g, const char *path, const char *operation, int64_t changed_at)
{
    struct asof *out = g->out;

    if (out->lacking++ >= ASOF_LACKS)
        return;
    out->lacks = mem_realloc(out->lacks, (out->lack_count + 1) * sizeof *out->lacks);
    out->lacks[out->lack_count++] = (struct asof_lack){.path = mem_strdup(path), .changed_at = changed_at,
                                                       .operation = operation ? mem_strdup(operation) : NULL};
}

/*
 * What the first operation found is what was there; it went to that one's versions, and from there back to its place
 * where that was undone, and perhaps on to another's.
 */
static void resolve(struct reading *g, struct story *s)
{
    const struct deed_then *first = s->first;
    const struct manifest_file *old = &first->old;

    if (first->verb == MANIFEST_CREATE)
        return;
    bool known = g->r->at_operation && first->operation == 0;
    if (!known && old->mtime > g->r->moment) {    /* it came after the moment by no operation */
        lack(g, s->path, NULL, old->mtime);
        return;
    }
    for (const struct deed_then *d = first; d && !s->there; d = d->next)
        s->there = d->verb != MANIFEST_CREATE && same_file(g, &d->old, old) && find_version(g, s, d->operation, old);
    if (!s->there && g->top >= 0)
        s->there = find_in(g, g->top, "", s, old);
    if (!s->there)
        lack(g, s->path, g->r->operations[first->operation], old->mtime);
}

static int by_path(const void *a, const void *b)
{
    const struct story *x = *(struct story *const *)a, *y = *(struct story *const *)b;
    size_t x_dir = dir_len_of(x->path), y_dir = dir_len_of(y->path);
    int order = entry_compare_names(x->path, x_dir, y->path, y_dir);

    return order ? order : entry_compare_names(name_of(x->path), strlen(name_of(x->path)), name_of(y->path),
                                               strlen(name_of(y->path)));
}

/* ---- directories ---- */

static struct manifest_file *folder_file(const struct reading *g, const char *path, size_t len)
{
    struct folder_then *f = map_get(&g->folder_index, key_of(path, len));
    struct manifest_file *file = mem_alloc(sizeof *file);

    *file = f && f->there ? f->was : (struct manifest_file){.mode = S_IFDIR | 0755, .mtime = clock_now()};
    return file;
}

/* A directory that was there, with its parents; where it is not now it gets a story of its own. */
static void give_folder(struct reading *g, const char *path, size_t len)
{
    struct stat st;

    if (!len || map_get(&g->given, key_of(path, len)))
        return;
    map_set(&g->given, key_of(path, len), g);
    char *own = mem_strndup(path, len);
    give_folder(g, own, dir_len_of(own));
    int dir = g->top >= 0 ? path_open_dir(g->top, own) : -ENOENT;
    bool here = dir >= 0 && fstat(dir, &st) == 0;
    if (dir >= 0)
        close(dir);
    if (!here) {
        struct manifest_file *was = folder_file(g, own, len);
        map_set(&g->out->layers->folders, key_of(own, len), was);
        struct story *s = story_of(g, own);
        const char *name = name_of(s->path);
        s->there = true;
        s->was = (struct snapshot_entry){.entry = {.name = name, .name_len = (uint32_t)strlen(name),
                                                   .mode = S_IFDIR | (was->mode & 07777), .mtime = was->mtime,
                                                   .ctime = was->mtime, .uid = was->uid, .gid = was->gid, .nlink = 2}};
    }
    free(own);
}

static void give_folders(struct reading *g)
{
    for (size_t i = 0, count = g->count; i < count; i++)
        if (g->stories[i]->there)
            give_folder(g, g->stories[i]->path, dir_len_of(g->stories[i]->path));
    for (size_t i = 0; i < g->folder_count; i++)
        if (g->folders[i]->there && extent_of(g, g->folders[i]->path) == ONLY_COVERED)
            give_folder(g, g->folders[i]->path, strlen(g->folders[i]->path));
}

/* Was this directory, or one above it, made by an operation since? */
static bool came_later(const struct reading *g, const char *path, size_t len)
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

/* ---- the snapshot ---- */

struct entries {
    struct snapshot_entry *list;
    size_t count, room;
};

static void add_entry(struct entries *e, const struct snapshot_entry *entry)
{
    if (e->count == e->room) {
        e->room = 2 * e->room + 64;
        e->list = mem_realloc(e->list, e->room * sizeof *e->list);
    }
    e->list[e->count++] = *entry;
}

/* The names of what lies there end with the next one that is read. */
static struct snapshot_entry kept_strings(const struct merge_pair *pair, struct buf *strings)
{
    struct snapshot_entry e = {.entry = *pair->left, .has_digest = pair->left_state == DIGEST_CONFIRMED,
                               .digest = pair->left_digest};    /* of a damaged one what it should be: reading tells */

    e.entry.name = mem_strndup(pair->left->name, pair->left->name_len);
    buf_add(strings, &e.entry.name, sizeof e.entry.name);
    if (e.entry.target) {
        e.entry.target = mem_strndup(pair->left->target, pair->left->target_len);
        buf_add(strings, &e.entry.target, sizeof e.entry.target);
    }
    return e;
}

static void free_strings(struct buf *strings)
{
    for (size_t at = 0; at < strings->len; at += sizeof(char *)) {
        char *text;
        memcpy(&text, strings->data + at, sizeof text);
        free(text);
    }
    buf_free(strings);
}

/* Is what lies there what was there, as far as anything tells? */
static bool was_there(struct reading *g, const struct merge_dir *dir, const struct entry *e, enum only_extent extent)
{
    char *path = plan_join(dir->path, e->name);
    bool is_dir = S_ISDIR(e->mode);
    bool wanted = extent == ONLY_COVERED || (extent == ONLY_LEADS && (is_dir || e->err));
    bool there = wanted && !(is_dir && came_later(g, path, strlen(path)));

    if (there && !is_dir && !e->err && e->mtime > g->r->moment && *e->name) {
        lack(g, path, NULL, e->mtime);
        there = false;
    }
    free(path);
    return there;
}

/* The next of the stories, if it is one of this directory. */
static struct story *story_in(const struct reading *g, size_t at, const char *dir, size_t len)
{
    struct story *s = at < g->count ? g->stories[at] : NULL;

    return s && dir_len_of(s->path) == len && memcmp(s->path, dir, len) == 0 ? s : NULL;
}

static void add_story(struct reading *g, struct entries *entries, const struct story *s)
{
    if (!s->there)
        return;
    if (g->only && extent_of(g, s->path) == ONLY_COVERED)
        only_count(g->only, name_of(s->path), strlen(name_of(s->path)));
    g->out->files += S_ISREG(s->was.entry.mode);
    add_entry(entries, &s->was);
}

static enum only_extent extent_here(struct reading *g, const struct merge_dir *dir, const struct entry *e)
{
    if (!g->only)
        return ONLY_COVERED;
    enum only_extent above = only_enter(g->only, dir->path, dir->path_len);
    return e->name_len ? only_name(g->only, e->name, e->name_len) : above == ONLY_OUTSIDE ? ONLY_LEADS : above;
}

static void add_live(struct reading *g, struct entries *entries, struct buf *strings, const struct merge_dir *dir,
                     const struct merge_pair *pair)
{
    enum only_extent extent = extent_here(g, dir, pair->left);

    if (!was_there(g, dir, pair->left, extent))
        return;
    if (g->only && extent == ONLY_COVERED && pair->left->name_len)
        only_count(g->only, pair->left->name, pair->left->name_len);
    g->out->files += S_ISREG(pair->left->mode);
    struct snapshot_entry e = kept_strings(pair, strings);
    add_entry(entries, &e);
}

/* The stories of a directory before this name (NULL: all that are left). True when one of them is of this very name. */
static bool add_stories(struct reading *g, struct entries *entries, size_t *at, const char *dir, size_t len,
                        const struct entry *before)
{
    for (struct story *s; (s = story_in(g, *at, dir, len)); (*at)++) {
        const char *name = name_of(s->path);
        int order = before ? entry_compare_names(name, strlen(name), before->name, before->name_len) : -1;
        if (order > 0)
            return false;
        add_story(g, entries, s);
        if (!order) {
            (*at)++;
            return true;
        }
    }
    return false;
}

/* One directory that is there now, with what was there besides. */
static int put_dir(struct reading *g, struct merge *merge, const struct merge_dir *dir, size_t *at, struct error *err)
{
    struct entries entries = {0};
    struct buf strings = {0};
    struct merge_pair pair;
    int code;
    bool later = came_later(g, dir->path, dir->path_len);

    while ((code = merge_next(merge, &pair, err)) > 0)
        if (!add_stories(g, &entries, at, dir->path, dir->path_len, pair.left) && !later)
            add_live(g, &entries, &strings, dir, &pair);
    (void)add_stories(g, &entries, at, dir->path, dir->path_len, NULL);
    if (!code && (!later || entries.count))
        snapshot_add(&g->out->layers->snapshot, dir->path, dir->path_len, entries.list, entries.count);
    free(entries.list);
    free_strings(&strings);
    return code;
}

/* Directories that are not there now, up to this one (NULL: all that are left). */
static void put_gone(struct reading *g, size_t *at, const struct merge_dir *up_to)
{
    while (*at < g->count) {
        const char *path = g->stories[*at]->path;
        size_t len = dir_len_of(path);
        if (up_to && entry_compare_names(path, len, up_to->path, up_to->path_len) >= 0)
            return;
        struct entries entries = {0};
        (void)add_stories(g, &entries, at, path, len, NULL);
        if (entries.count || map_get(&g->given, key_of(path, len)))
            snapshot_add(&g->out->layers->snapshot, path, len, entries.list, entries.count);
        free(entries.list);
    }
}

static int put_all(struct reading *g, struct error *err)
{
    struct merge *merge = NULL;
    struct merge_dir dir;
    size_t at = 0;
    int code = merge_open(g->cat, g->r->replica, 0, &merge, err);

    if (code)
        return code;
    while ((code = merge_next_dir(merge, &dir, err)) > 0) {
        put_gone(g, &at, &dir);
        if ((code = put_dir(g, merge, &dir, &at, err)) < 0)
            break;
    }
    put_gone(g, &at, NULL);
    merge_close(merge);
    return code;
}

static int put_together(struct reading *g, struct error *err)
{
    int code = 0;

    for (size_t i = 0; !code && i < g->r->operation_count; i++)
        code = read_operation(g, i, err);
    for (size_t i = 0; !code && i < g->count; i++)
        resolve(g, g->stories[i]);
    if (code)
        return code;
    give_folders(g);
    if (g->count)
        qsort(g->stories, g->count, sizeof *g->stories, by_path);
    code = put_all(g, err);
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

int asof_read(const struct asof_request *request, struct asof *ret_asof, struct error *err)
{
    struct reading g = {.r = request, .out = ret_asof, .root = -1, .top = -1};

    *ret_asof = (struct asof){.layers = mem_zalloc(sizeof *ret_asof->layers)};
    int code = request->only_count ? only_new(request->only, request->only_count, &g.only, err) : 0;
    if (!code)
        code = catalog_open(request->catalog, &g.cat, err);
    if (!code) {
        g.root = identity_open(request->root, request->identity, err);
        code = g.root < 0 ? g.root : 0;
    }
    if (!code) {
        g.top = path_open_dir(g.root, request->path);
        code = put_together(&g, err);
    }
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
