/*
 * One file to verify: what the catalog says of it, and what was found.
 */
#ifndef AUTOBACKUP_VERIFY_CHECK_H
#define AUTOBACKUP_VERIFY_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "index/merge.h"

enum finding {
    FOUND_NOTHING,     /* not read: asked to stop */
    FOUND_OK,          /* the content is that of the digest */
    FOUND_NEW,         /* no digest was known */
    FOUND_RENEWED,     /* another content, and its inode or ctime moved: somebody wrote it and put its time back */
    FOUND_DAMAGED,     /* another content, though nothing was written */
    FOUND_CHANGED,
    FOUND_MISSING,
    FOUND_UNREAD,
};

struct check {
    struct check *next;
    /* from the catalog */
    char *path;                   /* relative to the replica; lies behind the struct */
    uint64_t size, ino;
    int64_t mtime, ctime;         /* ns */
    enum digest_state state;
    struct digest digest;
    bool known_damaged;
    bool moved;                   /* a sign moved (index/filesystem.h), in the catalog or since */
    int64_t verified;             /* seconds since 1970, 0: never */
    /* found */
    enum finding finding;
    struct digest found;          /* of the content; of OK and NEW */
    int64_t found_ctime;
    uint64_t found_ino;
    int64_t read_at;              /* ns since 1970: when its reading ended */
    bool keeps_ctime;             /* its filesystem does */
    bool young;                   /* the times were too near to now to prove anything later */
    int errnum;                   /* positive: why it could not be read; else 0 */
};

/* Copy what a pair's left side says. dir: of the replica. */
struct check *check_new(const struct merge_dir *dir, const struct merge_pair *pair);
void check_free(struct check *list);    /* and all behind it */

/* Are the file's type, size and mtime those in the catalog? */
bool check_is_listed(const struct check *c, const struct stat *st);

/* Note whether a sign of the file (signs: enum filesystem_sign, those that its filesystem keeps) is another than listed. */
void check_look(struct check *c, const struct stat *st, int signs);

/*
 * Judge a file that was read whole: before and after are its states around that, digest is of the content. What was known
 * as damaged and moved since is another file, as any that moved. Pure.
 */
enum finding check_judge(const struct check *c, const struct stat *before, const struct stat *after,
                         const struct digest *digest);

/* Was its content read whole, so that its digest is known now? */
bool check_is_read(const struct check *c);

/* Judge one whose content could not be read: of one that moved nobody knows what that should be. errnum: positive. Pure. */
enum finding check_judge_error(const struct check *c, int errnum);

/* Damage that no program can have made: confirmed digest, and all times as in the catalog. */
bool check_is_certain(const struct check *c);

#endif
