/*
 * Where content goes: one open file at a destination, written piece by piece. What goes wrong with one sink is kept in
 * it and spoils no other.
 */
#ifndef AUTOBACKUP_COPY_SINK_H
#define AUTOBACKUP_COPY_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_ALIGNMENT 4096    /* of memory, position and length of what is written past the page cache */

/* Zero it, then set the first part. */
struct sink {
    int fd;                    /* open to read and write */
    const atomic_bool *cancel, *stop;    /* either set gives this sink up; may be NULL */
    bool direct;               /* write past the page cache, where that works */
    bool resume;               /* it may hold a beginning of the content: that is compared, not written again */

    int code;                  /* 0, or -errno of this destination (-ECANCELED: given up): it is out */
    uint64_t kept;             /* bytes that were found there */
    uint64_t length;           /* of the file as it is known; not while resuming */
    uint64_t flushed;          /* writeback was asked for up to here */
    bool is_direct;            /* the descriptor is */
    char *compare;             /* SINK_COMPARE bytes while resuming */
};

/* Is it out? Looks at cancel and stop. */
bool sink_is_out(struct sink *s);

/* Only whether cancel or stop is set: for who does not own the sink. */
bool sink_is_asked_to_stop(const struct sink *s);

/* Before the first piece: room for `size` bytes where the filesystem can promise it (0: it is not asked). */
void sink_begin(struct sink *s, uint64_t size);

/* Write `len` bytes at position `at`. large: the content is, so the disk is set to work before the end. */
void sink_put(struct sink *s, const char *data, size_t len, uint64_t at, bool large);

/* All is there: `size` bytes, holes included. */
void sink_end(struct sink *s, uint64_t size);

#endif
