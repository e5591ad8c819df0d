/*
 * Which disk is this? A database's marker, and the filesystem it lies on.
 *
 * An identity is text: "ID@VOLUME" of a root with a marker, its id and the name of its filesystem (volume.h; "none:tmpfs" in
 * memory, which is no disk), or "ID" where nothing tells the filesystem from others; "fs:TYPE:HASH" of a root without one, of its filesystem and the folder in it. An
 * "ID" that was recorded without its filesystem is that of every disk with this marker.
 */
#ifndef AUTOBACKUP_INDEX_IDENTITY_H
#define AUTOBACKUP_INDEX_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "index/volume.h"

#define IDENTITY_ID 64                            /* room for a marker's id, or what stands for it, and its NUL */
#define IDENTITY_PLACE 1024                       /* room for a folder's path within its filesystem */
#define IDENTITY_SIZE (IDENTITY_ID + VOLUME_NAME) /* room for an identity and its NUL */

struct identity {
    char text[IDENTITY_SIZE];    /* "": no marker, and nothing tells the disk from another for sure */
    bool marker;
    struct volume volume;
};

/*
 * The identity of the database rooted at the descriptor. 0 or -errno (-EBADMSG, code EMARKER: there is a marker and it is
 * damaged).
 */
int identity_read(int root, struct identity *ret_identity, struct error *err);

/* The root's path within its filesystem, however that is mounted: "/" at its top; "" when it is not known. 0 or -errno. */
int identity_place(int root, char ret_place[IDENTITY_PLACE]);

/* What two identities say: the same disk; another one; a disk with the same marker and another filesystem, so a copy of it. */
enum identities { IDENTITIES_SAME, IDENTITIES_OTHER, IDENTITIES_CLONE };
enum identities identity_compare(const char *known, const char *found);

/* The length of an identity without its filesystem: the marker's id, which manifests carry. */
size_t identity_id_len(const char *identity);

/* Is the id in a manifest (as long as it is) that of an identity? */
bool identity_has_id(const char *identity, const char *id);

/*
 * Write a marker with a new random id. name: the database's, for people who look. Never over one that is there, or came to
 * be there meanwhile (-EEXIST), but where `replace` says so. -EROFS and -EACCES are for the caller to judge. 0 or -errno.
 */
int identity_write(int root, const char *name, bool replace, struct error *err);

/*
 * Open a database's root and check that it is the one we know: path as registered, id as identity_read gave
 * it then. Returns a descriptor, or -errno with a message that says whether it is not mounted, another disk or a copy of it
 * (code EOFFLINE for all).
 */
int identity_open(const char *path, const char *id, struct error *err);

#endif
