#include "copy/writable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ours.h"
#include "base/path.h"
#include "index/identity.h"

int writable_explain(int code, const char *what, struct error *err)
{
    if (code == -EROFS)
        return error_say(err, "EROFS", EROFS, "%s cannot be written (read-only filesystem): remount it or choose "
                         "another destination", what);
    if (code == -EACCES || code == -EPERM)
        return error_say(err, error_name(-code), -code, "%s cannot be written: no permission for its " OUR_FOLDER
                         " folder", what);
    return code;
}

static int may_write(int dir, const char *name)
{
    return faccessat(dir, name, W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* Where a lock is taken (copy/lock.h). The lock's own file may be another's who lets it be read. */
static int look_at_ours(int root)
{
    int code = may_write(root, OUR_FOLDER);
    if (code == -EACCES)
        code = faccessat(root, OUR_FOLDER "/lock", F_OK, AT_EACCESS) < 0 ? code : 0;
    return code == -ENOENT ? may_write(root, ".") : code;
}

/* Of a folder, or of the nearest one above it that is there. */
static int look_below(int root, const char *path)
{
    char above[PATH_MAX];
    int fd;

    if (snprintf(above, sizeof above, "%s", path) >= (int)sizeof above)
        return 0;
    while ((fd = path_open_dir(root, above)) == -ENOENT && strrchr(above, '/'))
        *strrchr(above, '/') = '\0';
    if (fd < 0)
        return 0;
    int code = may_write(fd, ".");
    close(fd);
    return code == -EROFS ? code : 0;
}

int writable_look(const char *root, const char *identity, const char *category, const char *what, struct error *err)
{
    struct error unsaid = {0};
    int fd = identity_open(root, identity, &unsaid);

    error_clear(&unsaid);
    if (fd < 0)
        return 0;
    int code = category && *category ? look_below(fd, category) : look_at_ours(fd);
    close(fd);
    return code == -EROFS || code == -EACCES || code == -EPERM ? writable_explain(code, what, err) : 0;
}
