#include "copy/nameless.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "copy/temp.h"

#define DESCRIPTORS_LEFT_ALONE 4096    /* for everything else */

static atomic_long count;

bool nameless_is_better(const struct filesystem *fs) { return fs->syncfs_reliable && strcmp(fs->type, "ext4") == 0; }

static bool has_room(void)
{
    return atomic_load(&count) < descriptors_raise() - DESCRIPTORS_LEFT_ALONE;
}

int nameless_create(int dir, mode_t mode)
{
    if (!has_room())
        return -EMFILE;
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_NOCTTY | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    atomic_fetch_add(&count, 1);
    return fd;
}

/* Before Linux 6.10 only root may link by the descriptor alone. */
int nameless_place(int fd, int dir, const char *name)
{
    char path[32];

    if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != ENOENT && errno != EPERM && errno != EINVAL)
        return -errno;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

void nameless_close(int *fd)
{
    if (*fd < 0)
        return;
    close(*fd);
    *fd = -1;
    atomic_fetch_sub(&count, 1);
}

bool nameless_probe(int dir)
{
    char name[TEMP_NAME_SIZE];
    int fd = nameless_create(dir, 0600);

    temp_name(name);
    bool can = fd >= 0 && nameless_place(fd, dir, name) == 0;
    if (can)
        temp_remove(dir, name);
    nameless_close(&fd);
    return can;
}
