/*
 * What the catalog knows of files whose places an undo gives to other ones.
 */
#ifndef AUTOBACKUP_UNDO_CONTENTS_H
#define AUTOBACKUP_UNDO_CONTENTS_H

#include "base/buf.h"
#include "index/catalog.h"
#include "undo/state.h"

/*
 * Before names move: where the old version that comes back has the size and time of the file that the catalog knows,
 * the next load would take it for that one. So what is known of that content goes now, and stays gone should the undo be
 * killed, or fail. replica: catalog id; 0: it is not known there, and nothing is done. 0 or -errno.
 */
int contents_expect(struct catalog *cat, int64_t replica, const struct past *past, const struct step *steps, size_t count,
                    struct error *err);

/*
 * A repair's old files are damaged still when they are back. As such a mark is one of a file, and their ctimes move when they
 * come, it is made when no name moves any more. Before names move: note in *back those of the batch. After the last: make the
 * marks of those that came; *back is emptied. 0 or -errno.
 */
void contents_note(struct buf *back, const struct past *past, const struct step *steps, size_t count);
int contents_mark(struct catalog *cat, int64_t replica, int top, struct buf *back, struct error *err);

#endif
