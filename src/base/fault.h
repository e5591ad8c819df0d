/*
 * What a system error means for what is copied: that one attribute, link or kind of file cannot be had, that one name cannot, or
 * that nothing can any more. The one place that says so.
 */
#ifndef AUTOBACKUP_BASE_FAULT_H
#define AUTOBACKUP_BASE_FAULT_H

#include <stdbool.h>

/*
 * Is this (positive) errno of giving a file an attribute (owner, mode, times, xattr, ACL) a "cannot hold" of the filesystem, or
 * of what we may do there, for this file alone? It is left out then, and said. fd: of what needs room (xattr, owner) a file of that
 * filesystem, or its folder, else -1: no room for it on a disk that has room is a refusal too (ext4 keeps attributes in one block,
 * a quota is another owner's).
 */
bool fault_refuses_attribute(int errnum, int fd);

/* Is it that an extended attribute is too large, or of a kind that this filesystem never has? It would say so the next day, too. */
bool fault_refuses_kind_of_attribute(int errnum);

/* Can these two names not be of one file, here or at all? Then the file is copied. */
bool fault_refuses_link(int errnum);

/* Does the filesystem or the kernel lack this call, or this flag of it? */
bool fault_refuses_call(int errnum);

/* Will the filesystem not have a symlink, FIFO or device? */
bool fault_refuses_kind(int errnum);

/*
 * May it be the whole disk's trouble (it is full, gone, broken, read-only), not this name's alone? The disk itself tells:
 * work_ask (copy/work.h).
 */
bool fault_is_grave(int errnum);

#endif
