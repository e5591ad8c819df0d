/*
 * Reading one directory: names with getdents64, a statx each, sorted.
 */
#ifndef AUTOBACKUP_SCAN_FOLDER_H
#define AUTOBACKUP_SCAN_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "index/listing.h"

/* One directory, read. Zero it; it can be used for one directory after the other. */
struct folder {
    struct entry *entries;    /* sorted by name bytes; names that are ours are left out */
    size_t count, room;
    struct entry *temps;      /* those: names of our temps' pattern, in no order */
    size_t temp_count, temp_room;
    struct arena strings;     /* names and targets */
    char *dents;              /* what getdents64 fills */
};

/*
 * Read the directory open at fd (left open). mount: id of the mount it lies on, from folder_self; a directory on
 * another one is an entry with `mount` set. An entry whose stat failed has its err set.
 * 0, or the -errno that ended the reading early; what was read until then is there all the same.
 */
int folder_read(struct folder *f, int fd, uint64_t mount);

/* The directory's own entry, named "", and the id of its mount. 0 or -errno. */
int folder_self(int fd, struct entry *ret_entry, uint64_t *ret_mount);

/* Put an entry in front of those that were read. */
void folder_prepend(struct folder *f, const struct entry *e);

void folder_free(struct folder *f);

#endif
