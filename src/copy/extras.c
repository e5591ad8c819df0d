#include "copy/extras.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "copy/attributes.h"
#include "copy/layers.h"
#include "copy/original.h"

#define PROC_PATH (NAME_MAX + 32)    /* "/proc/self/fd/N/NAME" */

void extras_init(struct extras *x, struct work *w, struct catalog *cat)
{
    const struct transfer_request *r = w->request;

    *x = (struct extras){.w = w, .from = -1, .to = -1, .started_at = clock_now(),
                         .compared = {.cat = cat, .place = {r->target_identity, r->source_identity, r->path},
                                      .anew = r->attributes, .part = r->only_count}};
    pthread_mutex_init(&x->lock, NULL);
    w->extras = x;
}

static void leave(struct extras *x)
{
    if (x->folder && x->from >= 0)
        close(x->from);
    if (x->folder && x->to >= 0)
        close(x->to);
    free(x->folder);
    x->folder = NULL;
}

void extras_free(struct extras *x)
{
    leave(x);
    if (x->w)
        pthread_mutex_destroy(&x->lock);
    compared_free(&x->compared);
    map_free(&x->other, NULL);
    buf_free(&x->made);
    *x = (struct extras){0};
}

/* Mounted with other options, a disk may show attributes that it did not show before. */
static uint64_t where_of(const struct work *w)
{
    char from[FILESYSTEM_NAME] = "", to[FILESYSTEM_NAME] = "";

    (void)filesystem_name(w->source.top, from);
    (void)filesystem_name(w->target.top, to);
    return hash64_of(from, strlen(from)) * 31 + hash64_of(to, strlen(to));
}

static bool keeps(const struct work *w) { return w->source.holds.xattr && w->target.holds.xattr; }

/* path: in the replica. 1 or 0, or -errno. */
static int agree(const struct work *w, const char *path, struct xattr_file from, struct xattr_file to, bool *ret_source)
{
    struct original original;

    original_of(w, path, true, &original);
    *ret_source = false;
    if (original.rules.list)
        return attributes_agree(to, w->target.holds.root, original.rules.list);
    return xattr_agree(from, to, w->target.holds.root, &original.rules, ret_source);
}

bool extras_differ(const struct work *w, const char *path, int from, int to)
{
    bool source;

    return keeps(w) && (!w->request->layers || layers_attributes(w->request->layers, path)) &&
           agree(w, path, (struct xattr_file){.fd = from}, (struct xattr_file){.fd = to}, &source) == 0;
}

static int enter(struct extras *x, const char *path)
{
    if (!x->folder || strcmp(x->folder, path) != 0) {
        leave(x);
        x->folder = mem_strdup(path);
        x->from = path_open_dir(x->w->source.top, path);
        x->to = x->from < 0 ? x->from : path_open_dir(x->w->target.top, path);
    }
    return x->to < 0 ? x->to : 0;
}

/* By name: nothing is opened, which for a FIFO would be felt, for a symlink lead elsewhere, and may not be allowed. */
static int look(struct extras *x, const struct plan_name *name, bool *ret_source)
{
    char from[PROC_PATH], to[PROC_PATH];
    const char *last = *name->name ? name->name : ".";
    int code = enter(x, name->dir->path);

    *ret_source = x->from < 0;
    if (code)
        return x->from < 0 ? -ENOENT : code;    /* of the source's folder that it could not be read is told as that: once */
    snprintf(from, sizeof from, "/proc/self/fd/%d/%s", x->from, last);
    snprintf(to, sizeof to, "/proc/self/fd/%d/%s", x->to, last);
    char *path = plan_join(name->dir->path, name->name);
    code = agree(x->w, path, (struct xattr_file){.path = from}, (struct xattr_file){.path = to}, ret_source);
    free(path);
    return code;
}

static uint64_t path_key(const struct plan_name *name)
{
    char *path = plan_join(name->dir->path, name->name);
    uint64_t key = hash64_of(path, strlen(path));

    free(path);
    return key;
}

/* When one of the two is touched, its ctime moves. */
static uint64_t key_of(struct extras *x, const char *name, int64_t from_ctime, int64_t to_ctime)
{
    if (!x->where)
        x->where = where_of(x->w) | 1;
    const int64_t parts[] = {(int64_t)hash64_of(name, strlen(name)), from_ctime, to_ctime, x->w->target.holds.root, (int64_t)x->where};
    return hash64_of(parts, sizeof parts);
}

/* Would a change after `now` give it another ctime? A whole second may be all that the disk keeps. */
static bool shows_change(const struct filesystem *fs, int64_t now, int64_t ctime)
{
    bool coarse = ctime % NSEC_PER_SEC == 0 && ctime > now - 2 * NSEC_PER_SEC;
    return (fs->signs & SIGN_CTIME) && !coarse && !filesystem_is_young(fs, now, ctime);
}

static bool is_lasting(const struct extras *x, const struct merge_pair *pair)
{
    return shows_change(&x->w->source.fs, x->started_at, pair->left->ctime) &&
           shows_change(&x->w->target.fs, x->started_at, pair->right->ctime);
}

/* What was found of one that is not equal, as a value of a map that is nobody's to free. */
static void *answer_of(int code, bool source) { return (void *)(uintptr_t)((unsigned)-code * 4 + source * 2 + 1); }

static int answer_again(const void *answer, bool *ret_source)
{
    *ret_source = (uintptr_t)answer & 2;
    return -(int)((uintptr_t)answer / 4);
}

static int look_once(struct extras *x, const struct plan_name *name, uint64_t key, bool *ret_source)
{
    int code = look(x, name, ret_source);

    if (code > 0 && is_lasting(x, name->pair))
        compared_add(&x->compared, name->dir->path, key);
    else if (code <= 0)
        map_set(&x->other, path_key(name), answer_of(code, *ret_source));
    return code;
}

int extras_agree(void *arg, const struct plan_name *name, bool *ret_source)
{
    struct extras *x = arg;
    bool bare = S_ISLNK(name->pair->left->mode) && !x->w->target.holds.root;    /* only root gives a symlink any */

    if (!keeps(x->w) || bare)
        return 1;
    const void *answer = x->other.count ? map_get(&x->other, path_key(name)) : NULL;
    if (answer)
        return answer_again(answer, ret_source);
    uint64_t key = key_of(x, name->name, name->pair->left->ctime, name->pair->right->ctime);
    return compared_has(&x->compared, name->dir->path, key) ? 1 : look_once(x, name, key, ret_source);
}

void extras_remember(struct extras *x)
{
    struct error err = {0};

    if (x->w)
        (void)compared_write(&x->compared, !x->compared.part, &err);
    error_clear(&err);
}

/*
 * They were looked at when they were read and written, which is a while ago. Where whole seconds are all that the disk keeps, that
 * is too long for the copy.
 */
static bool is_lasting_copy(const struct extras *x, const struct taken *source, const struct taken *target)
{
    return !source->young && !target->young && source->mtime != INT64_MIN && target->ctime % NSEC_PER_SEC &&
           shows_change(&x->w->source.fs, x->started_at, source->ctime) && (x->w->target.fs.signs & SIGN_CTIME);
}

void extras_note(struct extras *x, const char *path, const struct taken *source, const struct taken *target)
{
    const char *slash = strrchr(path, '/');

    if (!x || !keeps(x->w) || !is_lasting_copy(x, source, target))
        return;
    const struct compared_note note = {hash64_of(path, slash ? (size_t)(slash - path) : 0),
                                       key_of(x, slash ? slash + 1 : path, source->ctime, target->ctime)};
    pthread_mutex_lock(&x->lock);
    buf_add(&x->made, &note, sizeof note);
    pthread_mutex_unlock(&x->lock);
}

bool extras_has_notes(const struct extras *x) { return x->made.len; }

void extras_save(struct extras *x, struct catalog *cat)
{
    struct error err = {0};

    compared_take(&x->compared, (void *)x->made.data, x->made.len / sizeof(struct compared_note));
    x->compared.cat = cat;
    (void)compared_save(&x->compared, false, &err);
    error_clear(&err);
}
