/*
 * Which names of a replica have the same attributes (xattrs, ACLs) on two disks, as a copy gave them or a look found them: the
 * catalog remembers them with both ctimes, so that each is looked at once at most, whoever filled the disk. 8 bytes a name, a row a
 * folder.
 */
#ifndef AUTOBACKUP_COPY_COMPARED_H
#define AUTOBACKUP_COPY_COMPARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "index/catalog.h"

/* Between what. Strings are borrowed. */
struct compared_place {
    const char *target, *source;    /* identities of the databases */
    const char *replica;            /* path below both roots */
};

struct compared_folder;

/* For one thread. Zero it, then set what stands before the map. */
struct compared {
    struct catalog *cat;            /* borrowed */
    struct compared_place place;
    bool anew;                      /* what the catalog knows does not count */
    bool part;                      /* a folder is not asked about whole */
    bool is_read;                   /* all that the catalog knows is in the map; of a part: some */
    struct map folders;             /* hash of a path -> struct compared_folder * */
    struct compared_folder *at;     /* the one last asked about */
};

void compared_free(struct compared *c);    /* zeroed is fine */

/* Was this key found equal in this folder (a path in the replica)? Where the catalog cannot be read: no. */
bool compared_has(struct compared *c, const char *folder, uint64_t key);

/* It is, as was just seen. */
void compared_add(struct compared *c, const char *folder, uint64_t key);

/* A name that is equal as it was made: hash of the folder's path in the replica, and the name's key. */
struct compared_note {
    uint64_t folder, key;
};

/* Add to what is known, after all passes. The notes are sorted. */
void compared_take(struct compared *c, struct compared_note *notes, size_t count);

/*
 * After a pass over the replica: write what is new. whole: it was over all of it, and what it did not ask about is forgotten.
 * 0 or -errno with err; nothing is lost then but the time to look again.
 */
int compared_write(struct compared *c, bool whole, struct error *err);

/* The same in a transaction of the caller's, of what compared_take was given. */
int compared_save(struct compared *c, bool whole, struct error *err);

#endif
