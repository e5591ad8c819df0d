#include "index/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The number of the mount that a descriptor was opened through, or -1. */
static int number_of(int fd)
{
    char path[64], line[256];
    int number = -1;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(path, "re");
    while (file && number < 0 && fgets(line, sizeof line, file))
        (void)sscanf(line, "mnt_id: %d", &number);
    if (file)
        fclose(file);
    return number;
}

/* "36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/sdb1 rw,errors=continue" */
static bool take_line(char *line, int number, struct mount *ret_mount)
{
    char *rest = strstr(line, " - ");

    if (atoi(line) != number || !rest)
        return false;
    rest += 3;
    const char *type = strsep(&rest, " "), *source = strsep(&rest, " "), *options = strsep(&rest, "\n");
    if (!source || !options)
        return false;
    *ret_mount = (struct mount){mem_strdup(type), mem_strdup(source), mem_strdup(options)};
    return true;
}

int mount_of(int fd, struct mount *ret_mount)
{
    int number = number_of(fd), code = -ENOENT;
    FILE *file = number < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0;

    while (file && code && getline(&line, &room, file) > 0)
        if (take_line(line, number, ret_mount))
            code = 0;
    free(line);
    if (file)
        fclose(file);
    return code;
}

void mount_free(struct mount *m)
{
    free(m->type);
    free(m->source);
    free(m->options);
    *m = (struct mount){0};
}

/* 1, 0, or -errno when it cannot be read. */
static int sector_is_exfat(const char *device)
{
    static const char mark[] = "EXFAT   ";
    char sector[3 + sizeof mark - 1];
    int fd = open(device, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t n = pread(fd, sector, sizeof sector, 0);
    close(fd);
    return n == sizeof sector ? memcmp(sector + 3, mark, sizeof mark - 1) == 0 : -EIO;
}

static bool udev_says_exfat(dev_t device)
{
    char path[64], line[256];
    bool found = false;

    snprintf(path, sizeof path, "/run/udev/data/b%u:%u", major(device), minor(device));
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = strcmp(line, "E:ID_FS_TYPE=exfat\n") == 0;
    if (file)
        fclose(file);
    return found;
}

bool mount_is_exfat(const struct mount *m)
{
    struct stat st;

    if (strcmp(m->type, "fuseblk") != 0 || stat(m->source, &st) < 0 || !S_ISBLK(st.st_mode))
        return false;
    int is = sector_is_exfat(m->source);
    return is < 0 ? udev_says_exfat(st.st_rdev) : is;
}
