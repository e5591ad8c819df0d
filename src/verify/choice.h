/*
 * Which files a verification reads: those that are due, the oldest first when there is a limit. Pure.
 */
#ifndef AUTOBACKUP_VERIFY_CHOICE_H
#define AUTOBACKUP_VERIFY_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "index/verified.h"

struct choice {
    int64_t before;          /* verified before that, or never: due; seconds since 1970 */
    int64_t last_minute;     /* the youngest age of which anything is read */
    int64_t room;            /* bytes of that age which may still be begun; INT64_MAX: no limit */
    int64_t due_files, due_bytes;        /* all that is due */
    int64_t files, bytes;    /* of it what will be read, about */
};

/* Choose from the ages of all due files. max_bytes: as in verify_request. */
void choice_make(struct choice *c, const struct ages *ages, int64_t before, int64_t max_bytes);

/* Is a file due? verified: seconds since 1970, 0 for never. */
bool choice_is_due(const struct choice *c, int64_t verified);

/* Shall a due file of this size be read now? Counts it against the limit. */
bool choice_takes(struct choice *c, int64_t verified, uint64_t size);

#endif
