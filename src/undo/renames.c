/* Names that an operation spelled anew (copy/respell.h) get their old spelling back. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/spelling.h"
#include "copy/place.h"
#include "copy/plan.h"
#include "undo/state.h"

#define OTHERWISE "has another name by now: left alone"

/* One of them, in its directory. */
struct turn {
    int dir;
    const char *was, *is;     /* the name that it had, and has */
    char *path, *path_now;    /* relative to the replica */
    struct stat st;
};

static bool is_listed(int dir, const char *name, struct stat *ret_st)
{
    char other[NAME_MAX + 1];

    return fstatat(dir, name, ret_st, AT_SYMLINK_NOFOLLOW) == 0 && spelling_search(dir, name, other) == SPELLED_SO;
}

static int give_back(struct undo *u, const struct turn *t)
{
    struct stat st;

    manifest_add_rename(&u->manifest, t->path_now, t->was);
    int code = manifest_write(&u->manifest);
    if (!code)
        code = manifest_sync(&u->manifest);
    if (code)
        return code;
    bool folds = fstatat(t->dir, t->was, &st, AT_SYMLINK_NOFOLLOW) == 0;
    code = !folds ? place_new(t->dir, t->is, t->dir, t->was) : renameat(t->dir, t->is, t->dir, t->was) < 0 ? -errno : 0;
    if (!code)
        code = path_sync_dir(t->dir);
    bool done = !code && is_listed(t->dir, t->was, &st);
    if (!done)
        manifest_add_void(&u->manifest, MANIFEST_RENAME, 0, t->path_now);
    u->counts.metadata += done;
    return code ? code : done ? 0 : -EEXIST;
}

static int turn_back(struct undo *u, struct turn *t)
{
    struct stat st;

    if (is_listed(t->dir, t->was, &st)) {
        u->counts.unchanged++;
        return 0;
    }
    if (!is_listed(t->dir, t->is, &t->st)) {
        report_problem(&u->report, (struct subject){.dir = t->path, .name = ""}, "ECHANGED", OTHERWISE, true);
        return 0;
    }
    if (!u->request.dry_run)
        return give_back(u, t);
    tell_action(u, "correct", t->path, t->st.st_mode, S_ISREG(t->st.st_mode) ? (uint64_t)t->st.st_size : 0);
    u->counts.metadata++;
    return 0;
}

static void undo_one(struct undo *u, const struct past_rename *r)
{
    struct turn t = {.path = r->path, .is = r->name};

    t.dir = u->top < 0 ? u->top : path_open_parent(u->top, r->path, &t.was);
    int code = t.dir;
    if (code >= 0) {
        char *dir = mem_strndup(r->path, (size_t)(t.was - r->path));
        t.path_now = mem_alloc(strlen(dir) + strlen(t.is) + 1);
        strcpy(stpcpy(t.path_now, dir), t.is);
        code = turn_back(u, &t);
        close(t.dir);
        free(t.path_now);
        free(dir);
    }
    if (code < 0)
        report_errno(&u->report, (struct subject){.dir = r->path, .name = ""}, -code, SIDE_TARGET);
}

int renames_undo(struct undo *u)
{
    for (size_t i = u->past.rename_count; i-- > 0;) {
        if (atomic_load(u->cancel))
            return -ECANCELED;
        undo_one(u, &u->past.renames[i]);
    }
    return 0;
}
