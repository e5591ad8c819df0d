/*
 * A set of paths, few or none, kept as their hashes.
 */
#ifndef AUTOBACKUP_INDEX_PATH_SET_H
#define AUTOBACKUP_INDEX_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it to make an empty one. */
struct path_set {
    uint64_t *list;    /* sorted */
    size_t count, room;
};

void path_set_add(struct path_set *s, const char *path, size_t len);

/* Without keeping the order: where many come at once, path_set_sort is called behind them. */
void path_set_append(struct path_set *s, const char *path, size_t len);
void path_set_sort(struct path_set *s);

bool path_set_has(const struct path_set *s, const char *path, size_t len);

void path_set_free(struct path_set *s);

#endif
