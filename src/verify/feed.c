#include "verify/feed.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "verify/doubt.h"

#define WINDOW 4096                        /* files that are sorted at a time */
#define LOOK_EVERY (100 * NSEC_PER_MSEC)

static bool is_cancelled(const struct feed *f)
{
    if (!job_cancelled(f->findings->job))
        return false;
    atomic_store(f->stop, true);
    return true;
}

static int by_inode(const void *a, const void *b)
{
    const struct check *x = *(struct check *const *)a, *y = *(struct check *const *)b;
    return (x->ino > y->ino) - (x->ino < y->ino);
}

static int largest_first(const void *a, const void *b)
{
    const struct check *x = *(struct check *const *)a, *y = *(struct check *const *)b;
    return (x->size < y->size) - (x->size > y->size);
}

static void sort(struct feed *f)
{
    size_t count = f->window.count, at = 0;
    struct check **list = mem_alloc((count + 1) * sizeof *list);

    for (struct check *c = f->window.first; c; c = c->next)
        list[at++] = c;
    qsort(list, count, sizeof *list, f->by_inode ? by_inode : largest_first);
    checks_init(&f->window);
    for (size_t i = 0; i < count; i++)
        checks_add(&f->window, list[i]);
    free(list);
}

/* Wait for the readers, and record what they find meanwhile. */
static int wait(struct feed *f, bool all, struct error *err)
{
    int code = 0;

    while (!code && !desk_wait(f->desk, all, LOOK_EVERY)) {
        (void)is_cancelled(f);
        code = findings_settle(f->findings, f->desk, false, err);
    }
    return code;
}

static int hand_over(struct feed *f, struct error *err)
{
    int code = wait(f, false, err);

    sort(f);
    desk_give(f->desk, &f->window);
    return code ? code : findings_settle(f->findings, f->desk, false, err);
}

static int add_file(struct feed *f, struct check *c, struct error *err)
{
    bool again = f->findings->request->known_again && (c->known_damaged || c->moved);
    bool reads = again || (choice_is_due(f->choice, c->verified) && choice_takes(f->choice, c->verified, c->size));

    if (!reads && c->known_damaged)
        findings_add_known(f->findings, c);
    if (!reads) {
        check_free(c);
        return 0;
    }
    checks_add(&f->window, c);
    return f->window.count >= WINDOW ? hand_over(f, err) : 0;
}

static void add_unread(struct feed *f, const struct merge_dir *dir, const struct merge_pair *pair)
{
    struct check *c = check_new(dir, pair);
    size_t len = dir->path_len + pair->left->name_len;

    if (!pair->left->name_len && len)
        c->path[len] = 0;    /* the directory itself */
    findings_add_unlisted(f->findings, len ? c->path : "", pair->left->err ? pair->left->err : EXDEV);
    check_free(c);
}

/* Only what has to be read: nothing is said of the rest. */
static int add_doubtful(struct feed *f, const struct merge_dir *dir, const struct merge_pair *pair, struct error *err)
{
    if (!doubt_wants(f->findings->request, &f->traits, pair) ||
        !only_takes(f->only, f->extent, pair->left->name, pair->left->name_len))
        return 0;
    checks_add(&f->window, check_new(dir, pair));
    return f->window.count >= WINDOW ? hand_over(f, err) : 0;
}

static int add_name(struct feed *f, const struct merge_dir *dir, const struct merge_pair *pair, struct error *err)
{
    const struct verify_request *r = f->findings->request;
    const struct entry *e = pair->left;

    if (r->against)
        return add_doubtful(f, dir, pair, err);
    if (!only_takes(f->only, f->extent, e->name, e->name_len))
        return 0;
    if (e->err || e->mount)
        add_unread(f, dir, pair);
    else if (S_ISREG(e->mode))
        return add_file(f, check_new(dir, pair), err);
    return 0;
}

/* One folder less that is known is no reason to leave the others unread. */
static int pass_over(struct feed *f, const struct merge_dir *dir, struct error *err)
{
    char *path = mem_strndup(dir->path, dir->path_len);

    findings_add_gone(f->findings, path, err);
    error_clear(err);
    free(path);
    return 0;
}

static int add_all(struct feed *f, struct merge *merge, struct error *err)
{
    struct merge_dir dir;
    struct merge_pair pair;
    int code;

    while ((code = merge_next_dir(merge, &dir, err)) > 0 && !is_cancelled(f)) {
        f->extent = f->only ? only_enter(f->only, dir.path, dir.path_len) : ONLY_COVERED;
        while ((code = merge_next(merge, &pair, err)) > 0 && !is_cancelled(f))
            if ((code = add_name(f, &dir, &pair, err)) < 0)
                return code;
        if (code == -ESTALE)
            code = pass_over(f, &dir, err);
        if (code < 0)
            return code;
    }
    return code < 0 ? code : 0;
}

int feed_run(struct feed *f, struct error *err)
{
    struct merge *merge;
    const struct verify_request *r = f->findings->request;
    int code = r->against ? doubt_traits(f->findings->cat, r, &f->traits, err) : 0;

    if (!code)
        code = merge_open(f->findings->cat, r->replica, r->against, &merge, err);
    if (code)
        return code;
    checks_init(&f->window);
    code = add_all(f, merge, err);
    merge_close(merge);
    if (!code)
        code = hand_over(f, err);
    check_free(f->window.first);
    if (!code)
        code = wait(f, true, err);
    return code;
}
