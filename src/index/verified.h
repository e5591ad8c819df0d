/*
 * When the files of a replica were last verified: how much is due, and since when all of it is.
 */
#ifndef AUTOBACKUP_INDEX_VERIFIED_H
#define AUTOBACKUP_INDEX_VERIFIED_H

#include <stddef.h>
#include <stdint.h>

#include "index/catalog.h"

#define VERIFIED_GRAIN 60    /* seconds of one age: files verified within the same minute are of one age */

/* Files of one age. */
struct age {
    int64_t minute;            /* minutes since 1970 of their last verification; 0: never */
    int64_t files, bytes;
};

/* The ages of a replica's files, the oldest first. */
struct ages {
    struct age *list;
    size_t count, room;
};
void ages_free(struct ages *ages);

/*
 * Regular files of a replica, those that the load could not read left out, that were verified before `before` (seconds
 * since 1970) or never, by age. 0 or -errno; ages_free in either case.
 */
int verified_ages(struct catalog *cat, int64_t replica, int64_t before, struct ages *ret_ages, struct error *err);

/*
 * When all files of a replica were read whole, none moved since and no damage is known, its verified_at becomes
 * the time of the oldest verification among them; else it stays as it is. 0 or -errno.
 */
int verified_settle(struct catalog *cat, int64_t replica, struct error *err);

#endif
