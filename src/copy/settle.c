#include "copy/settle.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "copy/attributes.h"
#include "copy/layers.h"

#define PROC_PATH (NAME_MAX + 32)    /* "/proc/self/fd/N/NAME" */

static char same, other;

void settle_init(struct settle *s, struct work *w, struct plan *plan)
{
    *s = (struct settle){.w = w};
    data_init(&s->data, w->cancel, NULL, NULL);
    plan->same_content = settle_content;
    plan->same_extras = settle_attributes;
    plan->content_arg = plan->extras_arg = s;
}

void settle_free(struct settle *s)
{
    if (s->w)
        data_free(&s->data);
    map_free(&s->read, NULL);
    *s = (struct settle){0};
}

static int digest_at(struct settle *s, int top, const char *path, uint64_t size, struct digest *ret_digest)
{
    int fd = work_open_file(s->w, top, path);
    int code = fd < 0 ? fd : data_digest(&s->data, fd, size, ret_digest);

    if (fd >= 0)
        close(fd);
    return code;
}

static int digest_of_layer(struct settle *s, size_t layer, const char *path, const struct merge_pair *pair,
                           struct digest *ret_digest)
{
    if (pair->left_state == DIGEST_CONFIRMED) {
        *ret_digest = pair->left_digest;
        return 0;
    }
    char *full = plan_join(s->w->request->layers->bases[layer - 1], path);
    int code = digest_at(s, s->w->source.root, full, pair->left->size, ret_digest);
    free(full);
    return code;
}

static bool is_same_folder(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What lies in no layer is what is there now: on the disk that is restored it is the very file. */
static int compare_live(struct settle *s, const char *path, const struct merge_pair *pair)
{
    const struct work *w = s->w;
    struct digest here, there;

    if (w->source.top < 0)
        return -ENODATA;
    if (is_same_folder(w->source.top, w->target.top))
        return 1;
    int code = digest_at(s, w->source.top, path, pair->left->size, &here);
    if (!code)
        code = digest_at(s, w->target.top, path, pair->right->size, &there);
    return code ? code : memcmp(&here, &there, sizeof here) == 0;
}

static bool is_doubtful(const struct plan_name *name)
{
    return name->verdict->code && strcmp(name->verdict->code, "EDOUBT") == 0;
}

static int compare(struct settle *s, size_t layer, const char *path, const struct merge_pair *pair)
{
    struct digest here, there;
    int code = digest_of_layer(s, layer, path, pair, &here);

    if (!code)
        code = digest_at(s, s->w->target.top, path, pair->right->size, &there);
    return code ? code : memcmp(&here, &there, sizeof here) == 0;
}

int settle_content(void *arg, const struct plan_name *name)
{
    struct settle *s = arg;
    size_t layer = layers_find(s->w->request->layers, name->dir->path, name->name);

    if (!layer && !is_doubtful(name))
        return -ENODATA;
    char *path = plan_join(name->dir->path, name->name);
    uint64_t key = hash64_of(path, strlen(path));
    const char *known = map_get(&s->read, key);
    int code = known ? known == &same : layer ? compare(s, layer, path, name->pair) : compare_live(s, path, name->pair);
    if (!known && code >= 0)
        map_set(&s->read, key, code ? &same : &other);
    free(path);
    return code;
}

int settle_attributes(void *arg, const struct plan_name *name, bool *ret_source)
{
    const struct work *w = ((struct settle *)arg)->w;
    char file[PROC_PATH], *path = plan_join(name->dir->path, name->name);
    const char *last = ".", *list = w->target.holds.xattr ? layers_attributes(w->request->layers, path) : NULL;
    int dir = !list ? -ENODATA : w->target.top < 0 || !*path ? path_open_dir(w->target.top, "")
                                                             : path_open_parent(w->target.top, path, &last);
    int code = list ? dir : 1;

    *ret_source = false;
    if (dir >= 0) {
        snprintf(file, sizeof file, "/proc/self/fd/%d/%s", dir, last);
        code = attributes_agree((struct xattr_file){.path = file}, w->target.holds.root, list);
        close(dir);
    }
    free(path);
    return code;
}
