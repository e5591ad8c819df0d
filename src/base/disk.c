#include "base/disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The first byte of queue/rotational of a device, or of the disk that it is a partition of; 0 when there is none. */
static char rotational(dev_t dev)
{
    static const char *const places[] = {"queue", "../queue"};
    char path[128], answer = 0;

    for (size_t i = 0; i < sizeof places / sizeof *places && !answer; i++) {
        snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%s/rotational", major(dev), minor(dev), places[i]);
        FILE *f = fopen(path, "re");
        if (f && fread(&answer, 1, 1, f) != 1)
            answer = 0;
        if (f)
            fclose(f);
    }
    return answer;
}

/* What is mounted as this device: btrfs gives its files a device number that no disk has. 0 when none is found. */
static dev_t mounted_device(dev_t dev)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL, wanted[32], number[32], source[4096];
    size_t room = 0;
    struct stat st;
    dev_t found = 0;

    snprintf(wanted, sizeof wanted, "%u:%u", major(dev), minor(dev));
    while (mounts && !found && getline(&line, &room, mounts) >= 0) {
        const char *rest = strstr(line, " - ");
        if (sscanf(line, "%*d %*d %31s", number) == 1 && strcmp(number, wanted) == 0 && rest &&
            sscanf(rest, " - %*s %4095s", source) == 1 && stat(source, &st) == 0 && S_ISBLK(st.st_mode))
            found = st.st_rdev;
    }
    free(line);
    if (mounts)
        fclose(mounts);
    return found;
}

bool disk_spins(dev_t dev)
{
    char answer = rotational(dev);

    if (!answer && (dev = mounted_device(dev)))
        answer = rotational(dev);
    return answer == '1';
}

/* The C library has no ioprio_set; the numbers are those of linux/ioprio.h. */
int disk_be_idle(void)
{
    enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };

    return syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT) < 0 ? -errno : 0;
}
