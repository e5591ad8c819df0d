/*
 * A twin: a directory of the replica on both sides, open as long as files in it are at work. Where the twins of all
 * copies in this process have many descriptors, those that nobody uses are closed.
 */
#ifndef AUTOBACKUP_COPY_TWIN_H
#define AUTOBACKUP_COPY_TWIN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* All twins of one copy share these. */
struct twins {
    int source_top, target_top;    /* the replica's directories; borrowed */
};

struct twin {
    struct twins *all;
    char *path;                    /* relative to the replica, "" for its top */
    bool strip_acl;                /* the target directory has a default ACL, which files in it inherit */
    bool frozen;                   /* no name in the target directory can be changed or removed (frozen.h) */
    dev_t source_dev;
    struct stat before;            /* the target directory as it was when it was opened first */
    atomic_bool announced;         /* the manifest has it */
    uint64_t batch;                /* the last batch that touched it; the committer's */
    atomic_int refs;
    pthread_mutex_t lock;          /* of the fields below */
    int source, target;            /* descriptors; -1 while closed */
    int source_users, target_users;
};

/* Open a twin's target directory (it exists) and remember which one it is. 0 or -errno. */
int twin_open(struct twins *all, const char *path, struct twin **ret_folder);

struct twin *twin_ref(struct twin *f);
void twin_unref(struct twin *f);    /* NULL is fine; the last one closes and frees */

/*
 * Borrow a descriptor, opening the directory again when it was closed meanwhile: -ESTALE when the name
 * leads to another directory by now. Give it back after use.
 */
int twin_source(struct twin *f);
void twin_source_done(struct twin *f);
int twin_target(struct twin *f);
void twin_target_done(struct twin *f);

#endif
