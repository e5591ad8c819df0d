#include "copy/retype.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "copy/apply.h"
#include "copy/directories.h"
#include "copy/space.h"

#define TOGETHER 64    /* items handed on at once */

/* A path of the destination. */
struct place {
    struct place *next;
    char *path;            /* relative to the replica */
    bool top;              /* the name that stands in the way itself; else a folder below it */
    bool folder;
};

struct clearing {
    struct work *w;
    struct plan *plan;
    struct place *places;      /* the last one seen first: a folder comes before what it lies in */
    struct map below;          /* hashes of folders that go */
    bool inside;               /* the directory at hand is one of them */
    struct twin *twin;         /* of it, when something is to do there */
    struct items ready;
};

static uint64_t hash_of(const char *path, size_t len) { return hash64_of(path, len); }

static void note(struct clearing *c, const char *path, bool top, bool folder)
{
    struct place *p = mem_alloc(sizeof *p);

    *p = (struct place){.next = c->places, .path = mem_strdup(path), .top = top, .folder = folder};
    c->places = p;
    if (folder)
        map_set(&c->below, hash_of(path, strlen(path)), c);
}

static void leave(struct clearing *c)
{
    int code = c->ready.count ? manifest_write(&c->w->target.manifest) : 0;

    if (code)
        work_fail_errno(c->w, -code, "manifest");
    stage_add(&c->w->stage, &c->ready);
    twin_unref(c->twin);
    c->twin = NULL;
}

static int enter(void *arg, const struct merge_dir *dir)
{
    struct clearing *c = arg;
    const char *slash = strrchr(dir->path, '/');

    leave(c);
    c->inside = map_get(&c->below, hash_of(dir->path, dir->path_len)) != NULL;
    if (!c->inside && slash && map_get(&c->below, hash_of(dir->path, (size_t)(slash - dir->path)))) {
        c->inside = true;
        note(c, dir->path, false, true);
    }
    return 0;
}

static int open_twin(struct clearing *c, const char *path)
{
    if (c->twin)
        return 0;
    int code = twin_open(&c->w->twins, path, &c->twin);
    if (code) {
        c->twin = NULL;
        return code;
    }
    apply_announce_folder(c->w, c->twin);
    int dir = twin_target(c->twin);
    code = dir < 0 ? dir : opened_open(&c->w->target.opened, path, dir);
    if (dir >= 0)
        twin_target_done(c->twin);
    return code;
}

/* What is no folder goes to the versions as an extra does. */
static void take(struct clearing *c, const struct plan_name *name)
{
    const struct entry *r = name->pair->right;
    struct subject subject = {.dir = name->dir->path, .name = name->name};
    int code = r->err ? -r->err : r->mount ? -EXDEV : open_twin(c, name->dir->path);

    if (code) {
        report_errno(&c->w->report, subject, -code, SIDE_TARGET);
        return;
    }
    struct item *item = item_new(c->w, c->twin, VERDICT_EXTRA, name->pair);
    item->clears = true;
    items_add(&c->ready, item);
    if (c->ready.count >= TOGETHER)
        stage_add(&c->w->stage, &c->ready);
}

/* Nothing goes for a file that cannot be had: then it is reported. */
static bool can_come(struct clearing *c, const struct plan_name *name)
{
    const struct work *w = c->w;
    struct subject subject = {.dir = name->dir->path, .name = name->name, .file = true};

    if (!S_ISREG(name->pair->left->mode) || w->source.top < 0 || w->request->layers)
        return true;
    char *path = plan_join(name->dir->path, name->name);
    int fd = work_open_file(w, w->source.top, path);
    free(path);
    if (fd < 0)
        report_errno(&c->w->report, subject, -fd, SIDE_SOURCE);
    else
        close(fd);
    return fd >= 0;
}

static int see(void *arg, const struct plan_name *name)
{
    struct clearing *c = arg;
    const struct entry *r = name->pair->right;

    if (name->verdict->kind == VERDICT_RETYPED && space_fits(c->w, name) && can_come(c, name)) {
        char *path = plan_join(name->dir->path, name->name);
        note(c, path, true, S_ISDIR(r->mode));
        free(path);
        if (!S_ISDIR(r->mode))
            take(c, name);
    } else if (c->inside && name->verdict->kind == VERDICT_EXTRA && *name->name && (!S_ISDIR(r->mode) || r->err || r->mount)) {
        take(c, name);
    }
    return 0;
}

/* Does the source have something else than a folder at this path, or nothing? Then the folder may go. */
static bool is_no_folder_there(const struct work *w, const char *path)
{
    struct stat st;
    int code = path_lstat(w->source.top, path, &st);

    return code ? path_is_absent(code) : !S_ISDIR(st.st_mode);
}

static void conflict(struct work *w, const char *path, const char *why)
{
    report_problem(&w->report, (struct subject){.dir = path, .name = ""}, "ECHANGED", why, true);
}

static void remove_folder(struct work *w, const struct place *p)
{
    int code;

    if (!is_no_folder_there(w, p->path))
        conflict(w, p->path, "a folder at the source by now, or nobody can say: left alone; run it again");
    else if ((code = directories_remove(w, p->path)) == -ENOTEMPTY || code == -EEXIST)
        conflict(w, p->path, "not all that is in it could go to the versions, or something came since: left alone; run it again");
    else if (code && code != -ENOENT)
        report_errno(&w->report, (struct subject){.dir = p->path, .name = ""}, -code, SIDE_TARGET);
}

/* Nothing has that name at the destination. */
static bool is_free(const struct work *w, const char *path)
{
    const char *name;
    struct stat st;
    int dir = path_open_parent(w->target.top, path, &name);
    bool is_free = dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;

    if (dir >= 0)
        close(dir);
    return is_free;
}

static void finish(struct clearing *c, bool ended)
{
    for (struct place *p = c->places, *next; p; p = next) {
        next = p->next;
        if (p->folder && !ended)
            remove_folder(c->w, p);
        if (p->top && !ended && is_free(c->w, p->path))
            map_set(&c->plan->cleared, hash_of(p->path, strlen(p->path)), c->w);
        free(p->path);
        free(p);
    }
    c->places = NULL;
    map_free(&c->below, NULL);
}

int retype_clear(struct work *w, struct plan *plan, struct error *err)
{
    struct clearing c = {.w = w, .plan = plan};
    struct plan_visitor visitor = {.dir = enter, .name = see, .arg = &c};

    items_init(&c.ready);
    int code = plan_pass(plan, &visitor, err);
    leave(&c);
    stage_flush(&w->stage);
    finish(&c, code || work_ending(w));
    plan->is_cleared = true;
    return code;
}
