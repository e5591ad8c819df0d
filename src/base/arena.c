#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define CHUNK_ROOM (64 * 1024)

struct arena_chunk {
    struct arena_chunk *next;
    size_t room;
    _Alignas(16) char data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (!a->chunks || a->chunks->room - a->used < size) {
        size_t room = size > CHUNK_ROOM ? size : CHUNK_ROOM;
        struct arena_chunk *c = mem_alloc(sizeof *c + room);
        *c = (struct arena_chunk){.next = a->chunks, .room = room};
        a->chunks = c;
        a->used = 0;
    }
    void *piece = a->chunks->data + a->used;
    a->used += size;
    return piece;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_alloc(a, len + 1);
    memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

void arena_reset(struct arena *a)
{
    while (a->chunks && (a->chunks->next || a->chunks->room > CHUNK_ROOM)) {
        struct arena_chunk *c = a->chunks;
        a->chunks = c->next;
        free(c);
    }
    a->used = 0;
}

void arena_free(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *c = a->chunks;
        a->chunks = c->next;
        free(c);
    }
    a->used = 0;
}
