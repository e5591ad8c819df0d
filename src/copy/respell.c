#include "copy/respell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/spelling.h"
#include "copy/plan.h"
#include "index/measured.h"
#include "index/merge.h"

void respellings_free(struct respellings *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->list[i].dir);
        free(r->list[i].from);
        free(r->list[i].to);
    }
    free(r->list);
    *r = (struct respellings){0};
}

static void add(struct respellings *r, const struct respelling *one)
{
    if ((r->count & (r->count - 1)) == 0)
        r->list = mem_realloc(r->list, (r->count ? r->count * 2 : 1) * sizeof *r->list);
    r->list[r->count++] = *one;
}

/* ---- the names of one folder that only one side has ---- */

struct lone {
    char *name;
    uint32_t mode;
};

struct lones {
    struct lone *list;
    size_t count;
};

static void lones_add(struct lones *l, const struct entry *e)
{
    if ((l->count & (l->count - 1)) == 0)
        l->list = mem_realloc(l->list, (l->count ? l->count * 2 : 1) * sizeof *l->list);
    l->list[l->count++] = (struct lone){mem_strndup(e->name, e->name_len), e->mode};
}

static void lones_free(struct lones *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->list[i].name);
    free(l->list);
    *l = (struct lones){0};
}

static uint64_t key_of(const struct lone *one)
{
    size_t len;
    char *key = fold_key(one->name, strlen(one->name), true, &len);
    uint64_t hash = hash64_of(key, len) ^ (one->mode & S_IFMT);

    free(key);
    return hash;
}

struct finding {
    const struct respell_search *s;
    struct respellings *out;
    enum only_extent extent;
};

static bool is_asked_for(struct finding *f, const struct entry *e)
{
    return f->extent == ONLY_COVERED || only_name(f->s->only, e->name, e->name_len) != ONLY_OUTSIDE;
}

static int read_lones(struct finding *f, struct merge *merge, struct lones *left, struct lones *right, struct error *err)
{
    struct merge_pair pair;
    int code;

    while ((code = merge_next(merge, &pair, err)) > 0) {
        const struct entry *e = pair.left ? pair.left : pair.right;
        if ((pair.left && pair.right) || e->err || e->mount || !(e->mode & S_IFMT))
            continue;
        if (!pair.left || is_asked_for(f, e))
            lones_add(pair.left ? left : right, e);
    }
    return code;
}

/* Does what answers to `to` have the name `from`? Where that is a file of one name, or a folder, its number tells. */
static bool is_one(int dir, const char *from, const char *to)
{
    char other[NAME_MAX + 1];
    struct stat a, b;

    if (fstatat(dir, to, &a, AT_SYMLINK_NOFOLLOW) < 0 || fstatat(dir, from, &b, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino && (S_ISDIR(a.st_mode) || a.st_nlink == 1))
        return true;
    return spelling_of(dir, to, other) == SPELLED_OTHERWISE && strcmp(other, from) == 0;
}

/* The first of the source's names that means one gets it: for the others there is no room. */
static int match(struct finding *f, const char *path, const struct lones *left, const struct lones *right)
{
    struct map keys = {0};
    int dir = path_open_dir(f->s->top, path);

    if (dir < 0)
        return path_is_absent(dir) ? 0 : dir;
    for (size_t i = 0; i < right->count; i++)
        map_set(&keys, key_of(&right->list[i]), &right->list[i]);
    for (size_t i = 0; i < left->count; i++) {
        struct lone *found = map_get(&keys, key_of(&left->list[i]));
        if (!found || !found->name || !is_one(dir, found->name, left->list[i].name))
            continue;
        add(f->out, &(struct respelling){.dir = mem_strdup(path), .from = found->name, .mode = found->mode,
                                         .to = mem_strdup(left->list[i].name)});
        found->name = NULL;
    }
    close(dir);
    map_free(&keys, NULL);
    return 0;
}

static int find_in(struct finding *f, struct merge *merge, const struct merge_dir *dir, struct error *err)
{
    struct lones left = {0}, right = {0};

    f->extent = f->s->only ? only_enter(f->s->only, dir->path, dir->path_len) : ONLY_COVERED;
    if (f->extent == ONLY_OUTSIDE)
        return 0;
    int code = read_lones(f, merge, &left, &right, err);
    if (!code && left.count && right.count) {
        char *path = mem_strndup(dir->path, dir->path_len);
        code = match(f, path, &left, &right);
        if (code)
            error_set(err, -code, "%s", path);
        free(path);
    }
    lones_free(&left);
    lones_free(&right);
    return code;
}

int respell_find(const struct respell_search *search, struct respellings *ret_found, struct error *err)
{
    struct finding f = {.s = search, .out = ret_found};
    struct merge *merge = NULL;
    struct merge_dir dir;
    bool folds;

    *ret_found = (struct respellings){0};
    int code = measured_folds(search->cat, search->identity, search->top, &folds, err);
    if (code || !folds)
        return code;
    code = merge_open(search->cat, search->source, search->target, &merge, err);
    while (!code && (code = merge_next_dir(merge, &dir, err)) > 0)
        code = dir.in_left && dir.in_right && !dir.same ? find_in(&f, merge, &dir, err) : 0;
    merge_close(merge);
    return code;
}

static void map_one(struct map *map, const char *dir, const char *name, const char *other)
{
    char *path = plan_join(dir, name);

    map_set(map, hash64_of(path, strlen(path)), mem_strdup(other));
    free(path);
}

void respell_map(const struct respellings *found, struct map *map)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct respelling *r = &found->list[i];
        map_one(map, r->dir, r->to, r->from);
        map_one(map, r->dir, r->from, r->to);
    }
}
