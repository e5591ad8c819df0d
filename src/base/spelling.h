/*
 * The name under which a directory lists what answers to a name. Where names fold (exFAT, NTFS, SMB, ext4 with casefold:
 * Spot is spot, é is é in either of its forms) a lookup leads to what has another name, and that is not what was asked
 * for: names are bytes.
 */
#ifndef AUTOBACKUP_BASE_SPELLING_H
#define AUTOBACKUP_BASE_SPELLING_H

#include <limits.h>

#include "base/error.h"

enum spelled {
    SPELLED_SO,           /* listed under these very bytes, or nothing answers to the name */
    SPELLED_OTHERWISE,    /* what answers to it has another name */
};

/*
 * Which is dir/name? ret_other (NAME_MAX + 1 bytes) gets the other name; "" where none of those that are listed looks
 * like it (a short name of FAT). Quick where names do not fold: the directory is read only where another spelling of the
 * name, which nobody asked for, answers too. An enum spelled, or -errno.
 */
int spelling_of(int dir, const char *name, char *ret_other);

/*
 * The same from a whole reading of dir, for a name that is known to be taken. A name that differs in case or form alone
 * counts although nothing answers to the one asked for.
 */
int spelling_search(int dir, const char *name, char *ret_other);

/*
 * The last `count` components of `path` below root (a descriptor; root_text: its path), as far as there are such
 * directories: of a replica's path 2, the client's folder and the project's. SPELLED_SO; SPELLED_OTHERWISE with err
 * (ESPELLING: what is called how, and what to do); -errno with err. err may be NULL.
 */
int spelling_check(int root, const char *root_text, const char *path, int count, struct error *err);

#define SPELLING_OF_REPLICA 2

/*
 * How two names differ that look alike, when it is in their forms: "c3 a9 / 65 cc 81", the bytes of the first
 * character that they do not share. ret_text gets it, cut to `size`; "" when they differ in what can be seen.
 */
void spelling_bytes(const char *a, const char *b, char *ret_text, size_t size);

#endif
