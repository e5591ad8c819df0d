/*
 * The digest of an open file's content, read from its disk rather than from memory.
 */
#ifndef AUTOBACKUP_VERIFY_REREAD_H
#define AUTOBACKUP_VERIFY_REREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

/* One reader's means, kept from file to file. */
struct reread {
    struct hasher *hasher;
    char *buffer;
    bool cached;                                    /* take what is in memory from there */
    const atomic_bool *cancel;                      /* may be NULL */
    void (*progress)(void *arg, uint64_t bytes);    /* called with the bytes since the last call; may be NULL */
    void *arg;
};

void reread_init(struct reread *c, bool cached, const atomic_bool *cancel, void (*progress)(void *, uint64_t), void *arg);
void reread_free(struct reread *c);

/*
 * The digest of the first `size` bytes of fd, a regular file open to read, or of all there are when it is shorter.
 * Memory that others keep of the file (the page cache) is as before, but for filesystems without O_DIRECT, where the
 * file is dropped from it. fresh: the file was written a moment ago; what is not on the disk yet is written first.
 * 0 or -errno; -ECANCELED.
 */
int reread_digest(struct reread *c, int fd, uint64_t size, bool fresh, struct digest *ret_digest);

#endif
