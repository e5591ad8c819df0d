/*
 * What each category of a load lies on, and whether that is what its replicas were seen on.
 */
#ifndef AUTOBACKUP_SCAN_CATEGORY_MOUNT_H
#define AUTOBACKUP_SCAN_CATEGORY_MOUNT_H

#include <stdatomic.h>

#include "index/apart.h"
#include "index/filesystem.h"
#include "index/roster.h"
#include "scan/levels.h"

/* What a load knows when it reads the levels. All is borrowed. */
struct category_view {
    struct catalog *cat;
    const struct roster *roster;
    int root;
    const struct filesystem *fs;       /* of the root */
    const struct roster_only *only;    /* what is to be looked at; none: all */
    size_t only_count;
    const atomic_bool *cancel;
};

struct category_mount {
    struct level_category level;
    struct apart apart;                /* zero: it was not looked at */
    struct filesystem fs;              /* of the category's folder, */
    char filesystem[FILESYSTEM_NAME];  /* and its name; "": it does not lie apart, or that is not known */
    bool refused;                      /* its disk is not there: nothing of it was read */
};

/*
 * Read the levels of the categories, or what is asked for in them, where their disks are there. Where nothing tells which
 * disk it is, it is the right one when half of the replicas that are known of the category are there. One that is refused is
 * unread. *ret_list: all of the roster's, in its order; to be freed also on failure. 0, or -errno when the catalog fails.
 */
int category_mounts_read(const struct category_view *view, struct levels *levels, struct category_mount **ret_list,
                         struct error *err);
void category_mounts_free(struct category_mount *list, size_t count);

/* The one that a category of the levels belongs to. */
const struct category_mount *category_mount_of(const struct level_category *level);

/* Record what it lies on, where that is news and it was not refused; in the caller's transaction. 0 or -errno. */
int category_mount_note(struct catalog *cat, const struct category_mount *mount, struct error *err);

#endif
