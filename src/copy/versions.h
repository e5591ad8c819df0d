/*
 * Where replaced and removed files go: .autobackup/versions/OPERATION/REPLICA/..., on the same database.
 */
#ifndef AUTOBACKUP_COPY_VERSIONS_H
#define AUTOBACKUP_COPY_VERSIONS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "copy/data.h"
#include "base/map.h"
#include "copy/metadata.h"
#include "copy/temp.h"

#define VERSIONS OUR_FOLDER "/versions"

struct versions {
    int root;              /* the database's; borrowed */
    char *base;            /* ".autobackup/versions/OPERATION/REPLICA" */
    size_t replica_at;     /* where REPLICA begins in it */
    bool sync_each;        /* syncfs does not cover this: fsync the folders one by one */
    int dir;               /* the folder in use, or -1 */
    char *dir_path;        /* its path relative to base */
    int blocked;           /* why the last folder could not be entered, or 0 */
    bool dirty;            /* names were added to it since its last fsync */
    atomic_bool *left;     /* of the operation: a temp could not be removed; may be NULL */
    struct map copies;     /* map_file_key of a file with further names -> char *: its copy, relative to root; owned */
};

/* Nothing is made before it is needed. operation and replica are copied. */
void versions_init(struct versions *v, int root, const char *operation, const char *replica, bool sync_each);
void versions_close(struct versions *v);

/*
 * Keep the file dir/name as version path_dir/name by a hard link (of a symlink itself too). 0 or -errno;
 * -EEXIST when another version has that name already (the same inode is fine).
 */
int versions_link(struct versions *v, const char *path_dir, int dir, const char *name);

/*
 * Make a temp in to_dir that is as from_dir/name (st: of it): content (or target) and metadata, synced. data: means of
 * the caller; left: see temp_remove. 0 with ret_temp, -ESTALE when it changed meanwhile, or -errno; no temp is left then.
 */
int versions_stage(int from_dir, const char *name, const struct stat *st, int to_dir, char ret_temp[TEMP_NAME_SIZE],
                   struct data *data, const struct holds *holds, atomic_bool *left);

/* The folder of path_dir's versions, open until another is used. A borrowed descriptor, or -errno. */
int versions_folder(struct versions *v, const char *path_dir);

/* Was it another user's folder of the versions that gave this -errno? Says so, to be freed; else NULL. */
char *versions_blocked(const struct versions *v, int code);

/*
 * Keep it by making another of the same content (or target) and metadata; a file that was copied already under
 * another name is linked to that copy. st: of the file. data: means of the caller. 0 or -errno.
 */
int versions_copy(struct versions *v, const char *path_dir, int dir, const char *name, const struct stat *st,
                  struct data *data, const struct holds *holds);

/* Move dir/from to the version path_dir/name. 0 or -errno. */
int versions_move(struct versions *v, const char *path_dir, int dir, const char *from, const char *name);

/* fsync what was added, where sync_each. 0 or -errno. */
int versions_sync(struct versions *v);

#endif
