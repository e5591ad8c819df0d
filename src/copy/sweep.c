#include "copy/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/claims.h"
#include "copy/manifest.h"
#include "copy/metadata.h"
#include "copy/opened.h"
#include "copy/plan.h"
#include "copy/spare.h"
#include "copy/temp.h"
#include "copy/tree.h"
#include "copy/trial.h"
#include "copy/versions.h"

/* An operation that is dead. */
struct dead {
    char *operation, *replica;     /* replica: NULL where the manifest names none */
    int64_t started_at;            /* ns since 1970, as its manifest says */
    struct claims claims;
    bool has_claims;
    long partials, others;         /* others: files that crashes left there, which may be another's */
    struct unswept left;           /* path: NULL when nothing is */
    bool stays;                    /* some of that is worth another try */
};

struct sweep {
    int root;
    const atomic_bool *cancel;
    struct swept *swept;
    struct dead *dead;             /* at hand */
    const char *top;               /* of the walk */
    struct versions *versions;     /* of the dead operation; NULL while these are walked themselves */
    const char *replica;           /* whose partial files are counted */
    bool counts;                   /* the walk is in it */
    bool by_looks;                 /* several are dead: only what looks like what this one replaced is its own */
    bool drops_partials;
};

/* ---- what stays ---- */

/* Always 0, so that the walk goes on. */
static int leave(struct sweep *s, const char *path, const char *name, int code)
{
    struct dead *d = s->dead;

    if (code == -ECANCELED)
        return code;
    d->stays |= !path_is_absent(code);
    if (d->left.path) {
        d->left.more++;
        return 0;
    }
    char *below = plan_join(path, name);
    d->left.path = *below ? plan_join(s->top, below) : mem_strdup(s->top);
    d->left.code = code;
    free(below);
    return 0;
}

static int leave_folder(void *arg, const char *path, int code) { return leave(arg, path, "", code); }

/* ---- one name ---- */

static int drop_partial(struct sweep *s, int dir, const char *path, const char *name)
{
    char *folder = plan_join(s->top, path);
    int code = opened_unlink(s->root, folder, dir, name);

    free(folder);
    return code;
}

static int handle_partial(struct sweep *s, int dir, const char *path, const char *name)
{
    struct stat st;

    if (s->drops_partials)
        return drop_partial(s, dir, path, name);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    s->dead->partials++;
    if (s->counts) {
        s->swept->partials++;
        s->swept->partial_bytes += (int64_t)st.st_blocks * 512;
    }
    return 0;
}

/* The versions lie on another filesystem: the copy there is durable before the file goes. */
static int rescue_copy(struct versions *v, int dir, const char *path, const char *name, const atomic_bool *cancel)
{
    struct holds holds = {0};
    struct stat st;
    struct data data;
    int to = versions_folder(v, path);
    int code = to < 0 ? to : holds_probe(to, &holds);

    if (code)
        return code;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    data_init(&data, cancel, NULL, NULL);
    code = versions_copy(v, path, dir, name, &st, &data, &holds);
    data_free(&data);
    if (code == -EEXIST)    /* copied whole by a rescue that was cut short */
        code = 0;
    if (!code)
        code = versions_sync(v);
    return code ? code : unlinkat(dir, name, 0) < 0 ? -errno : 0;
}

/* 1 when it is the operation's at hand, 0, or -errno. */
static int is_claimed(struct sweep *s, int dir, const char *path, const char *name)
{
    struct dead *d = s->dead;
    struct stat st;
    int code = d->has_claims ? 0 : claims_read(s->root, d->operation, &d->claims);

    d->has_claims = true;
    if (code)
        return code;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    bool claimed = s->by_looks ? claims_old(&d->claims, path, &st) : claims_folder(&d->claims, path);
    d->others += !claimed;
    return claimed;
}

static int rescue(struct sweep *s, int dir, const char *path, const char *name)
{
    int code = is_claimed(s, dir, path, name);
    if (code != 1)
        return code;
    code = versions_move(s->versions, path, dir, name, name);
    if (code == -EXDEV)
        code = rescue_copy(s->versions, dir, path, name, s->cancel);
    s->swept->rescued += !code;
    return code;
}

static int remove_temp(struct sweep *s, int dir, const char *name)
{
    if (unlinkat(dir, name, 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    s->swept->temps++;
    return 0;
}

static int sweep_name(void *arg, int dir, const char *path, const char *name)
{
    struct sweep *s = arg;
    int code = 0;

    if (temp_is_partial(name))
        code = handle_partial(s, dir, path, name);
    else if (s->drops_partials)
        return 0;
    else if (temp_is(name))
        code = remove_temp(s, dir, name);
    else if (s->versions && temp_is_exchange(name))
        code = rescue(s, dir, path, name);
    return code ? leave(s, path, name, code) : 0;
}

/* ---- one operation ---- */

static int sweep_tree(struct sweep *s, const char *top)
{
    struct tree_visitor visitor = {
        .name = sweep_name, .refused = leave_folder, .left = tree_restore_time, .arg = s, .cancel = s->cancel};

    s->top = top;
    return tree_walk(s->root, top, &visitor);
}

static int sweep_replica(struct sweep *s)
{
    const struct dead *d = s->dead;
    struct versions versions;

    versions_init(&versions, s->root, d->operation, d->replica, true);
    s->versions = &versions;
    /* One replica may have several dead operations. */
    s->counts = s->replica && strcmp(s->replica, d->replica) == 0 && !s->swept->partials;
    int code = sweep_tree(s, d->replica);
    int synced = versions_sync(&versions);
    s->versions = NULL;
    s->counts = false;
    versions_close(&versions);
    return code ? code : synced ? leave(s, "", "", synced) : 0;
}

static int sweep_operation(struct sweep *s, struct dead *dead)
{
    char *kept = plan_join(VERSIONS, dead->operation);

    s->dead = dead;
    int code = spare_drop(s->root, dead->operation, dead->replica, s->cancel);
    if (!code)
        code = sweep_replica(s);
    if (!code)
        code = sweep_tree(s, kept);
    free(kept);
    return code;
}

/* Once more, for what others of the dead did not claim: then it belongs to the one that worked in that folder. */
static int sweep_again(struct sweep *s, struct dead *dead)
{
    s->dead = dead;
    dead->partials = 0;
    return dead->others ? sweep_replica(s) : 0;
}

/* ---- all ---- */

/* A manifest without a head is older than its operation's first temp. One that names no replica, as a prune's, has none. */
static void read_dead(struct sweep *s, struct dead *d)
{
    struct manifest_reader reader;
    struct manifest_record head;
    int code = manifest_open(s->root, d->operation, &reader);

    if (!code && (code = manifest_next(&reader, &head)) == 1) {
        const char *replica = head.fields[4];
        code = 0;
        if (head.verb == MANIFEST_HEAD && *replica && path_is_safe_below_root(replica))
            d->replica = mem_strdup(replica);
        (void)manifest_number(&head, 9, &d->started_at);
    }
    manifest_reader_close(&reader);
    s->dead = d;
    s->top = OPERATIONS;
    if (code)
        (void)leave(s, "", d->operation, code);
}

/* "20311123T020000Z-7f3a.open" -> the id, to be freed; NULL for other names. */
static char *dead_operation(const char *name)
{
    size_t len = strlen(name), tail = strlen(MANIFEST_OPEN);

    if (len <= tail || *name == '.' || strcmp(name + len - tail, MANIFEST_OPEN) != 0)
        return NULL;
    return mem_strndup(name, len - tail);
}

/* 0 or -errno. */
static int list_dead(int root, struct dead **ret_list, size_t *ret_count)
{
    struct dirent *d;
    DIR *dir;
    int code = path_read_dir(root, OPERATIONS, &dir);

    if (!dir)
        return code;
    while ((d = readdir(dir))) {
        if (temp_is(d->d_name))
            unlinkat(dirfd(dir), d->d_name, 0);    /* left by holds_probe */
        char *operation = dead_operation(d->d_name);
        if (!operation)
            continue;
        *ret_list = mem_realloc(*ret_list, (*ret_count + 1) * sizeof **ret_list);
        (*ret_list)[(*ret_count)++] = (struct dead){.operation = operation};
    }
    closedir(dir);
    return 0;
}

static void free_dead(struct dead *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].operation);
        free(list[i].replica);
        free(list[i].left.path);
        claims_free(&list[i].claims);
    }
    free(list);
}

/* The folders that it opened are as they were; its end, and what is to be told of it. */
static void finish(struct sweep *s, struct dead *d)
{
    struct swept *swept = s->swept;
    int code = d->replica ? opened_recover(s->root, d->operation) : 0;

    s->dead = d;
    s->top = d->replica;
    if (code)
        (void)leave(s, "", "", code);
    bool ends = !d->partials && !d->stays;
    code = ends ? manifest_bury(s->root, d->operation) : 0;
    s->top = OPERATIONS;
    if (code)
        (void)leave(s, "", d->operation, code);
    swept->operations += ends && !code;
    if (!d->left.path)
        return;
    swept->unswept = mem_realloc(swept->unswept, (swept->unswept_count + 1) * sizeof *swept->unswept);
    swept->unswept[swept->unswept_count++] = (struct unswept){
        .operation = mem_strdup(d->operation), .path = d->left.path, .code = d->left.code, .more = d->left.more};
    d->left.path = NULL;
}

static int compare_later(const void *a, const void *b)
{
    const struct dead *x = a, *y = b;

    return x->started_at != y->started_at ? (x->started_at < y->started_at) - (x->started_at > y->started_at)
                                          : strcmp(y->operation, x->operation);
}

/* The later ones first: what one of these was to replace too, none before it had replaced. */
static int sweep_all(struct sweep *s, struct dead *list, size_t count)
{
    int code = 0;

    for (size_t i = 0; i < count; i++)
        read_dead(s, &list[i]);
    if (count)
        qsort(list, count, sizeof *list, compare_later);
    s->by_looks = count > 1;
    for (size_t i = 0; !code && i < count; i++)
        if (list[i].replica)
            code = sweep_operation(s, &list[i]);
    s->by_looks = false;
    for (size_t i = 0; !code && count > 1 && i < count; i++)
        if (list[i].replica)
            code = sweep_again(s, &list[i]);
    for (size_t i = 0; !code && i < count; i++)
        finish(s, &list[i]);
    return code;
}

int sweep_partials(int root, const char *replica, const atomic_bool *cancel)
{
    struct dead any = {0};
    struct sweep s = {.root = root, .cancel = cancel, .dead = &any, .drops_partials = true};
    int code = sweep_tree(&s, replica);

    free(any.left.path);
    return code ? code : any.left.code;
}

int sweep_dead(int root, const char *replica, const atomic_bool *cancel, struct swept *ret_swept)
{
    struct sweep s = {.root = root, .replica = replica, .cancel = cancel, .swept = ret_swept};
    struct dead *list = NULL;
    size_t count = 0;

    *ret_swept = (struct swept){0};
    trial_sweep(root, OUR_FOLDER);
    int code = list_dead(root, &list, &count);
    if (!code)
        code = sweep_all(&s, list, count);
    free_dead(list, count);
    return code;
}

void swept_free(struct swept *swept)
{
    for (size_t i = 0; i < swept->unswept_count; i++) {
        free(swept->unswept[i].operation);
        free(swept->unswept[i].path);
    }
    free(swept->unswept);
    *swept = (struct swept){0};
}

/* ---- telling ---- */

static void add_count(struct buf *text, const char *verb, long count, const char *noun)
{
    if (count)
        buf_printf(text, "%s%s %ld %s%s", text->len ? " and " : "", verb, count, noun, count == 1 ? "" : "s");
}

static void tell_done(const struct swept *swept, struct report *report)
{
    struct buf text = {0};

    add_count(&text, "removed", swept->temps, "temporary file");
    add_count(&text, "kept", swept->rescued, "replaced file");
    if (text.len) {
        if (swept->operations <= 1)
            buf_printf(&text, " of an unfinished operation");
        else
            buf_printf(&text, " of %ld unfinished operations", swept->operations);
        report_note(report, "ESWEPT", buf_str(&text));
    }
    buf_free(&text);
}

/* Why it stays, and the next step. */
static void add_reason(struct buf *text, int code)
{
    if (path_is_absent(code))
        buf_printf(text, "something else lies in the place of its folder (%s); where that is moved back, 'prune' removes the temps "
                   "in it", strerror(-code));
    else if (code == -EACCES || code == -EPERM)
        buf_printf(text, "%s; an operation by root, or by who owns the folder, removes it", strerror(-code));
    else
        buf_printf(text, "%s; the next operation here tries again", strerror(-code));
}

void sweep_tell_partials(int code, struct report *report)
{
    char text[200];

    if (!code || code == -ECANCELED)
        return;
    snprintf(text, sizeof text, "the beginnings of large files could not all be removed: %s; 'prune' removes them when they "
             "are old", strerror(-code));
    report_note(report, "EPARTIAL", text);
}

static void tell_unswept(const struct unswept *u, struct report *report)
{
    struct buf text = {0};

    buf_printf(&text, "what the unfinished operation %s left at %s", u->operation, u->path);
    if (u->more)
        buf_printf(&text, " and %ld more place%s", u->more, u->more == 1 ? "" : "s");
    buf_printf(&text, " stays there: ");
    add_reason(&text, u->code);
    report_note(report, "EUNSWEPT", buf_str(&text));
    buf_free(&text);
}

void swept_tell(const struct swept *swept, struct report *report)
{
    tell_done(swept, report);
    for (size_t i = 0; i < swept->unswept_count; i++)
        tell_unswept(&swept->unswept[i], report);
}
