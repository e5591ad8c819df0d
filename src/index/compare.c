#include "index/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/sum.h"
#include "index/grouping.h"
#include "index/measured.h"
#include "index/path_set.h"

#define SLICE 65536    /* names, or directories passed over, in one call */

enum { LEFT, RIGHT };

/* A replica's row. */
struct row {
    int64_t files, bytes, directories, errors;
    bool found;
};

struct compare {
    struct catalog *cat;
    struct compare_request request;
    struct row rows[2];
    struct traits_pair traits;
    struct merge *merge;            /* NULL: nothing to walk */
    int64_t replicas[2];            /* that are walked; 0: none */
    bool passes_over;               /* directories of equal prints are not read */
    struct path_set unread[2];      /* what a side could not read */
    struct path_set marked;         /* what read_marked found */
    struct path_set told;           /* directories where the other side has something else */
    struct compare_sum seen_left;   /* of the listings that were read */
    struct compare_counts counts;
    struct grouping grouping;
    struct buf path;
    struct entry folder;            /* stands for an empty directory */
    /* the directory at hand */
    struct merge_dir dir;
    bool in_dir, has_names;
    bool is_unread[2];              /* it lies in what that side could not read */
};

/* ---- start and end ---- */

static void take_row(sqlite3_stmt *stmt, void *arg)
{
    *(struct row *)arg = (struct row){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                                      sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3), true};
}

static int read_row(struct catalog *cat, int64_t replica, struct row *ret_row, struct error *err)
{
    static const char sql[] = "SELECT files, bytes, directories, errors FROM told_replica WHERE id = ?1";
    int code = catalog_ask(cat, sql, replica, take_row, ret_row, err);

    return code < 0 ? code : 0;
}

/* Of a side that has nothing to be set against, its row says all. */
static void count_rows(struct compare *c)
{
    const struct row *l = &c->rows[LEFT], *r = &c->rows[RIGHT];

    c->counts.only_left = (struct compare_sum){.files = l->files, .bytes = l->bytes};
    c->counts.only_right = (struct compare_sum){.files = r->files, .bytes = r->bytes};
    c->counts.directories_left = l->directories - l->found;    /* without the top */
    c->counts.directories_right = r->directories - r->found;
}

/*
 * The directories of a replica whose prints do not tell all: a file is damaged, has to be read, or has names elsewhere. Looked up at once, because
 * they are few, and asked for one by one their columns lie behind the listings, which would be read with them.
 */
static int read_marked(struct compare *c, int64_t replica, struct error *err)
{
    static const char sql[] = "SELECT path FROM directory WHERE replica = ?1 AND damaged > 0 "
                              "UNION ALL SELECT path FROM directory WHERE replica = ?1 AND open > 0 "
                              "UNION ALL SELECT path FROM directory WHERE replica = ?1 AND linked > 0";
    sqlite3_stmt *stmt;
    int step;

    int code = catalog_borrow(c->cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
        path_set_append(&c->marked, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    if (step != SQLITE_DONE)
        code = catalog_fail(c->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int prepare_walk(struct compare *c, struct error *err)
{
    c->replicas[LEFT] = c->rows[LEFT].found ? c->request.left : 0;
    c->replicas[RIGHT] = c->rows[RIGHT].found ? c->request.right : 0;
    /* Where something could not be read, equal prints may both lack it. */
    c->passes_over = !c->request.list_same && !c->rows[LEFT].errors && !c->rows[RIGHT].errors;
    int code = merge_open(c->cat, c->replicas[LEFT], c->replicas[RIGHT], &c->merge, err);
    for (int side = LEFT; side <= RIGHT && !code && c->passes_over; side++)
        code = read_marked(c, c->replicas[side], err);
    path_set_sort(&c->marked);
    return code;
}

static int read_traits(struct compare *c, struct error *err)
{
    c->traits.window = c->request.window;
    int code = measured_times(c->cat, c->request.left, &c->traits.left, err);
    return code ? code : measured_times(c->cat, c->request.right, &c->traits.right, err);
}

static int prepare(struct compare *c, struct error *err)
{
    struct row *l = &c->rows[LEFT], *r = &c->rows[RIGHT];

    int code = catalog_exec(c->cat, "BEGIN", err);
    if (!code)
        code = read_row(c->cat, c->request.left, l, err);
    if (!code)
        code = read_row(c->cat, c->request.right, r, err);
    if (!code)
        code = read_traits(c, err);
    if (code)
        return code;
    c->counts.found_left = l->found;
    c->counts.found_right = r->found;
    c->counts.errors_left = l->errors;
    c->counts.errors_right = r->errors;
    if (l->found && r->found ? true : c->request.list)
        return prepare_walk(c, err);
    count_rows(c);
    return 0;
}

int compare_open(struct catalog *cat, const struct compare_request *request, struct compare **ret_compare,
                 struct error *err)
{
    struct compare *c = mem_zalloc(sizeof *c);

    c->cat = cat;
    c->request = *request;
    c->request.list |= c->request.list_same || c->request.list_rot;
    int code = prepare(c, err);
    if (code) {
        compare_close(c);
        return code;
    }
    *ret_compare = c;
    return 0;
}

void compare_close(struct compare *c)
{
    if (!c)
        return;
    merge_close(c->merge);
    catalog_rollback(c->cat);    /* nothing was written: it only ends the reading */
    path_set_free(&c->unread[LEFT]);
    path_set_free(&c->unread[RIGHT]);
    path_set_free(&c->marked);
    path_set_free(&c->told);
    grouping_free(&c->grouping);
    buf_free(&c->path);
    free(c);
}

const struct compare_counts *compare_counts(const struct compare *c) { return &c->counts; }

/* ---- what could not be read ---- */

/* Is the directory, or one above it, in the set? */
static bool is_below_unread(const struct path_set *s, const char *path, size_t len)
{
    if (!s->count)
        return false;
    bool found = path_set_has(s, "", 0) || path_set_has(s, path, len);
    for (size_t i = 1; i < len && !found; i++)
        found = path[i] == '/' && path_set_has(s, path, i);
    return found;
}

static void note_unread(struct compare *c, int side, const struct entry *e)
{
    if (!e || (!e->err && !e->mount))
        return;
    path_set_add(&c->unread[side], buf_str(&c->path), c->path.len);
    if (!e->name_len)
        c->is_unread[side] = true;
}

/* ---- one name ---- */

static void set_path(struct compare *c, const char *name, size_t len)
{
    buf_clear(&c->path);
    buf_add(&c->path, c->dir.path, c->dir.path_len);
    if (c->dir.path_len && len)
        buf_add_byte(&c->path, '/');
    buf_add(&c->path, name, len);
}

static struct compare_sum *sum_of(struct compare_counts *n, enum pair_judgement judgement)
{
    switch (judgement) {
    case PAIR_PROVED:
    case PAIR_SAME:
    case PAIR_TIME: return &n->same;
    case PAIR_LEFT: return &n->only_left;
    case PAIR_RIGHT: return &n->only_right;
    case PAIR_UNREAD: return &n->unread;
    case PAIR_DOUBT: return &n->doubt;
    default: return &n->different;
    }
}

static void add_entry(struct compare_sum *sum, const struct entry *e)
{
    if (S_ISREG(e->mode)) {
        sum->files++;
        sum->bytes = sum_add(sum->bytes, (int64_t)e->size);
    } else {
        sum->others++;
    }
}

/* The entry that stands for a pair: the left one, or the file of the two. */
static const struct entry *main_entry(const struct merge_pair *pair)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (!l || (r && !S_ISREG(l->mode) && S_ISREG(r->mode)))
        return r;
    return l;
}

static bool are_files(const struct merge_pair *pair)
{
    return pair->left && pair->right && S_ISREG(pair->left->mode) && S_ISREG(pair->right->mode);
}

/* Is one of the two damaged, and nobody knows which, but for a person who said so? */
static bool is_rot(const struct merge_pair *pair, const struct compare_item *item)
{
    bool was_written = item->rules && !pair->left_accepted && !pair->right_accepted;

    return item->judgement == PAIR_CONTENT && !item->newer && !was_written && !pair->left_damaged && !pair->right_damaged;
}

/* Of a name that is the same on both: is it one file with the same other names? */
static bool is_regrouped(struct compare *c, const struct merge_pair *pair)
{
    static const struct grouping_rules rules = {.joins = true, .parts = true};
    bool regroups = false;

    if (pair->left && pair->right && (grouping_has_names(pair->left) || grouping_has_names(pair->right)))
        (void)grouping_judge(&c->grouping, &rules, c->dir.path, pair, true, &regroups);
    return regroups;
}

/* Which side's is the later content? As compare_item.newer. */
static int later(const struct compare_item *item) { return item->rules ? item->rules : item->newer; }

static void count(struct compare *c, const struct merge_pair *pair, const struct compare_item *item)
{
    struct compare_counts *n = &c->counts;
    struct compare_sum *sum = sum_of(n, item->judgement);

    add_entry(sum, main_entry(pair));
    if (pair->left)
        add_entry(&c->seen_left, pair->left);
    n->content += is_rot(pair, item);
    n->regrouped += sum == &n->same && is_regrouped(c, pair);
    n->other_time += item->judgement == PAIR_TIME && are_files(pair);
    n->newer_left += sum == &n->different && later(item) < 0;
    n->newer_right += sum == &n->different && later(item) > 0;
}

/* A directory's own entry, and its name in the one above it, say something only when it could not be read. */
static bool is_silent(const struct merge_pair *pair, enum pair_judgement judgement)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (judgement == PAIR_UNREAD || judgement == PAIR_TYPE)
        return false;
    return !(l ? l : r)->name_len || S_ISDIR((l ? l : r)->mode);
}

static int rules(const struct merge_pair *pair, const struct traits_pair *traits)
{
    return pair_left_rules(pair, traits) ? -1 : pair_right_rules(pair, traits) ? 1 : 0;
}

/* Judge a pair and count it. True when it is to be handed out. */
static bool judge(struct compare *c, const struct merge_pair *both, struct compare_item *item)
{
    const struct merge_pair own = pair_without_nothing(both), *pair = &own;
    const struct entry *named = pair->left ? pair->left : pair->right;
    enum pair_judgement judgement = pair_judge(pair, &c->traits);

    if (judgement == PAIR_NOTHING)
        return false;
    c->has_names |= named->name_len > 0 || judgement == PAIR_UNREAD;    /* either is told, and needs no item of the directory */
    if (is_silent(pair, judgement))
        return false;
    if (judgement == PAIR_UNREAD) {
        set_path(c, named->name, named->name_len);
        note_unread(c, LEFT, pair->left);
        note_unread(c, RIGHT, pair->right);
    }
    if (judgement == PAIR_TYPE) {
        set_path(c, named->name, named->name_len);
        path_set_add(&c->told, buf_str(&c->path), c->path.len);
    }
    if ((judgement == PAIR_LEFT && c->is_unread[RIGHT]) || (judgement == PAIR_RIGHT && c->is_unread[LEFT]))
        judgement = PAIR_UNREAD;
    *item = (struct compare_item){.judgement = judgement, .left = pair->left, .right = pair->right};
    if (are_files(pair)) {
        item->newer = pair_newer(pair, &c->traits);
        item->rules = rules(pair, &c->traits);
        item->undated = pair_is_undated(pair, &c->traits) && !item->newer;
    }
    count(c, pair, item);
    if (c->request.list_rot && !is_rot(pair, item))
        return false;
    if (!c->request.list || (!c->request.list_same && sum_of(&c->counts, judgement) == &c->counts.same))
        return false;
    set_path(c, named->name, named->name_len);
    item->path = buf_str(&c->path);
    return true;
}

/* ---- one directory ---- */

/* Of a directory whose prints are equal: is there more to say? 1, 0 or -errno. */
static int says_more(struct compare *c, struct error *err)
{
    static const char sql[] = "SELECT 1 FROM directory a, directory b WHERE a.replica = ?1 AND a.path = ?3 "
                              "AND a.digests IS NOT NULL AND b.replica = ?2 AND b.path = ?3 AND a.digests <> b.digests";
    sqlite3_stmt *stmt;

    if (path_set_has(&c->marked, c->dir.path, c->dir.path_len))
        return 1;
    int code = catalog_borrow(c->cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, c->replicas[LEFT]);
    sqlite3_bind_int64(stmt, 2, c->replicas[RIGHT]);
    sqlite3_bind_blob64(stmt, 3, c->dir.path_len ? c->dir.path : "", c->dir.path_len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : catalog_fail(c->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

/* Only one side has it, and that was not told yet. */
static bool is_lone(const struct compare *c)
{
    if ((c->dir.in_left && c->dir.in_right) || path_set_has(&c->told, c->dir.path, c->dir.path_len))
        return false;
    return !c->is_unread[c->dir.in_left ? RIGHT : LEFT];
}

/* Begin the next directory: 1 when its names are to be judged, 2 when they need not be, 0 at the end, -errno. */
static int begin_directory(struct compare *c, struct error *err)
{
    int code = merge_next_dir(c->merge, &c->dir, err);

    if (code <= 0)
        return code;
    if (c->dir.same && c->passes_over && (code = says_more(c, err)) <= 0)
        return code < 0 ? code : 2;
    for (int side = LEFT; side <= RIGHT; side++)
        c->is_unread[side] = is_below_unread(&c->unread[side], c->dir.path, c->dir.path_len);
    c->in_dir = true;
    c->has_names = false;
    if (c->dir.path_len && is_lone(c))
        *(c->dir.in_left ? &c->counts.directories_left : &c->counts.directories_right) += 1;
    return 1;
}

/* True when the directory is an item itself: only one side has it, and nothing in it says so. */
static bool end_directory(struct compare *c, struct compare_item *item)
{
    c->in_dir = false;
    if (!c->request.list || c->request.list_rot || c->has_names || !c->dir.path_len || !is_lone(c))
        return false;
    set_path(c, "", 0);
    c->folder = (struct entry){.name = c->dir.path, .name_len = (uint32_t)c->dir.path_len, .mode = S_IFDIR};
    *item = (struct compare_item){.path = buf_str(&c->path)};
    item->judgement = c->dir.in_left ? PAIR_LEFT : PAIR_RIGHT;
    item->left = c->dir.in_left ? &c->folder : NULL;
    item->right = c->dir.in_left ? NULL : &c->folder;
    return true;
}

/* What was passed over is the same: the left replica's files but for those that were looked at. */
static void count_passed(struct compare *c)
{
    if (!c->passes_over)
        return;
    c->counts.same.files += c->rows[LEFT].files - c->seen_left.files;
    c->counts.same.bytes = sum_add(c->counts.same.bytes, c->rows[LEFT].bytes - c->seen_left.bytes);
}

static int finish(struct compare *c)
{
    count_passed(c);
    c->counts.regrouped -= grouping_excess(&c->grouping);
    merge_close(c->merge);
    c->merge = NULL;
    return COMPARE_END;
}

int compare_next(struct compare *c, struct compare_item *ret_item, struct error *err)
{
    struct merge_pair pair;
    int code;

    for (int done = 0; c->merge && done < SLICE; done++) {
        if (!c->in_dir) {
            if ((code = begin_directory(c, err)) < 0)
                return code;
            if (code == 0)
                return finish(c);
        } else if ((code = merge_next(c->merge, &pair, err)) < 0) {
            return code;
        } else if (code == 0 ? end_directory(c, ret_item) : judge(c, &pair, ret_item)) {
            return COMPARE_ITEM;
        }
    }
    return c->merge ? COMPARE_BUSY : COMPARE_END;
}
