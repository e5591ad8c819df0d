#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy/metadata.h"
#include "copy/temp.h"

#define PROBE_OWNER 65533    /* any that is not ours */

static bool keeps_mode(int fd)
{
    struct stat st;
    return fchmod(fd, 0640) == 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640;
}

static bool keeps_owner(int fd)
{
    struct stat st;
    return fchown(fd, PROBE_OWNER, PROBE_OWNER) == 0 && fstat(fd, &st) == 0 && st.st_uid == PROBE_OWNER;
}

static bool keeps_link(int dir, const char *name)
{
    char other[TEMP_NAME_SIZE];

    temp_name(other);
    bool can = linkat(dir, name, dir, other, 0) == 0;
    temp_remove(dir, other);
    return can;
}

static bool keeps_exchange(int dir, const char *name)
{
    char other[TEMP_NAME_SIZE];
    int fd = temp_create(dir, 0600, other);

    if (fd < 0)
        return false;
    close(fd);
    bool can = renameat2(dir, name, dir, other, RENAME_EXCHANGE) == 0;
    temp_remove(dir, other);
    return can;
}

int holds_probe(int dir, struct holds *ret_holds)
{
    char name[TEMP_NAME_SIZE];
    int fd = temp_create(dir, 0600, name);

    if (fd < 0)
        return fd;
    *ret_holds = (struct holds){
        .root = geteuid() == 0,
        .mode = keeps_mode(fd),
        .xattr = fsetxattr(fd, "user.autobackup", "", 0, 0) == 0,
        .link = keeps_link(dir, name),
        .exchange = keeps_exchange(dir, name),
    };
    ret_holds->owner = ret_holds->root && keeps_owner(fd);
    temp_remove(dir, name);
    close(fd);
    return 0;
}

void holds_guess(const char *fs_type, struct holds *ret_holds)
{
    static const char *const plain[] = {"vfat", "exfat", "ntfs", "cifs", "smb", "fuse"};
    bool full = true;

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(fs_type, plain[i]) == 0)
            full = false;
    bool root = geteuid() == 0;
    *ret_holds = (struct holds){.root = root, .owner = root && full, .mode = full, .xattr = full, .link = full};
}
