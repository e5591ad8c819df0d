#include "copy/foresee.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/frozen.h"
#include "copy/layers.h"

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* 0 or -errno, for whom this process acts as. */
static int may(int dir, const char *name, int mode)
{
    return faccessat(dir, name, mode, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

void foresee_enter(struct foresight *f, const struct merge_dir *dir)
{
    struct stat st;

    if (f->open) {
        drop(&f->source);
        drop(&f->target);
    }
    f->open = dir != NULL;
    if (!dir)
        return;
    f->source = f->w->source.top < 0 ? -ENOENT : path_open_dir(f->w->source.top, dir->path);
    f->source_dev = f->source >= 0 && fstat(f->source, &st) == 0 ? st.st_dev : 0;
    f->target = f->w->target.top < 0 || !dir->in_right ? -ENOENT : path_open_dir(f->w->target.top, dir->path);
    int code = f->target < 0 ? 0 : may(f->target, ".", W_OK | X_OK);
    if (code && !opened_may(f->target)) {
        drop(&f->target);
        f->target = code;
    }
}

/* A file that lies in a layer: 0 or -errno. */
static int may_read_layer(struct foresight *f, size_t layer, const struct plan_name *name)
{
    char *in_replica = plan_join(name->dir->path, name->name);
    char *path = plan_join(f->w->request->layers->bases[layer - 1], in_replica);
    const char *last;
    int parent = path_open_parent(f->w->source.root, path, &last);
    int code = parent < 0 ? parent : may(parent, last, R_OK);

    drop(&parent);
    free(path);
    free(in_replica);
    return code;
}

/* Opening is not asked for: on a tape or in a cloud it may take its time, and closing ends others' locks. */
static bool source_is_there(struct foresight *f, const struct plan_name *name, struct subject subject)
{
    size_t layer = layers_find(f->w->request->layers, name->dir->path, name->name);
    int code = 0;

    if (layer)
        code = may_read_layer(f, layer, name);
    else if (f->source < 0)
        code = f->source;
    else if (S_ISREG(name->pair->left->mode))
        code = may(f->source, name->name, R_OK);
    if (code) {
        report_errno(&f->w->report, subject, -code, SIDE_SOURCE);
        return false;
    }
    if (!layer && work_is_catalog(f->w, f->source_dev, f->source, name->name)) {
        report_problem(&f->w->report, subject, "EINUSE", "belongs to the catalog in use: not copied", false);
        return false;
    }
    return true;
}

static bool is_plain(const struct work *w)
{
    return strcmp(w->target.fs.type, "vfat") == 0 || strcmp(w->target.fs.type, "exfat") == 0;
}

/* Can the destination hold a name of this kind? */
static bool target_can(struct foresight *f, const struct plan_name *name, struct subject subject)
{
    mode_t mode = name->pair->left->mode;
    bool is_device = S_ISBLK(mode) || S_ISCHR(mode), is_other = !S_ISREG(mode) && !S_ISDIR(mode);
    struct report *r = &f->w->report;

    if (is_plain(f->w) && report_is_odd_name(name->name)) {
        report_errno(r, subject, EINVAL, SIDE_TARGET);
        return false;
    }
    if ((is_other && is_plain(f->w)) || (is_device && geteuid() != 0))
        return !report_refusal(r, subject, EPERM, mode);
    return true;
}

bool foresee_change(struct foresight *f, const struct plan_name *name, struct subject subject)
{
    char *path = plan_join(name->dir->path, name->name);
    const char *last = ".";
    int dir = f->w->target.top < 0 || !*path ? f->w->target.top : path_open_parent(f->w->target.top, path, &last);
    bool frozen = dir >= 0 && frozen_is(dir, last);

    if (dir >= 0 && dir != f->w->target.top)
        close(dir);
    free(path);
    if (frozen)
        report_errno(&f->w->report, subject, EPERM, SIDE_TARGET);
    return !frozen;
}

bool foresee_name(struct foresight *f, const struct plan_name *name, struct subject subject)
{
    int code = f->target < 0 && f->target != -ENOENT ? f->target : 0;

    if (!code && f->target >= 0 && (frozen_is(f->target, ".") || (name->pair->right && frozen_is(f->target, name->name))))
        code = -EPERM;
    if (code) {
        report_errno(&f->w->report, subject, -code, SIDE_TARGET);
        return false;
    }
    if (name->verdict->kind == VERDICT_EXTRA)
        return true;
    if (!target_can(f, name, subject))
        return false;
    return S_ISDIR(name->pair->left->mode) || source_is_there(f, name, subject);
}
