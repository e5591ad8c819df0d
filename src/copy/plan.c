#include "copy/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/path.h"
#include "base/sum.h"

char *plan_join(const char *dir, const char *name)
{
    size_t dir_len = strlen(dir), name_len = strlen(name);
    bool both = dir_len && name_len;
    char *path = mem_alloc(dir_len + both + name_len + 1);

    memcpy(path, dir, dir_len);
    if (both)
        path[dir_len] = '/';
    memcpy(path + dir_len + both, name, name_len + 1);
    return path;
}

static void forget(struct plan *p)
{
    map_free(&p->blocked, NULL);
    grouping_free(&p->grouping);
}

void plan_free(struct plan *p)
{
    forget(p);
    map_free(&p->needed, NULL);
    map_free(&p->respelled, free);
    map_free(&p->cleared, NULL);
    map_free(&p->outside, first_free);
}

void plan_block(struct plan *p, const char *dir, const char *name)
{
    char *path = plan_join(dir, name);
    static char blocked;

    map_set(&p->blocked, hash64_of(path, strlen(path)), &blocked);
    free(path);
}

static bool is_marked_in(const struct map *m, const char *path) { return map_get(m, hash64_of(path, strlen(path))) != NULL; }

static bool is_marked(struct plan *p, const char *path, size_t len)
{
    return map_get(&p->blocked, hash64_of(path, len)) != NULL;
}

/* Itself, or any directory above it. */
static bool is_blocked(struct plan *p, const struct merge_dir *dir)
{
    if (!p->blocked.count)
        return false;
    for (const char *slash = dir->path; (slash = strchr(slash, '/')); slash++)
        if (is_marked(p, dir->path, (size_t)(slash - dir->path)))
            return true;
    return is_marked(p, dir->path, dir->path_len);
}

/*
 * A name that only leads to what the plan is about is made where it is needed for that, and told where it is in the
 * way, or cannot be read. All else of it is nobody's business.
 */
static bool concerns(const struct plan *p, const struct plan_name *name)
{
    const struct merge_pair *pair = name->pair;
    const struct verdict *v = name->verdict;
    char *path = plan_join(name->dir->path, name->name);
    bool needed = plan_is_needed(p, path, strlen(path));

    free(path);
    if (v->kind == VERDICT_EXTRA || (pair->left && (pair->left->err || pair->left->mount)))
        return v->block;
    return needed && (v->kind == VERDICT_NEW || v->kind == VERDICT_CONFLICT || v->kind == VERDICT_PROBLEM);
}

static bool is_asked_for(struct plan *p, const struct plan_name *name)
{
    if (!p->only || p->extent == ONLY_COVERED)
        return true;
    enum only_extent extent = *name->name ? only_name(p->only, name->name, strlen(name->name)) : ONLY_LEADS;
    return extent == ONLY_COVERED || (extent == ONLY_LEADS && concerns(p, name));
}

/* Where size and time are not enough, what is alike is read. */
static void settle(struct plan *p, const struct plan_name *name, struct verdict *verdict)
{
    if (!p->same_content || !classify_is_alike(name->pair, &p->options, verdict))
        return;
    int code = p->same_content(p->content_arg, name);
    if (code >= 0)
        classify_read(name->pair, &p->options, code, verdict);
    else if (code != -ENODATA && code != -ECANCELED)
        classify_unread(-code, verdict);
}

static int refused_of(const struct plan *p, const struct plan_name *name, const struct verdict *v)
{
    bool stays = (v->kind == VERDICT_SAME || v->kind == VERDICT_METADATA) && !v->block && name->pair->left && name->pair->right;
    return p->refused && stays ? p->refused(p->refused_arg, name) : 0;
}

/* What looks the same may have attributes that are no more those of the source, and what does not may stay as it is. */
static void look(struct plan *p, const struct plan_name *name, struct verdict *verdict)
{
    int refused = refused_of(p, name, verdict);
    bool differs = refused < 0 ? verdict->kind == VERDICT_SAME : classify_may_differ(name->pair, &p->options, verdict);

    bool source = false;
    int same = refused <= 0 && p->same_extras && differs ? p->same_extras(p->extras_arg, name, &source) : 1;

    if (refused > 0)
        classify_refused(name->pair, &p->options, (unsigned)refused, verdict);
    else if (same == 0)
        classify_differs(name->pair, &p->options, verdict);
    else if (same < 0 && !path_is_absent(same))    /* what went since is found by who comes to it */
        classify_unsaid(-same, source, verdict);
}

/*
 * The destination has it under another spelling. The source's is then neither new there, nor the destination's an extra
 * one: false, and nothing is said of it before it has the source's spelling. What lies below is not looked at.
 */
static bool judge_respelled(struct plan *p, const struct plan_name *name, struct verdict *v)
{
    const struct merge_pair *pair = name->pair;
    char *path = pair->left && pair->right ? NULL : plan_join(name->dir->path, name->name);
    const char *other = path ? map_get(&p->respelled, hash64_of(path, strlen(path))) : NULL;

    free(path);
    if (!other)
        return true;
    v->block = S_ISDIR(pair->left ? pair->left->mode : pair->right->mode);
    v->kind = p->respell_first ? VERDICT_SAME : VERDICT_CONFLICT;
    v->code = "ESPELLING";
    snprintf(v->why, sizeof v->why, "the destination has it as %.40s and keeps that spelling: left alone; rename it there by "
             "hand, by way of a third name", other);
    return pair->left != NULL && !p->respell_first;
}

/* What comes to lie there, or stays. What is going to be new when its name is cleared is one of a file's names before that, too. */
static bool is_carried(const struct verdict *v)
{
    return v->kind == VERDICT_NEW || v->kind == VERDICT_RETYPED || v->kind == VERDICT_CHANGED || v->kind == VERDICT_SAME || v->kind == VERDICT_METADATA;
}

struct grouping_rules plan_grouping_rules(const struct plan *p)
{
    return (struct grouping_rules){.joins = p->options.joins_links, .parts = p->options.parts_links, .outside = &p->outside,
                                   .is_one = p->is_one, .device = p->device, .arg = p->is_one_arg};
}

/* In a repair the names of one damaged file stay names of one file, whatever the source's are. */
static const char *group(struct plan *p, const struct plan_name *name, struct verdict *v)
{
    const struct classify_options *o = &p->options;
    const struct grouping_rules rules = plan_grouping_rules(p);
    const struct merge_pair *pair = name->pair;
    bool stays = v->kind == VERDICT_SAME || v->kind == VERDICT_METADATA;

    if (o->repair)
        return v->kind == VERDICT_CHANGED ? grouping_leader(&p->grouping, &rules, name->dir->path, pair->right) : NULL;
    if (!pair->left || S_ISDIR(pair->left->mode) || entry_is_nothing(pair->left) || !is_carried(v))
        return NULL;
    if (stays && (v->block || !pair->right || ((pair->left->mode ^ pair->right->mode) & S_IFMT)))    /* it is left alone */
        return NULL;
    const char *leader = grouping_judge(&p->grouping, &rules, name->dir->path, pair, stays, &v->regroups);
    if (v->regroups)
        v->kind = VERDICT_CHANGED;
    return leader;
}

/* Only what is asked for itself is cleared away, not what merely leads there. */
static bool is_asked_itself(const struct plan *p, const char *name)
{
    return !p->only || p->extent == ONLY_COVERED || (*name && only_name(p->only, name, strlen(name)) == ONLY_COVERED);
}

/* What was cleared is new; what could not be is left alone. own: gets the pair without the destination's side. */
static void judge_cleared(struct plan *p, struct plan_name *name, struct verdict *v, struct merge_pair *own)
{
    char *path = plan_join(name->dir->path, name->name);

    *v = (struct verdict){.kind = VERDICT_SAME, .block = true};
    if (is_marked_in(&p->cleared, path)) {
        *v = (struct verdict){.kind = VERDICT_NEW, .block = !S_ISDIR(name->pair->left->mode)};
        *own = pair_left_only(name->pair);
        name->pair = own;
        name->retyped = true;
    }
    free(path);
}

/* Nothing goes from the destination for what was not read of the source. */
static void keep_unread(struct plan *p, const struct plan_name *name, struct verdict *v)
{
    const struct entry *left = name->pair->left;

    if (!p->gap || (v->kind != VERDICT_EXTRA && v->kind != VERDICT_RETYPED))
        return;
    char *path = plan_join(name->dir->path, left && S_ISDIR(left->mode) ? name->name : "");
    int why = p->gap(p->gap_arg, path);
    free(path);
    if (why)
        classify_gap(name->pair, why, v);
}

/* What the destination has under the name of a socket of the source is an extra. own: gets it without that. */
static const struct merge_pair *without_socket(const struct merge_pair *pair, struct merge_pair *own, bool *ret_socket)
{
    *ret_socket = pair->right && entry_is_nothing(pair->left) && !entry_is_nothing(pair->right);
    if (!*ret_socket)
        return pair;
    *own = pair_right_only(pair);
    return own;
}

/* What the source did not take is no difference: its side is as if it had. own, left: for that. */
static const struct merge_pair *as_taken(struct plan *p, const struct plan_name *name, struct merge_pair *own, struct entry *left)
{
    if (!p->original || !p->original(p->original_arg, name, left))
        return name->pair;
    *own = *name->pair;
    own->left = left;
    return own;
}

static int visit(struct plan *p, const struct plan_visitor *visitor, const struct merge_dir *dir,
                 const struct merge_pair *pair)
{
    struct verdict verdict;
    struct merge_pair own, taken;
    struct entry left;
    struct plan_name name = {.dir = dir, .verdict = &verdict};

    pair = name.pair = without_socket(pair, &own, &name.socket);
    name.name = pair->left ? pair->left->name : pair->right->name;
    pair = name.pair = as_taken(p, &name, &taken, &left);
    classify(pair, &p->options, &verdict);
    keep_unread(p, &name, &verdict);
    name.stays = p->unheld && p->unheld(p->unheld_arg, &name, p->options.mirror, &verdict);
    if (verdict.kind == VERDICT_RETYPED && !is_asked_itself(p, name.name))
        classify_keep_type(pair, &verdict);
    else if (verdict.kind == VERDICT_RETYPED && p->is_cleared)
        judge_cleared(p, &name, &verdict, &own);
    bool is_judged = p->respelled.count && !judge_respelled(p, &name, &verdict);
    if (is_judged && verdict.block)
        plan_block(p, dir->path, name.name);
    if (is_judged || !is_asked_for(p, &name))
        return 0;
    settle(p, &name, &verdict);
    look(p, &name, &verdict);
    if (verdict.block && *name.name)
        plan_block(p, dir->path, name.name);
    name.leader = group(p, &name, &verdict);
    return visitor->name(visitor->arg, &name);
}

bool plan_asked_to_end(const struct plan *p)
{
    return (p->cancel && atomic_load(p->cancel)) || (p->stop && atomic_load(p->stop));
}

static int pass_dir(struct plan *p, struct merge *merge, const struct plan_visitor *visitor,
                    const struct merge_dir *dir, struct error *err)
{
    struct merge_pair pair;
    int code = visitor->dir ? visitor->dir(visitor->arg, dir) : 0;

    while (code >= 0 && (code = merge_next(merge, &pair, err)) > 0) {
        code = visit(p, visitor, dir, &pair);
        if (code >= 0 && plan_asked_to_end(p))
            code = -ECANCELED;
    }
    return code;
}

static int pass_blocked(struct plan *p, struct merge *merge, const struct plan_visitor *visitor, struct error *err)
{
    struct merge_pair pair;
    int code = 0;

    while (visitor->blocked && (code = merge_next(merge, &pair, err)) > 0) {
        const struct entry *e = pair.left ? pair.left : pair.right;
        if (only_takes(p->only, p->extent, e->name, e->name_len))
            visitor->blocked(visitor->arg, &pair);
        if (plan_asked_to_end(p))
            return -ECANCELED;
    }
    return code;
}

/* Is anything in this directory what the plan is about? */
static bool reaches(struct plan *p, const struct merge_dir *dir)
{
    if (p->only)
        p->extent = only_enter(p->only, dir->path, dir->path_len);
    return !p->only || p->extent != ONLY_OUTSIDE;
}

bool plan_is_whole(const struct plan *p) { return !p->only || p->extent == ONLY_COVERED; }

bool plan_is_needed(const struct plan *p, const char *path, size_t len)
{
    return !p->only || map_get(&p->needed, hash64_of(path, len)) != NULL;
}

int plan_merge(struct plan *p, struct merge **ret_merge, struct error *err)
{
    int code = merge_open(p->cat, p->source, p->target, ret_merge, err);

    if (!code && p->snapshot)
        merge_set_left(*ret_merge, p->snapshot);
    return code;
}

static void take_number(sqlite3_stmt *stmt, void *arg) { *(int64_t *)arg = sqlite3_column_int64(stmt, 0); }

/* A replica whose row is gone is not one without files. */
static int check_known(struct plan *p, int64_t replica, const char *side, struct error *err)
{
    int64_t count = 0;
    int code = replica ? catalog_ask(p->cat, "SELECT count(*) FROM replica WHERE id = ?1", replica, take_number, &count, err)
                       : 1;

    if (code < 0 || !replica || count)
        return code < 0 ? code : 0;
    return error_say(err, "ECHANGED", ESTALE, "what the catalog knew of the %s was removed while it was at work (by a "
                     "remove, an add --replace or a load of another program): run it again", side);
}

static int check_both(struct plan *p, struct error *err)
{
    int code = p->snapshot ? 0 : check_known(p, p->source, "source", err);
    return code ? code : check_known(p, p->target, "destination", err);
}

int plan_pass(struct plan *p, const struct plan_visitor *visitor, struct error *err)
{
    struct merge *merge = NULL;
    struct merge_dir dir;

    forget(p);
    int code = check_both(p, err);
    if (!code)
        code = plan_merge(p, &merge, err);
    if (code)
        return code;
    while (code >= 0 && (code = merge_next_dir(merge, &dir, err)) > 0) {
        if (plan_asked_to_end(p))
            code = -ECANCELED;
        else if (!reaches(p, &dir))
            continue;
        else if (is_blocked(p, &dir))
            code = pass_blocked(p, merge, visitor, err);
        else
            code = pass_dir(p, merge, visitor, &dir, err);
    }
    merge_close(merge);
    return code < 0 ? code : check_both(p, err);
}

static void count_directory(struct plan_counts *n, const struct plan_name *name)
{
    const struct verdict *v = name->verdict;

    n->directories_new += v->kind == VERDICT_NEW;
    n->inodes += v->kind == VERDICT_NEW;
    n->metadata_only += v->kind == VERDICT_METADATA && !v->refused;
    n->directories_stale += v->times_only || v->kind == VERDICT_METADATA;
}

static void count_file(struct plan_counts *n, const struct plan_name *name)
{
    enum verdict_kind kind = name->verdict->kind;

    n->files_new += kind == VERDICT_NEW;
    n->files_changed += kind == VERDICT_CHANGED;
    n->files_unchanged += kind == VERDICT_SAME || kind == VERDICT_METADATA;
    if (name->leader || (kind != VERDICT_NEW && kind != VERDICT_CHANGED))
        return;
    n->bytes = sum_add(n->bytes, (int64_t)name->pair->left->size);
    n->inodes++;
}

static void count_other(struct plan_counts *n, enum verdict_kind kind, uint32_t mode)
{
    n->sockets += S_ISSOCK(mode);
    n->others_new += kind == VERDICT_NEW;
    n->others_changed += kind == VERDICT_CHANGED;
    n->inodes += kind == VERDICT_NEW || kind == VERDICT_CHANGED;
}

static void count_left(struct plan_counts *n, const struct plan_name *name)
{
    uint32_t mode = name->pair->left->mode;
    enum verdict_kind kind = name->verdict->kind;

    if (kind == VERDICT_CONFLICT)
        n->conflicts++;
    else if (kind == VERDICT_PROBLEM)
        n->problems++;
    else if (S_ISDIR(mode))
        count_directory(n, name);
    else if (S_ISREG(mode))
        count_file(n, name);
    else
        count_other(n, kind, mode);
    n->metadata_only += kind == VERDICT_METADATA && !S_ISDIR(mode) && !name->verdict->refused;
    n->again += kind == VERDICT_METADATA && name->verdict->refused;
    n->has_links |= name->leader != NULL;
    n->owned += name->verdict->owned;
    n->refused += name->verdict->refused != 0;
    n->lost |= name->verdict->refused;
    n->source_incomplete |= name->pair->left->err || name->pair->left->mount;
}

/* What goes, and what comes. */
static void count_retyped(struct plan_counts *n, const struct plan_name *name)
{
    const struct entry *l = name->pair->left, *r = name->pair->right;
    const struct verdict new = {.kind = VERDICT_NEW};
    struct plan_name fresh = *name;

    fresh.verdict = &new;
    n->retyped++;
    n->has_links |= l->nlink > 1 && !S_ISDIR(l->mode);
    n->directories_extra += S_ISDIR(r->mode);
    n->files_extra += !S_ISDIR(r->mode);
    count_left(n, &fresh);
}

bool plan_is_extra(const struct plan_name *name)
{
    return name->verdict->kind == VERDICT_EXTRA && (!entry_is_nothing(name->pair->right) || !name->dir->in_left);
}

static void count_extra(struct plan_counts *n, const struct plan_name *name)
{
    const struct entry *r = name->pair->right;
    bool is_extra = plan_is_extra(name);

    if (name->stays && !n->staying++)
        n->stays = plan_join(name->dir->path, name->name);
    n->directories_extra += is_extra && S_ISDIR(r->mode);
    n->files_extra += is_extra && !S_ISDIR(r->mode);
}

/* All regular files of the source, whatever becomes of them. */
static void count_any(struct plan_counts *n, const struct merge_pair *pair)
{
    n->files += pair->left && S_ISREG(pair->left->mode);
}

struct counting {
    struct plan_counts *n;
    struct plan *p;
};

static void count_blocked(void *arg, const struct merge_pair *pair) { count_any(((struct counting *)arg)->n, pair); }

static int count_name(void *arg, const struct plan_name *name)
{
    struct counting *c = arg;
    struct plan_counts *n = c->n;

    count_any(n, name->pair);
    n->sockets += name->socket;
    if (name->verdict->kind == VERDICT_RETYPED)
        count_retyped(n, name);
    else if (name->pair->left)
        count_left(n, name);
    else
        count_extra(n, name);
    return c->p->look ? c->p->look(c->p->look_arg, name) : 0;
}

int plan_count(struct plan *p, struct plan_counts *ret_counts, struct error *err)
{
    struct counting counting = {.n = ret_counts, .p = p};
    struct plan_visitor visitor = {.name = count_name, .blocked = count_blocked, .arg = &counting};

    *ret_counts = (struct plan_counts){0};
    return plan_pass(p, &visitor, err);
}
