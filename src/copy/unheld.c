#include "copy/unheld.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy/original.h"
#include "copy/refusals.h"
#include "index/volume.h"

static bool is_plain_type(const char *type) { return strcmp(type, "vfat") == 0 || strcmp(type, "exfat") == 0; }

/* Below a program of FUSE the device tells. */
static bool is_plain(const struct filesystem *fs, int fd)
{
    struct volume v;

    return is_plain_type(fs->type) || (strcmp(fs->type, "fuse") == 0 && volume_of(fd, &v) == 0 && is_plain_type(v.format));
}

static bool is_special(uint32_t mode) { return !S_ISREG(mode) && !S_ISDIR(mode) && !S_ISSOCK(mode); }

/* The errno that making it would end with; 0: nothing speaks against it. is_new: the name is not there yet. */
static int cannot_hold(const struct filesystem *fs, bool plain, uint32_t mode, const char *name, bool is_new)
{
    if (is_special(mode) && (plain || (S_ISLNK(mode) && fs->no_symlinks)))
        return EPERM;
    return is_new && plain && report_is_odd_name(name) ? EINVAL : 0;
}

static int end_of(int top, int root) { return top >= 0 ? top : root; }

void unheld_open(struct work *w)
{
    w->source.plain = w->source.top >= 0 && is_plain(&w->source.fs, w->source.top);
    w->target.plain = is_plain(&w->target.fs, end_of(w->target.top, w->target.root));
}

static void judge_coming(const struct work *w, const struct plan_name *name, struct verdict *v)
{
    const struct entry *left = name->pair->left;
    const bool is_new = !name->pair->right;
    int code = cannot_hold(&w->target.fs, w->target.plain, left->mode, name->name, is_new);

    if (!code && is_new && w->refusals) {
        char *path = plan_join(name->dir->path, name->name);
        code = refusals_unmade(w->refusals, path, left->mode);
        free(path);
    }
    if (!code || !report_cannot_hold(&w->report, name->name, code, left->mode, v->why, sizeof v->why))
        return;
    v->kind = VERDICT_PROBLEM;
    v->code = error_name(code);
    v->block = S_ISDIR(left->mode) || (name->pair->right && S_ISDIR(name->pair->right->mode));
}

static bool stays(const struct work *w, const struct plan_name *name)
{
    const struct entry *right = name->pair->right;

    if (w->source.top < 0 || right->err || right->mount || entry_is_nothing(right))
        return false;
    if (cannot_hold(&w->source.fs, w->source.plain, right->mode, name->name, true))
        return true;
    char *path = plan_join(name->dir->path, name->name);
    bool missed = w->originals && original_is_missed(w->originals, path);
    free(path);
    return missed;
}

bool unheld_judge(void *arg, const struct plan_name *name, bool mirror, struct verdict *v)
{
    const struct work *w = arg;

    if (!*name->name)
        return false;
    if (v->kind == VERDICT_NEW || v->kind == VERDICT_CHANGED || v->kind == VERDICT_RETYPED)
        judge_coming(w, name, v);
    if (!mirror || v->kind != VERDICT_EXTRA || !name->dir->in_left || !stays(w, name))
        return false;
    *v = (struct verdict){.kind = VERDICT_SAME, .block = S_ISDIR(name->pair->right->mode)};
    return true;
}
