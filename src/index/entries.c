#include "index/entries.h"

#include <stdlib.h>

#include "base/buf.h"
#include "index/merge.h"

/* A merge with nothing on its other side. */
struct entries {
    struct catalog *cat;
    int64_t replica;
    struct merge *merge;
    struct merge_dir dir;
    struct merge_pair pair;
    bool in_directory;
    struct buf path;
};

struct entries *entries_open(struct catalog *cat, int64_t replica)
{
    struct entries *it = mem_zalloc(sizeof *it);

    it->cat = cat;
    it->replica = replica;
    return it;
}

static const char *path_of(struct entries *it)
{
    buf_clear(&it->path);
    if (it->dir.path_len) {
        buf_add(&it->path, it->dir.path, it->dir.path_len);
        buf_add_byte(&it->path, '/');
    }
    buf_add(&it->path, it->pair.left->name, it->pair.left->name_len);
    return buf_str(&it->path);
}

int entries_next(struct entries *it, const char **ret_path, const struct entry **ret_entry, struct error *err)
{
    int code = it->merge ? 0 : merge_open(it->cat, it->replica, 0, &it->merge, err);

    while (!code) {
        code = it->in_directory ? merge_next(it->merge, &it->pair, err) : 0;
        if (code == 1 && !it->pair.left->name_len) {
            code = 0;
            continue;
        }
        if (code)
            break;
        it->in_directory = false;
        code = merge_next_dir(it->merge, &it->dir, err);
        if (code <= 0)
            return code;
        it->in_directory = true;
        code = 0;
    }
    if (code < 0)
        return code;
    *ret_path = path_of(it);
    *ret_entry = it->pair.left;
    return 1;
}

void entries_close(struct entries *it)
{
    if (!it)
        return;
    merge_close(it->merge);
    buf_free(&it->path);
    free(it);
}
