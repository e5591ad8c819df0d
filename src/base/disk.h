/*
 * What a disk is like, beyond its filesystem.
 */
#ifndef AUTOBACKUP_BASE_DISK_H
#define AUTOBACKUP_BASE_DISK_H

#include <stdbool.h>
#include <sys/types.h>

/* Does this device (st_dev of a file) spin? False when nobody says so. */
bool disk_spins(dev_t dev);

/* From now on the calling thread, and those that it starts, use disks only when nobody else does. 0 or -errno. */
int disk_be_idle(void);

#endif
