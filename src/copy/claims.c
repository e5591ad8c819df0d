#include "copy/claims.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "copy/manifest.h"
#include "copy/times.h"

static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static uint64_t old_key(const char *folder, size_t len, uint32_t mode, uint64_t size, int64_t mtime)
{
    const uint64_t parts[] = {hash64_of(folder, len), mode & S_IFMT, S_ISREG(mode) ? size : 0, (uint64_t)mtime};
    return hash64_of(parts, sizeof parts);
}

static void claim_old(struct claims *c, const struct manifest_record *rec)
{
    const char *path = rec->fields[1];
    struct manifest_file old;

    if (manifest_file(rec, rec->verb == MANIFEST_REPLACE ? 9 : 2, &old))
        map_set(&c->olds, old_key(path, folder_len(path), old.mode, old.size, old.mtime), c);
}

static void claim(struct claims *c, const struct manifest_record *rec)
{
    const char *path = rec->fields[1];

    switch (rec->verb) {
    case MANIFEST_REPLACE:
    case MANIFEST_REMOVE:
        claim_old(c, rec);
        map_set(&c->folders, hash64_of(path, folder_len(path)), c);
        break;
    case MANIFEST_CREATE:
    case MANIFEST_TOUCH:
        map_set(&c->folders, hash64_of(path, folder_len(path)), c);
        break;
    case MANIFEST_FOLDER:
        map_set(&c->folders, hash64_of(path, strlen(path)), c);
        break;
    default:
        break;
    }
}

int claims_read(int root, const char *operation, struct claims *ret_claims)
{
    struct manifest_reader reader;
    struct manifest_record rec;

    *ret_claims = (struct claims){0};
    int code = manifest_open(root, operation, &reader);
    while (!code && (code = manifest_next(&reader, &rec)) == 1) {
        claim(ret_claims, &rec);
        code = 0;
    }
    ret_claims->all = reader.torn && !reader.cut;
    manifest_reader_close(&reader);
    return code;
}

void claims_free(struct claims *c)
{
    map_free(&c->folders, NULL);
    map_free(&c->olds, NULL);
    *c = (struct claims){0};
}

bool claims_folder(const struct claims *c, const char *path)
{
    return c->all || map_get(&c->folders, hash64_of(path, strlen(path)));
}

bool claims_old(const struct claims *c, const char *path, const struct stat *st)
{
    return map_get(&c->olds, old_key(path, strlen(path), st->st_mode, (uint64_t)st->st_size, mtime_of(st)));
}
