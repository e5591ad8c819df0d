/*
 * Paths are bytes. Everything below a database's root is reached through descriptors and follows no symlink.
 */
#ifndef AUTOBACKUP_BASE_PATH_H
#define AUTOBACKUP_BASE_PATH_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define OUR_PREFIX ".autobackup"    /* our temps begin so; other names that do are data */
#define OUR_FOLDER ".autobackup"    /* at a database's root: marker, lock, versions, operations */
#define OUR_MARKER "database.json"  /* in it */

/*
 * Is a name (one component) that of a temp of this program, at any depth: ".autobackup-", "-x-" or "-p-", and 16 hex digits?
 * OUR_FOLDER is none.
 */
bool path_is_ours(const char *name, size_t len);

/* Is this the name of OUR_FOLDER, on disks that know no case too? */
bool path_is_our_folder(const char *name, size_t len);

/*
 * Does this path stay below the folder that it is relative to, away from temps of ours? "" does. For paths that others may
 * have written.
 */
bool path_is_safe(const char *path);

/* The same for one that is relative to a database's root: away from OUR_FOLDER too. */
bool path_is_safe_below_root(const char *path);

/*
 * Open `path` below the directory `root`, following no symlink in any component, never leaving root.
 * path: relative, "" or "." for root itself, of any length (beyond PATH_MAX too). flags: as openat;
 * O_CLOEXEC and O_NOFOLLOW are added. Returns a descriptor the caller closes, or -errno
 * (-ELOOP for a symlink on the way, -ENOTDIR for a file on the way or a symlink where a directory was asked for,
 * -EXDEV for a way out).
 */
int path_open(int root, const char *path, int flags, mode_t mode);

/* Does this -errno say that nothing lies at a path? ENOENT, ENOTDIR, and ELOOP: what a symlink leads to lies elsewhere. */
bool path_is_absent(int code);

/* path_open of a directory to read: O_RDONLY|O_DIRECTORY. */
int path_open_dir(int root, const char *path);

/* The same for readdir, to be closed with closedir. 0, with NULL where there is no such directory, or -errno. */
int path_read_dir(int root, const char *path, DIR **ret_dir);

/* Split "a/b/c" to the descriptor of "a/b" (returned, to be closed) and "c" (in *ret_name, inside path). */
int path_open_parent(int root, const char *path, const char **ret_name);

/* What lies at path below root, not followed. 0 or -errno. */
int path_lstat(int root, const char *path, struct stat *ret_st);

/* fsync of an open directory. Some filesystems (9p, vboxsf, FUSE programs) have none for directories: that is no error. 0 or -errno. */
int path_sync_dir(int dir);

/* The same for the directory `path` below root. */
int path_sync(int root, const char *path);

/* Open a database's root: may itself be a symlink or a mount point. A descriptor or -errno. */
int path_open_root(const char *path);

#endif
