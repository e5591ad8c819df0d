/*
 * What lies below each folder of a replica: its listings added up once, by threads of its own, so that any folder
 * can be shown with its size at once.
 *
 * All functions are for one thread, the owner's.
 */
#ifndef AUTOBACKUP_INDEX_SUMS_H
#define AUTOBACKUP_INDEX_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "index/listing.h"

struct sums;

/* Start adding up. catalog: its path. threads: 0: chosen. 0 or -errno. */
int sums_start(const char *catalog, int64_t replica, int threads, struct sums **ret_sums, struct error *err);

/*
 * Wait for it: 1 when all is added up, -EAGAIN when that takes longer than `timeout` (nanoseconds, negative: for
 * ever), another -errno when it failed (-EBADMSG, code ECORRUPT: a damaged listing) and will not come any more.
 */
int sums_wait(struct sums *s, int64_t timeout, struct error *err);

/*
 * What lies in a folder of the replica and below it ("" is its top; relative, without slashes at its ends); NULL
 * when the catalog has no listing of it. Only after sums_wait gave 1; valid until sums_close.
 */
const struct totals *sums_of(const struct sums *s, const char *path, size_t len);

void sums_close(struct sums *s);    /* stops it; NULL is fine */

#endif
