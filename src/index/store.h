/*
 * Writing what a walk found: each replica becomes wholly new, in the caller's transaction, or stays wholly old.
 */
#ifndef AUTOBACKUP_INDEX_STORE_H
#define AUTOBACKUP_INDEX_STORE_H

#include <stdint.h>

#include "index/catalog.h"
#include "index/known.h"
#include "index/listing.h"

/* A directory that is not what the catalog has. Freed with directory_update_free. */
struct directory_update {
    struct directory_update *next;
    char *path;               /* relative to the replica; path_len bytes and a NUL */
    size_t path_len;
    uint64_t sum;
    struct digest print;
    int64_t linked;           /* names whose file has others */
    struct buf listing;
};
void directory_update_free(struct directory_update *list);    /* and all behind it */

/* A directory that could not be read: what is known of it and below it is kept. */
struct unread {
    struct unread *next;
    char *path;
    size_t path_len;
};
void unread_free(struct unread *list);

/* What a walk found of one replica. The lists stay the caller's. */
struct replica_update {
    int64_t database, category;
    const char *client, *project;         /* folder names */
    int64_t replica;                      /* catalog id; 0: not known when the walk began */
    int64_t was_loaded_at, was_directories;    /* of the row when the walk began */
    const struct known *known;
    const struct directory_update *changed;
    int64_t staged;                       /* key under which more of `changed` was put aside (store_stage); 0: none */
    const struct unread *unread;
    int64_t seen;                         /* directories visited that were known */
    int64_t directories;                  /* directories visited and read */
    struct totals totals;                 /* of what was read */
    struct digest fingerprint;            /* likewise */
    int signs;                            /* those its filesystem keeps (index/filesystem.h) */
    int64_t loaded_at;                    /* ns: when the walk began */
};

struct store;    /* prepared statements on one connection */

int store_open(struct catalog *cat, struct store **ret_store, struct error *err);
void store_close(struct store *s);        /* NULL is fine; before catalog_close */

/* Put directories aside on disk until store_replica writes them. key: above 0, one per replica. 0 or -errno. */
int store_stage(struct store *s, int64_t key, const struct directory_update *list, struct error *err);

/*
 * Write one replica inside the caller's transaction and add to *change what became of its files.
 * Returns 1, or 0 when another program wrote it since the walk began (theirs stays), or -errno.
 */
int store_replica(struct store *s, const struct replica_update *u, struct listing_change *change, struct error *err);

/* Forget one replica and its listings; counts its files as removed. 0 or -errno. */
int store_forget(struct store *s, int64_t replica, struct listing_change *change, struct error *err);

#endif
