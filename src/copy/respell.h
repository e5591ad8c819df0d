/*
 * A name that the source spells otherwise than a destination on which names fold: Shot_010 there, shot_010 here. Before
 * such a destination is compared, its entry gets the new spelling, by one rename: it is there at every moment, and nothing
 * of its content is copied. This is an operation of its own, with a manifest, and an undo.
 */
#ifndef AUTOBACKUP_COPY_RESPELL_H
#define AUTOBACKUP_COPY_RESPELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "copy/only.h"
#include "index/catalog.h"

/* One name of the destination. */
struct respelling {
    char *dir;            /* relative to the replica; owned, like the names */
    char *from, *to;      /* how the destination spells it, and how the source does */
    uint32_t mode;
    bool kept;            /* respell_run: the destination did not take the new spelling */
};

struct respellings {
    struct respelling *list;
    size_t count;
};
void respellings_free(struct respellings *r);

/* Where to look. */
struct respell_search {
    struct catalog *cat;
    int64_t source, target;     /* replica ids */
    struct only *only;          /* NULL: all */
    int top;                    /* the replica's directory at the destination, open */
    const char *identity;       /* the destination database's */
};

/*
 * Names that only one side's listing has, where the destination's answers to the source's too. In folders that both have
 * under one name: what lies in a folder that is spelled otherwise shows when that is not any more. Nothing, at once, where
 * the filesystem was measured not to fold. 0 or -errno with err; respellings_free in any case.
 */
int respell_find(const struct respell_search *search, struct respellings *ret_found, struct error *err);

/* The paths of both spellings, by hash: each to the other name, to be freed by map_free(..., free). */
void respell_map(const struct respellings *found, struct map *map);

/* What to do where. Strings are borrowed. */
struct respell_request {
    const char *catalog, *operation, *run;          /* run may be NULL */
    const char *path;                               /* of the replica, relative to the destination's root */
    const char *source_identity, *target_root, *target_identity;
    const char *target_name;                        /* the database's, for the journal */
    int64_t source, target;                         /* replica ids */
    char *const *only;
    size_t only_count;
};

/*
 * For who holds the destination's lock: find them, and give them the source's spelling. Killed at any time, the next
 * run does the rest. The destination must be loaded again then. ret_done: those that were tried; without any there is
 * no operation. 0 or -errno with err; respellings_free in any case.
 */
int respell_run(const struct respell_request *request, struct respellings *ret_done, struct error *err);

#endif
