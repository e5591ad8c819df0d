/*
 * The content of one file: read once, hashed while hot, written with its holes.
 */
#ifndef AUTOBACKUP_COPY_DATA_H
#define AUTOBACKUP_COPY_DATA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

#define DATA_BUFFER (1 << 20)    /* bytes of one read */

/* Where an error came from: a bad source spoils one file, a bad destination may spoil them all. */
enum side { SIDE_NONE, SIDE_SOURCE, SIDE_TARGET };

/* One worker's means, kept from file to file. */
struct data {
    struct hasher *hasher;
    char *buffer;                                   /* DATA_BUFFER bytes */
    const atomic_bool *cancel;                      /* may be NULL */
    void (*progress)(void *arg, uint64_t bytes);    /* called with the bytes since the last call; may be NULL */
    void *arg;
};

void data_init(struct data *d, const atomic_bool *cancel, void (*progress)(void *, uint64_t), void *arg);
void data_free(struct data *d);

/*
 * Copy all content of `from` (a regular file at its start) to `to` (empty, open to read and write).
 * size: of the source; no more is copied when it grows meanwhile. sparse: look for holes and keep them.
 * clone: try FICLONE first (the digest still comes from reading what was cloned); set to false when
 * the filesystems cannot. ret_size: bytes there were, less than size when the source shrank.
 * 0, or -errno with *ret_side; -ECANCELED when asked to stop.
 */
int data_copy(struct data *d, int from, int to, uint64_t size, bool sparse, atomic_bool *clone,
              struct digest *ret_digest, uint64_t *ret_size, enum side *ret_side);

/*
 * The digest of an open file's first `size` bytes, or of all there are when it is shorter. 0 or -errno;
 * -ECANCELED.
 */
int data_digest(struct data *d, int fd, uint64_t size, struct digest *ret_digest);

#endif
