/*
 * What the catalog knows of a database's directories before it is walked: a checksum each, in memory, so that an
 * unchanged directory costs one look-up and no SQL. 24 bytes a directory.
 *
 * Read and marked by many threads at once; made and freed by one.
 */
#ifndef AUTOBACKUP_INDEX_KNOWN_H
#define AUTOBACKUP_INDEX_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/catalog.h"

struct known;

struct roster;

/* Read the sums of all directories of a roster's replicas. 0 or -errno. */
int known_read(struct catalog *cat, const struct roster *roster, struct known **ret_known, struct error *err);
void known_free(struct known *k);    /* NULL is fine */

enum known_answer { KNOWN_NOT, KNOWN_CHANGED, KNOWN_SAME };

/* Compare a directory just read with what is known of it, and mark it as seen. */
enum known_answer known_see(struct known *k, int64_t replica, const char *path, size_t path_len, uint64_t sum);

/* Is anything known of this directory? */
bool known_has(const struct known *k, int64_t replica, const char *path, size_t path_len);

/* Was this directory marked? False for one that is not known; k may be NULL (nothing is known). */
bool known_was_seen(const struct known *k, int64_t replica, const char *path, size_t path_len);

#endif
