/*
 * What a database's filesystem was measured to keep, as the catalog remembers it. Where it was never measured, the
 * times are those that its type tells (traits.h), and all else is not known.
 */
#ifndef AUTOBACKUP_INDEX_MEASURED_H
#define AUTOBACKUP_INDEX_MEASURED_H

#include "index/catalog.h"
#include "index/filesystem.h"

enum trait {
    TRAIT_CTIME,          /* it moves when a mode or a name changes */
    TRAIT_INODE,          /* a file's number stays over a rename, and two files have two */
    TRAIT_MODE,
    TRAIT_OWNER,
    TRAIT_LINKS,
    TRAIT_SYMLINKS,
    TRAIT_HOLES,
    TRAIT_XATTRS,
    TRAIT_EXCHANGE,
    TRAIT_FOLDS_CASE,     /* names in other letters are the same */
    TRAIT_FOLDS_FORMS,    /* so are those in another form of Unicode */
    TRAIT_COUNT,
};

/* Of the trial (copy/trial.h): what an older one measured is measured anew. 1: times beyond 2262. */
#define TRIAL_VERSION 1

struct measured {
    struct traits traits;
    signed char kept[TRAIT_COUNT];    /* 1, 0, or -1: not known */
    int trial;                        /* TRIAL_VERSION, or an older one */
};

/* The column of the catalog's table that an enum trait stands in: static. */
const char *trait_name(enum trait trait);

/*
 * Was the filesystem of this name (filesystem_name) measured for the database? category: the catalog id of one that lies apart
 * (apart.h), 0 for the root's, below 0 for either. 1 with *ret_measured, 0 or -errno.
 */
int measured_find(struct catalog *cat, int64_t database, int64_t category, const char *filesystem,
                  struct measured *ret_measured, struct error *err);

/* Remember it, in the place of what was measured before. 0 or -errno. */
int measured_keep(struct catalog *cat, int64_t database, int64_t category, const char *filesystem,
                  const struct measured *measured, struct error *err);

/* Forget it, unless it was of this filesystem. 0 or -errno. */
int measured_drop(struct catalog *cat, int64_t database, int64_t category, const char *filesystem, struct error *err);

/* The times of a replica's filesystem (of its id: 0 keeps all exactly). 0 or -errno. */
int measured_times(struct catalog *cat, int64_t replica, struct traits *ret_traits, struct error *err);

/*
 * Give fs, the filesystem of the open descriptor fd, what was measured of it for the database of this identity; it stays
 * as it is where that was another one, or nothing. 0 or -errno.
 */
int measured_recall(struct catalog *cat, const char *identity, int fd, struct filesystem *fs, struct error *err);

/*
 * Does the filesystem of the open descriptor fd take names of other letters' case, or another form of Unicode, for one?
 * *ret_folds is false only where it was measured that it does not. 0 or -errno.
 */
int measured_folds(struct catalog *cat, const char *identity, int fd, bool *ret_folds, struct error *err);

/* The same as measured_recall for who has the catalog's path alone. */
int measured_look_up(const char *catalog, const char *identity, int fd, struct filesystem *fs, struct error *err);

#endif
