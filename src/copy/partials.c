#include "copy/partials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/opened.h"
#include "copy/temp.h"
#include "copy/tree.h"

struct settling {
    struct work *w;
    struct plan *plan;
    struct map wanted;             /* hashes of their names */
    int64_t bytes;
    bool dry;
};

static uint64_t key(const char *name) { return hash64_of(name, strlen(name)); }

static int want(void *arg, const struct plan_name *name)
{
    struct settling *s = arg;
    enum verdict_kind kind = name->verdict->kind;
    char temp[TEMP_NAME_SIZE];

    if ((kind != VERDICT_NEW && kind != VERDICT_CHANGED && kind != VERDICT_RETYPED) || !S_ISREG(name->pair->left->mode) ||
        name->pair->left->size < RESUMABLE)
        return 0;
    char *in_replica = plan_join(name->dir->path, name->name), *path = plan_join(s->w->request->path, in_replica);
    temp_partial_name(path, temp);
    map_set(&s->wanted, key(temp), s);
    free(path);
    free(in_replica);
    return 0;
}

/* One that stays is tried again when the copy is through. */
static void drop_one(struct settling *s, int dir, const char *path, const char *name)
{
    char *folder = plan_join(s->w->request->path, path);
    (void)opened_unlink(s->w->target.root, folder, dir, name);
    free(folder);
}

static int settle(void *arg, int dir, const char *path, const char *name)
{
    struct settling *s = arg;
    struct stat st;

    if (!temp_is_partial(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    bool wanted = map_get(&s->wanted, key(name)), drop = !wanted && plan_is_whole(s->plan);
    if (wanted || (drop && s->dry))
        s->bytes += (int64_t)st.st_blocks * 512;
    else if (drop)
        drop_one(s, dir, path, name);
    return 0;
}

/* The sweep has told of it, and the copy will where it needs it. */
static int pass_by(void *arg, const char *path, int code)
{
    (void)arg, (void)path, (void)code;
    return 0;
}

static int go_through(struct work *w, struct plan *plan, bool dry, struct error *err)
{
    struct settling s = {.w = w, .plan = plan, .dry = dry};
    struct plan_visitor planned = {.name = want, .arg = &s};
    struct tree_visitor found = {.name = settle, .refused = pass_by, .left = dry ? NULL : tree_restore_time, .arg = &s,
                                 .cancel = w->cancel};

    int code = plan_pass(plan, &planned, err);
    if (!code && (code = tree_walk(w->target.root, w->request->path, &found)) < 0)
        error_set(err, -code, "%s/%s", w->request->target_root, w->request->path);
    w->target.partial_bytes = s.bytes;
    map_free(&s.wanted, NULL);
    return code;
}

int partials_settle(struct work *w, struct plan *plan, struct error *err)
{
    return w->target.partials ? go_through(w, plan, false, err) : 0;
}

/* Only an operation that did not end has left any. */
static bool has_open_operation(int root, const char *replica)
{
    char *operation, *of;
    bool found = manifest_find_open(root, replica, &operation, &of);

    free(operation);
    free(of);
    return found;
}

int partials_foresee(struct work *w, struct plan *plan, struct error *err)
{
    return has_open_operation(w->target.root, w->request->path) ? go_through(w, plan, true, err) : 0;
}
