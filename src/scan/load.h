/*
 * load: walk a database and bring the catalog up to date. Writes to no database.
 */
#ifndef AUTOBACKUP_SCAN_LOAD_H
#define AUTOBACKUP_SCAN_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/job.h"
#include "index/roster.h"

struct load_request {
    char *catalog;            /* owned; path of the catalog */
    char *lock_text;          /* owned; what a second load of the database reads: "load, pid 4711, since 02:00" */
    int64_t database;         /* catalog id */
    int jobs;                 /* threads; 0: chosen */
    bool confirmed;           /* go on although most replicas are gone */
    struct roster_only *only; /* owned, strings too; none: the whole database */
    size_t only_count;
};

/* Free what a request owns. */
void load_request_clear(struct load_request *request);

/*
 * Start a load. Takes what the request owns, also when it fails. Events:
 *   waiting   message; another load of the whole database is under way: this one goes on when it ends
 *   progress  directories, files, bytes
 *   problem   path (relative to the database), code, message
 *   done      clients, projects, replicas, files, bytes, errors, loose (of the whole database; 0 with `only`), added,
 *             changed, removed (files, since the last load), cancelled, seconds
 *   failed    code, message; instead of done. Codes: EOFFLINE, ECONFIRM (over half of the replicas, at least five,
 *             are gone: ask, then `confirmed`), EBUSY, a catalog's.
 * Each replica is wholly old or wholly new at any time, also after a cancel, and is committed within about a second
 * of being read. No write transaction is open while a disk is read.
 */
int load_start(struct load_request *request, struct job **ret_job, struct error *err);

#endif
