/*
 * A small hash map from 64-bit keys (inodes, hashes of paths) to pointers. Nothing is ever taken out.
 */
#ifndef AUTOBACKUP_BASE_MAP_H
#define AUTOBACKUP_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct map_slot {
    uint64_t key;
    void *value;          /* NULL: free */
};

/* Zero it to make an empty one. */
struct map {
    struct map_slot *slots;
    size_t room, count;   /* room: a power of two, or 0 */
};

/* The value of a key, or NULL. */
void *map_get(const struct map *m, uint64_t key);

/* Set a key's value (not NULL), which stays the caller's. */
void map_set(struct map *m, uint64_t key, void *value);

/* The key of a file, whatever its name: its device and inode. */
uint64_t map_file_key(const struct stat *st);

/* Free the map, and each value with free_value unless that is NULL. */
void map_free(struct map *m, void (*free_value)(void *));

#endif
