/*
 * Is a name that is to go from the destination really not at the source? Listings tell what a load saw, and they may be
 * gone themselves by now; before anything is moved away, the source's own disk is asked.
 */
#ifndef AUTOBACKUP_COPY_ABSENT_H
#define AUTOBACKUP_COPY_ABSENT_H

#include "copy/item.h"
#include "copy/work.h"

/* From any thread. False: it is there, or nobody can say: reported, leave it alone. */
bool absent_item(struct work *w, const struct item *item);
bool absent_directory(struct work *w, const char *path);    /* the same of a directory; path: relative to the replica */

#endif
