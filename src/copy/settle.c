#include "copy/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "copy/layers.h"

static char same, other;

void settle_init(struct settle *s, struct work *w)
{
    *s = (struct settle){.w = w};
    data_init(&s->data, w->cancel, NULL, NULL);
}

void settle_free(struct settle *s)
{
    if (s->w)
        data_free(&s->data);
    map_free(&s->read, NULL);
    *s = (struct settle){0};
}

static int digest_in(struct settle *s, int dir, const char *name, uint64_t size, struct digest *ret_digest)
{
    struct stat st;

    if (fstat(dir, &st) < 0)
        return -errno;
    if (work_is_catalog(s->w, st.st_dev, dir, name))
        return -EBUSY;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = data_digest(&s->data, fd, size, ret_digest);
    close(fd);
    return code;
}

static int digest_at(struct settle *s, int top, const char *path, uint64_t size, struct digest *ret_digest)
{
    const char *name;
    int dir = path_open_parent(top, path, &name);
    int code = dir < 0 ? dir : digest_in(s, dir, name, size, ret_digest);

    if (dir >= 0)
        close(dir);
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

    if (!layer)
        return -ENODATA;
    char *path = plan_join(name->dir->path, name->name);
    uint64_t key = hash64_of(path, strlen(path));
    const char *known = map_get(&s->read, key);
    int code = known ? known == &same : compare(s, layer, path, name->pair);
    if (!known && code >= 0)
        map_set(&s->read, key, code ? &same : &other);
    free(path);
    return code;
}
