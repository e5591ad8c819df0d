#include "copy/lock.h"

#include <unistd.h>

#include "base/path.h"

int lock_take(int root, const char *database, const char *text, int64_t wait, const atomic_bool *cancel,
              struct error *err)
{
    int dir = path_make_dirs(root, OUR_FOLDER, 0777);
    if (dir < 0)
        return error_set(err, -dir, "lock of %s", database);
    int fd = lock_file(dir, "lock", database, text, wait, cancel, err);
    close(dir);
    return fd;
}
