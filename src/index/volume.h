/*
 * Which filesystem a descriptor lies on, so that another one in its place is noticed.
 */
#ifndef AUTOBACKUP_INDEX_VOLUME_H
#define AUTOBACKUP_INDEX_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "index/mount.h"

#define VOLUME_NAME 160    /* room for a volume's name and its NUL */

/* Texts are cut where they are longer; a name never is: it then ends in a hash of the whole. */
struct volume {
    char name[VOLUME_NAME];    /* "uuid:...", "fsid:TYPE:...", "at:SOURCE", "sum:..."; "": nothing tells it from others for sure */
    char type[32];             /* of the mount: "ext4", "fuseblk", "fuse.sshfs" */
    char format[32];           /* of its block device, as libblkid or udev know it: "exfat"; "": not known, or it has none */
    char device[128];          /* for people: "/dev/sdb1", "nas:/export" */
    char label[64];            /* for people; "": none */
    uint64_t size;             /* of its block device, bytes; 0: it has none */
    uint64_t part;             /* tells one subvolume or snapshot of it from another; 0: it has none */
};

/*
 * Describe it. The name is the UUID on its block device, also below a FUSE program that root mounted; the server's name
 * and export of a network mount; that of the folder behind it where a FUSE program shows a folder. What is asked twice within
 * a second is remembered. 0 or -errno (-ENOENT: it is in no table of mounts).
 */
int volume_of(int fd, struct volume *ret_volume);

/* The same of a mount as the table has it; none is touched that may hang, as a server's may. */
void volume_of_mount(const struct mount *m, struct volume *ret_volume);

/* The same of what is mounted at a path, or around it (absolute, without symlinks). 0 or -errno. */
int volume_at(const char *path, struct volume *ret_volume);

/* What there is to say of it: its name, or "none:TYPE", as what has none is known by its type at least. */
void volume_say(const struct volume *v, char ret_text[VOLUME_NAME]);

/* Is there no name in such a text? */
bool volume_is_nameless(const char *text);

/* Does such a text say that it lies in memory? Then there is no name to be found out: it is on no disk. */
bool volume_is_in_memory(const char *text);

/*
 * What two names, or texts of volume_say, say. Names of different sources of knowledge (the kernel's number, a UUID) of what
 * may be one disk say nothing (but of ext2, ext3 and ext4, whose number is made of the UUID), nor does one that could not be
 * found out. What lies in memory is none of the others.
 */
enum volumes { VOLUMES_SAME, VOLUMES_OTHER, VOLUMES_UNKNOWN };
enum volumes volumes_compare(const char *a, const char *b);

#endif
