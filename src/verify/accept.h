/*
 * accept: what lies in a replica becomes the reference. Its files are read like for a verification, and what was read is
 * recorded as right, whatever was known before; of the other replicas that mark is taken away.
 */
#ifndef AUTOBACKUP_VERIFY_ACCEPT_H
#define AUTOBACKUP_VERIFY_ACCEPT_H

#include "copy/only.h"
#include "verify/check.h"
#include "verify/verify.h"

/* What would be read: regular files that the last load could read. */
struct accept_survey {
    int64_t files, bytes;
    int64_t damaged;          /* of them known to be damaged */
};

/* only: NULL for all. 0 or -errno. */
int accept_survey(struct catalog *cat, int64_t replica, struct only *only, struct accept_survey *ret_survey,
                  struct error *err);

/* Record those of a list that were read whole. 0 or -errno. */
int accept_record(struct catalog *cat, const struct verify_request *request, const struct check *list, struct error *err);

/* Was it read, so that it is accepted? And had it another content before, as far as was known? */
bool accept_is_good(const struct check *c);
bool accept_is_renewed(const struct check *c);

/* The operation in the journal: at the beginning, and at the end (state: of journal_end). 0 or -errno. */
int accept_begin(struct catalog *cat, const struct verify_request *request, struct error *err);
int accept_end(struct catalog *cat, const struct verify_request *request, const char *state, int64_t files, int64_t bytes,
               const char *message, struct error *err);

#endif
