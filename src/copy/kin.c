#include "copy/kin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "copy/extras.h"
#include "copy/manifest.h"
#include "copy/plan.h"
#include "copy/times.h"
#include "copy/work.h"
#include "index/still.h"

struct known_file {
    struct taken target, source;    /* without a path */
    struct was was;                 /* when that was so */
    struct kin_source from;
    bool linked;                    /* further names were made, which moved its ctime */
    bool unknown;                   /* something else did, too */
};

void kin_free(struct kin *n)
{
    map_free(&n->files, free);
    map_free(&n->listed, free);
}

void kin_note(struct kin *n, const struct taken *target, const struct taken *source, const struct stat *st,
                struct kin_source from)
{
    struct known_file *f = mem_zalloc(sizeof *f);

    *f = (struct known_file){.target = *target, .source = *source, .was = was_stat(st), .from = from};
    pthread_mutex_lock(&n->lock);
    free(map_get(&n->files, map_file_key(st)));
    map_set(&n->files, map_file_key(st), f);
    pthread_mutex_unlock(&n->lock);
}

static bool has_names(const struct entry *e) { return e && S_ISREG(e->mode) && !e->err && e->nlink > 1; }

static uint64_t key_of(const struct plan_name *name)
{
    char *path = plan_join(name->dir->path, name->name);
    uint64_t key = hash64_of(path, strlen(path));

    free(path);
    return key;
}

void kin_expect(struct kin *n, const struct plan_name *name)
{
    const struct merge_pair *pair = name->pair;

    if (name->leader || name->verdict->kind != VERDICT_SAME || !has_names(pair->left) || !pair->right ||
        pair->right_state != DIGEST_CONFIRMED || pair->right_damaged || map_get(&n->listed, key_of(name)))
        return;
    struct known_file *f = mem_zalloc(sizeof *f);
    bool both = pair->left_state == DIGEST_CONFIRMED && !pair->left_damaged &&
                memcmp(&pair->left_digest, &pair->right_digest, sizeof pair->left_digest) == 0;

    f->target = (struct taken){.digest = pair->right_digest};
    f->source = (struct taken){.mtime = both ? pair->left->mtime : INT64_MIN, .ctime = pair->left->ctime};
    f->from.ino = pair->left->ino;
    f->was = was_entry(pair->right);
    map_set(&n->listed, key_of(name), f);
}

/* Is the leader what the catalog says? Its device is not in there: the name leads to it. */
static struct known_file *recall(struct kin *n, const char *leader, const struct stat *st)
{
    const struct known_file *listed = map_get(&n->listed, hash64_of(leader, strlen(leader)));
    struct was was = was_stat(st);

    if (!listed || listed->was.ino != was.ino || listed->was.ctime != was.ctime || listed->was.mtime != was.mtime ||
        listed->was.size != was.size)
        return NULL;
    struct known_file *f = mem_alloc(sizeof *f);
    *f = *listed;
    f->was = was;
    map_set(&n->files, map_file_key(st), f);
    return f;
}

void kin_before(struct kin *n, const char *leader, int dir, const char *name)
{
    struct stat st;

    pthread_mutex_lock(&n->lock);
    n->at = NULL;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    n->at = map_get(&n->files, map_file_key(&st));
    if (!n->at && leader)
        n->at = recall(n, leader, &st);
    if (n->at)
        n->at->unknown |= !still_is(&n->at->was, &st, STILL_UNTOUCHED, NULL);
}

void kin_after(struct kin *n, int dir, const char *name)
{
    struct known_file *f = n->at;
    struct stat st;

    if (f) {
        f->linked = true;
        f->unknown |= fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !still_is(&f->was, &st, STILL_SAME, NULL);
    }
    if (f && !f->unknown)
        f->was = was_stat(&st);
    pthread_mutex_unlock(&n->lock);
}

/* ---- recording ---- */

struct recorder {
    struct work *w;
    int dir;               /* the directory at hand, where it was needed; -1: not yet */
};

static void leave(struct recorder *r)
{
    if (r->dir >= 0)
        close(r->dir);
    r->dir = -1;
}

static int enter(void *arg, const struct merge_dir *dir)
{
    (void)dir;
    leave(arg);
    return 0;
}

static void record_name(struct work *w, const struct plan_name *name, const struct known_file *f, const struct stat *st)
{
    const struct filesystem *fs = &w->target.fs;
    const struct entry *left = name->pair->left;
    struct taken target = f->target, source = f->source;
    char *path = plan_join(name->dir->path, name->name);
    int64_t now = clock_now();

    target.path = path;
    target.size = (uint64_t)st->st_size;
    target.mtime = mtime_of(st);
    target.ctime = ctime_of(st);
    target.young |= filesystem_is_young(fs, now, target.ctime) || filesystem_is_young(fs, now, target.mtime);
    if (left->ino != f->from.ino || left->ctime != source.ctime)
        source.mtime = INT64_MIN;    /* it says nothing of that one */
    manifest_add_taken(&w->target.manifest, &target, &source);
    if (f->from.whole)
        extras_note(w->extras, path, &source, &target);
    atomic_fetch_add(&w->report.tally.recorded, 1);
    free(path);
}

static int visit(void *arg, const struct plan_name *name)
{
    struct recorder *r = arg;
    struct stat st;

    if (!has_names(name->pair->left))
        return 0;
    if (r->dir < 0)
        r->dir = path_open_dir(r->w->target.top, name->dir->path);
    if (r->dir < 0 || fstatat(r->dir, name->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    const struct known_file *f = map_get(&r->w->kin.files, map_file_key(&st));
    if (f && f->linked && !f->unknown && still_is(&f->was, &st, STILL_UNTOUCHED, NULL))
        record_name(r->w, name, f, &st);
    return 0;
}

int kin_record(struct work *w, struct plan *plan, struct error *err)
{
    struct recorder r = {.w = w, .dir = -1};
    struct plan_visitor visitor = {.dir = enter, .name = visit, .arg = &r};

    if (!w->kin.files.count)
        return 0;
    int code = plan_pass(plan, &visitor, err);
    leave(&r);
    if (!code && (code = manifest_write(&w->target.manifest)))
        error_set(err, -code, "manifest of %s", w->request->operation);
    return code;
}
