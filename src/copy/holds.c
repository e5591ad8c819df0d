#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/ours.h"
#include "copy/metadata.h"
#include "copy/temp.h"

#define PROBE_OWNER 65533    /* any that is not ours */

/* An answer, 0 or 1; or -errno: a disk that fails or is full says nothing of what its filesystem can hold. */
static int answer(int result)
{
    if (result == 0)
        return 1;
    return errno == EIO || errno == ENOSPC || errno == EDQUOT ? -errno : 0;
}

static int keeps_mode(int fd)
{
    struct stat st;
    int code = answer(fchmod(fd, 0640));

    if (code == 1)
        code = answer(fstat(fd, &st));
    return code == 1 ? (st.st_mode & 07777) == 0640 : code;
}

static int keeps_owner(int fd)
{
    struct stat st;
    int code = geteuid() == 0 ? answer(fchown(fd, PROBE_OWNER, PROBE_OWNER)) : 0;

    if (code == 1)
        code = answer(fstat(fd, &st));
    return code == 1 ? st.st_uid == PROBE_OWNER : code;
}

static int keeps_link(int dir, const char *name)
{
    char other[TEMP_NAME_SIZE];

    temp_name(other);
    int code = answer(linkat(dir, name, dir, other, 0));
    temp_remove(dir, other, NULL);
    return code;
}

static int keeps_exchange(int dir, const char *name)
{
    char other[TEMP_NAME_SIZE];
    int fd = temp_create(dir, 0600, other);

    if (fd < 0)
        return fd;
    close(fd);
    int code = answer(renameat2(dir, name, dir, other, RENAME_EXCHANGE));
    temp_remove(dir, other, NULL);
    return code;
}

static int try_all(int dir, const char *name, int fd, struct holds *ret_holds)
{
    struct stat st;
    const int mode = keeps_mode(fd), xattr = answer(fsetxattr(fd, "user.autobackup", "", 0, 0)),
              link = keeps_link(dir, name), exchange = keeps_exchange(dir, name), owner = keeps_owner(fd);
    const bool shown = fstat(fd, &st) == 0 && st.st_uid == geteuid();    /* files say whose they are */
    const int answers[] = {mode, xattr, link, exchange, owner};

    *ret_holds = (struct holds){.root = geteuid() == 0, .any_owner = geteuid() == 0 || !shown, .mode = mode > 0, .xattr = xattr > 0, .link = link > 0,
                                .exchange = exchange > 0, .owner = owner > 0, .traits = ret_holds->traits};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (answers[i] < 0)
            return answers[i];
    return 0;
}

int holds_probe(int dir, struct holds *ret_holds)
{
    char name[TEMP_NAME_SIZE];
    int fd = temp_create(dir, 0600, name);

    if (fd < 0)
        return fd;
    int code = try_all(dir, name, fd, ret_holds);
    temp_remove(dir, name, NULL);
    close(fd);
    return code;
}

int holds_probe_below(int root, const char *path, struct holds *ret_holds)
{
    int dir = ours_make_dirs(root, path, NULL);

    if (dir < 0)
        return dir;
    int code = holds_probe(dir, ret_holds);
    close(dir);
    return code;
}

void holds_guess(const char *fs_type, struct holds *ret_holds)
{
    static const char *const plain[] = {"vfat", "exfat", "ntfs", "cifs", "smb", "fuse"};
    bool full = true;

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(fs_type, plain[i]) == 0)
            full = false;
    bool root = geteuid() == 0;
    *ret_holds = (struct holds){.root = root, .any_owner = root || !full, .owner = root && full, .mode = full,
                                .xattr = full, .link = full, .traits = ret_holds->traits};
}

bool holds_may_correct(const struct holds *holds, uint32_t uid) { return holds->any_owner || uid == geteuid(); }
