/*
 * What one folder of a replica holds, to be looked at: its entries in an order, perhaps some of them only. A folder
 * may hold a million of them, so a view takes those that it shows.
 */
#ifndef AUTOBACKUP_INDEX_CONTENT_H
#define AUTOBACKUP_INDEX_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/catalog.h"
#include "index/sums.h"

enum content_order {
    CONTENT_BY_SIZE,          /* the largest first */
    CONTENT_BY_NAME,          /* by bytes */
    CONTENT_BY_TIME,          /* the newest first; what has no file in it last */
};

/* One entry. A folder's numbers are those of what lies below it, once they are known (content_add_sums). */
struct content_entry {
    const char *name;         /* ends in a NUL */
    uint32_t name_len, mode;  /* st_mode; 0: it could not be read */
    int err;                  /* positive errno when it could not be read; else 0 */
    bool mount;               /* a mount point that was not entered */
    int64_t bytes, files;     /* of a file: st_size, 1 */
    int64_t newest;           /* mtime in ns, of the newest file; INT64_MIN: there is none */
    int64_t errors;           /* what could not be read in it */
};

struct content {
    struct content_entry *entries;    /* by name */
    size_t count;
    uint32_t *shown;          /* places in entries: those that fit, in the order asked for */
    size_t shown_count;
    int64_t bytes, files;     /* of all */
    int64_t largest;          /* bytes of the largest entry */
    bool summed;              /* folders have their numbers */
    char *names;              /* of all */
};

/*
 * Read a folder (path: relative to the replica, "" for its top). All is shown, by name.
 * 1 with *ret_content, for content_free; 0 when the catalog has no listing of it; -errno (-EBADMSG, code ECORRUPT).
 */
int content_read(struct catalog *cat, int64_t replica, const char *path, size_t len, struct content **ret_content,
                 struct error *err);
void content_free(struct content *c);    /* NULL is fine */

/* Give the folders what lies below them. path: the content's own. What is shown keeps its order until arranged. */
void content_add_sums(struct content *c, const char *path, size_t len, const struct sums *sums);

/*
 * Choose what is shown. filter (NULL: everything): part of a name, or a pattern for all of it as `find` takes it;
 * upper and lower case are the same.
 */
void content_arrange(struct content *c, enum content_order order, const char *filter, size_t filter_len);

/* The place among the shown of the entry of that name, counted from 0; shown_count when it is not among them. */
size_t content_place(const struct content *c, const char *name, size_t len);

#endif
