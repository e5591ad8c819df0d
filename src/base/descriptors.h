/*
 * How many descriptors this process may have open.
 */
#ifndef AUTOBACKUP_BASE_DESCRIPTORS_H
#define AUTOBACKUP_BASE_DESCRIPTORS_H

#include <sys/types.h>

/* Raise the soft limit as far as it may go, to 65536 at most. Returns what holds now. Cheap after the first time. */
long descriptors_raise(void);

/* Give a program that was just started the soft limit that we began with: some cannot cope with more. */
void descriptors_restore(pid_t child);

#endif
