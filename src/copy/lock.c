#include "copy/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ours.h"
#include "base/path.h"
#include "index/identity.h"

static int add_advice(struct error *err)
{
    struct error busy = {0};

    error_move(&busy, err);
    int code = error_say(err, busy.code, EBUSY, "%s; wait for it with --lock-wait", busy.message);
    error_clear(&busy);
    return code;
}

static int explain(int code, const char *database, struct error *err)
{
    if (code == -EROFS)
        return error_say(err, "EROFS", EROFS, "%s cannot be written (read-only filesystem): remount it or choose "
                         "another destination", database);
    if (code == -EACCES || code == -EPERM)
        return error_say(err, error_name(-code), -code, "%s cannot be written: no permission for its " OUR_FOLDER
                         " folder", database);
    return code == -EBUSY && err && err->message ? add_advice(err) : code;
}

int lock_take(int root, const char *database, const char *text, int64_t wait, const atomic_bool *cancel,
              struct error *err)
{
    int dir = ours_make_dirs(root, OUR_FOLDER, NULL);
    if (dir < 0) {
        error_set(err, -dir, "lock of %s", database);
        return explain(dir, database, err);
    }
    int fd = lock_file(dir, "lock", database, text, wait, cancel, err);
    close(dir);
    if (fd < 0)
        return explain(fd, database, err);
    ours_share(root, fd);
    ours_mend(root);
    return fd;
}

int lock_open(const char *root, const char *identity, const char *database, const char *text, struct error *err)
{
    int fd = identity_open(root, identity, err);
    if (fd < 0)
        return fd;
    int lock = lock_take(fd, database, text, 0, NULL, err);
    close(fd);
    return lock;
}
