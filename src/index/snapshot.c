#include "index/snapshot.h"

#include <stdlib.h>
#include <string.h>

static void add_slots(struct buf *out, const struct snapshot_entry *entries, size_t count)
{
    static const struct digest none;

    for (size_t i = 0; i < count; i++) {
        buf_add_byte(out, entries[i].has_digest ? DIGEST_CONFIRMED : DIGEST_NONE);
        buf_add(out, entries[i].has_digest ? &entries[i].digest : &none, DIGEST_SIZE);
    }
}

void snapshot_add(struct snapshot *s, const char *path, size_t path_len, const struct snapshot_entry *entries,
                  size_t count)
{
    struct entry *plain = mem_alloc((count + 1) * sizeof *plain);
    bool digests = false;

    if ((s->count & (s->count + 1)) == 0)    /* room for twice as many */
        s->dirs = mem_realloc(s->dirs, (2 * s->count + 1) * sizeof *s->dirs);
    struct snapshot_dir *d = &s->dirs[s->count++];
    *d = (struct snapshot_dir){.path = mem_strndup(path, path_len), .path_len = path_len};
    for (size_t i = 0; i < count; i++) {
        plain[i] = entries[i].entry;
        digests |= entries[i].has_digest;
    }
    (void)listing_encode(plain, count, &d->listing);
    if (digests)
        add_slots(&d->digests, entries, count);
    free(plain);
}

struct wanted {
    const char *path;
    size_t len;
};

static int order(const void *key, const void *dir)
{
    const struct wanted *w = key;
    const struct snapshot_dir *d = dir;
    return entry_compare_names(w->path, w->len, d->path, d->path_len);
}

const struct snapshot_dir *snapshot_find(const struct snapshot *s, const char *path, size_t path_len)
{
    struct wanted wanted = {path, path_len};

    return s->count ? bsearch(&wanted, s->dirs, s->count, sizeof *s->dirs, order) : NULL;
}

void snapshot_free(struct snapshot *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->dirs[i].path);
        buf_free(&s->dirs[i].listing);
        buf_free(&s->dirs[i].digests);
    }
    free(s->dirs);
    *s = (struct snapshot){0};
}
