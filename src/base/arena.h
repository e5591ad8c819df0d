/*
 * Many small pieces of memory with stable addresses that are all forgotten at once.
 */
#ifndef AUTOBACKUP_BASE_ARENA_H
#define AUTOBACKUP_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Zero it to make an empty one. One thread at a time. */
struct arena {
    struct arena_chunk *chunks;    /* the newest first */
    size_t used;                   /* bytes of the newest */
};

void *arena_alloc(struct arena *a, size_t size);                      /* 16-byte aligned, not zeroed */
char *arena_strndup(struct arena *a, const char *text, size_t len);   /* with a NUL behind */
void arena_reset(struct arena *a);                                    /* forget all, keep one chunk's memory */
void arena_free(struct arena *a);

#endif
