#include "verify/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "index/filesystem.h"

struct check *check_new(const struct merge_dir *dir, const struct merge_pair *pair)
{
    const struct entry *e = pair->left;
    size_t size = dir->path_len + e->name_len + 2;
    struct check *c = mem_zalloc(sizeof *c + size);

    *c = (struct check){
        .path = (char *)(c + 1), .size = e->size, .ino = e->ino, .mtime = e->mtime, .ctime = e->ctime,
        .state = pair->left_state, .known_damaged = pair->left_damaged, .moved = pair->left_moved, .verified = pair->left_verified,
    };
    if (c->state != DIGEST_NONE)
        c->digest = pair->left_digest;
    memcpy(c->path, dir->path, dir->path_len);
    if (dir->path_len)
        c->path[dir->path_len] = '/';
    memcpy(c->path + dir->path_len + (dir->path_len > 0), e->name, e->name_len);
    return c;
}

void check_free(struct check *list)
{
    while (list) {
        struct check *next = list->next;
        free(list);
        list = next;
    }
}

static int64_t mtime_of(const struct stat *st) { return clock_join(st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec); }
static int64_t ctime_of(const struct stat *st) { return clock_join(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec); }

bool check_is_listed(const struct check *c, const struct stat *st)
{
    return S_ISREG(st->st_mode) && (uint64_t)st->st_size == c->size && mtime_of(st) == c->mtime;
}

void check_look(struct check *c, const struct stat *st, int signs)
{
    c->keeps_ctime = signs & SIGN_CTIME;
    c->moved |= ((signs & SIGN_CTIME) && ctime_of(st) != c->ctime) || ((signs & SIGN_INODE) && st->st_ino != c->ino);
}

enum finding check_judge(const struct check *c, const struct stat *before, const struct stat *after,
                         const struct digest *digest)
{
    bool quiet = before->st_size == after->st_size && mtime_of(before) == mtime_of(after) &&
                 ctime_of(before) == ctime_of(after);

    if (!quiet || !check_is_listed(c, after))
        return FOUND_CHANGED;
    if (c->state == DIGEST_NONE)
        return FOUND_NEW;
    if (memcmp(&c->digest, digest, sizeof *digest) == 0)
        return FOUND_OK;
    return c->moved ? FOUND_RENEWED : FOUND_DAMAGED;
}

bool check_is_read(const struct check *c)
{
    return c->finding == FOUND_OK || c->finding == FOUND_NEW || c->finding == FOUND_RENEWED;
}

/* What a medium that has lost a content answers; the rest may be different tomorrow. */
static bool is_medium_error(int errnum)
{
    return errnum == EIO || errnum == EBADMSG || errnum == EUCLEAN || errnum == EILSEQ || errnum == ENODATA;
}

enum finding check_judge_error(const struct check *c, int errnum)
{
    if (errnum == ENOENT || errnum == ENOTDIR)
        return FOUND_MISSING;
    if (errnum == ELOOP)
        return FOUND_CHANGED;
    return is_medium_error(errnum) && c->state != DIGEST_NONE && !c->moved ? FOUND_DAMAGED : FOUND_UNREAD;
}

bool check_is_certain(const struct check *c) { return c->state == DIGEST_CONFIRMED && c->keeps_ctime && !c->moved; }
