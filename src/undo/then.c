#include "undo/then.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "copy/plan.h"

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
static struct snapshot_entry kept_strings(const struct merge_pair *pair, const struct entry *then, struct buf *strings)
{
    struct snapshot_entry e = {.entry = *then, .has_digest = pair->left_state == DIGEST_CONFIRMED,
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

/* The rights and the time of then. Where it is not what was corrected any more, its time is its own. */
static const struct layer_rights *give_rights(const struct reading *g, const char *path, struct entry *e)
{
    struct layer_rights *r = layers_rights(g->out->layers, path);

    if (r && !S_ISDIR(e->mode) && (((r->was.mode ^ e->mode) & S_IFMT) || !then_is_corrected(g, r, e->mtime)))
        r->timed = false;
    layer_rights_entry(r, e);
    return r;
}

/* Is what lies there what was there, as far as anything tells? e: gets the rights of then. */
static bool was_there(struct reading *g, const struct merge_dir *dir, struct entry *e, enum only_extent extent)
{
    char *path = plan_join(dir->path, e->name);
    const struct layer_rights *rights = give_rights(g, path, e);
    bool is_dir = S_ISDIR(e->mode);
    bool wanted = extent == ONLY_COVERED || (extent == ONLY_LEADS && (is_dir || e->err));
    bool there = wanted && !(is_dir && then_came_later(g, path, strlen(path)));

    if (there && !is_dir && !e->err && e->mtime > g->r->moment && !then_is_known(g, rights) && *e->name) {
        then_lack(g, LACK_UNKNOWN, path, NULL, e->mtime);
        there = false;
    }
    free(path);
    return there;
}

/* The next of the stories, if it is one of this directory. */
static struct story *story_in(const struct reading *g, size_t at, const char *dir, size_t len)
{
    struct story *s = at < g->count ? g->stories[at] : NULL;

    return s && then_dir_len(s->path) == len && memcmp(s->path, dir, len) == 0 ? s : NULL;
}

static void add_story(struct reading *g, struct entries *entries, const struct story *s)
{
    if (!s->there)
        return;
    if (g->only && only_path(g->only, s->path) == ONLY_COVERED)
        only_count(g->only, then_name(s->path), strlen(then_name(s->path)));
    g->out->names++;
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
    struct entry then = *pair->left;

    if (!was_there(g, dir, &then, extent))
        return;
    if (g->only && extent == ONLY_COVERED && pair->left->name_len)
        only_count(g->only, pair->left->name, pair->left->name_len);
    g->out->names += pair->left->name_len > 0;
    struct snapshot_entry e = kept_strings(pair, &then, strings);
    add_entry(entries, &e);
}

/* The stories of a directory before this name (NULL: all that are left). True when one of them is of this very name. */
static bool add_stories(struct reading *g, struct entries *entries, size_t *at, const char *dir, size_t len,
                        const struct entry *before)
{
    for (struct story *s; (s = story_in(g, *at, dir, len)); (*at)++) {
        const char *name = then_name(s->path);
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
    bool later = then_came_later(g, dir->path, dir->path_len);

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
        size_t len = then_dir_len(path);
        if (up_to && entry_compare_names(path, len, up_to->path, up_to->path_len) >= 0)
            return;
        struct entries entries = {0};
        (void)add_stories(g, &entries, at, path, len, NULL);
        if (entries.count || map_get(&g->given, hash64_of(path, len)))
            snapshot_add(&g->out->layers->snapshot, path, len, entries.list, entries.count);
        free(entries.list);
    }
}

int then_put(struct reading *g, struct error *err)
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

