/*
 * Which files have to be read to know whether two replicas are the same.
 */
#ifndef AUTOBACKUP_VERIFY_DOUBT_H
#define AUTOBACKUP_VERIFY_DOUBT_H

#include "copy/only.h"
#include "index/merge.h"
#include "index/traits.h"
#include "verify/verify.h"

/* What the filesystems of the request's replica and of the one it is set against keep. 0 or -errno. */
int doubt_traits(struct catalog *cat, const struct verify_request *request, struct traits_pair *ret_traits,
                 struct error *err);

/* Does this pair (left: of the request's replica, right: of the other one) want its left file read? Pure. */
bool doubt_wants(const struct verify_request *request, const struct traits_pair *traits, const struct merge_pair *pair);

/* How many are to be read. only: NULL for all. 0 or -errno. */
int doubt_survey(struct catalog *cat, const struct verify_request *request, struct only *only, int64_t *ret_files,
                 int64_t *ret_bytes, struct error *err);

#endif
