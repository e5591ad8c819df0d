/*
 * The content of one file: read once, hashed while hot, written with its holes to one destination or several.
 */
#ifndef AUTOBACKUP_COPY_DATA_H
#define AUTOBACKUP_COPY_DATA_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/pace.h"
#include "copy/sink.h"

#define DATA_BUFFER (1 << 20)    /* bytes of one read */
#define DATA_LARGE (32u << 20)   /* from here on reading and writing go on side by side */

/* Where an error came from: a bad source spoils one file, a bad destination may spoil them all. */
enum side { SIDE_NONE, SIDE_SOURCE, SIDE_TARGET };

struct pump;

/* One worker's means, kept from file to file. */
struct data {
    struct hasher *hasher;
    char *buffer;                                   /* DATA_BUFFER bytes */
    struct pump *pump;                              /* NULL until it is needed */
    const atomic_bool *cancel;                      /* of digests and clones; may be NULL, and so may what follows */
    bool (*is_over)(const void *arg);               /* nobody wants what is read any more: as good as a cancel */
    const void *over_arg;
    struct pace *pace;                              /* bounds what is read */
    pthread_mutex_t *turn;                          /* held while the source is read: its disk has one head */
    bool direct;                                    /* data_digest: the descriptor is O_DIRECT, until it says EINVAL */
    void (*progress)(void *arg, uint64_t bytes);    /* called with the bytes since the last call */
    void *arg;
};

void data_init(struct data *d, const atomic_bool *cancel, void (*progress)(void *, uint64_t), void *arg);
void data_free(struct data *d);

/*
 * Copy all content of `from` (a regular file) to the sinks, each empty or resuming.
 * size: of the source; no more is copied when it grows meanwhile. sparse: look for holes and keep them.
 * ret_size: bytes there were, less than size when the source shrank, or when no sink is left.
 * 0 or -errno of the source. How the destinations went say the sinks; with an error of the source they are
 * unfinished.
 */
int data_copy(struct data *d, int from, struct sink *sinks, int count, uint64_t size, bool sparse,
              struct digest *ret_digest, uint64_t *ret_size);

/*
 * The same by sharing the blocks (FICLONE), the digest being that of what came out. 0, -EOPNOTSUPP when these
 * filesystems cannot (*clone is then false) or -EINVAL when this file cannot: nothing was written; -errno of reading
 * it back; -ECANCELED.
 */
int data_clone(struct data *d, int from, int to, uint64_t size, atomic_bool *clone, struct digest *ret_digest,
               uint64_t *ret_size);

/*
 * The digest of an open file's first `size` bytes, or of all there are when it is shorter. Holes are hashed without being
 * read. 0 or -errno; -ECANCELED.
 */
int data_digest(struct data *d, int fd, uint64_t size, struct digest *ret_digest);

#endif
