/* plan_scout: what a plan that is about some paths only has to know before its first pass. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "copy/plan.h"
#include "copy/transfer.h"

static char marker;    /* a value for sets */

struct scout {
    struct plan *p;
    bool with_target, again;
    struct map wanted;    /* keys of the source's files with several names, of which one is asked for */
    int (*each)(struct scout *s, const struct merge_dir *dir, const struct merge_pair *pair);
};

static uint64_t key_of(struct scout *s, bool left, const struct merge_dir *dir, const struct entry *e)
{
    const struct grouping_rules rules = plan_grouping_rules(s->p);
    return grouping_key(&s->p->grouping, &rules, left, dir->path, e);
}

/* A directory and all above it; nothing is to do above one that is known. */
static void need(struct plan *p, const char *path, size_t len)
{
    while (!map_get(&p->needed, hash64_of(path, len))) {
        map_set(&p->needed, hash64_of(path, len), &marker);
        const char *slash = memrchr(path, '/', len);
        len = slash ? (size_t)(slash - path) : 0;
    }
}

static enum only_extent extent_of(struct scout *s, const struct merge_pair *pair)
{
    const struct entry *e = pair->left ? pair->left : pair->right;

    return e->name_len ? only_name(s->p->only, e->name, e->name_len) : s->p->extent;
}

static int look(struct scout *s, const struct merge_dir *dir, const struct merge_pair *pair)
{
    const struct entry *e = pair->left ? pair->left : pair->right;

    if (extent_of(s, pair) != ONLY_COVERED || !e->name_len)
        return 0;
    if (pair->left || s->with_target)
        s->again |= only_count(s->p->only, e->name, e->name_len);
    if (!pair->left)
        return 0;
    need(s->p, dir->path, dir->path_len);
    if (grouping_has_names(pair->left))
        map_set(&s->wanted, key_of(s, true, dir, pair->left), &marker);
    return 0;
}

/* A name that was not asked for, and is in place: what was asked for is linked to that. */
static int look_outside(struct scout *s, const struct merge_dir *dir, const struct merge_pair *pair)
{
    struct verdict v;
    uint64_t key = grouping_has_names(pair->left) ? key_of(s, true, dir, pair->left) : 0;

    if (!key || !map_get(&s->wanted, key) || extent_of(s, pair) == ONLY_COVERED ||
        map_get(&s->p->outside, key))
        return 0;
    classify(pair, &s->p->options, &v);
    if (v.kind == VERDICT_SAME && pair->right)
        map_set(&s->p->outside, key, first_new(dir->path, pair->left->name, key_of(s, false, dir, pair->right)));
    return 0;
}

static int scout_dir(struct scout *s, struct merge *merge, const struct merge_dir *dir, struct error *err)
{
    struct merge_pair pair;
    int code;

    while ((code = merge_next(merge, &pair, err)) > 0) {
        code = s->each(s, dir, &pair);
        if (!code && plan_asked_to_end(s->p))
            code = -ECANCELED;
        if (code)
            return code;
    }
    return code;
}

/* everywhere: also where nothing is what the plan is about. */
static int scout(struct scout *s, bool everywhere, struct error *err)
{
    struct merge *merge = NULL;
    struct merge_dir dir;
    int code = plan_merge(s->p, &merge, err);

    if (code)
        return code;
    while ((code = merge_next_dir(merge, &dir, err)) > 0) {
        s->p->extent = only_enter(s->p->only, dir.path, dir.path_len);
        if ((everywhere || s->p->extent != ONLY_OUTSIDE) && (code = scout_dir(s, merge, &dir, err)))
            break;
    }
    merge_close(merge);
    return code;
}

int plan_scout(struct plan *p, bool with_target, struct error *err)
{
    struct scout s = {.p = p, .with_target = with_target, .each = look};
    int code;

    do {    /* again when a path turned out to be spelled like a pattern */
        s.again = false;
        only_forget_hits(p->only);
        map_free(&p->needed, NULL);
        map_free(&s.wanted, NULL);
        code = scout(&s, false, err);
    } while (!code && s.again);
    s.each = look_outside;
    if (!code && s.wanted.count)
        code = scout(&s, true, err);
    map_free(&s.wanted, NULL);
    return code;
}

static int count_matches(struct plan *p, int64_t *ret_counts, struct error *err)
{
    int code = plan_scout(p, true, err);

    for (size_t i = 0; !code && i < only_patterns(p->only); i++)
        ret_counts[i] = only_hits(p->only, i);
    return code;
}

int transfer_matches(const struct matches_request *request, int64_t *ret_counts, struct error *err)
{
    struct plan plan = {.source = request->source, .target = request->target};
    int code = only_new(request->only, request->only_count, &plan.only, err);

    if (!code)
        code = catalog_open(request->catalog, &plan.cat, err);
    if (!code)
        code = count_matches(&plan, ret_counts, err);
    plan_free(&plan);
    catalog_close(plan.cat);
    only_free(plan.only);
    return code;
}
