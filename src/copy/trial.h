/*
 * What a filesystem keeps, found by trying: with files of our own, in a folder of our own. Nothing is left behind but by
 * a crash, and that is swept away with other temps.
 */
#ifndef AUTOBACKUP_COPY_TRIAL_H
#define AUTOBACKUP_COPY_TRIAL_H

#include <stdbool.h>

#include "index/catalog.h"
#include "index/measured.h"

/*
 * Try all in dir, a folder of ours that can be written. Takes some tens of calls, and up to two seconds more where times
 * are coarse. 0, or -errno: a disk that fails or is full says nothing.
 */
int trial_run(int dir, struct measured *ret_measured);

/* The times alone, on the file dir/name of ours. */
int trial_times(int dir, const char *name, struct traits *ret_traits);

/* Those of the symlink dir/name, which leads to the file dir/target: *ret_kept says whether they can be set. 0 or -errno. */
int trial_link_times(int dir, const char *name, const char *target, bool *ret_kept);

/*
 * Remove what trials left in a folder below a database's root: OUR_FOLDER, or that of a category that lies apart. Only for who
 * holds its lock.
 */
void trial_sweep(int root, const char *path);

/* What to measure. Strings are borrowed. A category that lies apart is tried in its own folder: a crash leaves a folder there. */
struct trial_request {
    const char *catalog;
    const char *root, *identity;    /* of the database */
    int64_t database;               /* its id */
    const char *category;           /* path of one below the root, to measure where that lies; "": the root */
    bool anew;                      /* measure even what was measured */
};

/*
 * See that the catalog knows what the database's filesystem keeps: measure it, unless that was done on this very
 * filesystem, by a trial of this version. *ret_measured: what is known now. Needs no lock: another program that has it may sweep the trial away, and
 * then it fails. 0 or -errno with err (EROFS, EACCES: it cannot be written; ENOENT: it was swept away).
 */
int trial_ensure(const struct trial_request *request, struct measured *ret_measured, struct error *err);

#endif
