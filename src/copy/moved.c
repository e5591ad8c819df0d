#include "copy/moved.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "copy/transfer.h"

/* 0: it leads there; -ENOENT, or -ESTALE where another folder is there; or -errno. */
static int look(const struct work *w)
{
    struct stat written, found;
    int fd = path_open(w->target.root, w->request->path, O_PATH | O_DIRECTORY, 0);
    int code = fd < 0 ? fd : 0;

    if (!code && (fstat(fd, &found) < 0 || fstat(w->target.top, &written) < 0))
        code = -errno;
    if (!code && (found.st_dev != written.st_dev || found.st_ino != written.st_ino))
        code = -ESTALE;
    if (fd >= 0)
        close(fd);
    return path_is_absent(code) ? -ENOENT : code;
}

/* Where the folder is by now, as far as the kernel knows. False: removed, or it cannot be told. */
static bool where(int top, char path[PATH_MAX])
{
    struct stat written, found;
    char link[64];

    snprintf(link, sizeof link, "/proc/self/fd/%d", top);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    if (len < 0)
        return false;
    path[len] = '\0';
    return fstat(top, &written) == 0 && lstat(path, &found) == 0 && found.st_dev == written.st_dev &&
           found.st_ino == written.st_ino;
}

void moved_check(struct work *w)
{
    struct buf why = {0};
    char now[PATH_MAX];
    int code = w->target.top < 0 ? 0 : look(w);

    if (!code)
        return;
    if (code != -ENOENT && code != -ESTALE) {
        report_errno(&w->report, (struct subject){.dir = "", .name = "", .at_target = true}, -code, SIDE_TARGET);
        return;
    }
    buf_printf(&why, "the folder was %s while it was copied to", code == -ENOENT ? "taken away" : "replaced by another one");
    if (where(w->target.top, now))
        buf_printf(&why, ", and what was written lies in %s", now);
    buf_printf(&why, ": load %s, and copy again", w->target.name);
    report_problem(&w->report, (struct subject){.dir = "", .name = "", .at_target = true}, "ECHANGED", buf_str(&why), false);
    buf_free(&why);
}
