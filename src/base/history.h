/*
 * What was typed before, in a file that several sessions add to at once. An entry is one line of it: a line feed
 * inside is written as \n, a backslash as \\.
 */
#ifndef AUTOBACKUP_BASE_HISTORY_H
#define AUTOBACKUP_BASE_HISTORY_H

#include <stddef.h>

#include "base/error.h"

/* Add an entry at the end, for the user's eyes only (0600), so that no session loses another's. 0 or -errno with err. */
int history_append(const char *path, const char *entry, struct error *err);

/*
 * Call add with each of the last `max` entries, oldest first. A file with more than twice as many is cut to them.
 * 0, also when there is no file yet, or -errno with err.
 */
int history_read(const char *path, size_t max, void (*add)(const char *entry, void *arg), void *arg,
                 struct error *err);

#endif
