/*
 * What a destination did not take: rights, times and attributes of single files and folders that it refused, or passed over in
 * silence, though it keeps such things as a rule. The catalog remembers them, so that each copy tells of them, and no plan
 * promises them again.
 *
 * A refusal stands as long as neither side's rights, times (but for folders) and attributes are others than they were. An
 * attribute that is too large, or of a kind that the filesystem has not, is not tried again; one for want of room, which is what
 * some say of a large one, only with more room. All else (rights, a quota) may be taken the next day, which does not show: it is
 * tried by each copy.
 *
 * What a filesystem keeps of no file (struct holds) is none.
 *
 * Here stands, too, of which names a copy could not make anything at all (LOST_WHOLE; copy/unheld.h).
 */
#ifndef AUTOBACKUP_COPY_REFUSALS_H
#define AUTOBACKUP_COPY_REFUSALS_H

#include <pthread.h>

#include "base/map.h"
#include "copy/plan.h"
#include "copy/work.h"

struct refusals {
    struct work *w;
    struct map known;          /* hash of a path -> struct refusal *, of the replica at hand */
    struct map noted;          /* the same, of what is to be written; one that lost nothing is forgotten */
    _Atomic uint64_t where;    /* hash of the destination's filesystem, its mount options, and what it keeps by now; 0: not asked yet */
    pthread_mutex_t lock;      /* of noted */
};

/* Read what the catalog knows, for this work: w->refusals. 0 or -errno with err; to be freed either way. */
int refusals_open(struct refusals *r, struct work *w, struct catalog *cat, struct error *err);
void refusals_free(struct refusals *r);    /* zeroed is fine */

/*
 * For plan.refused: what of this name, which both sides have, was refused and would be again? Bits of enum lost; 0: nothing is
 * known; -1: it was refused, and one of them is not what it was by now, or there is more room: look at it anew.
 */
int refusals_judge(void *arg, const struct plan_name *name);

/* Has the folder at `path` one that is not tried again, as refusals_judge said for its name? */
bool refusals_stand(const struct refusals *r, const char *path);

/*
 * The errno (positive) with which the last copy failed to make a name of this mode, for its kind or the name itself, on the same filesystem by the same
 * user: it would end so again. 0: nothing of that is known.
 */
int refusals_unmade(const struct refusals *r, const char *path, uint32_t mode);

/* For report.missed: remember what was not made, and why, until it is. From any thread. */
void refusals_missed(void *arg, const struct subject *subject, const char *code);

/* A file or folder and its source, open; where name is set, the folders that have them by that name. */
struct refused_pair {
    int from, to;
    const char *name;
};

/*
 * Note what came of giving the metadata of the source to the destination's at `path` (relative to the replica). lost: what was
 * not taken; nothing: a refusal that there was is forgotten. ctime: of the source when its metadata was read; where it is
 * another one now nothing is noted. From any thread. r may be NULL.
 */
void refusals_note(struct refusals *r, const char *path, struct refused_pair pair, int64_t ctime, unsigned lost);

/* Write what was noted. all: all was looked at, and nothing failed; what is known and does not stand is forgotten. 0 or -errno with err. */
int refusals_write(struct refusals *r, struct catalog *cat, bool all, struct error *err);

#endif
