/*
 * What was found: counted, told, and recorded in the catalog. All on the job's thread.
 */
#ifndef AUTOBACKUP_VERIFY_FINDINGS_H
#define AUTOBACKUP_VERIFY_FINDINGS_H

#include "verify/desk.h"
#include "verify/peers.h"
#include "verify/verify.h"

struct findings {
    const struct verify_request *request;
    struct job *job;
    struct catalog *cat;
    struct peers *peers;
    struct checks list;            /* found, not recorded yet */
    int64_t recorded_at, cost;     /* monotonic: when that was last done, how long it took */
    int64_t ok, damaged, changed, fresh, missing, unread;
    int64_t accepted, renewed;     /* as in verify.h's done */
    int64_t files, bytes;          /* whose content was read */
    int64_t tried_files, tried_bytes;    /* those, and what turned out to be changed, missing or unreadable */
};

void findings_init(struct findings *f, const struct verify_request *request, struct job *job, struct catalog *cat);
void findings_free(struct findings *f);

/* A damaged file that is known already, and not read now. */
void findings_add_known(struct findings *f, const struct check *c);

/* A name that the last load could not read: nothing is known to compare it with. errnum: positive. */
void findings_add_unlisted(struct findings *f, const char *path, int errnum);

/* A folder of which what was known went meanwhile: another program's commit. why: says so; stays the caller's. */
void findings_add_gone(struct findings *f, const char *path, const struct error *why);

/*
 * Collect what the readers found and, when it is time or `now`, tell and record it. A longer recording (of a directory
 * of a million files) comes less often. 0 or -errno.
 */
int findings_settle(struct findings *f, struct desk *desk, bool now, struct error *err);

#endif
