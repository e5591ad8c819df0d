/*
 * Litter: names of our own pattern in a category that no operation's manifest knows. Nobody sweeps those up, and they are in
 * no backup: they are loose entries.
 */
#ifndef AUTOBACKUP_SCAN_LITTER_H
#define AUTOBACKUP_SCAN_LITTER_H

#include <stddef.h>
#include <stdint.h>

#include "index/listing.h"
#include "index/roster.h"

struct litter_item {
    int64_t category;
    char *path;               /* relative to the category */
    const char *kind;         /* static: "temp" of a copy; "replaced", a file that was to become a version; "reserved", a folder */
    uint64_t size;
};

/* Zero it to start. */
struct litter {
    struct litter_item *list;
    size_t count, room;
};

/* A name of our pattern was seen in `folder`, relative to the category ("": the category itself). */
void litter_add(struct litter *l, int64_t category, const char *folder, const struct entry *e);

/*
 * When all is read: keep what is there still, and lies in no replica that an operation is at work in or died in: that one, or
 * the next to sweep, sees to it. Where a manifest cannot be read nothing is known of any.
 */
void litter_settle(struct litter *l, int root, const struct roster *roster);

void litter_free(struct litter *l);

#endif
