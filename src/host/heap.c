#include "host/heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <lauxlib.h>

#define CHUNK ((size_t)128 << 10)        /* a start takes two, a command six */
#define STEP 16                          /* between the small classes, and every block's alignment */
#define SMALL 512
#define LARGE 32768                      /* more is malloc's */
#define SMALL_CLASSES (SMALL / STEP)
#define CLASSES (SMALL_CLASSES + 6 * 4)  /* four in each doubling from SMALL to LARGE */

struct block {
    struct block *next;
};

struct heap {
    unsigned char *at, *end;             /* of the chunk at hand: what was never used */
    struct block *free[CLASSES];
    bool is_closing;
};

static struct heap the_heap;             /* one state in a process, and it outlives none */

static size_t class_of(size_t size)
{
    if (size <= SMALL)
        return (size - 1) / STEP;
    int doubling = 63 - __builtin_clzll(size - 1);    /* the power of two below */
    return SMALL_CLASSES + (size_t)(doubling - 9) * 4 + (((size - 1) >> (doubling - 2)) & 3);
}

static size_t size_of(size_t class)
{
    if (class < SMALL_CLASSES)
        return (class + 1) * STEP;
    size_t step = (class - SMALL_CLASSES) % 4, doubling = (class - SMALL_CLASSES) / 4;
    return ((size_t)SMALL << doubling) + (step + 1) * (((size_t)SMALL << doubling) / 4);
}

static bool map_chunk(struct heap *h)
{
    void *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (chunk == MAP_FAILED)
        return false;
    h->at = chunk;
    h->end = h->at + CHUNK;
    return true;
}

static void *take(struct heap *h, size_t size)
{
    size_t class = class_of(size);
    struct block *b = h->free[class];

    if (b) {
        h->free[class] = b->next;
        return b;
    }
    size = size_of(class);
    if ((size_t)(h->end - h->at) < size && !map_chunk(h))
        return NULL;
    void *fresh = h->at;
    h->at += size;
    return fresh;
}

static void give_back(struct heap *h, void *block, size_t size)
{
    struct block *b = block;

    if (h->is_closing)
        return;
    if (size > LARGE) {
        free(block);
        return;
    }
    size_t class = class_of(size);
    b->next = h->free[class];
    h->free[class] = b;
}

static bool fits(size_t old_size, size_t size)
{
    return old_size <= LARGE && size <= LARGE && class_of(old_size) == class_of(size);
}

static void *move(struct heap *h, void *old, size_t old_size, size_t size)
{
    if (fits(old_size, size))
        return old;
    if (old_size > LARGE && size > LARGE)
        return realloc(old, size);
    void *fresh = size > LARGE ? malloc(size) : take(h, size);
    if (!fresh && size < old_size) {    /* Lua cannot do without this one */
        fputs("autobackup: out of memory\n", stderr);
        abort();
    }
    if (fresh) {
        memcpy(fresh, old, old_size < size ? old_size : size);
        give_back(h, old, old_size);
    }
    return fresh;
}

/* A lua_Alloc. The size of what is not there yet is a type. */
__attribute__((unused)) static void *allocate(void *arg, void *old, size_t old_size, size_t size)
{
    struct heap *h = arg;

    if (!old)
        return !size ? NULL : size > LARGE ? malloc(size) : take(h, size);
    if (size && old_size)
        return move(h, old, old_size, size);
    if (old_size)
        give_back(h, old, old_size);
    return NULL;
}

static int panic(lua_State *L)
{
    const char *message = lua_tostring(L, -1);

    fprintf(stderr, "autobackup: an error that nobody caught: %s\n", message ? message : "not a text");
    return 0;
}

/* A sanitizer watches each block of malloc's. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static lua_State *new_state(void) { return luaL_newstate(); }
#else
static lua_State *new_state(void) { return lua_newstate(allocate, &the_heap); }
#endif

lua_State *heap_open_state(void)
{
    lua_State *L = new_state();

    if (L)
        lua_atpanic(L, panic);
    return L;
}

void heap_close_state(lua_State *L)
{
    the_heap.is_closing = true;
    lua_close(L);
}
