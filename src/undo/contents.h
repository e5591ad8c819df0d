/*
 * What the catalog knows of files whose places an undo gives to other ones.
 */
#ifndef AUTOBACKUP_UNDO_CONTENTS_H
#define AUTOBACKUP_UNDO_CONTENTS_H

#include "index/catalog.h"
#include "undo/state.h"

/*
 * Before names move: where the old version that comes back has the size and time of the file that the catalog knows,
 * the next load would take it for that one. So what is known of that content goes now, and stays gone should the undo be
 * killed, or fail. replica: catalog id; 0: it is not known there, and nothing is done. 0 or -errno.
 */
int contents_expect(struct catalog *cat, int64_t replica, const struct past *past, const struct step *steps, size_t count,
                    struct error *err);

#endif
